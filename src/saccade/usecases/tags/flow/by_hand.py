"""Labels that people give: added, removed, and listed page by page."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from saccade.core.errors import InputError
from saccade.core.pictures import ImageId, Path
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.stores import Tag
from saccade.core.quarantine import MERGED
from saccade.core.types import Ids
from saccade.engine.context import LibraryContext
from saccade.engine.surviving import surviving
from saccade.usecases.tags.flow.classifiers import KIND, origin_of
from saccade.usecases.tags.flow.formats import tagged_ids
from saccade.usecases.tags.flow.taxonomy import labels_of
from saccade.usecases.tags.rules.reports import PERSON, ZERO_SHOT, ImageTags

_PAGE = 2048


def add_labels(context: LibraryContext, labels: Sequence[str], images: Sequence[Path | ImageId]) -> int:
    """See `Tags.set`."""
    names = _names(labels)
    if not images:
        raise InputError("no image was given", hint="e.g. saccade tag --set beach A.jpg B.jpg")
    ids = np.unique(context.ids(images))
    with context.catalog.unit("tagging"):
        rows = dict.fromkeys(names, (ids, np.ones(len(ids))))
        return context.catalog.tags.write(PERSON, rows, replace=False)


def remove_labels(context: LibraryContext, labels: Sequence[str], images: Sequence[Path | ImageId]) -> int:
    """See `Tags.remove`."""
    catalog = context.catalog
    names = _names(labels)
    ids = np.unique(context.ids(images)) if images else None
    with catalog.unit("tagging"):
        taught = {result.name for result in catalog.results.versions(KIND)}
        origins = [PERSON, ZERO_SHOT, MERGED, *map(origin_of, sorted(taught))]
        return sum(catalog.tags.remove(origin, name, ids) for origin in origins for name in names)


def tags_of(context: LibraryContext, images: Sequence[Path | ImageId]) -> Mapping[str, Sequence[Tag]]:
    """See `Tags.of`."""
    ids = context.ids(images) if images else tagged_ids(context.catalog, None)
    return {one.path: one.tags for one in _pages(context.catalog, ids)}


def iter_tags(catalog: Catalog, among: Ids | None) -> Iterator[ImageTags]:
    """See `Tags.iter_tags`."""
    return _pages(catalog, tagged_ids(catalog, among))


def _pages(catalog: Catalog, ids: Ids) -> Iterator[ImageTags]:
    """The tags of present images that have any, in the order of the ids; without those erased meanwhile."""
    for start in range(0, len(ids), _PAGE):
        page = ids[start : start + _PAGE].tolist()
        tags = catalog.tags.of(page)
        for record in surviving(catalog, [image for image in page if image in tags]):
            if record.paths:
                yield ImageTags(path=record.paths[0], tags=tuple(tags[record.id]))


def _names(labels: Sequence[str]) -> list[str]:
    """Labels as they are stored; one text is one label. Raises InputError."""
    labels = [labels] if isinstance(labels, str) else labels
    return [label.path for label in labels_of(labels, None).labels]
