"""Answers from one space: its index, and the rows newer than the index scanned beside it."""

import threading

import numpy as np
from numpy.typing import NDArray

from saccade.core.items import FIRST_PART
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.indexes import Index, IndexStore, NoIndex
from saccade.core.types import Embeddings, Ids, Scores, SpaceInfo
from saccade.core.vectors import best

_SAME = 0.9999
"""Score of a row with itself, less what float32 may lose."""


class SpaceReader:
    """Searches one space of a library. Thread-safe; follows what other processes write.

    Args:
        catalog: the system of record.
        store: where the space's index lies, if it has one.
        space: the space.
    """

    def __init__(self, catalog: Catalog, store: IndexStore, space: SpaceInfo) -> None:
        self.space = space
        self._catalog = catalog
        self._store = store
        self._lock = threading.Lock()
        self._version: int | None = None
        self._index: Index | None = None
        self._gone: Ids = np.zeros(0, np.int64)
        self._newer_ids: Ids = np.zeros(0, np.int64)
        self._newer: Embeddings = np.zeros((0, space.dim), np.float32)
        self._sequence = 0

    def candidates(self, query: Embeddings, k: int, *, only: Ids | None = None) -> tuple[Ids, Scores]:
        """The k best present images for a (1, d) query, exactly scored; fewer if fewer match.

        Args:
            only: sorted ids to search among.
        Returns:
            (m,) ids and (m,) scores, best first, ties by lower id.
        """
        index, gone, newer_ids, newer = self._fresh()
        keep = _kept(newer_ids, only, gone)
        ids, scores = newer_ids[keep], newer[keep] @ query[0]
        if index is not None and index.size:
            # An image re-embedded since the index was built is in both; its newer row counts.
            found, exact = index.search(query, k, only=only, exclude=np.union1d(gone, newer_ids))
            ids, scores = np.concatenate([ids, found[0]]), np.concatenate([scores, exact[0]])
        top_ids, top_scores = best(scores[np.newaxis], ids[np.newaxis], k)
        return top_ids[0], top_scores[0]

    def best_scores(self, queries: Embeddings, k: int) -> tuple[Ids, Scores]:
        """The k best present images of each of (q, d) queries at once: (q, m) ids and scores."""
        index, gone, newer_ids, newer = self._fresh()
        keep = _kept(newer_ids, None, gone)
        scores = queries @ newer[keep].T
        labels = np.broadcast_to(newer_ids[keep], scores.shape)
        if index is not None and index.size:
            found, approximate = index.search(queries, k, exclude=np.union1d(gone, newer_ids))
            scores, labels = np.hstack([scores, approximate]), np.hstack([labels, found])
        return best(scores, labels, k)

    def count(self) -> int:
        """Number of images that a search without filter can find."""
        index, gone, newer_ids, _ = self._fresh()
        if index is None or not len(newer_ids):
            return (len(newer_ids) if index is None else index.size) - len(gone)
        # Images embedded again since the index was built are in both.
        return self._catalog.health.counts().embeddings.get(self.space.id, 0) - len(gone)

    def everything(self) -> tuple[Ids, Embeddings]:
        """Ids and rows of every present image, from the catalog, ascending by id."""
        gone = self._catalog.embeddings.absent(self.space.id)
        ids, rows = [np.zeros(0, np.int64)], [np.zeros((0, self.space.dim), np.float32)]
        for _, batch_ids, batch in self._catalog.embeddings.after(self.space.id, 0):
            keep = _kept(batch_ids, None, gone) & (batch_ids < FIRST_PART)
            ids.append(batch_ids[keep])
            rows.append(batch[keep])
        all_ids = np.concatenate(ids)
        order = np.argsort(all_ids)
        return all_ids[order], np.concatenate(rows)[order]

    def close(self) -> None:
        """Release the index."""
        with self._lock:
            if self._index is not None:
                self._index.close()
            self._index, self._version = None, None

    def _fresh(self) -> tuple[Index | None, Ids, Ids, Embeddings]:
        """The index, the ids with no file left, and the rows newer than the index, as of now."""
        version = self._catalog.version()
        with self._lock:
            if version != self._version:
                self._refresh()
                self._version = version
            return self._index, self._gone, self._newer_ids, self._newer

    def _refresh(self) -> None:
        index = open_index(self._catalog, self._store, self.space)
        if index is None or self._index is None or index.sequence != self._index.sequence:
            self._sequence = 0 if index is None else index.sequence
            self._newer_ids, self._newer = self._newer_ids[:0], self._newer[:0]
        self._index = index
        ids, rows = [self._newer_ids], [self._newer]
        for sequence, new_ids, new_rows in self._catalog.embeddings.after(self.space.id, self._sequence):
            self._sequence = sequence
            ids.append(new_ids)
            rows.append(new_rows)
        self._newer_ids, self._newer = np.concatenate(ids), np.concatenate(rows)
        self._gone = self._catalog.embeddings.absent(self.space.id)


def open_index(catalog: Catalog, store: IndexStore, space: SpaceInfo) -> Index | None:
    """The index of the space, if there is one and it was built from this very catalog.

    A catalog restored from an older backup uses sequence numbers and ids again, for other images. So the
    last row the index holds must be the same in both.
    """
    index = store.open(space)
    if isinstance(index, NoIndex):
        return None
    if index.size == 0:
        return index
    last = next(catalog.embeddings.after(space.id, index.sequence - 1, batch=1), None)
    if last is not None and last[0] == index.sequence:
        _, ids, rows = last
        found, scores = index.search(rows, 1, only=ids)
        if found.size and scores[0, 0] >= _SAME:
            return index
    index.close()
    return None


def _kept(ids: Ids, only: Ids | None, gone: Ids) -> NDArray[np.bool_]:
    """Which of the ids a search may find."""
    keep = ~np.isin(ids, gone)
    return keep if only is None else keep & np.isin(ids, only)
