"""Density clusters against scikit-learn's HDBSCAN, and on graphs that lack edges."""

import numpy as np
import pytest
from sklearn.cluster import HDBSCAN
from sklearn.metrics import adjusted_rand_score

from saccade.usecases.clusters.flow.density import density_labels
from saccade.usecases.clusters.rules.neighborhoods import neighbors, unit


def clumps(seed: int, count: int = 150, dims: int = 6, noise: float = 0.35) -> np.ndarray:
    """Unit rows around five places, some far from all."""
    rng = np.random.default_rng(seed)
    places = unit(rng.normal(size=(5, dims)).astype(np.float32))
    return unit(places[rng.integers(0, 5, count)] + noise * rng.normal(size=(count, dims)))


@pytest.mark.parametrize("seed", range(12))
def test_all_pairs_give_scikit_learns_answer(seed: int) -> None:
    """With every edge in the graph and no ties among them, the very same clusters and the same noise."""
    rows = clumps(seed)
    mine = density_labels(rows, neighbors(rows, 150)[0], min_size=6, min_samples=1, copies=0)
    theirs = HDBSCAN(min_cluster_size=6, min_samples=1, copy=True).fit_predict(rows.astype(np.float64))
    assert adjusted_rand_score(mine, theirs) == 1.0
    np.testing.assert_array_equal(mine == -1, theirs == -1)


@pytest.mark.parametrize("seed", range(12))
def test_ties_move_single_rows_only(seed: int) -> None:
    """With core distances many edges tie, and which comes first decides for a row or two."""
    rows = clumps(seed)
    mine = density_labels(rows, neighbors(rows, 150)[0], min_size=6, min_samples=4, copies=0)
    theirs = HDBSCAN(min_cluster_size=6, min_samples=4, copy=True).fit_predict(rows.astype(np.float64))
    assert mine.max() == theirs.max()
    assert np.abs((mine == -1).sum() - (theirs == -1).sum()) <= 2
    assert adjusted_rand_score(mine, theirs) > 0.9


@pytest.mark.parametrize("seed", range(3))
def test_a_graph_in_pieces_is_joined(seed: int) -> None:
    """Ten neighbors leave clumps without an edge between them; each is found all the same."""
    rng = np.random.default_rng(seed)
    places = unit(rng.normal(size=(6, 24)).astype(np.float32))
    truth = np.repeat(np.arange(6), 50)
    rows = unit(places[truth] + 0.05 * rng.normal(size=(300, 24)))
    labels = density_labels(rows, neighbors(rows, 10)[0], min_size=20, min_samples=5)
    assert labels.max() == 5
    assert adjusted_rand_score(labels[labels >= 0], truth[labels >= 0]) == 1.0


def test_the_largest_cluster_is_number_0() -> None:
    """Numbers follow sizes."""
    rows = clumps(1, 400, noise=0.1)
    sizes = np.bincount(density_labels(rows, neighbors(rows, 30)[0], min_size=10, min_samples=5) + 1)[1:]
    assert (np.diff(sizes) <= 0).all()


@pytest.mark.parametrize("count", [1, 2, 5, 40])
def test_identical_rows_are_no_cluster_of_their_own(count: int) -> None:
    """Nothing is denser than anything: all noise, and no error."""
    rows = np.tile(unit(np.ones((1, 4), np.float32)), (count, 1))
    labels = density_labels(rows, neighbors(rows, min(count, 6))[0], min_size=5, min_samples=min(count, 3))
    assert (labels == -1).all()
