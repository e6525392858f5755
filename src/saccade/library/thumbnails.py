"""Small pictures of files, for people to look at."""

import os
from collections.abc import Sequence

import numpy as np

from saccade.core.pixels.alignment import overlay
from saccade.core.types import DecodeTask, Failure, Hashed, PixelRecipe, Pixels
from saccade.engine.reembed import locate
from saccade.sources.pool import GuardedDecoder


def thumbnails(paths: Sequence[str], size: int) -> list[Pixels | Failure]:
    """Small upright pictures (h, w, 3), longest side `size` pixels; a Failure for what gives none."""
    recipe = PixelRecipe(size=size, fit="contain", resample="bilinear")
    with GuardedDecoder(recipe, workers=min(len(paths) or 1, os.cpu_count() or 1)) as decoder:
        places = (locate(os.path.abspath(path)) for path in paths)
        outcomes = decoder.decode(DecodeTask(path=path, member=member) for path, member in places)
        shown: list[Pixels | Failure] = []
        for outcome in outcomes:
            if isinstance(outcome, Hashed):
                raise TypeError("a task without hash_only gave a digest")
            shown.append(outcome if isinstance(outcome, Failure) else outcome.pixels)
        return shown


def thumbnail_files(paths: Sequence[str], size: int) -> list[bytes | Failure]:
    """The same as JPEG files without metadata."""
    from saccade.sources.pictures import to_jpeg  # noqa: PLC0415, Pillow is not needed to search by words

    return [
        thumbnail if isinstance(thumbnail, Failure) else to_jpeg(thumbnail)
        for thumbnail in thumbnails(paths, size)
    ]


def differences(pairs: Sequence[tuple[str, str, Sequence[float]]], size: int) -> list[bytes | Failure]:
    """See `Library.differences`."""
    from saccade.sources.pictures import to_jpeg  # noqa: PLC0415, Pillow is not needed to search by words

    paths = list(dict.fromkeys(path for a, b, _ in pairs for path in (a, b)))
    shown = dict(zip(paths, thumbnails(paths, size), strict=True))
    made: list[bytes | Failure] = []
    for first, second, transform in pairs:
        a, b = shown[first], shown[second]
        if isinstance(a, Failure) or isinstance(b, Failure):
            made.append(a if isinstance(a, Failure) else b)  # type: ignore[arg-type]
        else:
            parts = overlay(a, b, np.array(transform, np.float64).reshape(2, 3))
            made.append(to_jpeg(np.ascontiguousarray(parts[:, -a.shape[1] :])))
    return made
