"""Helpers for the tests of sources: pictures made on the spot, and decoders."""

import io
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PIL import Image

from saccade.core.types import DecodeOutcome, DecodeTask, PixelRecipe
from saccade.sources.pool import GuardedDecoder

Encode = Callable[..., bytes]
DecodeBytes = Callable[[bytes], DecodeOutcome]


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
