"""Trees of clusters against scipy and scikit-learn, and by hand."""

import numpy as np
import pytest
from scipy.cluster import hierarchy
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial.distance import pdist, squareform
from sklearn.cluster import AgglomerativeClustering
from sklearn.metrics import adjusted_rand_score

from saccade.usecases.clusters.rules.clustering import (
    Edges,
    agglomerate,
    condense,
    excess_of_mass,
    labels_of,
    relabel_by_size,
    single_linkage,
)


def tree_edges(points: np.ndarray) -> Edges:
    """The minimum spanning tree of the points."""
    tree = minimum_spanning_tree(squareform(pdist(points))).tocoo()
    return tree.row.astype(np.int64), tree.col.astype(np.int64), tree.data


def line(*places: float) -> Edges:
    """The spanning tree of points on a line, given in order."""
    spots = np.array(places)
    return np.arange(len(spots) - 1), np.arange(1, len(spots)), np.diff(spots)


@pytest.mark.parametrize("seed", range(5))
def test_single_linkage_is_scipys(seed: int) -> None:
    """The same heights and sizes at every step."""
    points = np.random.default_rng(seed).normal(size=(40, 3))
    merges = single_linkage(tree_edges(points), 40)
    expected = hierarchy.linkage(points, "single")
    np.testing.assert_allclose(merges.height, expected[:, 2])
    np.testing.assert_array_equal(merges.size, expected[:, 3])


def test_two_clumps_and_a_stray() -> None:
    """Clumps of at least the minimum size are clusters; what falls out before they part is noise."""
    tree = condense(single_linkage(line(0, 1, 2, 3, 20, 21, 22, 23, 100), 9), 3)
    labels = labels_of(tree, excess_of_mass(tree))
    assert labels[8] == -1
    assert len(set(labels[:4])) == len(set(labels[4:8])) == 1
    assert set(labels[:8]) == {0, 1}


def test_stability_by_hand() -> None:
    """Each clump of 4 is born at density 1/17 and falls apart at density 1: (1 - 1/17) * 4."""
    tree = condense(single_linkage(line(0, 1, 2, 3, 20, 21, 22, 23), 8), 3)
    assert tree.parent.tolist() == [-1, 0, 0]
    np.testing.assert_allclose(tree.stability, [8 / 17, 4 * (1 - 1 / 17), 4 * (1 - 1 / 17)])


def test_everything_as_one_clump_is_no_cluster() -> None:
    """What never parts has nothing to be told from."""
    tree = condense(single_linkage(line(*range(10)), 10), 3)
    assert len(excess_of_mass(tree)) == 0
    assert (labels_of(tree, excess_of_mass(tree)) == -1).all()


def test_copies_are_not_infinitely_dense() -> None:
    """Distances below the floor count as the floor: stability stays finite."""
    tree = condense(single_linkage(line(0, 0, 0, 0, 9, 10, 11, 12), 8), 3, floor=0.5)
    assert np.isfinite(tree.stability).all()
    assert tree.stability.max() == pytest.approx(4 * (1 / 0.5 - 1 / 9))


@pytest.mark.parametrize("groups", [1, 3, 7, 20])
def test_agglomerate_is_ward(groups: int) -> None:
    """With equal weights the groups are those of scikit-learn's Ward linkage."""
    points = np.random.default_rng(3).normal(size=(20, 4))
    expected = AgglomerativeClustering(groups).fit_predict(points)
    assert adjusted_rand_score(agglomerate(points, np.ones(20), groups), expected) == 1.0


def test_agglomerate_leaves_its_arguments_alone() -> None:
    """Never mutate inputs."""
    points, weights = np.random.default_rng(0).normal(size=(6, 2)), np.ones(6)
    before = points.copy()
    agglomerate(points, weights, 2)
    np.testing.assert_array_equal(points, before)
    np.testing.assert_array_equal(weights, np.ones(6))


def test_a_heavy_center_is_joined_later() -> None:
    """Joining costs |a| |b| / (|a| + |b|) times the squared distance."""
    places = np.array([[0.0], [1.0], [2.1]])
    assert agglomerate(places, np.array([100.0, 100.0, 1.0]), 2).tolist() == [0, 1, 1]


def test_labels_are_numbered_from_the_largest_on() -> None:
    """Ties by first appearance; noise stays noise."""
    assert relabel_by_size(np.array([5, 2, 2, -1, 7, 7])).tolist() == [2, 0, 0, -1, 1, 1]
    assert relabel_by_size(np.array([-1, -1])).tolist() == [-1, -1]
