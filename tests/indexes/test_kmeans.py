"""Spherical k-means: finds what is there, the same every time, and says what it cannot do."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saccade.core.errors import InputError, InvalidVectorError
from saccade.core.types import Embeddings
from saccade.core.vectors import check_embeddings, normalize
from saccade.indexes.kmeans import SphericalKMeans
from tests.helpers.properties import examples


def bundles(count: int, each: int, seed: int = 0) -> tuple[Embeddings, Embeddings]:
    """Narrow bundles of rows around orthogonal axes: the axes and the rows, bundle by bundle."""
    axes = np.eye(count, 12, dtype=np.float32)
    noise = np.random.default_rng(seed).standard_normal((count * each, 12))
    return axes, normalize(np.repeat(axes, each, axis=0) + 0.05 * noise)


def test_centers_are_the_directions_of_the_bundles() -> None:
    """Well-separated bundles get one center each, along their mean."""
    axes, rows = bundles(8, 40)
    centers = SphericalKMeans().fit(rows, 8, seed=1)
    nearest = (axes @ centers.T).argmax(axis=1)
    assert len(set(nearest.tolist())) == 8
    means = normalize(rows.reshape(8, 40, 12).mean(axis=1))
    np.testing.assert_allclose(centers[nearest], means, atol=1e-5)


@given(k=st.integers(1, 30), seed=st.integers(-5, 2**40))
@examples(20)
def test_centers_are_unit_rows_and_depend_on_the_seed_alone(k: int, seed: int) -> None:
    """Any k up to n, any seed: (k, d) unit rows, twice the same."""
    _, rows = bundles(6, 5)
    first = SphericalKMeans().fit(rows, k, seed=seed)
    assert check_embeddings(first, 12).shape == (k, 12)
    np.testing.assert_array_equal(first, SphericalKMeans().fit(rows, k, seed=seed))


def test_no_iteration_makes_it_worse() -> None:
    """More iterations never lower the mean cosine of rows and their centers."""
    _, rows = bundles(10, 30, seed=4)
    fits = [SphericalKMeans().fit(rows, 6, seed=2, iterations=n) for n in (1, 3, 9)]
    scores = [float((rows @ centers.T).max(axis=1).mean()) for centers in fits]
    assert all(after >= before - 1e-6 for before, after in pairwise(scores))


def test_rows_that_are_all_the_same() -> None:
    """Every center is that row."""
    rows = np.tile(normalize(np.ones((1, 12))), (50, 1))
    np.testing.assert_allclose(SphericalKMeans().fit(rows, 5, seed=0), rows[:5], atol=1e-2)


def test_rows_that_cancel_each_other() -> None:
    """A mean of no length has no direction; a unit row comes back all the same."""
    rows = np.array([[1, 0], [-1, 0]], np.float32)
    check_embeddings(SphericalKMeans().fit(rows, 1, seed=0), 2)


@pytest.mark.parametrize("k", [-1, 0, 3])
def test_k_that_cannot_be(k: int) -> None:
    """Fewer than one cluster, or more than there are rows, is refused."""
    with pytest.raises(InputError, match=f"{k} clusters of 2 images"):
        SphericalKMeans().fit(np.eye(2, dtype=np.float32), k, seed=0)


def test_rows_that_are_no_embeddings() -> None:
    """Not finite, or not of length 1, is refused."""
    for bad in (np.nan, 2.0):
        with pytest.raises(InvalidVectorError):
            SphericalKMeans().fit(np.full((4, 1), bad, np.float32), 2, seed=0)
