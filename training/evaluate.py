"""Judge the shipped files: `python -m training.evaluate --data DIR` prints one JSON object.

Needs numpy, Pillow, onnxruntime and tokenizers; no torch. None of the judged photos, captions,
edits or nonsense was trained on. Hit rate@k = share of queries with at least one right answer among
the k best (CLIP papers print it as R@k).
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from tokenizers import Tokenizer

from training.data import (
    Captioned,
    Pixels,
    load,
    load_squashed,
    read_coco,
    read_flickr8k,
    read_imagenet,
    squash,
)
from training.judge import EDITS, nothing_queries

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Floats = NDArray[np.float32]
WEIGHTS = Path(__file__).parents[1] / "src" / "saccade" / "encoders" / "weights"
FALSE_PAIRS = 1e-5
DISTINCT = 1000


class Towers:
    """The two towers of one folder of artifacts."""

    def __init__(self, folder: Path, threads: int = 2) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        providers = ["CPUExecutionProvider"]
        self.image = ort.InferenceSession(folder / "image.onnx", options, providers=providers)
        self.text = ort.InferenceSession(folder / "text.onnx", options, providers=providers)
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))

    def images(self, pixels: Pixels, batch: int = 16) -> tuple[Floats, Floats]:
        """Embeddings (n, 384) and (n, 256) of pixels (n, 224, 224, 3)."""
        parts = [
            self.image.run(["semantic", "copy"], {"pixels": pixels[i : i + batch]})
            for i in range(0, len(pixels), batch)
        ]
        semantic, copy = (np.concatenate(values) for values in zip(*parts, strict=True))
        return semantic, copy

    def texts(self, texts: Sequence[str], batch: int = 64) -> Floats:
        """Embeddings (n, 384) of texts."""
        encodings = self.tokenizer.encode_batch(list(texts))
        parts = []
        for at in range(0, len(encodings), batch):
            some = encodings[at : at + batch]
            ids = np.zeros((len(some), max(len(e.ids) for e in some)), dtype=np.int64)
            for row, encoding in enumerate(some):
                ids[row, : len(encoding.ids)] = encoding.ids
            parts.append(self.text.run(["semantic"], {"ids": ids})[0])
        return np.concatenate(parts)


def hit_rates(scores: Floats, right: NDArray[np.bool_]) -> dict[str, float]:
    """Hit rate@1, 5 and 10 in percent: `scores` and `right` are (queries, answers)."""
    best = np.where(right, scores, -2).max(axis=1, keepdims=True)
    rank = ((scores > best) & ~right).sum(axis=1)
    return {f"@{k}": round(float((rank < k).mean() * 100), 2) for k in (1, 5, 10)}


def retrieval(images: Floats, texts: Floats, owner: NDArray[np.int64]) -> dict[str, object]:
    """Both directions over one set of captioned photos."""
    right = owner[:, None] == np.arange(len(images))[None, :]
    scores = texts @ images.T
    return {
        "text_to_image": hit_rates(scores, right),
        "image_to_text": hit_rates(scores.T, right.T),
        "images": len(images),
        "captions": len(texts),
    }


def auroc(positive: Floats, negative: Floats) -> float:
    """Chance that a positive scores above a negative, ties half (Mann-Whitney U / nm)."""
    both = np.concatenate([positive, negative])
    _, inverse, counts = np.unique(both, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    n, m = len(positive), len(negative)
    return float((rank[:n].sum() - n * (n + 1) / 2) / (n * m))


def confidence(towers: Towers, images: Floats, captions: Floats) -> dict[str, object]:
    """AUROC of the top score over `images`: captions against texts about nothing, by kind."""
    top = (captions @ images.T).max(axis=1)
    out: dict[str, object] = {}
    tops = []
    for kind, texts in nothing_queries(400).items():
        tops.append((towers.texts(texts) @ images.T).max(axis=1))
        out[kind] = round(auroc(top, tops[-1]), 4)
    out["all"] = round(auroc(top, np.concatenate(tops)), 4)
    out["median_top_score"] = {
        "captions": round(float(np.median(top)), 3),
        "nothing": round(float(np.median(np.concatenate(tops))), 3),
    }
    return out


def zero_shot(towers: Towers, data: Path) -> dict[str, object]:
    """Class names on `imagenet_photos`: the right one among those of the folder, by score."""
    paths, _, names = read_imagenet(data)
    images, _ = towers.images(load_squashed(paths))
    labels = sorted(set(names))
    texts = towers.texts([f"a photo of a {label}" for label in labels])
    bare = towers.texts(labels)
    right = np.array(labels)[None, :] == np.array(names)[:, None]
    return {
        "image_to_name": hit_rates(images @ texts.T, right),
        "name_to_image": hit_rates(bare @ images.T, right.T),
        "classes": len(labels),
        "images": len(paths),
    }


def categories(towers: Towers, images: Floats, present: list[list[str]]) -> dict[str, float]:
    """Mean average precision of COCO object names as queries over the COCO photos."""
    labels = sorted({label for some in present for label in some})
    scores = towers.texts([f"a photo of a {label}" for label in labels]) @ images.T
    values = []
    for label, row in zip(labels, scores, strict=True):
        right = np.array([label in some for some in present])[np.argsort(-row, kind="stable")]
        found = np.cumsum(right)[right]
        values.append(float((found / (np.flatnonzero(right) + 1)).mean()))
    return {"mean_average_precision": round(float(np.mean(values)), 4), "categories": len(labels)}


def threshold_at(embeddings: Floats) -> float:
    """The score that at most `FALSE_PAIRS` of all pairs of these distinct photos exceed."""
    scores = (embeddings @ embeddings.T)[np.triu_indices(len(embeddings), 1)]
    return float(np.sort(scores)[-int(FALSE_PAIRS * len(scores)) - 1])


def copy_recall(towers: Towers, data: Path) -> dict[str, object]:
    """Share of edited photos whose score with the original passes the threshold of 1e-5.

    The threshold is taken twice: on 1,000 photos from three sources (ImageNet, COCO and as many of
    Flickr8k as are missing), and on 1,000 of Flickr8k dev alone. Kitchens and bathrooms of COCO make
    the first stricter.
    """
    paths, _, _ = read_imagenet(data)
    coco, _ = read_coco(data)
    dev = read_flickr8k(data, "dev")
    others = [*paths, *coco.paths, *dev.paths]
    _, distinct = towers.images(load_squashed(others))
    bases = {"mixed": distinct[:DISTINCT], "flickr8k": distinct[-len(dev.paths) :][:DISTINCT]}
    thresholds = {name: threshold_at(base) for name, base in bases.items()}
    recall: dict[str, dict[str, float]] = {name: {} for name in bases}
    for name, edit in EDITS.items():
        pixels = np.stack([squash(edit(load(p), np.random.default_rng((9, i)))) for i, p in enumerate(paths)])
        _, edited = towers.images(pixels)
        scores = (edited * distinct[: len(paths)]).sum(axis=1)
        for base, threshold in thresholds.items():
            recall[base][name] = round(float((scores > threshold).mean()), 4)
    return {
        base: {
            "recall": round(float(np.mean(list(some.values()))), 4),
            "lowest": min(some.values()),
            "threshold": round(thresholds[base], 4),
            "by_edit": some,
        }
        for base, some in recall.items()
    } | {"photos": len(paths), "distinct_pairs": DISTINCT * (DISTINCT - 1) // 2}


def overlap(first: Floats, second: Floats, k: int = 10) -> float:
    """Mean share of the k best that two score matrices (queries, answers) have in common."""
    tops = [np.argpartition(-scores, k, axis=1)[:, :k] for scores in (first, second)]
    both = [len(set(a) & set(b)) for a, b in zip(*tops, strict=True)]
    return float(np.mean(both) / k)


def against(
    fp32: Towers, dev: Captioned, pixels: Pixels, ours: tuple[Floats, Floats, Floats]
) -> dict[str, object]:
    """How far the int8 towers are from the same towers in float32, on the dev photos."""
    images, copies, texts = ours
    images32, copies32 = fp32.images(pixels)
    texts32 = fp32.texts(dev.captions)
    right = dev.owner[:, None] == np.arange(len(images))[None, :]

    def own_free(rows: Floats) -> Floats:
        scores = rows @ rows.T
        np.fill_diagonal(scores, -2)
        return scores

    return {
        "top10_overlap_text": round(overlap(texts @ images.T, texts32 @ images32.T), 4),
        "top10_overlap_image": round(overlap(own_free(images), own_free(images32)), 4),
        "top10_overlap_copy": round(overlap(own_free(copies), own_free(copies32)), 4),
        "text_to_image_fp32": hit_rates(texts32 @ images32.T, right),
        "cosine_images": round(float((images * images32).sum(axis=1).mean()), 4),
        "cosine_texts": round(float((texts * texts32).sum(axis=1).mean()), 5),
    }


def _median_ms(call: Callable[[], object], runs: int) -> float:
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return float(np.median(times) * 1000)


def speed(folder: Path) -> dict[str, object]:
    """Images/s with 2 threads and batches of 16; milliseconds for a short text on 1 thread."""
    pixels = np.random.default_rng(0).integers(0, 256, (16, 224, 224, 3), dtype=np.uint8)
    two, one = Towers(folder, 2), Towers(folder, 1)
    two.images(pixels)
    one.texts(["a dog on the beach"])
    batch_ms = _median_ms(lambda: two.images(pixels), 40)
    return {
        "images_per_s": round(16_000 / batch_ms, 1),
        "single_image_ms": round(_median_ms(lambda: two.images(pixels[:1]), 50), 2),
        "text_ms": round(_median_ms(lambda: one.texts(["a dog on the beach"]), 200), 3),
        "machine": platform.processor() or platform.machine(),
        "onnxruntime": ort.__version__,
    }


def keep_threshold(weights: Path, threshold: float) -> None:
    """Tell the users of the weights from which copy score on two pictures count as the same.

    It decides no embedding, so it is no part of the fingerprint.
    """
    path = weights / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**manifest, "copy_threshold": threshold}, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Read the arguments, judge, print JSON."""
    parser = argparse.ArgumentParser(description="judge the built-in encoder's files")
    parser.add_argument("--data", type=Path, required=True, help="folder of the judged photos")
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--fp32", type=Path, help="the same towers in float32, to compare with")
    parser.add_argument(
        "--keep-threshold", action="store_true", help="write the measured copy threshold to manifest.json"
    )
    parser.add_argument("--only", nargs="*", help="names of parts to judge")
    args = parser.parse_args()
    towers = Towers(args.weights)
    parts: dict[str, Callable[[], object]] = {}
    dev = read_flickr8k(args.data, "dev")
    pixels = load_squashed(dev.paths)
    images, copies = towers.images(pixels)
    texts = towers.texts(dev.captions)
    coco, present = read_coco(args.data)
    coco_images, _ = towers.images(load_squashed(coco.paths))
    parts["flickr8k_dev"] = lambda: retrieval(images, texts, dev.owner)
    parts["coco_photos"] = lambda: retrieval(coco_images, towers.texts(coco.captions), coco.owner)
    parts["coco_categories"] = lambda: categories(towers, coco_images, present)
    parts["imagenet_photos"] = lambda: zero_shot(towers, args.data)
    parts["confidence"] = lambda: confidence(towers, images, texts)
    parts["copy"] = lambda: copy_recall(towers, args.data)
    if args.fp32:
        parts["int8_against_fp32"] = lambda: against(Towers(args.fp32), dev, pixels, (images, copies, texts))
    parts["speed"] = lambda: speed(args.weights)
    chosen = args.only or list(parts)
    judged = {name: parts[name]() for name in chosen}
    print(json.dumps(judged, indent=2))
    if args.keep_threshold:
        keep_threshold(
            args.weights, cast("dict[str, dict[str, float]]", judged["copy"])["mixed"]["threshold"]
        )


if __name__ == "__main__":
    main()
