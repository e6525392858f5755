"""Finds images whose pixels are all equal: decoded completely, one by one, compared by digest."""

import hashlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TypeAlias

from saccade.core.ports.decoders import Decoder
from saccade.core.types import Failure, ImageInfo, ImageRecord, PixelRecipe
from saccade.engine.thumbnails import read_images

OpenDecoder: TypeAlias = Callable[[PixelRecipe], AbstractContextManager[Decoder]]
"""A decoder for a recipe, closed at the end of the context."""

_LARGEST = 4096
"""Maximum longest side, in pixels, that a decoder returns; larger pictures are compared at that size."""
_BATCH = 16


def whole_recipe(info: ImageInfo) -> PixelRecipe:
    """The recipe that keeps every pixel of a picture: a frame as large as its longer side."""
    return PixelRecipe(size=min(_LARGEST, max(info.width, info.height)), fit="contain")


def pixel_digests(
    open_decoder: OpenDecoder, records: Sequence[ImageRecord], advance: Callable[[int], None]
) -> tuple[dict[int, bytes], list[Failure]]:
    """({image id: digest of its pixels, upright, sRGB}, failures); equal digests are equal pixels.

    Args:
        advance: called with the number of images read so far.
    """
    digests: dict[int, bytes] = {}
    failures: list[Failure] = []
    sizes: dict[PixelRecipe, list[ImageRecord]] = {}
    for record in records:
        sizes.setdefault(whole_recipe(record.info), []).append(record)
    done = 0
    for recipe, group in sizes.items():
        with open_decoder(recipe) as decoder:
            for start in range(0, len(group), _BATCH):
                for record, outcome in read_images(decoder, group[start : start + _BATCH]):
                    if isinstance(outcome, Failure):
                        failures.append(outcome)
                    else:
                        shape = repr((record.info.width, record.info.height, outcome.pixels.shape)).encode()
                        digests[record.id] = hashlib.sha256(shape + outcome.pixels.tobytes()).digest()
                done += len(group[start : start + _BATCH])
                advance(done)
    return digests, failures
