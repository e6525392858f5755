"""Shows how pictures differ from their originals once aligned with them."""

from collections.abc import Sequence

import numpy as np

from saccade.core.pixels.alignment import overlay
from saccade.core.types import Failure
from saccade.engine.context import LibraryContext
from saccade.engine.previews import thumbnails


def differences(
    context: LibraryContext, pairs: Sequence[tuple[str, str, Sequence[float]]], size: int = 320
) -> list[bytes | Failure]:
    """A JPEG file for each (path of the original, path of the other, `Evidence.transform`)."""
    paths = list(dict.fromkeys(path for a, b, _ in pairs for path in (a, b)))
    shown = dict(zip(paths, thumbnails(context, paths, size), strict=True))
    made: list[bytes | Failure] = []
    for first, second, transform in pairs:
        a, b = shown[first], shown[second]
        if isinstance(a, Failure):
            made.append(a)
        elif isinstance(b, Failure):
            made.append(b)
        else:
            parts = overlay(a, b, np.array(transform, np.float64).reshape(2, 3))
            made.append(context.tools.pictures.to_jpeg(np.ascontiguousarray(parts[:, -a.shape[1] :])))
    return made
