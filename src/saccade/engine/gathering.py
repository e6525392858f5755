"""What a search of one space has gathered, and the right images where too many of them tie."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from saccade.core.ties import Digests
from saccade.core.types import Ids, Scores


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
