"""Limits a self-join of many similar rows: crowds of equal rows, and quotas."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from saccade.core.types import Embeddings, Scores

_BLOCK = 65_536
_SEED = 20_261_120


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowds:
    """Large groups of identical rows.

    Attributes:
        kept: row numbers, ascending, of all rows except followers.
        first, followers: (m,) row numbers; follower i equals first i.
    """

    kept: NDArray[np.int64]
    first: NDArray[np.int64]
    followers: NDArray[np.int64]

    @classmethod
    def among(cls, rows: Embeddings, at_most: int) -> "Crowds":
        """The crowds of more than `at_most` equal rows; that many of each are kept."""
        digests = _digests(rows)
        order = np.argsort(digests, kind="stable")  # equal rows become adjacent, in order of their numbers
        _, starts, counts = np.unique(digests[order], return_index=True, return_counts=True)
        firsts, followers = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for place in np.flatnonzero(counts > at_most):
            start, stop = starts[place], starts[place] + counts[place]
            later = order[start + at_most : stop]
            same = later[_equal(rows, later, rows[order[start]])]  # digests can collide
            firsts.append(np.full(len(same), order[start]))
            followers.append(same)
        gone = np.concatenate(followers)
        kept = np.setdiff1d(np.arange(len(rows)), gone, assume_unique=True)
        return cls(kept=kept, first=np.concatenate(firsts), followers=gone)

    def pairs(
        self, fresh: NDArray[np.bool_]
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], Scores]]:
        """Each follower with its first, if one of them is fresh."""
        keep = fresh[self.first] | fresh[self.followers]
        first, followers = self.first[keep], self.followers[keep]
        for start in range(0, len(first), _BLOCK):
            part = slice(start, start + _BLOCK)
            yield first[part], followers[part], np.ones(len(first[part]), np.float32)


class Quota:
    """Counts the pairs of each row, and drops pairs whose rows both have enough."""

    def __init__(self, rows: int, at_most: int) -> None:
        self._pairs = np.zeros(rows, np.int64)
        self._at_most = at_most

    def granted(
        self, left: NDArray[np.int64], right: NDArray[np.int64], scores: Scores
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], Scores]:
        """Pairs with a row that has fewer than `at_most` earlier or better ones."""
        order = np.lexsort((right, left, -scores))
        left, right, scores = left[order], right[order], scores[order]
        seen_left = self._pairs[left] + _earlier(left)
        seen_right = self._pairs[right] + _earlier(right)
        keep = np.minimum(seen_left, seen_right) < self._at_most
        left, right, scores = left[keep], right[keep], scores[keep]
        np.add.at(self._pairs, left, 1)
        np.add.at(self._pairs, right, 1)
        return left, right, scores


def _earlier(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """How often each value occurred before its position."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    counts = np.diff(np.append(starts, len(values)))
    found = np.empty(len(values), np.int64)
    found[order] = np.arange(len(values)) - np.repeat(starts, counts)
    return found


def _digests(rows: Embeddings) -> NDArray[np.uint64]:
    """(n,) a number for each row, the same for equal rows: a sum of its bits with random weights."""
    weights = np.random.default_rng(_SEED).integers(1, 2**63, rows.shape[1], dtype=np.uint64)
    digests = np.empty(len(rows), np.uint64)
    for start in range(0, len(rows), _BLOCK):
        bits = np.ascontiguousarray(rows[start : start + _BLOCK]).view(np.uint32)
        digests[start : start + _BLOCK] = bits.astype(np.uint64) @ weights
    return digests


def _equal(rows: Embeddings, numbers: NDArray[np.int64], one: Embeddings) -> NDArray[np.bool_]:
    """Which of these rows equal the given one."""
    same = [
        (rows[numbers[start : start + _BLOCK]] == one).all(axis=1) for start in range(0, len(numbers), _BLOCK)
    ]
    return np.concatenate(same)
