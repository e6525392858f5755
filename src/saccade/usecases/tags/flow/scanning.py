"""Reads the embeddings of a library block by block."""

from collections.abc import Iterator

import numpy as np

from saccade.core.items import FIRST_PART
from saccade.core.ports.catalog import Catalog
from saccade.core.types import Embeddings, Ids, SpaceInfo

_BLOCK = 4096


def blocks(catalog: Catalog, space: SpaceInfo, among: Ids | None) -> Iterator[tuple[Ids, Embeddings]]:
    """Ids and rows of present images (among sorted ids), a few thousand at a time."""
    gone = catalog.embeddings.absent(space.id)
    if among is not None and len(among) * 4 < catalog.health.counts().embeddings.get(space.id, 0):
        wanted = np.setdiff1d(among, np.union1d(gone, catalog.embeddings.unembedded(space.id)))
        for start in range(0, len(wanted), _BLOCK):
            part = wanted[start : start + _BLOCK]
            yield part, catalog.embeddings.get(space.id, part)
        return
    for _, ids, rows in catalog.embeddings.after(space.id, 0, batch=_BLOCK):
        keep = ids < FIRST_PART
        if len(gone):
            keep &= ~np.isin(ids, gone)
        if among is not None:
            keep &= np.isin(ids, among)
        yield (ids, rows) if keep.all() else (ids[keep], rows[keep])
