"""Lists: diversity, business terms, and what recall, nDCG and the bootstrap say, against oracles."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from saccade.core.ranking import (
    bootstrap,
    diversified,
    ndcg_at_k,
    rank_share,
    recall_at_k,
    stretched,
    surprise,
)
from saccade.core.vectors import normalize
from tests.helpers.properties import examples


def test_recall_and_ndcg_of_a_list_by_hand() -> None:
    """Two of three relevant found at ranks 1 and 3."""
    ranked, relevant = np.array([5, 8, 2, 9]), np.array([2, 5, 7])
    assert recall_at_k(ranked, relevant, 3) == pytest.approx(2 / 3)
    gain = 1 / np.log2(2) + 1 / np.log2(4)
    ideal = 1 / np.log2(2) + 1 / np.log2(3) + 1 / np.log2(4)
    assert ndcg_at_k(ranked, relevant, 3) == pytest.approx(gain / ideal)
    assert recall_at_k(ranked, np.zeros(0, np.int64), 3) == ndcg_at_k(ranked, np.zeros(0, np.int64), 3) == 0.0


@examples()
@given(st.permutations(range(8)), st.sets(st.integers(0, 7), min_size=1), st.integers(1, 10))
def test_ndcg_agrees_with_scikit_learn(order: list[int], relevant: set[int], k: int) -> None:
    """Its `ndcg_score` of binary gains, where the list holds every item."""
    gains = np.array([[float(item in relevant) for item in range(8)]])
    scores = np.array([[-float(order.index(item)) for item in range(8)]])
    ours = ndcg_at_k(np.array(order), np.array(sorted(relevant)), k)
    assert ours == pytest.approx(ndcg_score(gains, scores, k=k))


@examples()
@given(st.permutations(range(6)), st.sets(st.integers(0, 5), min_size=1))
def test_perfect_order_is_1(order: list[int], relevant: set[int]) -> None:
    """And no other order is better."""
    best = sorted(relevant) + [item for item in order if item not in relevant]
    assert ndcg_at_k(np.array(best), np.array(sorted(relevant)), 6) == pytest.approx(1.0)
    assert ndcg_at_k(np.array(order), np.array(sorted(relevant)), 6) <= 1.0 + 1e-12
    assert recall_at_k(np.array(order), np.array(sorted(relevant)), 6) == 1.0


def test_diversified_agrees_with_brute_force(rng: np.random.Generator) -> None:
    """Each step the greatest (1 - d) score - d likeness, written out."""
    rows, scores = normalize(rng.normal(size=(12, 3))), rng.random(12)
    for diverse in (0.0, 0.3, 1.0):
        chosen: list[int] = []
        for _ in range(5):
            left = [row for row in range(12) if row not in chosen]

            def gain(row: int, chosen: list[int] = chosen, diverse: float = diverse) -> float:
                likeness = max((float(rows[row] @ rows[one]) for one in chosen), default=0.0)
                return (1 - diverse) * scores[row] - diverse * likeness if chosen else float(scores[row])

            chosen.append(max(left, key=gain))
        assert diversified(scores, rows, 5, diverse).tolist() == chosen
    assert len(diversified(scores, rows, 50, 0.5)) == 12
    assert len(diversified(scores[:0], rows[:0], 5, 0.5)) == 0


def test_diversity_shows_no_copy_before_something_new() -> None:
    """Three copies of the best and one other: the other comes second."""
    rows = normalize(np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
    scores = np.array([1.0, 0.99, 0.98, 0.5])
    assert diversified(scores, rows, 4, 0.0).tolist() == [0, 1, 2, 3]
    assert diversified(scores, rows, 2, 0.5).tolist() == [0, 3]


def test_rank_share_is_symmetric_and_shares_ties() -> None:
    """-0.5 to 0.5 by rank; equals share; NaN stands in the middle; an outlier counts as the greatest."""
    assert rank_share(np.array([10.0, 20.0, 1e9])).tolist() == [-0.5, 0.0, 0.5]
    assert rank_share(np.array([1.0, 1.0, 2.0])).tolist() == [-0.25, -0.25, 0.5]
    assert rank_share(np.array([np.nan, 1.0, 2.0])).tolist() == [0.0, -0.5, 0.5]
    for values in ([3.0, 3.0], [3.0], [np.nan], []):
        assert rank_share(np.array(values)).tolist() == [0.0] * len(values)


@examples()
@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20))
def test_rank_share_keeps_the_order_and_sums_to_nothing(values: list[float]) -> None:
    """So a boost favors nobody on the whole."""
    shares = rank_share(np.array(values))
    assert shares.sum() == pytest.approx(0.0, abs=1e-9)
    for a, b in itertools.combinations(range(len(values)), 2):
        assert np.sign(shares[a] - shares[b]) == np.sign(values[a] - values[b])


def test_stretched_puts_the_best_at_1_and_the_middle_at_0() -> None:
    """Equal scores stay equal, at 0."""
    assert stretched(np.array([1.0, 3.0, 2.0])).tolist() == [-1.0, 1.0, 0.0]
    assert stretched(np.array([2.0, 2.0])).tolist() == [0.0, 0.0]
    assert len(stretched(np.zeros(0))) == 0


def test_surprise_is_in_bits() -> None:
    """One in four is 2 bits."""
    assert surprise(np.array([0, 1]), np.array([0.25, 0.0625])) == pytest.approx(3.0)
    assert surprise(np.zeros(0, np.int64), np.ones(1)) == 0.0


def test_bootstrap_covers_the_mean() -> None:
    """The interval of a normal sample is near the textbook's; it is the same for the same seed."""
    values = np.random.default_rng(3).normal(5.0, 2.0, 400)
    found = bootstrap(values, np.random.default_rng(0))
    assert found.value == pytest.approx(values.mean())
    assert found.high - found.low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.1)
    assert found == bootstrap(values, np.random.default_rng(0))
    assert bootstrap([], np.random.default_rng(0)).value == 0.0
