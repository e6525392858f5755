"""Banks of good patches, their limits, and heat."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saccade.usecases.outliers.rules.inspection import (
    Bank,
    heat_of,
    hottest,
    limit_for,
    main_directions,
    picture_value,
    project,
    share_below,
    smoothed,
    suspects,
    thin_out,
)

RNG = np.random.default_rng(4)


def bank() -> Bank:
    """Two good pictures of two patches."""
    rows = np.array([[0, 0], [1, 0], [5, 5], [6, 5]], np.float32)
    return Bank(
        mean=np.zeros(2, np.float32), axes=np.eye(2, dtype=np.float32), rows=rows,
        owners=np.array([0, 0, 1, 1], np.int32),
    )  # fmt: skip


def test_a_patch_is_as_far_as_the_nearest_good_one() -> None:
    """Euclidean."""
    np.testing.assert_allclose(bank().distances(np.array([[3, 0], [5, 5]], np.float32)), [2, 0], atol=1e-3)


def test_a_good_picture_is_judged_without_its_own_patches() -> None:
    """Or it would always be perfect."""
    found = bank().distances(np.array([[0, 0]], np.float32), without=0)
    np.testing.assert_allclose(found, [np.sqrt(50)], rtol=1e-5)


def test_smoothing_is_the_mean_of_the_neighborhood() -> None:
    """3 x 3, the edges repeated; a single patch stays."""
    features = RNG.normal(size=(2, 4, 5, 3)).astype(np.float32)
    padded = np.pad(features, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    expected = np.stack([padded[:, r : r + 4, c : c + 5] for r in range(3) for c in range(3)]).mean(axis=0)
    np.testing.assert_allclose(smoothed(features), expected, atol=1e-6)
    single = features[:, :1, :1]
    np.testing.assert_array_equal(smoothed(single), single)


def test_projection_keeps_distances_along_the_main_directions() -> None:
    """All of them when all directions are kept."""
    features = RNG.normal(size=(3, 2, 2, 6)).astype(np.float32)
    flat = features.reshape(-1, 6)
    mean, axes = main_directions(flat, dim=6)
    found = project(features, mean, axes).reshape(-1, 6)
    np.testing.assert_allclose(
        np.linalg.norm(found[0] - found[7]), np.linalg.norm(flat[0] - flat[7]), rtol=1e-4
    )
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-5)


def test_thinning_out_keeps_what_is_rare() -> None:
    """A lone row far away is always taken; the same seed takes the same rows; few rows are all taken."""
    rows = np.concatenate([RNG.normal(size=(500, 3)), [[50, 0, 0]], [[0, 50, 0]]]).astype(np.float32)
    taken = thin_out(rows, 10, seed=3)
    assert {500, 501} <= set(taken.tolist())
    assert len(set(taken.tolist())) == 10
    np.testing.assert_array_equal(taken, thin_out(rows, 10, seed=3))
    np.testing.assert_array_equal(thin_out(rows[:4], 10, seed=3), np.arange(4))


def test_a_picture_counts_by_its_farthest_hundredth() -> None:
    """At least one patch."""
    assert picture_value(np.arange(200, dtype=np.float32)) == 198.5
    assert picture_value(np.array([2.0], np.float32)) == 2.0


def test_the_limit_is_a_rank_of_the_good_ones() -> None:
    """The 19th of 19 for one in twenty; fewer good ones promise less."""
    good = np.arange(1.0, 40.0)
    assert limit_for(good, 0.05).value == 38.0
    assert limit_for(good, 0.05).false_alarms == 0.05
    few = limit_for(np.arange(1.0, 10.0), 0.05)
    assert (few.value, few.false_alarms) == (9.0, 0.1)


@given(st.integers(19, 400), st.sampled_from([0.05, 0.1, 0.25, 0.5]))
def test_at_most_the_stated_share_of_good_ones_is_above_the_limit(count: int, rate: float) -> None:
    """As counted with one more, the new one."""
    good = np.arange(float(count))
    limit = limit_for(good, rate)
    assert (good > limit.value).sum() <= limit.false_alarms * (count + 1) + 1e-9


def test_the_score_is_the_share_of_good_ones_below() -> None:
    """Not those at the same value."""
    assert share_below(np.array([1.0, 2.0, 2.0, 3.0]), 2.0) == 0.25


def test_what_is_far_from_the_other_good_ones_is_suspect() -> None:
    """The farthest first; none in a row of like values."""
    assert suspects(np.array([1.0, 1.1, 0.9, 1.0, 5.0, 1.05, 9.0])).tolist() == [6, 4]
    assert suspects(np.linspace(1, 2, 20)).tolist() == []
    assert suspects(np.array([1.0, 1.0, 1.0, 4.0])).tolist() == [3]


def test_heat_is_a_half_at_the_limit() -> None:
    """And ends at 1."""
    np.testing.assert_allclose(heat_of(np.array([0, 1, 2, 9], np.float32), 2.0), [0, 0.25, 0.5, 1])
    np.testing.assert_array_equal(heat_of(np.array([0, 1], np.float32), 0.0), [0, 1])


def test_the_hottest_spot_is_the_region_around_the_peak() -> None:
    """What is as hot elsewhere but not connected is not in it."""
    heat = np.zeros((10, 10), np.float32)
    heat[1:3, 6:9] = 0.8
    heat[1, 7] = 1.0
    heat[8, 1] = 0.95
    spot = hottest(heat)
    assert (spot.left, spot.top, spot.right, spot.bottom) == (0.6, 0.1, 0.9, 0.3)
    assert spot.heat == 1.0
    assert spot.words == "upper right"


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [(0, 0, "upper left"), (4, 0, "left"), (4, 4, "center"), (8, 4, "lower center"), (8, 8, "lower right")],
)
def test_a_spot_has_words(row: int, column: int, words: str) -> None:
    """Thirds of the picture."""
    heat = np.zeros((9, 9), np.float32)
    heat[row, column] = 1
    assert hottest(heat).words == words
