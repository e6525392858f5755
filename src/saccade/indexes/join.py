"""Self-join: all high-scoring pairs of a set of rows, compared cell by cell instead of all with all.

Few rows are compared exactly. Many are put into cells by k-means, each row is also compared with the rows of
the other cells nearest to it, and a pair is missed only if neither row visits the other's cell. The number of
cells a row must visit is measured first, on pairs in a sample and on synthetic ones that score just the
threshold: the hardest ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from saccade.core.ports.engines import KMeans
from saccade.core.types import Embeddings, Ids, Scores
from saccade.core.vectors import normalize
from saccade.indexes.crowds import Crowds, Quota

Rows = NDArray[np.int64]
Found = tuple[Rows, Rows, Scores]

_EXACT = 4e8
"""Number of comparisons that are always made directly: 20,000 rows with each other."""
_BLOCK = 4096
_SAMPLE_PER_CELL = 24
_ITERATIONS = 8
_TESTS = 2048
_TEST_PAIRS = 8192
_FEWEST_PAIRS = 100
_AIM = 0.995
_MOST_VISITS = 32
_SEED = 20_261_120


class CellJoin:
    """A `core.engines.SelfJoin`.

    Memory: the blocks being compared, and about 100 bytes per row; the rows are not copied.

    Args:
        kmeans: creates the cells.
        at_most: pairs that a row is guaranteed to keep; beyond them a pair is dropped if the other row has as
            many. If more rows than that are identical, the later ones are paired only with the first: a
            million black frames give a million pairs, not half a trillion.
    """

    def __init__(self, kmeans: KMeans, *, at_most: int = 100) -> None:
        self._kmeans = kmeans
        self._at_most = at_most

    def pairs(
        self, ids: Ids, rows: Embeddings, threshold: float, *, new: NDArray[np.bool_] | None = None
    ) -> Iterator[tuple[Ids, Ids, Scores]]:
        """Batches of pairs (a, b, score), a < b, each pair once; see `saccade.core.ports.engines.SelfJoin`.

        Exact for fewer than 20,000 rows (or fewer new ones with more old ones); for more,
        0.5 % of the pairs that just reach the threshold may be missed, and fewer of those above it.
        """
        fresh = np.ones(len(ids), np.bool_) if new is None else new
        crowds = Crowds.among(rows, self._at_most)
        yield from _named(ids, crowds.pairs(fresh))
        kept = crowds.kept
        quota = Quota(len(ids), self._at_most)
        if float(fresh[kept].sum()) * len(kept) <= _EXACT:
            found = _exact(rows, kept, threshold, fresh)
        else:
            cells = _Cells.made(rows, kept, threshold, self._kmeans)
            found = cells.pairs(rows, threshold, fresh)
        for batch in found:
            yield from _named(ids, [quota.granted(*batch)])


def _named(ids: Ids, batches: Iterator[Found] | list[Found]) -> Iterator[tuple[Ids, Ids, Scores]]:
    """Row numbers as ids, the lower one first."""
    for left, right, scores in batches:
        if len(left):
            low, high = np.minimum(left, right), np.maximum(left, right)
            yield ids[low], ids[high], np.clip(scores, -1.0, 1.0)


def _exact(rows: Embeddings, kept: Rows, threshold: float, fresh: NDArray[np.bool_]) -> Iterator[Found]:
    """Every new row with every other, block by block."""
    asking = kept[fresh[kept]]
    for start in range(0, len(asking), _BLOCK):
        left = asking[start : start + _BLOCK]
        queries = rows[left]
        for first in range(0, len(kept), _BLOCK):
            right = kept[first : first + _BLOCK]
            if fresh[right].all() and right[-1] <= left[0]:
                continue  # already paired
            at, column = np.nonzero((scores := queries @ rows[right].T) >= threshold)
            a, b = left[at], right[column]
            keep = ~fresh[b] | (a < b)
            yield a[keep], b[keep], scores[at, column][keep]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cells:
    """Rows by cell: those at home there, and visitors."""

    kept: Rows
    visited: NDArray[np.int32]
    """(n, p) cells of each kept row, home first."""

    @classmethod
    def made(cls, rows: Embeddings, kept: Rows, threshold: float, kmeans: KMeans) -> "_Cells":
        """Cells of a size that balances finding them with comparing inside them."""
        rng = np.random.default_rng(_SEED)
        count = max(2, round((4 * len(kept)) ** 0.5))
        picked = np.sort(rng.choice(kept, min(len(kept), _SAMPLE_PER_CELL * count), replace=False))
        sample = np.ascontiguousarray(rows[picked])
        centers = kmeans.fit(sample, count, seed=_SEED, iterations=_ITERATIONS)
        visits = _visits(rng.permutation(sample), centers, threshold, rng)
        nearest = np.empty((len(kept), visits), np.int32)
        for start in range(0, len(kept), _BLOCK):
            part = slice(start, start + _BLOCK)
            nearest[part] = _nearest(rows[kept[part]] @ centers.T, visits)
        return cls(kept=kept, visited=nearest)

    def pairs(self, rows: Embeddings, threshold: float, fresh: NDArray[np.bool_]) -> Iterator[Found]:
        """Pairs with a new row where one is at home in a cell that the other is at home in or visits."""
        wide = self.visited.shape[1]
        order = np.argsort(self.visited, axis=None, kind="stable")
        cells = self.visited.reshape(-1)[order]
        edges = np.flatnonzero(np.diff(cells)) + 1
        for some in np.split(order, edges):
            number, rank = some // wide, some % wide
            home, guests = number[rank == 0], number[rank > 0]
            if not fresh[self.kept[home]].any():
                guests = guests[fresh[self.kept[guests]]]
                if not len(guests):
                    continue
            yield from self._in_cell(rows, home, guests, threshold, fresh)

    def _in_cell(
        self, rows: Embeddings, home: Rows, guests: Rows, threshold: float, fresh: NDArray[np.bool_]
    ) -> Iterator[Found]:
        """Pairs of one cell; if two visit each other, the lower one is the visitor."""
        asking = np.concatenate([home, guests])
        for first in range(0, len(home), _BLOCK):
            hosts = home[first : first + _BLOCK]
            block = rows[self.kept[hosts]]
            for start in range(0, len(asking), _BLOCK):
                callers = asking[start : start + _BLOCK]
                scores = rows[self.kept[callers]] @ block.T
                at, column = np.nonzero(scores >= threshold)
                a, b = callers[at], hosts[column]
                mutual = (self.visited[b] == self.visited[a, :1]).any(axis=1)
                keep = (~mutual | (a < b)) & (fresh[self.kept[a]] | fresh[self.kept[b]])
                yield self.kept[a[keep]], self.kept[b[keep]], scores[at, column][keep]


def _nearest(scores: Scores, count: int) -> NDArray[np.int64]:
    """(n, count) columns of the highest scores, the highest first."""
    top = np.argpartition(-scores, count - 1, axis=1)[:, :count]
    best = np.take_along_axis(scores, top, axis=1).argmax(axis=1)
    each = np.arange(len(top))
    top[each, best], top[:, 0] = top[:, 0].copy(), top[each, best].copy()
    return top


def _visits(sample: Embeddings, centers: Embeddings, threshold: float, rng: np.random.Generator) -> int:
    """How many cells to visit so that almost all pairs scoring at least the threshold meet.

    Two rows meet if one of them visits the home of the other. The larger answer for two kinds of pairs is
    used: each row and itself rotated in a random direction by the angle whose cosine is the threshold; and
    the pairs in the sample.
    """
    some = sample[:_TESTS]
    noise = rng.standard_normal(some.shape).astype(np.float32)
    noise = normalize(noise - np.einsum("ij,ij->i", noise, some)[:, None] * some)
    near = min(max(threshold, 0.0), 1.0)
    turned = near * some + (1.0 - near**2) ** 0.5 * noise
    needed = _needed(some @ centers.T, turned @ centers.T)
    left, right = np.nonzero(some @ sample.T >= threshold)
    left, right = left[left != right][:_TEST_PAIRS], right[left != right][:_TEST_PAIRS]
    if len(left) >= _FEWEST_PAIRS:
        needed = max(needed, _needed(some[left] @ centers.T, sample[right] @ centers.T))
    return min(len(centers), _MOST_VISITS, needed)


def _needed(here: Scores, there: Scores) -> int:
    """The fewest visits with which all but 0.5 % of the pairs meet, from their (n, cells) scores."""
    each = np.arange(len(here))
    rank_there = (there > there[each, here.argmax(axis=1)][:, None]).sum(axis=1)
    rank_here = (here > here[each, there.argmax(axis=1)][:, None]).sum(axis=1)
    return 2 + int(np.quantile(np.minimum(rank_here, rank_there), _AIM, method="higher"))
