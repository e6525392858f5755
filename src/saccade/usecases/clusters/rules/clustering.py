"""Density-based clustering on a minimum spanning tree, and groups of clusters, on arrays.

"Density-Based Clustering Based on Hierarchical Density Estimates" (HDBSCAN*), Campello, Moulavi and Sander
2013: distances are raised to the core distances of both ends; the minimum spanning tree of these
distances is cut from its longest edge on; clusters that shed fewer than `min_size` rows at a time are
followed as they shrink, and those that persist longest are chosen ("excess of mass").
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from saccade.core.types import Ids

NOISE = -1
"""Label of a row that belongs to no cluster."""

Edges = tuple[Ids, Ids, NDArray[np.float64]]
"""Ends a and b and length of each edge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merges:
    """A binary tree over n rows: step i joins nodes `left[i]` and `right[i]` into node n + i.

    Attributes:
        left, right: (n - 1,) nodes; below n they are rows.
        height: (n - 1,) distance at which they join, ascending.
        size: (n - 1,) rows below the new node.
    """

    left: Ids
    right: Ids
    height: NDArray[np.float64]
    size: Ids


@dataclass(frozen=True, slots=True, kw_only=True)
class CondensedTree:
    """Clusters as they shrink while the required density rises. Cluster 0 is everything.

    Attributes:
        parent: (c,) the cluster each split from; -1 for cluster 0. A parent comes before its children.
        birth: (c,) density (1 / distance) from which each exists.
        stability: (c,) excess of mass: how long its rows and children persisted beyond its birth, summed.
        row_cluster: (n,) the smallest cluster each row was in before it fell out.
        row_leaves: (n,) density at which it fell out.
    """

    parent: Ids
    birth: NDArray[np.float64]
    stability: NDArray[np.float64]
    row_cluster: Ids
    row_leaves: NDArray[np.float64]


def single_linkage(edges: Edges, count: int) -> Merges:
    """The order in which the edges of a spanning tree join `count` rows, shortest first."""
    order = np.lexsort((edges[1], edges[0], edges[2]))
    starts, ends = edges[0][order].tolist(), edges[1][order].tolist()
    root = list(range(2 * count - 1))
    size = [1] * count + [0] * (count - 1)
    left, right = [0] * (count - 1), [0] * (count - 1)

    def find(node: int) -> int:
        top = node
        while root[top] != top:
            top = root[top]
        while root[node] != top:
            root[node], node = top, root[node]
        return top

    for step, (start, end) in enumerate(zip(starts, ends, strict=True)):
        one, other, made = find(start), find(end), count + step
        left[step], right[step] = one, other
        root[one] = root[other] = made
        size[made] = size[one] + size[other]
    return Merges(
        left=np.array(left, np.int64),
        right=np.array(right, np.int64),
        height=edges[2][order],
        size=np.array(size[count:], np.int64),
    )


def condense(merges: Merges, min_size: int, *, floor: float = 1e-12) -> CondensedTree:
    """The tree of clusters of at least `min_size` rows.

    Args:
        floor: shorter distances count as this one, so that copies of one picture, at distance 0, are not
            infinitely dense.
    """
    count = len(merges.left) + 1
    left, right = merges.left.tolist(), merges.right.tolist()
    size = [1] * count + merges.size.tolist()
    density = (1.0 / np.maximum(merges.height, floor)).tolist()
    parent, birth, stability = [-1], [0.0], [0.0]
    row_cluster, row_leaves = [0] * count, [0.0] * count
    waiting = [(2 * count - 2, 0)] if count > 1 else []
    while waiting:
        node, cluster = waiting.pop()
        if node < count:  # the last row of a shrunken cluster; only a min_size of 1 comes here
            row_cluster[node], row_leaves[node] = cluster, birth[cluster]
            continue
        level = density[node - count]
        sides = (left[node - count], right[node - count])
        big = [side for side in sides if size[side] >= min_size]
        gone = size[node] if len(big) != 1 else size[node] - size[big[0]]
        stability[cluster] += (level - birth[cluster]) * gone
        for side in sides:
            if size[side] < min_size:
                for row in _rows_below(side, count, left, right):
                    row_cluster[row], row_leaves[row] = cluster, level
            elif len(big) == 1:
                waiting.append((side, cluster))
            else:
                waiting.append((side, len(parent)))
                parent.append(cluster)
                birth.append(level)
                stability.append(0.0)
    return CondensedTree(
        parent=np.array(parent, np.int64),
        birth=np.array(birth),
        stability=np.array(stability),
        row_cluster=np.array(row_cluster, np.int64),
        row_leaves=np.array(row_leaves),
    )


