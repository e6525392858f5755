"""Metrics against their definitions, written out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from saccade.core.metrics import ann_recall_at_k, auroc, hit_rate_at_k

LEVELS = st.integers(-4, 4).map(float)


def test_hit_rate_by_hand() -> None:
    """Relevant at rank 1, at rank 3, never: 1/3 at 1 and at 2, 2/3 from 3 on."""
    relevant = np.array([[1, 0, 0], [0, 0, 1], [0, 0, 0]], dtype=bool)
    assert [hit_rate_at_k(relevant, k) for k in (1, 2, 3, 9)] == [1 / 3, 1 / 3, 2 / 3, 2 / 3]


@given(hnp.arrays(np.bool_, (5, 6)), st.integers(1, 8))
def test_hit_rate_is_the_share_of_queries_with_a_hit(relevant: np.ndarray, k: int) -> None:
    """Counted one by one."""
    assert hit_rate_at_k(relevant, k) == pytest.approx(sum(any(row[:k]) for row in relevant.tolist()) / 5)


def test_hit_rate_of_no_query_is_zero() -> None:
    """Nothing asked, nothing hit."""
    assert hit_rate_at_k(np.zeros((0, 3), bool), 1) == 0.0


def test_ann_recall_by_hand() -> None:
    """Order does not matter; 2 of 3 and 3 of 3 make 5 of 6; a missing place (-1) finds nothing."""
    exact = np.array([[1, 2, 3], [4, 5, 6]])
    assert ann_recall_at_k(np.array([[3, 1, 9], [6, 4, 5]]), exact) == pytest.approx(5 / 6)
    assert ann_recall_at_k(np.array([[-1, -1, -1], [4, 5, 6]]), exact) == pytest.approx(0.5)
    assert ann_recall_at_k(np.zeros((2, 0), np.int64), np.zeros((2, 0), np.int64)) == 1.0


@given(st.lists(LEVELS, min_size=1, max_size=12), st.lists(LEVELS, min_size=1, max_size=12))
def test_auroc_is_the_share_of_pairs_won_with_ties_counting_half(
    positives: list[float], negatives: list[float]
) -> None:
    """Every pair compared; few levels, so ties abound."""
    won = sum((p > n) + 0.5 * (p == n) for p in positives for n in negatives)
    found = auroc(np.array(positives, np.float32), np.array(negatives, np.float32))
    assert found == pytest.approx(won / (len(positives) * len(negatives)))


@given(st.lists(LEVELS, min_size=1, max_size=9), st.lists(LEVELS, min_size=1, max_size=9))
def test_auroc_of_the_two_sides_swapped_is_the_rest(positives: list[float], negatives: list[float]) -> None:
    """They add up to 1."""
    a, b = np.array(positives, np.float32), np.array(negatives, np.float32)
    assert auroc(a, b) + auroc(b, a) == pytest.approx(1.0)


def test_auroc_without_one_side_is_a_coin() -> None:
    """0.5: nothing is known."""
    some, none = np.ones(3, np.float32), np.zeros(0, np.float32)
    assert (auroc(some, none), auroc(none, some)) == (0.5, 0.5)
