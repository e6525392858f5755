"""Helpers for the tests of sources: pictures made on the spot, decoders, and their processes."""

import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from saccade.core.decoding import Decoded, DecodeOutcome, DecodeTask
from saccade.core.types import PixelRecipe
from saccade.sources.pool import GuardedDecoder

Encode = Callable[..., bytes]
DecodeBytes = Callable[[bytes], DecodeOutcome]
GrayOf = Callable[[object], int]
Children = Callable[[int], set[int]]
Started = Callable[[], set[int]]


@pytest.fixture(scope="session")
def recipe() -> PixelRecipe:
    """A small square: tests look at outcomes more than at pixels."""
    return PixelRecipe(size=32)


@pytest.fixture(scope="session")
def decoder(recipe: PixelRecipe) -> Iterator[GuardedDecoder]:
    """Two workers shared by the tests that do them no harm."""
    with GuardedDecoder(recipe, workers=2) as shared:
        yield shared


@pytest.fixture(scope="session")
def decode_bytes(decoder: GuardedDecoder) -> DecodeBytes:
    """The outcome of bytes in memory."""

    def decode(data: bytes) -> DecodeOutcome:
        (outcome,) = decoder.decode([DecodeTask(path="in memory", data=data)])
        return outcome

    return decode


@pytest.fixture(scope="session")
def encode() -> Encode:
    """A picture, or an array, as the bytes of a file."""

    def encoded(picture: Image.Image | np.ndarray, format: str = "PNG", **options: object) -> bytes:
        image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
        buffer = io.BytesIO()
        image.save(buffer, format, **options)
        return buffer.getvalue()

    return encoded


@pytest.fixture(scope="session")
def photo() -> Image.Image:
    """A smooth 96 x 64 picture of three different channels."""
    y, x = np.mgrid[0:64, 0:96]
    red, green = x * 255 // 95, y * 255 // 63
    return Image.fromarray(np.stack([red, green, 255 - red], axis=-1).astype(np.uint8))


@pytest.fixture
def pictures(encode: Encode) -> list[DecodeTask]:
    """Sixty pictures in memory, each of its own gray."""
    return [DecodeTask(path=f"{n}", data=encode(Image.new("L", (40, 40), n))) for n in range(60)]


@pytest.fixture
def gray_of() -> GrayOf:
    """The gray of an outcome that is such a picture."""

    def gray(outcome: object) -> int:
        assert isinstance(outcome, Decoded)
        return int(outcome.pixels[0, 0, 0])

    return gray


@pytest.fixture
def children() -> Children:
    """Process ids of the children of a process, zombies too."""
    if not Path("/proc/self/stat").exists():
        pytest.skip("/proc is missing, which lists processes")

    def listed(parent: int) -> set[int]:
        found = set()
        for entry in filter(str.isdigit, os.listdir("/proc")):
            try:
                fields = Path(f"/proc/{entry}/stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(fields[1]) == parent:
                found.add(int(entry))
        return found

    return listed


@pytest.fixture
def started(children: Children) -> Started:
    """Our children that were not there when the test began, zombies too."""
    before = children(os.getpid())
    return lambda: children(os.getpid()) - before
