"""What stays of old themes: found again by the images they share, joined by new images without moving."""

import numpy as np
from numpy.typing import NDArray

from saccade.core.types import Embeddings, Ids
from saccade.usecases.clusters.flow.clustering import DIMS, NEAR
from saccade.usecases.clusters.rules.clustering import NOISE
from saccade.usecases.clusters.rules.neighborhoods import principal, project

_SHARED = 0.3
"""An old theme is found again in the new one with which it shares at least this part of both together."""
_BLOCK = 1024


def found_again(old_ids: Ids, old_labels: Ids, ids: Ids, labels: Ids) -> dict[int, int]:
    """{new label: old theme id} of the pairs that share most, each in one pair at most.

    Judged on the images that both know; all pairs are chosen together so that the shared parts
    (intersection over union) sum to the most (the Hungarian method).

    Args:
        old_ids, ids: sorted image ids.
        old_labels: theme ids, 0 for none.   labels: from 0, -1 for none.
    """
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415

    _, old_at, new_at = np.intersect1d(old_ids, ids, assume_unique=True, return_indices=True)
    before, now = old_labels[old_at], labels[new_at]
    themes = np.unique(before[before > 0])
    count = int(labels.max(initial=NOISE)) + 1
    if not len(themes) or not count:
        return {}
    table = np.zeros((len(themes), count))
    both = (before > 0) & (now != NOISE)
    np.add.at(table, (np.searchsorted(themes, before[both]), now[both]), 1.0)
    sizes = np.array([(before == one).sum() for one in themes], np.float64)[:, None]
    union = sizes + np.bincount(now[now != NOISE], minlength=count)[None] - table
    shared = table / np.maximum(union, 1.0)
    olds, news = linear_sum_assignment(-shared)
    return {
        int(new): int(themes[old]) for old, new in zip(olds, news, strict=True) if shared[old, new] >= _SHARED
    }


def joined(
    rows: Embeddings,
    labels: Ids,
    fresh: Embeddings,
    *,
    themes: Ids,
    middles: Embeddings,
    least: NDArray[np.float64],
) -> tuple[Ids, NDArray[np.bool_]]:
    """Theme ids of new images by the vote of the most similar old ones, and which of them fit no theme.

    Each of the nearest votes with its cosine for its theme, or for none. An image whose cosine with the
    theme's middle is below what the theme's own images have does not fit: it gets none.

    Args:
        rows: (n, d) of the old images.   labels: (n,) their theme ids, 0 for none.
        fresh: (m, d).
        themes, middles, least: (t,) ids, (t, d) middles, (t,) least cosines of the themes.
    Returns:
        (m,) theme ids, 0 for none; (m,) whether it fits no theme.
    """
    if not len(rows) or not len(themes):
        return np.zeros(len(fresh), np.int64), np.ones(len(fresh), np.bool_)
    basis = principal(rows, DIMS)
    known, asked = project(rows, *basis), project(fresh, *basis)
    options = np.concatenate([[0], themes])
    votes = np.zeros((len(fresh), len(options)))
    position = np.searchsorted(np.sort(options), labels)
    back = np.argsort(options, kind="stable")
    k = min(NEAR, len(rows))
    for start in range(0, len(fresh), _BLOCK):
        scores = asked[start : start + _BLOCK] @ known.T
        near = np.argpartition(-scores, k - 1, axis=1)[:, :k]
        weight = np.maximum(np.take_along_axis(scores, near, axis=1), 0.0) + 1e-6
        who = np.arange(start, start + len(scores))[:, None]
        np.add.at(votes, (who, back[position[near]]), weight)
    chosen = votes.argmax(axis=1)
    fit = np.einsum("md,md->m", fresh, middles[np.maximum(chosen - 1, 0)])
    odd = (chosen == 0) | (fit < least[np.maximum(chosen - 1, 0)])
    return np.where(odd, 0, options[chosen]).astype(np.int64), odd
