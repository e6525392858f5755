"""Matches new clusters with old ones by shared images, and assigns new images to old clusters."""

import numpy as np
from numpy.typing import NDArray

from saccade.core.types import Embeddings, Ids
from saccade.usecases.clusters.flow.clustering import DIMS, NEAR
from saccade.usecases.clusters.rules.clustering import NOISE
from saccade.usecases.clusters.rules.neighborhoods import principal, project

_SHARED = 0.3
"""An old and a new cluster are the same if they share at least this fraction of their union."""
_BLOCK = 1024


def found_again(old_ids: Ids, old_labels: Ids, ids: Ids, labels: Ids) -> dict[int, int]:
    """{new label: old cluster id} of the pairs that share the most; each is in at most one pair.

    Only images in both results count. All pairs are chosen jointly so that the sum of their overlaps
    (intersection over union) is maximal (the Hungarian method).

    Args:
        old_ids, ids: sorted image ids.
        old_labels: cluster ids, 0 for none.   labels: from 0, -1 for none.
    """
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415 - half a second

    _, old_at, new_at = np.intersect1d(old_ids, ids, assume_unique=True, return_indices=True)
    before, now = old_labels[old_at], labels[new_at]
    clusters = np.unique(before[before > 0])
    count = int(labels.max(initial=NOISE)) + 1
    if not len(clusters) or not count:
        return {}
    table = np.zeros((len(clusters), count))
    both = (before > 0) & (now != NOISE)
    np.add.at(table, (np.searchsorted(clusters, before[both]), now[both]), 1.0)
    sizes = np.array([(before == one).sum() for one in clusters], np.float64)[:, None]
    union = sizes + np.bincount(now[now != NOISE], minlength=count)[None] - table
    shared = table / np.maximum(union, 1.0)
    olds, news = linear_sum_assignment(-shared)
    return {
        int(new): int(clusters[old])
        for old, new in zip(olds, news, strict=True)
        if shared[old, new] >= _SHARED
    }


def joined(
    rows: Embeddings,
    labels: Ids,
    fresh: Embeddings,
    *,
    clusters: Ids,
    centroids: Embeddings,
    min_fit: NDArray[np.float64],
) -> tuple[Ids, NDArray[np.bool_]]:
    """Cluster ids of new images by vote of the most similar old ones, and which images fit no cluster.

    Each of the nearest votes, weighted by its cosine, for its own cluster or for none. An image whose cosine
    with the centroid is below `min_fit` does not fit, and stays unassigned.

    Args:
        rows: (n, d) of the old images.   labels: (n,) their cluster ids, 0 for none.
        fresh: (m, d).
        clusters: (c,) ids.   centroids: (c, d) unit rows.   min_fit: (c,) cosines.
    Returns:
        (m,) cluster ids, 0 for none; (m,) whether it fits no cluster.
    """
    if not len(rows) or not len(clusters):
        return np.zeros(len(fresh), np.int64), np.ones(len(fresh), np.bool_)
    basis = principal(rows, DIMS)
    known, wanted = project(rows, *basis), project(fresh, *basis)
    options = np.concatenate([[0], clusters])
    votes = np.zeros((len(fresh), len(options)))
    position = np.searchsorted(np.sort(options), labels)
    back = np.argsort(options, kind="stable")
    k = min(NEAR, len(rows))
    for start in range(0, len(fresh), _BLOCK):
        scores = wanted[start : start + _BLOCK] @ known.T
        near = np.argpartition(-scores, k - 1, axis=1)[:, :k]
        weight = np.maximum(np.take_along_axis(scores, near, axis=1), 0.0) + 1e-6
        voters = np.arange(start, start + len(scores))[:, None]
        np.add.at(votes, (voters, back[position[near]]), weight)
    chosen = votes.argmax(axis=1)
    fit = np.einsum("md,md->m", fresh, centroids[np.maximum(chosen - 1, 0)])
    odd = (chosen == 0) | (fit < min_fit[np.maximum(chosen - 1, 0)])
    return np.where(odd, 0, options[chosen]).astype(np.int64), odd
