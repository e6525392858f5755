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
from training.data import Captioned, load_squashed, read_flickr8k
from training.evaluate import WEIGHTS
from training.export import Heads, export_all
from training.features import MAPS, POOLED, build_extractor, extract, make_views, open_cache
from training.heads import LOWER, SEEN, CopyHead, SemanticHead
from training.pretrain import pretrain
from training.semantic import (
    Bridge,
    Imagine,
    Material,
    Settings,
    Texts,
    place_anchors,
    train_photos,
    train_texts,
    trim,
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
from torch import Tensor

GENTLE, ROUGH = 7, 8
"""Views of each photo for the semantic head (besides plain and mirrored) and the copy head."""
COMMON = 11_000
COPY_EPOCHS = 15
SHIPPED_GAIN = 0.6
"""A little above the gain in training (0.5): rarer words win, dev captions lose nothing."""
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
        kept = list(MAPS) if view in ("plain", "rough") or name == "gentle0" else []
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


def prepare_texts(work: Path, photos: Captioned, views: Tensor, seed: int) -> tuple[Tokenizer, Material]:
    """Stage 3: vocabulary, all texts, and the teacher's embeddings of them."""
    synsets = words.read_synsets()
    rng = np.random.default_rng(seed + 1)
    captions = list(photos.captions)
    every = sorted({n for ns in synsets.names for n in ns if n.isascii() and 1 < len(n) < 40})
    source = open_tokenizer(teacher_folder() / "tokenizer.json")
    tokenizer = build_tokenizer(words.prune_vocabulary(source, [*captions, *every], COMMON))
    plain = sorted(t for t in tokenizer.get_vocab() if t.isalpha() and len(t) > 2)
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
    nothing = [words.nonsense(plain, rng) for _ in range(30_000)]

    def texts(name: str, some: list[str]) -> Texts:
        return Texts(to_ids(tokenizer, some), np.array(keep(work / name, lambda: teach(some))))

    return tokenizer, Material(
        views=views,
        captions=texts("captions.npy", captions),
        captions_of=np.argsort(photos.owner, kind="stable").reshape(len(photos.paths), -1),
        names=texts("names.npy", flat),
        names_of=[np.arange(ends[i], ends[i + 1]) for i in range(len(names))],
        nonsense=to_ids(tokenizer, nothing),
        spare=texts("spare.npy", spare),
    )


def make_tower(work: Path, tokenizer: Tokenizer, m: Material, seed: int) -> TextTower:
    """Stage 4: the text tower, taught to place texts as the teacher does."""
    torch.manual_seed(seed)
    tower, path = TextTower(tokenizer.get_vocab_size(), EMBEDDING), work / "tower.pt"
    if not path.exists():
        order = sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().__getitem__)
        tower.tokens.weight.data = torch.from_numpy(token_outputs(order, EMBEDDING))
        ids = np.concatenate([m.captions.ids, m.spare.ids])
        pretrain(tower, Texts(ids, np.concatenate([m.captions.taught, m.spare.taught])), 1, seed)
        torch.save(tower.state_dict(), path)
    tower.load_state_dict(torch.load(path))
    return tower


def read_views(work: Path) -> Tensor:
    """Statistics the semantic head reads: (views, n, 2224) float16."""
    names = ["plain", "mirrored", *(f"gentle{i}" for i in range(GENTLE))]
    views = [np.load(work / f"{name}_pooled.npy")[:, :SEEN] for name in names]
    return torch.from_numpy(np.stack(views))


def make_semantic(m: Material, tower: TextTower, settings: Settings) -> tuple[SemanticHead, TextTower]:
    """Stage 5: the semantic head, then the text tower that follows it."""
    torch.manual_seed(settings.seed)
    net, head = load_backbone(), SemanticHead()
    head.classifier.load_state_dict(net._fc.state_dict())
    plain = m.views[0].float()
    head.standardize.fit(plain)
    imagine = Imagine(plain[:, LOWER:], net._fc.weight.data, net._fc.bias.data)
    head, bridge = train_photos(head, Bridge(), imagine, m, settings)
    with torch.no_grad():
        photos = torch.stack([head(view.float()) for view in m.views])
    tower = train_texts(tower, photos, bridge, m, settings)
    with torch.no_grad():  # the shipped anchors are where the shipped tower puts the names
        parts = np.array_split(m.names.ids, 1 + len(m.names.ids) // 512)
        named = torch.cat([tower(trim(part)) for part in parts])
        place_anchors(head, named, m, SHIPPED_GAIN)
    return head, tower


def make_copies(work: Path, codes: dict[str, tuple[float, int]], seed: int) -> CopyHead:
    """Stage 6: the copy head."""

    def view(name: str) -> Edited:
        parts = ("pooled", "stage5_cells", "stage7_cells")
        return Edited(*(np.load(work / f"{name}_{part}.npy", mmap_mode="r") for part in parts))

    torch.manual_seed(seed)
    head, clean = CopyHead(), view("plain")
    views = [view(f"rough{i}") for i in range(ROUGH)] + [view("gentle0")]
    decoder = Codes(codes["stage5"], codes["stage7"])
    head.fit_cells(*decoder.decode([tuple(p[:500] for p in (clean.pooled, clean.middle, clean.top))])[1:])
    discriminate(head, clean, views)
    return train_copies(head, clean, views, decoder, COPY_EPOCHS, seed)


def main() -> None:
    """Read the arguments and run the stages."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds flickr8k/")
    parser.add_argument("--work", type=Path, required=True, help="folder for all that is in between")
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    args.work.mkdir(parents=True, exist_ok=True)
    photos = read_flickr8k(args.data, "train")
    pixels = keep(args.work / "pixels.npy", lambda: load_squashed(photos.paths))
    prepare_trunks(args.work, pixels, args.seed)
    codes = prepare_views(args.work, pixels, args.seed)
    views = read_views(args.work)
    tokenizer, material = prepare_texts(args.work, photos, views, args.seed)
    tower = make_tower(args.work, tokenizer, material, args.seed)
    semantic, tower = make_semantic(material, tower, Settings(seed=args.seed))
    copy = make_copies(args.work, codes, args.seed)
    heads = Heads(semantic, copy).eval()
    export_all(args.out, args.work / "trunk_int8.onnx", heads, tower, tokenizer, small=True)
    fp32 = args.work / "fp32"
    export_all(fp32, args.work / "trunk_fp32.onnx", heads, tower, tokenizer, small=False)
    print(json.dumps({p.name: p.stat().st_size for p in sorted(args.out.iterdir())}))


if __name__ == "__main__":
    main()
