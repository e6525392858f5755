"""Provides the embeddings of a space's whole images at once, in a scratch file if memory is too small."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from saccade.core.items import FIRST_PART
from saccade.core.ports.catalog import Catalog
from saccade.core.types import Embeddings, Ids, SpaceInfo

_IN_MEMORY = 1 << 28
"""Bytes of rows up to which no file is used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceRows:
    """Embeddings of present images.

    Attributes:
        ids: (n,) ascending.   rows: (n, d) unit rows; may be mapped from a file.
        new: (n,) whether the row is newer than `since`.
        sequence: highest sequence number in the space.
    """

    ids: Ids
    rows: Embeddings
    new: NDArray[np.bool_]
    sequence: int


@contextmanager
def space_rows(
    catalog: Catalog,
    space: SpaceInfo,
    folder: str,
    *,
    since: int,
    among: Ids | None,
    read: Callable[[int, int], None],
) -> Iterator[SpaceRows]:
    """The rows of a space, among sorted ids if given, for the duration of the context.

    Args:
        folder: for the scratch file; it is unlinked, so that a killed run leaves nothing.
        since: rows after this sequence number are new.
        read: called with the number of rows read so far, and of all.
    """
    gone = catalog.embeddings.absent(space.id)
    count = catalog.health.counts().embeddings.get(space.id, 0)
    large = (count if among is None else min(count, len(among))) * space.dim * 4 > _IN_MEMORY
    ids: list[Ids] = [np.zeros(0, np.int64)]
    kept: list[Embeddings] = [np.zeros((0, space.dim), np.float32)]
    sequence = 0
    with tempfile.TemporaryFile(dir=folder if os.access(folder, os.W_OK) else None) as file:
        for sequence, batch_ids, batch in catalog.embeddings.after(space.id, 0):  # noqa: B007 - the last one
            keep = ~np.isin(batch_ids, gone) & (batch_ids < FIRST_PART)
            if among is not None:
                keep &= np.isin(batch_ids, among)
            ids.append(batch_ids[keep])
            if large:
                file.write(np.ascontiguousarray(batch[keep], "<f4").data)
            else:
                kept.append(batch[keep])
            read(sum(map(len, ids)), count)
        found = np.concatenate(ids)
        file.flush()
        rows = np.concatenate(kept)
        if large and len(found):
            rows = np.asarray(np.memmap(file, "<f4", "r", shape=(len(found), space.dim)))
        order = np.argsort(found, kind="stable")
        if (np.diff(order) != 1).any():  # embedded again since: rare, handled in memory
            found, rows = found[order], rows[order]
        yield SpaceRows(ids=found, rows=rows, new=_newer(catalog, space, since, found), sequence=sequence)


def _newer(catalog: Catalog, space: SpaceInfo, since: int, ids: Ids) -> NDArray[np.bool_]:
    """Which of the ids have a row newer than `since`."""
    if since == 0:
        return np.ones(len(ids), np.bool_)
    newer = [batch for _, batch, _ in catalog.embeddings.after(space.id, since)]
    return np.isin(ids, np.concatenate(newer)) if newer else np.zeros(len(ids), np.bool_)
