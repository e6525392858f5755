"""Breaks ties of a ranking by the images' SHA-256, so that the order survives a merge, or another database.

Ids say when an image was indexed, which another library of the same images need not share.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from saccade.core.types import Ids, Scores

Digests: TypeAlias = Callable[[Ids], Mapping[int, bytes]]
"""{id: SHA-256} of images, looked up only for those that tie: `Images.digests`."""

MOST = 20_000
"""Ties among more images than this go by id: reading so many digests would take longer than the search."""


def ranked(
    digests: Digests, ids: Ids, scores: NDArray[np.floating], most: int | None = None
) -> NDArray[np.int64]:
    """Positions of the `most` best of (n,) images (default: all), best score first, equal ones by SHA-256."""
    keep = len(ids) if most is None else min(most, len(ids))
    if keep <= 0:
        return np.zeros(0, np.int64)
    order = np.lexsort((ids, -scores))
    # Those that tie with the last one kept are looked at too.
    order = order[: int(np.count_nonzero(scores >= scores[order[keep - 1]]))]
    keys = tie_keys(digests, ids[order][np.newaxis], scores[order][np.newaxis])[0]
    chosen: NDArray[np.int64] = order[np.lexsort((keys, -scores[order]))][:keep]
    return chosen


def tie_keys(digests: Digests, ids: Ids, scores: Scores | NDArray[np.floating]) -> NDArray[np.int64]:
    """(q, m) numbers that order images of equal score by their SHA-256; 0 for those that tie with none.

    Args:
        ids, scores: (q, m), each row best score first.
    """
    keys = np.zeros(ids.shape, np.int64)
    same = scores[:, 1:] == scores[:, :-1]
    tied = np.zeros(ids.shape, np.bool_)
    tied[:, 1:] |= same
    tied[:, :-1] |= same
    if not tied.any():
        return keys
    distinct, place = np.unique(ids[tied], return_inverse=True)
    if len(distinct) > MOST:
        keys[tied] = place
        return keys
    known = digests(distinct)
    order = np.argsort(np.array([known.get(int(one), b"") for one in distinct], "S32"), kind="stable")
    rank = np.empty(len(distinct), np.int64)
    rank[order] = np.arange(len(distinct))
    keys[tied] = rank[place]
    return keys
