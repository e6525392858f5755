"""Rules of taught classifiers: calibration, shares, intervals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saccade.core.types import Role
from saccade.core.vectors import normalize
from saccade.usecases.tags.rules.classifying import (
    NO,
    YES,
    Classifier,
    calibration_error,
    measured,
    shares_of,
    shifted,
    softmax,
    spread_out,
    wilson,
)


def test_calibration_error_of_what_is_right_as_often_as_it_says() -> None:
    """0 where every bin is right as often as it claims; the gap where one is not."""
    sure = np.array([0.5] * 10 + [1.0] * 10)
    right = np.array([True, False] * 5 + [True] * 10)
    assert calibration_error(sure, right) == pytest.approx(0.0)
    assert calibration_error(sure, np.ones(20, np.bool_)) == pytest.approx(0.25)
    assert calibration_error(np.zeros(0), np.zeros(0, np.bool_)) == 0.0


def test_wilson_is_the_published_interval() -> None:
    """8 of 10: 0.490 to 0.943 (E. B. Wilson's formula with z = 1.96); nothing tried says nothing."""
    interval = wilson(8, 10)
    assert interval.value == 0.8
    assert (interval.low, interval.high) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)


@given(st.integers(0, 50), st.integers(1, 50))
def test_wilson_holds_the_share(successes: int, more: int) -> None:
    """The share always lies inside, and the interval in [0, 1]."""
    interval = wilson(successes, successes + more)
    assert 0 <= interval.low <= interval.value <= interval.high <= 1


def test_softmax_of_any_size() -> None:
    """Rows sum to 1 without overflow, and only differences count."""
    found = softmax(np.array([[1e4, 0.0], [0.0, 0.0]]))
    assert found.tolist() == [[1.0, 0.0], [0.5, 0.5]]
    logits = np.array([[1.0, 2.0, 3.0]])
    assert softmax(logits) == pytest.approx(softmax(logits + 7))


def test_shares_are_found_in_a_library_with_few_of_them() -> None:
    """A classifier made for even classes meets a library where one in twenty is of the second."""
    rng = np.random.default_rng(0)
    truth = rng.random(20_000) < 0.05
    score = rng.normal(np.where(truth, 2.0, 0.0), 1.0)
    odds = 2 * score - 2  # the exact log-likelihood ratio of the two bells
    even = softmax(np.stack([np.zeros(len(odds)), odds], axis=1))
    shares = shares_of(even, np.array([0.5, 0.5]))
    assert shares[1] == pytest.approx(0.05, abs=0.01)
    likely = shifted(even, shares)[:, 1]
    assert calibration_error(likely, truth) < 0.01


def test_shares_of_nothing_are_what_was_expected() -> None:
    """Without images nothing is learned."""
    expected = np.array([0.7, 0.3])
    assert shares_of(np.zeros((0, 2)), expected) == pytest.approx(expected)


def test_shifted_to_even_shares_changes_nothing() -> None:
    """Probabilities made for even classes are right for even classes."""
    likely = np.array([[0.2, 0.8], [0.6, 0.4]])
    assert shifted(likely, np.array([0.5, 0.5])) == pytest.approx(likely)


def test_measured_counts_what_was_right() -> None:
    """Of yes and no only "yes" has precision and recall; of several classes all have."""
    likely = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.7, 0.3]])
    truth = np.array([0, 1, 0, 1])
    found = measured(likely, truth, (NO, YES), 2)
    assert found.accuracy.value == 0.5
    assert found.precision["yes"].value == 0.5
    assert found.recall["yes"].value == 0.5
    assert set(found.precision) == {"yes"}
    assert set(measured(likely, truth, ("cat", "dog"), 2).precision) == {"cat", "dog"}


def test_spread_out_takes_the_first_and_then_what_is_unlike() -> None:
    """The most wanted comes first; a near copy of it comes last."""
    rows = normalize(np.array([[1.0, 0], [1.0, 0.01], [0, 1.0]]))
    assert spread_out(rows, np.array([0, 1, 2]), 2).tolist() == [0, 2]
    assert spread_out(rows, np.array([0, 1, 2]), 9).tolist() == [0, 2, 1]
    assert spread_out(rows, np.zeros(0, np.int64), 3).tolist() == []


def test_a_classifier_gives_probabilities_of_centered_rows() -> None:
    """softmax(temperature * ((row - mean) @ weights + bias)), by hand."""
    model = Classifier(
        classes=(NO, YES),
        roles=(Role.SEMANTIC,),
        fingerprint="f",
        means=np.array([1.0], np.float32),
        weights=np.array([[0.0], [2.0]], np.float32),
        biases=np.array([0.0, 1.0], np.float32),
        temperature=0.5,
    )
    assert model.probabilities(np.array([[2.0]], np.float32))[0, 1] == pytest.approx(1 / (1 + np.exp(-1.5)))
