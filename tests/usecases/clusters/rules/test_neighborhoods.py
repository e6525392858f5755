"""Nearest rows, directions and the pull of neighbors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saccade.usecases.clusters.rules.neighborhoods import (
    nearest_center,
    neighbors,
    principal,
    project,
    pulled,
    unit,
)
from tests.helpers.properties import examples


def some_rows(count: int, dims: int = 8, seed: int = 0) -> np.ndarray:
    """Unit rows anywhere."""
    return unit(np.random.default_rng(seed).normal(size=(count, dims)).astype(np.float32))


def clumps(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Rows around 10 places, and the places."""
    rng = np.random.default_rng(seed)
    places = some_rows(10, 16, seed)
    return unit(places[rng.integers(0, 10, count)] + 0.1 * rng.normal(size=(count, 16))), places


@given(st.integers(2, 60), st.integers(0, 5), st.data())
@examples(25)
def test_neighbors_are_the_nearest_and_begin_with_the_row_itself(
    count: int, seed: int, data: st.DataObject
) -> None:
    """The same scores as sorting every pair."""
    k = data.draw(st.integers(1, count))
    rows = some_rows(count, seed=seed)
    near, scores = neighbors(rows, k)
    assert near[:, 0].tolist() == list(range(count))
    expected = -np.sort(-(rows @ rows.T), axis=1)[:, :k]
    np.testing.assert_allclose(scores, expected, atol=1e-5)
    assert all(len(set(row)) == k for row in near.tolist())


def test_copies_still_begin_with_themselves() -> None:
    """Identical rows have each other for neighbors, after themselves."""
    near, _ = neighbors(np.tile(some_rows(1), (5, 1)), 3)
    assert near[:, 0].tolist() == [0, 1, 2, 3, 4]


def test_cells_miss_few_neighbors() -> None:
    """Comparing only cells near each other finds nearly all, and always k."""
    rows, places = clumps(3000)
    near, _ = neighbors(rows, 10)
    some, _ = neighbors(rows, 10, centers=np.ascontiguousarray(rows[::100]))
    assert np.mean([len(set(a) & set(b)) for a, b in zip(near, some, strict=True)]) >= 9
    assert neighbors(rows[:50], 50, centers=places)[0].shape == (50, 50)


def test_principal_directions_are_those_of_the_singular_values() -> None:
    """Each direction is a right singular vector of the centered rows, up to its sign."""
    rows = some_rows(200, 6) * np.array([5, 4, 3, 2, 1, 0.5], np.float32)
    mean, directions = principal(rows, 3)
    expected = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)[2][:3].T
    np.testing.assert_allclose(np.abs(expected.T @ directions), np.eye(3), atol=1e-3)
    np.testing.assert_allclose(mean, rows.mean(axis=0), atol=1e-6)


def test_fewer_rows_than_directions() -> None:
    """No more directions than rows; projections are unit rows."""
    rows = some_rows(3)
    made = project(rows, *principal(rows, 32))
    assert made.shape == (3, 3)
    np.testing.assert_allclose(np.linalg.norm(made, axis=1), 1, atol=1e-5)


def test_a_row_without_length_gets_a_direction() -> None:
    """Identical rows have nothing left after the mean; they stay unit rows and equal."""
    made = project(np.tile(some_rows(1), (4, 1)), *principal(np.tile(some_rows(1), (4, 1)), 4))
    np.testing.assert_allclose(np.linalg.norm(made, axis=1), 1)
    assert np.isfinite(made).all()


def test_pulling_draws_clumps_together() -> None:
    """Rows come nearer to those of their own clump, and inputs stay as they are."""
    rows, places = clumps(500)
    before = rows.copy()
    close = pulled(rows, neighbors(rows, 10)[0], 3)
    own = nearest_center(rows, places)
    assert (close * places[own]).sum(axis=1).mean() > (rows * places[own]).sum(axis=1).mean() + 0.02
    np.testing.assert_array_equal(rows, before)


@pytest.mark.parametrize("passes", [0, 1])
def test_no_pass_changes_nothing_and_one_is_the_mean(passes: int) -> None:
    """The definition, by hand."""
    rows = some_rows(6)
    near = neighbors(rows, 3)[0]
    expected = rows if passes == 0 else unit(rows[near].mean(axis=1))
    np.testing.assert_allclose(pulled(rows, near, passes), expected, atol=1e-6)
