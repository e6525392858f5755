"""A library of three JPEG files and a PNG, two of them tagged."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import saccade


@pytest.fixture(scope="session")
def _photographed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three JPEG files and a PNG with a library; copy it before changing anything."""
    folder = tmp_path_factory.mktemp("photographed") / "photos"
    folder.mkdir()
    for number in range(4):
        pixels = np.random.default_rng(number).integers(0, 256, (48, 64, 3), np.uint8)
        Image.fromarray(pixels).save(folder / (f"{number}.png" if number == 3 else f"{number}.jpg"))
    with saccade.open_library(folder) as library:
        library.index(folder)
    return folder


@pytest.fixture
def photos(_photographed: Path, tmp_path: Path) -> Path:
    """A copy of them, the library of which knows only the copy."""
    folder = Path(shutil.copytree(_photographed, tmp_path / "photos"))
    with saccade.open_library(folder) as library:
        library.tags.set(["animal/dog", "mine"], [folder / "0.jpg", folder / "3.png"])
    return folder


@pytest.fixture
def library(photos: Path) -> Iterator[saccade.Library]:
    with saccade.open_library(photos) as opened:
        yield opened
