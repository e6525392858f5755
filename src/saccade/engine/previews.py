"""Thumbnails of files."""

import os
from collections.abc import Sequence

from saccade.core.decoding import Decoded, DecodeTask
from saccade.core.types import Failure, PixelRecipe, Pixels
from saccade.engine.context import LibraryContext
from saccade.engine.inputs import check_side
from saccade.engine.places import locate


def thumbnails(context: LibraryContext, paths: Sequence[str], size: int) -> list[Pixels | Failure]:
    """Upright thumbnails (h, w, 3), longest side `size` pixels; a Failure for files without one.

    Raises InputError unless the size is from 1 to 4096.
    """
    check_side(size)
    recipe = PixelRecipe(size=size, fit="contain", resample="bilinear")
    places = (locate(os.path.abspath(path)) for path in paths)
    with context.open_decoder(recipe) as decoder:
        outcomes = decoder.decode(DecodeTask(path=file, member=member) for file, member in places)
        return [outcome.pixels if isinstance(outcome, Decoded) else _failure(outcome) for outcome in outcomes]


def thumbnail_files(context: LibraryContext, paths: Sequence[str], size: int) -> list[bytes | Failure]:
    """The same as JPEG files without metadata."""
    return [
        picture if isinstance(picture, Failure) else context.tools.pictures.to_jpeg(picture)
        for picture in thumbnails(context, paths, size)
    ]


def _failure(outcome: object) -> Failure:
    if not isinstance(outcome, Failure):
        raise TypeError("a task without hash_only gave a digest")
    return outcome
