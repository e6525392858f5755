"""Selects the images and files of a call."""

from collections.abc import Sequence

import numpy as np

from saccade.core.errors import ImageNotFoundError
from saccade.core.filters import Where
from saccade.core.pictures import Path
from saccade.core.types import Failure, Ids, ImageRecord, Role
from saccade.engine.context import LibraryContext
from saccade.engine.inputs import absolute
from saccade.usecases.outliers.flow.patches import Subject
from saccade.usecases.outliers.flow.subjects import file_subjects, image_subjects


def present(context: LibraryContext, where: Where | Sequence[str] | None, folders: Sequence[Path]) -> Ids:
    """Sorted ids of the selected images that have an embedding; of all by default."""
    among = context.among(where, folders)
    ids, _ = context.spaces.reader(Role.SEMANTIC).everything()
    return ids if among is None else np.intersect1d(ids, among)


def subjects_of(
    context: LibraryContext,
    files: Sequence[Path],
    where: Where | Sequence[str] | None,
    folders: Sequence[Path],
    *,
    everything: bool = False,
) -> tuple[list[Subject], list[Failure]]:
    """The selected pictures, and the folders that cannot be read.

    Args:
        files: files and folders.
        where, folders: images of the library.
        everything: all images of the library.
    """
    subjects, failed = file_subjects(context.tools.walk, absolute(files))
    if where or folders or everything:
        subjects += image_subjects(context.catalog, present(context, where, folders))
    return subjects, failed


def existing_file(record: ImageRecord) -> str:
    """A file of the image. Raises ImageNotFoundError: all are gone."""
    if not record.paths:
        raise ImageNotFoundError(
            f"the file of image {record.image_id[:12]} is gone", hint="restore it and index again"
        )
    return record.paths[0]
