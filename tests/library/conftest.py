"""Libraries of a few real pictures, made with the built-in encoder once per session."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import saccade
from saccade.core.types import Pixels


def scene(number: int, side: int = 96) -> Pixels:
    """A picture of its own: bars, discs and noise of some colors."""
    rng = np.random.default_rng(number)
    down, right = np.mgrid[:side, :side]
    base, front = rng.integers(0, 256, (2, 3))
    middle, radius = rng.integers(20, 76, 2), rng.integers(10, 40)
    inside = (down - middle[0]) ** 2 + (right - middle[1]) ** 2 < radius**2
    bars = (right // rng.integers(6, 30) + down // rng.integers(6, 30)) % 2 == 0
    picture = np.where(bars[..., np.newaxis], base, 255 - base)
    picture = np.where(inside[..., np.newaxis], front, picture)
    return np.clip(picture + rng.normal(0, 8, picture.shape), 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six pictures, one of them in a folder below; copy it before changing anything."""
    folder = tmp_path_factory.mktemp("pictures")
    (folder / "trip").mkdir()
    for number in range(6):
        name = f"trip/{number}.png" if number == 5 else f"{number}.png"
        Image.fromarray(scene(number)).save(folder / name)
    return folder


@pytest.fixture(scope="session")
def indexed(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of them with a library; copy it before changing anything."""
    folder = tmp_path_factory.mktemp("indexed") / "photos"
    shutil.copytree(pictures, folder)
    with saccade.open_library(folder) as library:
        assert library.index(folder).embedded == 6
    return folder


@pytest.fixture
def photos(pictures: Path, tmp_path: Path) -> Path:
    """The pictures, without a library."""
    return Path(shutil.copytree(pictures, tmp_path / "photos"))


@pytest.fixture
def shelf(indexed: Path, tmp_path: Path) -> Path:
    """The pictures with their library, yours to change."""
    return Path(shutil.copytree(indexed, tmp_path / "shelf"))


@pytest.fixture
def library(shelf: Path) -> Iterator[saccade.Library]:
    """That library, open."""
    with saccade.open_library(shelf) as opened:
        yield opened


@pytest.fixture(scope="session")
def encoder() -> Iterator[saccade.ImageEncoder]:
    """The built-in encoder."""
    made = saccade.load_encoder()
    yield made
    made.close()
