"""A space at one moment, what a search of it gathers, and the right images where too many of them tie."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from saccade.core.ports.indexes import Retriever, Selection
from saccade.core.ties import Digests
from saccade.core.types import Embeddings, Ids, Scores
from saccade.core.vectors import best, exact_best
from saccade.engine.folding import PartMap


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A space at one moment.

    Attributes:
        index: its index, if it has one.
        gone: sorted ids of the items whose image has no file left.
        outdated: sorted ids of the items whose row in the index, if there is one, no longer counts.
        newer_ids, newer: ids and (n, d) rows of the items newer than the index.
        parts: the parts of the library's images.
        images: number of present images in the space; None where the other facts tell it, without parts.
    """

    index: Retriever | None
    gone: Ids
    outdated: Ids
    newer_ids: Ids
    newer: Embeddings
    parts: PartMap
    images: int | None = None

    def items(self, within: Selection) -> Selection:
        """The selected images together with their parts."""
        if not within or not self.parts:
            return within
        return replace(within, resolve=cache(lambda: self.parts.with_parts(within.resolve())))

    def search(self, queries: Embeddings, k: int, within: Selection) -> tuple[Ids, Scores]:
        """The k best items of each of (q, d) queries: (q, m) ids and scores, best first, ties by lower id."""
        keep = kept(self.newer_ids, within, self.gone)
        ids, scores = exact_best(queries, self.newer[keep], self.newer_ids[keep], k)
        if self.index is not None and self.index.size:
            # An item embedded again since the index was built is in both; its newer row counts.
            found, exact = self.index.search(queries, k, within=within, exclude=self.outdated)
            scores, ids = np.hstack([scores, exact]), np.hstack([ids, found])
        return best(scores, ids, k)


def kept(ids: Ids, within: Selection, gone: Ids) -> NDArray[np.bool_]:
    """Which of the ids a search may find."""
    keep = ~np.isin(ids, gone)
    return keep & np.isin(ids, within.resolve()) if within and keep.any() else keep


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """Images with their best items and scores, each (q, m), best first; `ended`: there are no more."""

    images: Ids
    items: Ids
    scores: Scores
    ended: bool

    def cut(self, k: int) -> NDArray[np.bool_]:
        """(q,) whether images that were not looked at may tie with the k-th."""
        if self.ended:
            return np.zeros(len(self.scores), np.bool_)
        tied: NDArray[np.bool_] = self.scores[:, -1] == self.scores[:, k - 1]
        return tied


def first_by_digest(
    digests: Digests, found: Gathered, k: int, only: Ids | None, gather: Callable[[Ids], Gathered]
) -> Gathered:
    """The k best images for one query, where more tie with the k-th than were looked at.

    Those are many, so the first few of them are soon met in the order of SHA-256.

    Args:
        found: (1, m) images, m at least k.
        only: sorted ids of the images to search among.
        gather: all of these images, sorted ids, with their scores.
    """
    least = found.scores[0, k - 1]
    better = found.scores[0] > least
    parts = [[one[0][better] for one in (found.images, found.items, found.scores)]]
    left = k - int(better.sum())
    for batch in digests.by_digest():
        ids = np.sort(batch if only is None else batch[np.isin(batch, only)])
        if not len(ids):
            continue
        some = gather(ids)
        tied = some.scores[0] == least
        parts.append([one[0][tied] for one in (some.images, some.items, some.scores)])
        left -= int(tied.sum())
        if left <= 0:
            images, items, scores = (np.concatenate(one)[np.newaxis] for one in zip(*parts, strict=True))
            return Gathered(images=images, items=items, scores=scores, ended=True)
    return found  # some were erased meanwhile
