"""Answers from one space: its index, plus a scan of the rows newer than the index."""

import threading
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from saccade.core.items import FIRST_PART
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.indexes import Index, IndexStore, NoIndex
from saccade.core.ties import ranked, tie_keys
from saccade.core.types import Embeddings, Ids, Scores, SpaceInfo
from saccade.core.vectors import best, distinct, exact_best
from saccade.engine.folding import NO_PARTS, Nearest, PartMap, folded
from saccade.engine.gathering import Gathered, first_by_digest

_BEHIND = 8
"""Items looked at after the k-th: enough to see that they score lower, as they nearly always do."""
_TIES = 4096
"""Where more items than this tie with the k-th image, images are looked at in order of digest instead."""
_SAME = 0.9999
"""Score of a row with itself, less what float32 may lose."""


class SpaceReader:
    """Searches one space of a library. Thread-safe; follows what other processes write.

    Args:
        catalog: the system of record.
        store: where the space's index is, if it has one.
        space: the space.
    """

    def __init__(self, catalog: Catalog, store: IndexStore, space: SpaceInfo) -> None:
        self.space = space
        self._catalog = catalog
        self._store = store
        self._lock = threading.Lock()
        self._version: int | None = None
        self._view = _View(
            index=None,
            gone=np.zeros(0, np.int64),
            outdated=np.zeros(0, np.int64),
            newer_ids=np.zeros(0, np.int64),
            newer=np.zeros((0, space.dim), np.float32),
            parts=NO_PARTS,
        )
        self._sequence = 0

    def nearest(self, query: Embeddings, k: int, *, only: Ids | None = None) -> Nearest:
        """The k best present images for a (1, d) query, exactly scored; fewer if fewer match.

        An image counts once, with the best of its items.

        Args:
            only: sorted ids of the images to search among.
        Returns:
            best first, ties by SHA-256.
        """
        return self._nearest(self._fresh(), query, k, only)

    def candidates(self, query: Embeddings, k: int, *, only: Ids | None = None) -> tuple[Ids, Scores]:
        """(m,) images and (m,) scores of `nearest`."""
        found = self.nearest(query, k, only=only)
        return found.images, found.scores

    def each_nearest(self, queries: Embeddings, k: int) -> tuple[Ids, Scores]:
        """(q, m) images and scores of `nearest` for each of (q, d) queries, faster than one by one."""
        view = self._fresh()
        found = self._gathered(view, queries, k, k + _BEHIND, None)
        keys = tie_keys(self._catalog.images, found.images, found.scores)
        order = np.lexsort((keys, -found.scores), axis=1)[:, :k]
        images = np.take_along_axis(found.images, order, 1)
        for row in np.flatnonzero(found.cut(k)):
            near = self._nearest(view, queries[row : row + 1], k, None).images
            images[row, : len(near)] = near
        return images, np.take_along_axis(found.scores, order, 1)

    def best_scores(self, queries: Embeddings, k: int) -> Scores:
        """(q, m) scores of the k best present images of each of (q, d) queries."""
        return self._gathered(self._fresh(), queries, k, k, None).scores[:, :k]

    def count(self) -> int:
        """Number of images that a search without filter can find."""
        view = self._fresh()
        if view.images is not None:
            return view.images
        if view.index is None:
            return int((~np.isin(view.newer_ids, view.gone)).sum())
        if not len(view.newer_ids):
            return max(0, view.index.size - len(view.gone))
        # Images embedded again since the index was built are in both.
        return self._catalog.health.counts().embeddings.get(self.space.id, 0) - len(view.gone)

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
            if self._view.index is not None:
                self._view.index.close()
            self._view, self._version = replace(self._view, index=None), None

    def _nearest(self, view: "_View", query: Embeddings, k: int, only: Ids | None) -> Nearest:
        """See `nearest`."""
        wanted = k + _BEHIND
        most = max(_TIES, 4 * wanted)
        found = self._gathered(view, query, k, wanted, only)
        while wanted < most and found.cut(k)[0]:
            wanted *= 4
            found = self._gathered(view, query, k, wanted, only)
        if found.cut(k)[0]:

            def all_of(ids: Ids) -> Gathered:
                return self._gathered(view, query, len(ids), len(ids), ids)

            found = first_by_digest(self._catalog.images, found, k, only, all_of)
        images, items, scores = found.images[0], found.items[0], found.scores[0]
        order = ranked(self._catalog.images, images, scores, k)
        return Nearest(images=images[order], items=items[order], scores=scores[order])

    def _gathered(
        self, view: "_View", queries: Embeddings, k: int, wanted: int, only: Ids | None
    ) -> Gathered:
        """The best images of each of (q, d) queries, at least k if there are as many.

        Args:
            wanted: number of items to begin with; more if they are of too few images.
        """
        among = only if only is None or not view.parts else view.parts.with_parts(only)
        while True:
            items, scores = view.search(queries, wanted, among)
            ended = items.shape[1] < wanted
            images, items, scores, count = self._folded(view, items, scores, wanted)
            if ended or count >= k:
                return Gathered(images=images, items=items, scores=scores, ended=ended)
            wanted *= 4

    def _folded(self, view: "_View", items: Ids, scores: Scores, most: int) -> tuple[Ids, Ids, Scores, int]:
        """Images, items and scores, each (q, m), with the best item of each image, and m."""
        if not (items >= FIRST_PART).any():
            return items, items, scores, items.shape[1]
        images = np.where(self._held(items), view.parts.images_of(items), -1)
        rows = [folded(row, most + 1) for row in images]
        rows = [first[row[first] >= 0] for first, row in zip(rows, images, strict=True)]
        width = min(map(len, rows), default=0)
        chosen = np.array([first[:width] for first in rows], np.int64).reshape(len(rows), width)
        images, items, scores = (np.take_along_axis(one, chosen, 1) for one in (images, items, scores))
        return images, items, scores, width

    def _held(self, items: Ids) -> NDArray[np.bool_]:
        """Which of the items still have an embedding; an index keeps removed parts until it is rebuilt."""
        parts = items >= FIRST_PART
        return ~parts | np.isin(items, self._catalog.embeddings.held(self.space.id, np.unique(items[parts])))

    def _fresh(self) -> "_View":
        """The space as of now."""
        version = self._catalog.version()
        with self._lock:
            if version != self._version:
                self._refresh()
                self._version = version
            return self._view

    def _refresh(self) -> None:
        before = self._view
        index = open_index(self._catalog, self._store, self.space)
        ids, rows = [before.newer_ids], [before.newer]
        if index is None or before.index is None or index.sequence != before.index.sequence:
            self._sequence = 0 if index is None else index.sequence
            ids, rows = [before.newer_ids[:0]], [before.newer[:0]]
        newer_ids, newer = self._read(ids, rows)
        first = 0 if index is None else index.sequence
        if len(newer_ids) != self._catalog.embeddings.newer(self.space.id, first):
            self._sequence = first  # some were removed
            newer_ids, newer = self._read([before.newer_ids[:0]], [before.newer[:0]])
        gone = self._catalog.embeddings.absent(self.space.id)
        parts = before.parts.updated(self._catalog.items)
        whole = self._catalog.embeddings.count(self.space.id) if parts else 0
        self._view = _View(
            index=index,
            gone=gone,
            outdated=distinct(np.concatenate([gone, newer_ids])),
            newer_ids=newer_ids,
            newer=newer,
            parts=parts,
            images=whole - int((gone < FIRST_PART).sum()) if parts else None,
        )

    def _read(self, ids: list[Ids], rows: list[Embeddings]) -> tuple[Ids, Embeddings]:
        """These, and what the catalog holds after the last sequence read."""
        for sequence, new_ids, new_rows in self._catalog.embeddings.after(self.space.id, self._sequence):
            self._sequence = sequence
            ids.append(new_ids)
            rows.append(new_rows)
        return _newest(np.concatenate(ids), np.concatenate(rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """A space at one moment.

    Attributes:
        index: its index, if it has one.
        gone: sorted ids of the items whose image has no file left.
        outdated: sorted ids of the items whose row in the index, if there is one, no longer counts.
        newer_ids, newer: ids and (n, d) rows of the items newer than the index.
        parts: the parts of the library's images.
        images: number of present images in the space; None where the other facts tell it, without parts.
    """

    index: Index | None
    gone: Ids
    outdated: Ids
    newer_ids: Ids
    newer: Embeddings
    parts: PartMap
    images: int | None = None

    def search(self, queries: Embeddings, k: int, only: Ids | None) -> tuple[Ids, Scores]:
        """The k best items of each of (q, d) queries: (q, m) ids and scores, best first, ties by lower id."""
        keep = _kept(self.newer_ids, only, self.gone)
        ids, scores = exact_best(queries, self.newer[keep], self.newer_ids[keep], k)
        if self.index is not None and self.index.size:
            # An item embedded again since the index was built is in both; its newer row counts.
            found, exact = self.index.search(queries, k, only=only, exclude=self.outdated)
            scores, ids = np.hstack([scores, exact]), np.hstack([ids, found])
        return best(scores, ids, k)


def _newest(ids: Ids, rows: Embeddings) -> tuple[Ids, Embeddings]:
    """The last row of each id: an item may have been embedded again since its first row was read."""
    _, places = np.unique(ids[::-1], return_index=True)
    if len(places) == len(ids):
        return ids, rows
    kept = np.sort(len(ids) - 1 - places)
    return ids[kept], rows[kept]


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
