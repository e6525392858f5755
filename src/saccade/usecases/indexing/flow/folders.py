"""Which folders a run visits, what it excludes, and what failed or disappeared in them."""

import os
from collections.abc import Iterator, Sequence

from saccade.core.errors import NoImagesError
from saccade.core.paths import relative
from saccade.core.ports.catalog import Catalog
from saccade.core.types import (
    Failure,
)
from saccade.engine.places import lies_in
from saccade.engine.scopes import in_force
from saccade.usecases.indexing.flow.plan import Plan


def no_images(paths: Sequence[str]) -> NoImagesError:
    """The error for folders without a single image."""
    return NoImagesError(
        f"no images in {', '.join(paths)}",
        hint="saccade reads JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF, HEIC, also in zip and tar files",
    )


def widest(paths: Sequence[str]) -> list[str]:
    """Each path once, without those below another one; missing paths are kept, to be reported."""
    distinct = list(dict.fromkeys(path.rstrip(os.sep) or os.sep for path in paths))
    return [
        path
        for path in distinct
        if not os.path.lexists(path) or not any(relative(path, other) for other in distinct)
    ]


def patterns_of(catalog: Catalog, path: str, exclude: Sequence[str]) -> Sequence[str]:
    """Exclusion patterns for a folder: the given ones, else those of the last run."""
    if not os.path.isdir(path):
        return exclude
    return in_force(catalog, *catalog.files.ensure_folder(path), exclude)


def gone_images(plan: Plan) -> Iterator[int]:
    """The image of each file that vanished."""
    return (file.image_id for file in plan.gone.values() if file.image_id is not None)


def failures_below(catalog: Catalog, paths: Sequence[str]) -> Iterator[Failure]:
    """Recorded failures at or below the paths, of this run and of earlier ones."""
    folders = [path.rstrip(os.sep) or os.sep for path in paths]
    for failure in catalog.files.failures():
        if any(lies_in(failure.path, folder) for folder in folders):
            yield failure
