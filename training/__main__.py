"""`python -m training --data DIR --work DIR`: from packages and captioned photos to the artifacts.

Every stage leaves its result in `--work` and is skipped when that is there already.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from training import words
from training.backbone import build_trunks, load_backbone
from training.copies import Codes, Edited, discriminate, train_copies
from training.data import load_squashed, read_flickr8k
from training.evaluate import WEIGHTS
from training.export import Heads, export_all
from training.features import MAPS, POOLED, build_extractor, extract, make_views, open_cache
from training.heads import LAST, LOWER, CopyHead, SemanticHead
from training.semantic import (
    Bridge,
    Imagine,
    Material,
    Photos,
    Settings,
    Texts,
    pretrain,
    train,
)
from training.text import (
    TextTower,
    build_tokenizer,
    open_tokenizer,
    teach,
    teacher_folder,
    to_ids,
    token_outputs,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokenizers import Tokenizer

GENTLE, ROUGH = 7, 8
"""Views of each photo for the semantic head (besides plain and mirrored) and the copy head."""
COMMON = 11_000
EMBEDDING = 192


def keep(path: Path, make: Callable[[], np.ndarray]) -> np.ndarray:
    """The array at `path`, made and saved first if it is not there."""
    if not path.exists():
        np.save(path, make())
    return np.load(path, mmap_mode="r")


def prepare_trunks(work: Path, pixels: np.ndarray, seed: int) -> None:
    """Stage 1: the int8 and fp32 trunks."""
    if not (work / "trunk_int8.onnx").exists():
        rng = np.random.default_rng(seed)
        build_trunks(work, pixels[np.sort(rng.choice(len(pixels), 256, replace=False))])


def prepare_views(work: Path, pixels: np.ndarray, seed: int) -> dict[str, tuple[float, int]]:
    """Stage 2: pooled statistics and maps of all views; one gentle view by the fp32 trunk.

    That one teaches the heads to be indifferent to what quantization changes.
    """
    extractor = build_extractor(work / "trunk_int8.onnx", work)
    exact = build_extractor(work / "trunk_fp32.onnx", work, extractor.codes)
    plan = [("plain", "plain", 0), ("mirrored", "mirrored", 1)]
    plan += [(f"gentle{i}", "gentle", 2 + i) for i in range(GENTLE)]
    plan += [(f"rough{i}", "rough", 200 + i) for i in range(ROUGH)]
    for name, view, number in plan:
        kept = ["stage5", "stage7"] if view == "rough" else ["last"]
        kept = list(MAPS) if view == "plain" or name == "gentle0" else kept
        shapes = {"pooled": (POOLED,), **{f"{k}_cells": MAPS[k] for k in kept}}
        if (work / f"{name}.done").exists():
            continue
        out = {
            key: open_cache(
                work / f"{name}_{key}.npy",
                (len(pixels), *shape),
                np.float16 if key == "pooled" else np.uint8,
            )
            for key, shape in shapes.items()
        }
        run = exact if name == f"gentle{GENTLE - 1}" else extractor
        extract(run, make_views(pixels, view, (seed, number), 2), out)
        (work / f"{name}.done").touch()
        print("view", name, flush=True)
    return extractor.codes


def prepare_texts(
    work: Path, captions: list[str], seed: int
) -> tuple[Tokenizer, Material, TextTower]:
    """Stage 3: vocabulary, the teacher's embeddings, and the text tower taught by it.

    The material comes back without photos; `prepare_photos` adds them.
    """
    synsets = words.read_synsets()
    rng = np.random.default_rng(seed + 1)
    every = sorted({n for ns in synsets.names for n in ns if n.isascii() and 1 < len(n) < 40})
    source = open_tokenizer(teacher_folder() / "tokenizer.json")
    tokens = words.prune_vocabulary(source, [*captions, *every], COMMON)
    tokenizer = build_tokenizer(tokens)
    order = sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().__getitem__)
    plain = [t for t in order if t.isalpha() and len(t) > 2]
    known = [n for i in synsets.classes for n in synsets.names[i]]
    spare = [words.phrase(n, rng) for n in every]
    spare += [words.phrase(n, rng) for n in known for _ in range(2)]
    spare += [d[:160] for d in synsets.definitions] + plain
    spare += words.mix(captions, [*plain, *known * 3], 40_000, rng)
    spare = list(dict.fromkeys(spare))
    names = [
        [form for n in synsets.names[i] for form in (n, f"a photo of a {n}", f"{n}s")]
        for i in synsets.classes
    ]
    ends = np.cumsum([0, *map(len, names)])
    flat = [name for some in names for name in some]
    rng = np.random.default_rng(seed + 5)
    nothing = [words.nonsense(sorted(plain), rng) for _ in range(30_000)]
    material = Material(
        photos=None,
        captions=Texts(
            to_ids(tokenizer, captions), keep(work / "captions.npy", lambda: teach(captions))
        ),
        owner=np.empty(0, np.int64),
        names=Texts(to_ids(tokenizer, flat), keep(work / "names.npy", lambda: teach(flat))),
        names_of=[np.arange(ends[i], ends[i + 1]) for i in range(len(names))],
        nonsense=to_ids(tokenizer, nothing),
        spare=Texts(to_ids(tokenizer, spare), keep(work / "spare.npy", lambda: teach(spare))),
    )
    torch.manual_seed(seed)
    tower = TextTower(tokenizer.get_vocab_size(), EMBEDDING)
    path = work / "tower.pt"
    if not path.exists():
        start = token_outputs(order, EMBEDDING)
        tower.tokens.weight.data = torch.from_numpy(start)
        both = Texts(
            np.concatenate([material.captions.ids, material.spare.ids]),
            np.concatenate([material.captions.taught, material.spare.taught]),
        )
        pretrain(tower, both, 1, seed)
        torch.save(tower.state_dict(), path)
    tower.load_state_dict(torch.load(path))
    return tokenizer, material, tower


def read_views(work: Path, names: list[str], key: str) -> list[np.ndarray]:
    """One array per view, read from disk as needed."""
    return [np.load(work / f"{name}_{key}.npy", mmap_mode="r") for name in names]


def make_semantic(
    work: Path, material: Material, tower: TextTower, step: float, settings: Settings
) -> tuple[SemanticHead, TextTower]:
    """Stage 4: the semantic head and the text tower, trained together."""
    names = ["plain", "mirrored", *(f"gentle{i}" for i in range(GENTLE))]
    pooled = read_views(work, names, "pooled")
    material.photos = Photos(
        read_views(work, names, "last_cells"), [p[:, :LOWER] for p in pooled], step
    )
    net, head = load_backbone(), SemanticHead()
    head.classifier.load_state_dict(net._fc.state_dict())
    plain = torch.from_numpy(pooled[0].astype(np.float32))
    mean = plain[:, LOWER : LOWER + LAST]
    head.center.fit(mean)
    head.lower.fit(plain[:, :LOWER])
    taught = torch.from_numpy(np.array(material.names.taught))
    centers = torch.stack([taught[rows].mean(dim=0) for rows in material.names_of])
    with torch.no_grad():  # a class starts where the teacher puts its names
        head.classes.weight.copy_((centers - centers.mean(dim=0)).T * 3)
        head.classes.bias.zero_()
    imagine = Imagine(mean, net._fc.weight.data, net._fc.bias.data)
    head, tower, _ = train(head, tower, Bridge(), imagine, material, settings)
    return head, tower


def make_copies(
    work: Path, codes: dict[str, tuple[float, int]], epochs: int, seed: int
) -> CopyHead:
    """Stage 5: the copy head."""

    def view(name: str) -> Edited:
        parts = ("pooled", "stage5_cells", "stage7_cells")
        return Edited(*(np.load(work / f"{name}_{part}.npy", mmap_mode="r") for part in parts))

    torch.manual_seed(seed)
    head, clean = CopyHead(), view("plain")
    views = [view(f"rough{i}") for i in range(ROUGH)] + [view("gentle0")]
    decoder = Codes(codes["stage5"], codes["stage7"])
    head.fit_cells(
        *decoder.decode([tuple(p[:500] for p in (clean.pooled, clean.middle, clean.top))])[1:]
    )
    discriminate(head, clean, views)
    return train_copies(head, clean, views, decoder, epochs, seed)


def main() -> None:
    """Read the arguments and run the stages."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds flickr8k/")
    parser.add_argument(
        "--work", type=Path, required=True, help="folder for all that is in between"
    )
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--epochs", type=int, default=Settings().epochs)
    parser.add_argument("--copy-epochs", type=int, default=15)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    args.work.mkdir(parents=True, exist_ok=True)
    photos = read_flickr8k(args.data, "train")
    pixels = keep(args.work / "pixels.npy", lambda: load_squashed(photos.paths))
    prepare_trunks(args.work, pixels, args.seed)
    codes = prepare_views(args.work, pixels, args.seed)
    tokenizer, material, tower = prepare_texts(args.work, list(photos.captions), args.seed)
    material.owner = photos.owner
    settings = Settings(epochs=args.epochs, seed=args.seed)
    semantic, tower = make_semantic(args.work, material, tower, codes["last"][0], settings)
    copy = make_copies(args.work, codes, args.copy_epochs, args.seed)
    heads = Heads(semantic, copy).eval()
    export_all(args.out, args.work / "trunk_int8.onnx", heads, tower, tokenizer, small=True)
    fp32 = args.work / "fp32"
    export_all(fp32, args.work / "trunk_fp32.onnx", heads, tower, tokenizer, small=False)
    print(json.dumps({p.name: p.stat().st_size for p in sorted(args.out.iterdir())}))


if __name__ == "__main__":
    main()
