"""Old clusters found again, and new images that join them."""

import numpy as np

from saccade.usecases.clusters.flow.keeping import found_again, joined
from saccade.usecases.clusters.rules.neighborhoods import unit

IDS = np.arange(100, 130)


def test_the_same_clusters_under_other_numbers_are_found_again() -> None:
    """A permutation is undone."""
    old = np.repeat([7, 9, 4], 10)
    assert found_again(IDS, old, IDS, np.repeat([2, 0, 1], 10)) == {2: 7, 0: 9, 1: 4}


def test_each_old_cluster_goes_to_one_new_only() -> None:
    """A cluster that was split stays with its larger part."""
    old = np.repeat(5, 30)
    new = np.repeat([0, 1], [20, 10])
    assert found_again(IDS, old, IDS, new) == {0: 5}


def test_too_little_in_common_is_another_cluster() -> None:
    """A quarter shared is not enough."""
    old = np.where(np.arange(30) < 10, 3, 0)
    new = np.where((np.arange(30) >= 6) & (np.arange(30) < 18), 0, -1)
    assert found_again(IDS, old, IDS, new) == {}


def test_only_images_that_both_know_count() -> None:
    """New and gone images do not make a cluster less itself."""
    old_ids, ids = np.arange(20), np.arange(10, 60)
    labels = np.zeros(50, np.int64)
    assert found_again(old_ids, np.full(20, 8), ids, labels) == {0: 8}
    assert found_again(old_ids, np.zeros(20, np.int64), ids, labels) == {}
    assert found_again(old_ids, np.full(20, 8), ids, np.full(50, -1)) == {}


def scene() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two clumps and their centroids."""
    rng = np.random.default_rng(0)
    places = unit(rng.normal(size=(2, 12)))
    labels = np.repeat([4, 2], 40)
    return unit(places[np.repeat([0, 1], 40)] + 0.1 * rng.normal(size=(80, 12))), labels, places


def test_new_images_join_the_cluster_of_those_like_them() -> None:
    """Cluster ids come in any order; what is unlike all of them stays unassigned."""
    rows, labels, places = scene()
    rng = np.random.default_rng(1)
    fresh = unit(
        np.concatenate([places[:1], places[1:], -places[:1] - places[1:]]) + 0.02 * rng.normal(size=(3, 12))
    )
    got, odd = joined(
        rows, labels, fresh, clusters=np.array([4, 2]), centroids=places, min_fit=np.array([0.8, 0.8])
    )
    assert got.tolist() == [4, 2, 0]
    assert odd.tolist() == [False, False, True]


def test_neighbors_without_cluster_vote_too() -> None:
    """An image among noise is noise."""
    rows, labels, places = scene()
    labels = np.where(labels == 4, 0, labels)
    got, odd = joined(
        rows, labels, places, clusters=np.array([2]), centroids=places[1:], min_fit=np.array([0.1])
    )
    assert got.tolist() == [0, 2]
    assert odd.tolist() == [True, False]


def test_no_clusters_or_no_old_images() -> None:
    """Nobody to join."""
    rows, labels, places = scene()
    for known, clusters in ((rows[:0], np.array([4, 2])), (rows, np.zeros(0, np.int64))):
        got, odd = joined(
            known,
            labels[: len(known)],
            places,
            clusters=clusters,
            centroids=places[: len(clusters)],
            min_fit=np.ones(len(clusters)),
        )
        assert got.tolist() == [0, 0]
        assert odd.all()
