"""Finds the pictures given by users: files, folders, and images of the library."""

from collections.abc import Sequence

from saccade.core.ports.catalog import Catalog
from saccade.core.ports.tools import Walk
from saccade.core.types import Failure, Ids
from saccade.engine.places import locate
from saccade.usecases.outliers.flow.patches import Subject

_BATCH = 5_000


def file_subjects(walk: Walk, places: Sequence[str]) -> tuple[list[Subject], list[Failure]]:
    """The picture files at or below absolute paths, and the folders that cannot be read.

    A member of an archive, "ARCHIVE!/MEMBER", is a single picture.

    Raises:
        PathNotFoundError: nothing is there.
    """
    subjects: list[Subject] = []
    failed: list[Failure] = []
    for place in places:
        if locate(place)[1]:
            subjects.append(Subject(path=place))
            continue
        for entry in walk(place):
            if isinstance(entry, Failure):
                failed.append(entry)
            elif entry.kind == "file":
                subjects.append(Subject(path=entry.path))
    return subjects, failed


def image_subjects(catalog: Catalog, ids: Ids) -> list[Subject]:
    """Images of the library that have a file, by id."""
    return [
        Subject.of(record)
        for start in range(0, len(ids), _BATCH)
        for record in catalog.images.get(ids[start : start + _BATCH].tolist())
        if record.paths
    ]
