"""Distances to neighbors, local outlier factors, and the yardstick of looks."""

import numpy as np
import pytest
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors

from saccade.usecases.outliers.rules.anomalies import (
    LOOK_DIM,
    Look,
    arrays_of,
    fit_look,
    local_outlier_factors,
    look_from,
    nearest,
    outer_fence,
    over_typical,
)


def cloud(count: int, size: int, seed: int = 1) -> np.ndarray:
    """Random rows."""
    return np.random.default_rng(seed).normal(size=(count, size)).astype(np.float32)


@pytest.mark.parametrize(("count", "k"), [(2, 1), (50, 7), (1500, 30)])
def test_neighbors_are_those_of_scikit_learn(count: int, k: int) -> None:
    """Distances too, past one block as well; no row is its own neighbor."""
    rows = cloud(count, 12)
    places, distances = nearest(rows, k, np.arange(count))
    expected, _ = NearestNeighbors(n_neighbors=k).fit(rows).kneighbors()
    np.testing.assert_allclose(distances, expected, atol=1e-2)
    assert (places != np.arange(count)[:, np.newaxis]).all()
    assert (np.diff(distances, axis=1) >= 0).all()


def test_a_sample_of_neighbors_is_the_only_field() -> None:
    """Rows in the field find the others of it; the rest find all of it."""
    rows = cloud(40, 3)
    field = np.arange(0, 40, 4)
    places, _ = nearest(rows, 3, field)
    assert set(places.ravel()) <= set(field)
    assert (places != np.arange(40)[:, np.newaxis]).all()


def test_a_remainder_adds_to_both_ends() -> None:
    """Squared distance = that of the coordinates + both squared remainders."""
    rows = np.array([[0, 0, 1], [3, 4, 2], [9, 9, 9]], np.float32)
    _, distances = nearest(rows, 1, np.arange(3), remainder=True)
    assert distances[0, 0] == pytest.approx(np.sqrt(25 + 1 + 4))


@pytest.mark.parametrize("k", [3, 10, 20])
def test_local_outlier_factors_are_those_of_scikit_learn(k: int) -> None:
    """On two clusters of different density, a stray row, and a row that occurs three times."""
    rows = np.concatenate([cloud(80, 4), 0.1 * cloud(80, 4, 2) + 9, [[4, 4, 4, 4]], np.ones((3, 4))])
    rows = rows.astype(np.float32)
    expected = -LocalOutlierFactor(n_neighbors=k, algorithm="brute").fit(rows).negative_outlier_factor_
    places, distances = nearest(rows, k, np.arange(len(rows)))
    found = local_outlier_factors(places, distances)
    np.testing.assert_allclose(found[:160], expected[:160], rtol=0.02)
    assert found[:161].argmax() == expected[:161].argmax() == 160


def test_typical_is_the_median() -> None:
    """Also where more than half are zero: the median of the others then."""
    np.testing.assert_allclose(over_typical(np.array([1.0, 2.0, 6.0])), [0.5, 1.0, 3.0])
    np.testing.assert_allclose(over_typical(np.array([0.0, 0.0, 0.0, 4.0])), [0, 0, 0, 1])


def test_the_outer_fence_is_tukeys() -> None:
    """Upper quartile and three interquartile ranges."""
    assert outer_fence(np.arange(1.0, 6.0)) == 4 + 3 * 2


def test_a_group_of_unrelated_rows_is_farthest_though_it_helped_to_make_the_yardstick() -> None:
    """Their direction is one in which the others hardly differ; without leaving out they would hide in it."""
    rows = cloud(900, 40) * np.geomspace(10, 0.1, 40, dtype=np.float32)
    rows[-8:, 35] += 40.0
    look = fit_look(rows)
    assert look is not None
    assert set(np.argsort(-look.distances(rows))[:8]) == set(range(892, 900))


def test_distances_are_those_of_mahalanobis() -> None:
    """With all directions there: the covariance with a twentieth of the mean variance added to each."""
    rows = cloud(400, 5) @ np.random.default_rng(3).normal(size=(5, 5)).astype(np.float32)
    look = fit_look(rows)
    assert look is not None
    axes, scales = look.axes.astype(np.float64), look.scales.astype(np.float64)
    inverse = axes @ np.diag(scales**2) @ axes.T
    centered = rows - look.mean
    expected = np.sqrt(np.einsum("ij,jk,ik->i", centered, inverse, centered))
    np.testing.assert_allclose(look.distances(rows), expected, rtol=5e-3)


def test_few_pictures_and_many_give_the_same_yardstick() -> None:
    """The small matrix (pictures against pictures) has the directions of the large one."""
    rows = cloud(30, 40)
    look = fit_look(rows)
    assert look is not None
    np.testing.assert_allclose(look.axes.T @ look.axes, np.eye(look.axes.shape[1]), atol=5e-3)
    assert look.axes.shape[1] < 30
    assert look.rows(rows).shape == (30, LOOK_DIM + 1)


@pytest.mark.parametrize("count", [40, 150, 500])
def test_no_picture_stands_out_because_it_was_left_out(count: int) -> None:
    """With fewer pictures than channels those outside of the fit would be far from all that are in it."""
    rows = cloud(count, 300, seed=count)
    look = fit_look(rows)
    assert look is not None
    found = look.rows(rows)
    _, distances = nearest(found, 10, np.arange(count), remainder=True)
    assert (distances[:, -1] <= outer_fence(distances[:, -1])).all()


def test_alike_pictures_have_no_yardstick() -> None:
    """Nothing varies."""
    assert fit_look(np.ones((10, 4), np.float32)) is None


def test_a_yardstick_is_stored_as_arrays() -> None:
    """And comes back as it was."""
    look = fit_look(cloud(100, 70))
    assert look is not None
    back: Look = look_from(arrays_of(look))
    rows = cloud(5, 70, 9)
    np.testing.assert_array_equal(back.rows(rows), look.rows(rows))
