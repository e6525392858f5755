"""Clusters of varying density, with noise: HDBSCAN* on a nearest-neighbor graph instead of all pairs."""

import numpy as np
from numpy.typing import NDArray

from saccade.core.types import Embeddings, Ids
from saccade.usecases.clusters.rules.clustering import (
    Edges,
    condense,
    excess_of_mass,
    labels_of,
    relabel_by_size,
    single_linkage,
)

_BLOCK = 8192
_LOOKED_AT = 64
"""Number of rows of each component compared to find the edge between two."""
_CLOSE = 1e-12
"""Replaces 0: scipy treats an edge of length 0 as missing."""
_COPIES = 0.05
"""Rows closer than this fraction of the median core distance count as equally close."""


def density_labels(
    rows: Embeddings, near: Ids, *, min_size: int, min_samples: int, copies: float = _COPIES
) -> Ids:
    """(n,) cluster numbers, largest cluster 0, or -1 for noise.

    With all pairs in `near` and `copies` 0 this is scikit-learn's HDBSCAN(min_cluster_size=min_size,
    min_samples=min_samples); with only the nearest, clusters differ where the graph has no edge.

    Args:
        rows: (n, d) unit rows.
        near: (n, k) nearest rows of each, itself first, min_samples <= k.
        min_size: minimum rows of a cluster, from 2.
        min_samples: neighbors, including the row itself, that make a region dense.
    """
    count = len(rows)
    if count <= min_size:
        return np.full(count, -1, np.int64)
    lengths = _distances(rows, near)
    core = np.sort(lengths, axis=1)[:, min_samples - 1]
    starts = np.repeat(np.arange(count), near.shape[1])
    ends = near.ravel()
    reach = np.maximum(lengths.ravel(), np.maximum(core[starts], core[ends]))
    edges = _spanning_tree(rows, core, (starts, ends, reach))
    tree = condense(
        single_linkage(edges, count), min_size, floor=max(_CLOSE, copies * float(np.median(core)))
    )
    return relabel_by_size(labels_of(tree, excess_of_mass(tree)))


def _distances(rows: Embeddings, near: Ids) -> NDArray[np.float64]:
    """(n, k) distances from differences: cosines of float32 rows cannot separate rows this close."""
    lengths = np.empty(near.shape)
    block = max(1, _BLOCK * 30 // near.shape[1])
    for start in range(0, len(rows), block):
        apart = rows[start : start + block, np.newaxis].astype(np.float64) - rows[near[start : start + block]]
        lengths[start : start + block] = np.sqrt(np.einsum("nkd,nkd->nk", apart, apart))
    return lengths


def _spanning_tree(rows: Embeddings, core: NDArray[np.float64], edges: Edges) -> Edges:
    """The minimum spanning tree; components of the graph are joined by short edges."""
    count = len(rows)
    while True:
        starts, ends, lengths = _forest(edges, count)
        if len(starts) == count - 1:
            return starts, ends, lengths
        added = _bridges(rows, core, _components(starts, ends, count))
        edges = tuple(np.concatenate(pair) for pair in zip((starts, ends, lengths), added, strict=True))  # type: ignore[assignment]


def _forest(edges: Edges, count: int) -> Edges:
    """The shortest edges that connect whatever can be connected."""
    from scipy.sparse import coo_array  # noqa: PLC0415 - half a second
    from scipy.sparse.csgraph import minimum_spanning_tree  # noqa: PLC0415 - half a second

    low, high = np.minimum(edges[0], edges[1]), np.maximum(edges[0], edges[1])
    kept = low < high
    pair, first = np.unique(low[kept] * count + high[kept], return_index=True)
    lengths = np.maximum(edges[2][kept][first], _CLOSE)
    graph = coo_array((lengths, (pair // count, pair % count)), shape=(count, count)).tocsr()
    tree = minimum_spanning_tree(graph).tocoo()
    return tree.row.astype(np.int64), tree.col.astype(np.int64), tree.data.astype(np.float64)


def _components(starts: Ids, ends: Ids, count: int) -> Ids:
    from scipy.sparse import coo_array  # noqa: PLC0415 - half a second
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415 - half a second

    graph = coo_array((np.ones(len(starts)), (starts, ends)), shape=(count, count)).tocsr()
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)


def _bridges(rows: Embeddings, core: NDArray[np.float64], component: Ids) -> Edges:
    """An edge from each component to the one with the nearest centroid; at least halves their number.

    Only the rows nearest to the other's centroid are compared, so an edge may be slightly too long.
    """
    order = np.argsort(component, kind="stable")
    bounds = np.searchsorted(component[order], np.arange(component.max() + 2))
    members = [order[bounds[one] : bounds[one + 1]] for one in range(len(bounds) - 1)]
    centroids = np.array([rows[mine].mean(axis=0) for mine in members], np.float64)
    found: list[tuple[int, int, float]] = []
    for one, mine in enumerate(members):
        apart = np.square(centroids - centroids[one]).sum(axis=1)
        apart[one] = np.inf
        other = int(apart.argmin())
        a, b = _facing(rows, mine, centroids[other]), _facing(rows, members[other], centroids[one])
        gaps = np.linalg.norm(rows[a][:, None].astype(np.float64) - rows[b][None], axis=2)
        gaps = np.maximum(gaps, np.maximum(core[a][:, None], core[b][None]))
        at, to = np.unravel_index(int(gaps.argmin()), gaps.shape)
        found.append((int(a[at]), int(b[to]), float(gaps[at, to])))
    starts, ends, lengths = zip(*found, strict=True)
    return np.array(starts, np.int64), np.array(ends, np.int64), np.array(lengths)


def _facing(rows: Embeddings, members: Ids, place: NDArray[np.float64]) -> Ids:
    """The members nearest to a point."""
    if len(members) <= _LOOKED_AT:
        return members
    apart = np.square(rows[members] - place).sum(axis=1)
    return members[np.argpartition(apart, _LOOKED_AT - 1)[:_LOOKED_AT]]
