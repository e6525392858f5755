"""Captioned photos from a folder: which split, which pictures, which words."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SIZE = 224
"""Side of the square the image tower reads, in pixels."""

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Captioned:
    """Photos and captions: caption `i` belongs to `paths[owner[i]]`."""

    paths: tuple[Path, ...]
    captions: tuple[str, ...]
    owner: NDArray[np.int64]

    def select(self, images: Sequence[int]) -> Captioned:
        """The same data with only `images` (positions in `paths`), renumbered in that order."""
        place = {int(old): new for new, old in enumerate(images)}
        kept = [i for i, o in enumerate(self.owner) if int(o) in place]
        return Captioned(
            tuple(self.paths[i] for i in images),
            tuple(self.captions[i] for i in kept),
            np.array([place[int(self.owner[i])] for i in kept], dtype=np.int64),
        )


def read_flickr8k(data: Path, split: str) -> Captioned:
    """Read `data/flickr8k`: `captions.csv` (file_name, split, caption) beside `images/`."""
    paths: dict[str, int] = {}
    captions: list[str] = []
    owner: list[int] = []
    with (data / "flickr8k" / "captions.csv").open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            if row["split"] == split:
                owner.append(paths.setdefault(row["file_name"], len(paths)))
                captions.append(row["caption"])
    folder = data / "flickr8k" / "images"
    return Captioned(tuple(folder / name for name in paths), tuple(captions), np.array(owner, dtype=np.int64))


def read_coco(data: Path) -> tuple[Captioned, list[list[str]]]:
    """Read `data/coco_photos`: captions, and the object categories of each photo."""
    paths: list[Path] = []
    captions: list[str] = []
    owner: list[int] = []
    categories: list[list[str]] = []
    folder = data / "coco_photos"
    for line in (folder / "metadata.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        captions += row["captions"]
        owner += [len(paths)] * len(row["captions"])
        paths.append(folder / row["file_name"])
        categories.append(row["categories"])
    return Captioned(tuple(paths), tuple(captions), np.array(owner, dtype=np.int64)), categories


def read_imagenet(data: Path) -> tuple[list[Path], list[str], list[str]]:
    """Read `data/imagenet_photos`: paths, synset ids and class names, from `<synset>_<name>`."""
    paths = sorted((data / "imagenet_photos").glob("n*.*"))
    synsets = [path.stem.split("_", 1)[0] for path in paths]
    names = [path.stem.split("_", 1)[1].replace("_", " ") for path in paths]
    return paths, synsets, names


def load(path: Path) -> Image.Image:
    """The upright RGB picture at `path`, at full size."""
    with Image.open(path) as image:
        return ImageOps.exif_transpose(image).convert("RGB")


def squash(image: Image.Image, size: int = SIZE) -> Pixels:
    """The whole picture as uint8 (size, size, 3), its shape ignored; Pillow antialiased bicubic."""
    if image.size != (size, size):
        image = image.resize((size, size), Image.Resampling.BICUBIC)
    return np.asarray(image, dtype=np.uint8)


def load_squashed(paths: Sequence[Path]) -> Pixels:
    """Pictures as the image tower reads them: uint8 (n, 224, 224, 3)."""
    out = np.empty((len(paths), SIZE, SIZE, 3), dtype=np.uint8)
    for i, path in enumerate(paths):
        out[i] = squash(load(path))
    return out