def _rows_below(node: int, count: int, left: Sequence[int], right: Sequence[int]) -> list[int]:
    """Rows of a small subtree."""
    rows, waiting = [], [node]
    while waiting:
        one = waiting.pop()
        if one < count:
            rows.append(one)
        else:
            waiting += (left[one - count], right[one - count])
    return rows


def excess_of_mass(tree: CondensedTree) -> Ids:
    """The clusters with the most mass in total, none inside another; never cluster 0 (everything)."""
    best = tree.stability.copy()
    inside = np.zeros(len(best))
    chosen = np.ones(len(best), np.bool_)
    for cluster in range(len(best) - 1, 0, -1):
        if inside[cluster] > best[cluster]:
            chosen[cluster], best[cluster] = False, inside[cluster]
        inside[tree.parent[cluster]] += best[cluster]
    chosen[0] = False
    covered = np.zeros(len(best), np.bool_)
    for cluster in range(1, len(best)):  # parents come first
        above = tree.parent[cluster]
        covered[cluster] = covered[above] or chosen[above]
    return np.flatnonzero(chosen & ~covered)


def labels_of(tree: CondensedTree, chosen: Ids) -> Ids:
    """(n,) the position in `chosen` of the cluster each row is in, or NOISE."""
    own = np.full(len(tree.parent), NOISE, np.int64)
    own[chosen] = np.arange(len(chosen))
    for cluster in range(1, len(own)):
        if own[cluster] == NOISE:
            own[cluster] = own[tree.parent[cluster]]
    return own[tree.row_cluster]


def agglomerate(centers: NDArray[np.float64], weights: NDArray[np.float64], groups: int) -> Ids:
    """(k,) group number of each center, merged pairwise with the smallest increase in variance.

    "Hierarchical Grouping to Optimize an Objective Function", Ward 1963: merging a and b costs
    |a| |b| / (|a| + |b|) times their squared distance. O(k^3); k is a number of clusters, at most hundreds.
    """
    centroid, weight = np.array(centers, np.float64), np.array(weights, np.float64)
    member = np.arange(len(centroid))
    alive = np.ones(len(centroid), np.bool_)
    squares = np.square(centroid[:, None] - centroid[None]).sum(axis=2)
    cost = squares * weight[:, None] * weight[None] / (weight[:, None] + weight[None])
    np.fill_diagonal(cost, np.inf)
    for _ in range(len(centroid) - max(groups, 1)):
        one, other = np.unravel_index(int(np.argmin(cost)), cost.shape)
        total = weight[one] + weight[other]
        centroid[one] = (centroid[one] * weight[one] + centroid[other] * weight[other]) / total
        weight[one], alive[other] = total, False
        member[member == other] = one
        apart = np.square(centroid - centroid[one]).sum(axis=1)
        fresh = np.where(alive, apart * weight * total / (weight + total), np.inf)
        fresh[one] = np.inf
        cost[one], cost[:, one] = fresh, fresh
        cost[other], cost[:, other] = np.inf, np.inf
    return np.unique(member, return_inverse=True)[1].astype(np.int64)


def relabel_by_size(labels: Ids) -> Ids:
    """The clusters renumbered 0, 1, ... from the largest on; noise stays noise."""
    found, first, size = np.unique(labels[labels != NOISE], return_index=True, return_counts=True)
    ranked = found[np.lexsort((first, -size))]
    place = np.full(int(labels.max(initial=0)) + 2, NOISE, np.int64)
    place[ranked] = np.arange(len(ranked))
    return place[labels]
