"""The embeddings an index was built from, memory-mapped: filters and exact scores."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from saccade.core.errors import InvalidQueryError
from saccade.core.types import Embeddings, Ids, Scores
from saccade.core.vectors import best, check_embeddings, dot, exact_best

IDS = "ids.i64"
VECTORS = "vectors.f32"

_BLOCK = 4096  # rows scored at a time: 6 MB at 384 dimensions, to stay in the cache
_QUERIES = 256  # queries scored at a time
_NO_ID = np.iinfo(np.int64).max


class Rows:
    """n ascending ids and their (n, d) unit rows, read from files on access.

    A row number is the position of an id; rows are ordered by id, so ties by row are ties by id.
    """

    def __init__(self, ids: Ids, vectors: Embeddings) -> None:
        self.ids = ids
        self.vectors = vectors

    @classmethod
    def open(cls, folder: Path, size: int, dim: int) -> "Rows":
        """Map the files in `folder`. Raises OSError or ValueError when they are missing or too short."""
        if size == 0:  # an empty file cannot be mapped
            return cls(np.empty(0, np.int64), np.empty((0, dim), np.float32))
        ids = np.memmap(folder / IDS, "<i8", "r", shape=(size,))
        vectors = np.memmap(folder / VECTORS, "<f4", "r", shape=(size, dim))
        return cls(np.asarray(ids), np.asarray(vectors))

    def __len__(self) -> int:
        return len(self.ids)

    def check(self, queries: Embeddings, k: int) -> None:
        """Raise InvalidQueryError or InvalidVectorError for invalid queries."""
        if k < 1:
            raise InvalidQueryError(f"{k} results were requested", hint="request at least one")
        check_embeddings(queries, self.vectors.shape[1])

    def find(self, ids: Ids) -> NDArray[np.int64]:
        """Ascending row numbers of the ids in this index; the others are left out."""
        if len(self) == 0 or len(ids) == 0:
            return np.empty(0, np.int64)
        if self.ids[-1] - self.ids[0] == len(self) - 1:  # no gaps: the usual case, and no search needed
            rows = ids - self.ids[0]
            rows = rows[(rows >= 0) & (rows < len(self))]
        else:
            rows = np.minimum(np.searchsorted(self.ids, ids), len(self) - 1)
            rows = rows[self.ids[rows] == ids]
        if not (rows[1:] > rows[:-1]).all():
            rows = np.unique(rows)
        return np.asarray(rows, dtype=np.int64)

    def select(self, only: Ids | None, exclude: Ids | None) -> "RowSet | None":
        """The rows that pass the filters; None for all."""
        dropped = self.find(exclude) if exclude is not None else np.empty(0, np.int64)
        if only is None:
            if len(dropped) == 0:
                return None
            mask = np.ones(len(self), dtype=np.bool_)
            mask[dropped] = False
            return RowSet(len(self), mask=mask)
        rows = self.find(only)
        if len(dropped) and len(rows):
            at = np.minimum(np.searchsorted(dropped, rows), len(dropped) - 1)
            rows = rows[dropped[at] != rows]
        return RowSet(len(self), rows=rows)

    def nearest(self, queries: Embeddings, k: int, selection: "RowSet | None" = None) -> tuple[Ids, Scores]:
        """Exact (q, min(k, n)) ids and scores among the selected rows (all when None), ties by lower id."""
        rows = None if selection is None else selection.rows
        count = len(self) if rows is None else len(rows)
        keep = min(k, count)
        ids = np.full((len(queries), keep), _NO_ID, np.int64)
        scores = np.full((len(queries), keep), -1.0, np.float32)
        if keep == 0:
            return ids, scores
        for first in range(0, len(queries), _QUERIES):
            part = slice(first, first + _QUERIES)
            for start in range(0, count, _BLOCK):
                stop = min(start + _BLOCK, count)
                numbers = np.arange(start, stop) if rows is None else rows[start:stop]
                block = self.vectors[start:stop] if rows is None else self.vectors[numbers]
                found, cosines = exact_best(queries[part], block, self.ids[numbers], keep)
                ids[part], scores[part] = _merge(ids[part], scores[part], found, cosines)
        return ids, scores

    def rescore(self, query: Embeddings, rows: NDArray[np.int64], k: int) -> tuple[Ids, Scores]:
        """The k best of these rows for one (d,) query by exact score, ties by lower id: (m,) and (m,)."""
        vectors = self.vectors[rows]
        scores = dot(np.broadcast_to(query, vectors.shape), vectors)
        ids, top = best(scores[None], self.ids[rows][None], k)
        return ids[0], top[0]


class RowSet:
    """Some of `size` rows, as ascending row numbers or as a mask; either is computed on demand."""

    def __init__(
        self, size: int, *, rows: NDArray[np.int64] | None = None, mask: NDArray[np.bool_] | None = None
    ) -> None:
        self._size = size
        self._rows = rows
        self._mask = mask

    def __len__(self) -> int:
        return int(np.count_nonzero(self.mask)) if self._rows is None else len(self._rows)

    @property
    def rows(self) -> NDArray[np.int64]:
        """Ascending row numbers."""
        if self._rows is None:
            self._rows = np.asarray(np.flatnonzero(self.mask), dtype=np.int64)
        return self._rows

    @property
    def mask(self) -> NDArray[np.bool_]:
        """(size,) true where selected."""
        if self._mask is None:
            self._mask = np.zeros(self._size, dtype=np.bool_)
            self._mask[self._rows] = True
        return self._mask


def _merge(ids: Ids, scores: Scores, more_ids: Ids, more_scores: Scores) -> tuple[Ids, Scores]:
    """The best of two lists per query, as long as the first."""
    together = np.concatenate([scores, more_scores], axis=1), np.concatenate([ids, more_ids], axis=1)
    return best(*together, ids.shape[1])
