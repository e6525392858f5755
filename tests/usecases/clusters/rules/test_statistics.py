"""Means of groups against numpy and scipy, and by their definitions."""

import warnings

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from scipy import stats

from saccade.usecases.clusters.rules.statistics import (
    GroupMeans,
    group_means,
    holm,
    rest_means,
    shrunk,
    welch,
)
from tests.helpers.properties import examples


def of(*groups: list[float]) -> GroupMeans:
    """Means of groups given as lists."""
    values = np.array([value for group in groups for value in group])
    labels = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    return group_means(values, labels, len(groups))


def test_group_means_are_numpys() -> None:
    """Count, mean and variance with n - 1 below; one value has variance 0."""
    made = of([1.0, 2.0, 4.0], [], [5.0])
    assert made.count.tolist() == [3, 0, 1]
    assert made.mean[0] == pytest.approx(7 / 3)
    assert np.isnan(made.mean[1])
    assert made.variance[0] == pytest.approx(np.var([1, 2, 4], ddof=1))
    assert made.variance[2] == 0


@given(
    st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=20),
    st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=20),
)
@example([1.0, 1.0], [1.0, 2.0])
@example([3.0, 1.0, 2.0], [-7.0, -7.0])
@examples(50)
def test_welch_is_scipys(first: list[float], second: list[float]) -> None:
    """The same t and the same degrees of freedom."""
    a, b = of(first), of(second)
    spread = a.variance[0], b.variance[0]
    assume(max(spread) > 1e-6)
    assume(all(one == 0 or one > 1e-6 for one in spread))
    t, freedom = welch(a, b)
    with warnings.catch_warnings():  # that values do not vary is scipy's concern, not a failure of ours
        warnings.simplefilter("ignore")
        expected = stats.ttest_ind(first, second, equal_var=False)
    assert t[0] == pytest.approx(expected.statistic, rel=1e-6, abs=1e-9)
    assert freedom[0] == pytest.approx(expected.df, rel=1e-6)


def test_welch_without_spread() -> None:
    """Nothing varies: equal means do not differ, others differ infinitely; one value is not enough."""
    t, _ = welch(of([1.0, 1.0], [1.0, 1.0], [1.0]), of([1.0, 1.0], [2.0, 2.0], [2.0, 2.0]))
    assert t[0] == 0
    assert t[1] == -np.inf
    assert np.isnan(t[2])


def test_holm_by_hand() -> None:
    """Smallest times all, next times all but one, never decreasing, never above 1; NaN does not count."""
    made = holm(np.array([0.04, np.nan, 0.01, 0.03]))
    np.testing.assert_allclose(made, [0.06, np.nan, 0.03, 0.06])
    assert holm(np.array([0.9, 0.8])).tolist() == [1.0, 1.0]


def test_groups_that_differ_by_chance_share_one_mean() -> None:
    """No variance between: every expected mean is the common one."""
    values, labels = np.tile([1.0, 3.0], 50), np.repeat(np.arange(10), 10)
    means = shrunk(group_means(values, labels, 10))
    np.testing.assert_allclose(means, 2.0)


def test_a_small_group_is_shrunk_more_than_a_large_one() -> None:
    """Two groups with the same mean: the one of 3 values ends nearer to the others than the one of 300."""
    rng = np.random.default_rng(1)
    common = [list(rng.normal(10, 3, 200)) for _ in range(5)]
    large = rng.normal(0, 3, 300)
    small = np.array([-3.0, 0.0, 3.0])
    made = of(*common, list(large - large.mean() + 20), list(small + 20))
    means = shrunk(made)
    assert made.mean[5] == pytest.approx(made.mean[6])
    assert 10 < means[6] < means[5] < 20


@given(st.lists(st.lists(st.floats(-100, 100), min_size=1, max_size=6), min_size=2, max_size=6))
@examples(60)
def test_shrunk_means_lie_within_the_means(groups: list[list[float]]) -> None:
    """Shrinking never leaves the range of what was there, whatever the sizes."""
    made = of(*groups)
    means = shrunk(made)
    assert np.isfinite(means).all()
    assert means.min() >= made.mean.min() - 1e-9
    assert means.max() <= made.mean.max() + 1e-9


def test_tiny_numbers_are_no_exception() -> None:
    """Variances near the smallest float neither overflow nor warn."""
    assert np.isfinite(shrunk(of([0.0], [0.0, 4.6e-99]))).all()


def test_one_group_or_no_spread_stays_as_it_is() -> None:
    """Nothing to shrink toward, or nothing that could be chance."""
    assert shrunk(of([1.0, 3.0])).tolist() == [2.0]
    assert shrunk(of([1.0, 1.0], [5.0, 5.0])).tolist() == [1.0, 5.0]
    assert np.isnan(shrunk(of([1.0, 2.0], []))[1])


def test_rest_means_are_those_of_all_values_outside() -> None:
    """Count, mean and variance with n - 1 below, as if the others were one group."""
    groups = [[1.0, 2.0, 4.0], [5.0, 9.0], [7.0], []]
    values = np.array([value for group in groups for value in group])
    made = rest_means(values, of(*groups))
    for place in range(len(groups)):
        rest = [value for other, group in enumerate(groups) if other != place for value in group]
        assert made.count[place] == len(rest)
        assert made.mean[place] == pytest.approx(np.mean(rest))
        assert made.variance[place] == pytest.approx(np.var(rest, ddof=1))
