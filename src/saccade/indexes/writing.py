"""Builds the index of a space, and changes it: each time as a new generation."""

from collections.abc import Iterable
from functools import partial
from pathlib import Path

import numpy as np

from saccade.core.ports.indexes import IndexSummary, NoIndex
from saccade.core.types import Embeddings, Ids, SpaceInfo
from saccade.indexes.durable import read, storage_errors
from saccade.indexes.filling import Origin, Wishes, fill
from saccade.indexes.generations import publish, sweep
from saccade.indexes.manifest import CURRENT, Manifest, UnusableError, check_fully, generation
from saccade.indexes.rows import Rows
from saccade.indexes.staging import collected, merged

__all__ = ["Wishes", "build", "delete", "upsert"]

Batches = Iterable[tuple[int, Ids, Embeddings]]


def build(place: Path, space: SpaceInfo, batches: Batches, wishes: Wishes) -> IndexSummary:
    """Replace the index in `place`; see `saccade.core.ports.indexes.IndexStore`."""
    wishes.check(space.dim)
    return _summary(publish(place, partial(fill, space=space, batches=batches, wishes=wishes)))


def upsert(place: Path, space: SpaceInfo, batches: Batches, wishes: Wishes) -> IndexSummary | NoIndex:
    """Add rows, or replace those of the same ids; see `saccade.core.ports.indexes.IndexStore`."""
    wishes.check(space.dim)
    sequence, ids, rows = collected(batches, space.dim)
    origin = _origin(place, space, ids)
    if isinstance(origin, NoIndex):
        return origin
    sequence = max(sequence, origin.manifest.sequence)
    return _changed(space, origin, (ids, rows), sequence, wishes)


def delete(place: Path, space: SpaceInfo, ids: Ids, sequence: int, wishes: Wishes) -> IndexSummary | NoIndex:
    """Take ids out, if the index is intact; see `saccade.core.ports.indexes.IndexStore`."""
    wishes.check(space.dim)
    origin = _origin(place, space, ids)
    if isinstance(origin, NoIndex):
        return origin
    nothing = np.empty(0, np.int64), np.empty((0, space.dim), np.float32)
    return _changed(space, origin, nothing, sequence, wishes)


def _origin(place: Path, space: SpaceInfo, leaving: Ids) -> Origin | NoIndex:
    """The current generation, to be left by these ids; every byte of it is checked.

    Or a new seal would confirm rows that are damaged, and a damaged id would hide its row.
    """
    with storage_errors(place):
        current = read(place / CURRENT)
        if current is None:
            return NoIndex(reason="no index was built", damaged=False)
        try:
            folder, manifest = generation(place, current)
            manifest.check_space(space)
            problems = check_fully(folder, manifest.files)
        except (UnusableError, OSError) as error:
            problems = [str(error)]
        if problems:
            return NoIndex(reason=f"the index of space {space.id}: {problems[0]}", damaged=True)
        rows = Rows.open(folder, manifest.size, manifest.dim)
    kept = np.ones(len(rows), dtype=np.bool_)
    kept[rows.find(leaving)] = False
    return Origin(folder=folder, manifest=manifest, rows=rows, kept=kept)


def _changed(
    space: SpaceInfo, origin: Origin, new: tuple[Ids, Embeddings], sequence: int, wishes: Wishes
) -> IndexSummary:
    """Publish the rows that are kept, together with new ones."""
    place = origin.folder.parent
    if origin.kept.all() and len(new[0]) == 0 and sequence == origin.manifest.sequence:
        with storage_errors(place):
            sweep(place)  # what a killed change left may hold rows that were to go
        return _summary(origin.manifest)
    batches = merged(origin.rows, origin.kept, *new, sequence)
    return _summary(publish(place, partial(fill, space=space, batches=batches, wishes=wishes, origin=origin)))


def _summary(manifest: Manifest) -> IndexSummary:
    return IndexSummary(
        kind=manifest.kind,
        size=manifest.size,
        sequence=manifest.sequence,
        recall=1.0 if manifest.recall is None else manifest.recall,
        note=manifest.note,
        size_bytes=sum(file.size for file in manifest.files.values()),
    )
