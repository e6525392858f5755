"""Zero-shot rules: what counts is relative to the library, to the picture, and to chance."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saccade.usecases.tags.rules.encoder_fit import EncoderFit
from saccade.usecases.tags.rules.reports import Label
from saccade.usecases.tags.rules.zero_shot import (
    THRESHOLDS,
    best_thresholds,
    calibrate_labels,
    estimate_shares,
    evidence,
    logit,
    refit,
    sigmoid,
)

FIT = EncoderFit()


def _scores(shift: float = 0.0, bearing: int = 50, rows: int = 1000) -> tuple[np.ndarray, np.ndarray]:
    """(n, 2) cosines, the first label on the first `bearing` images; and (n, 30) everyday words."""
    rng = np.random.default_rng(1)
    scores = rng.normal(0, 0.1, (rows, 2)).astype(np.float32)
    scores[:bearing, 0] += 0.8
    return scores + np.float32(shift), rng.normal(0, 0.1, (rows, 30)).astype(np.float32)


def test_a_label_is_found_where_it_stands_out() -> None:
    """All that show it pass with high confidence, and few others; what nothing shows hardly passes."""
    scores, background = _scores()
    known = calibrate_labels(scores, background, np.array([0, 1]), FIT)
    sure = known.confidence(evidence(known, scores, background), slice(None))
    passing = sure >= known.thresholds
    assert passing[:50, 0].all()
    assert sure[:50, 0].min() > 0.9
    assert passing[50:, 0].mean() < 0.1
    assert passing[:, 1].mean() < 0.02
    assert known.shares[0] > 2 * known.shares[1]


def test_a_label_that_scores_high_everywhere_is_discounted() -> None:
    """What a word scores with all images says nothing: adding it changes no confidence."""
    (plain, background), (raised, _) = _scores(), _scores(shift=0.3)
    one = calibrate_labels(plain, background, np.array([0, 1]), FIT)
    other = calibrate_labels(raised, background, np.array([0, 1]), FIT)
    # Twenty images' worth of the everyday words' own median stays.
    assert evidence(one, plain, background) == pytest.approx(evidence(other, raised, background), abs=0.12)


def test_a_picture_better_explained_by_another_word_gives_less_evidence() -> None:
    """An everyday word that scores high on an image lowers the evidence for all labels there."""
    scores, background = _scores()
    known = calibrate_labels(scores, background, np.array([0, 1]), FIT)
    explained = background.copy()
    explained[:, 0] += 0.8
    assert (evidence(known, scores, explained) < evidence(known, scores, background)).all()


def test_the_best_of_several_texts_counts() -> None:
    """A label is as sure as the best of its synonyms, less what chance gains by having several."""
    scores, background = _scores()
    known = calibrate_labels(scores, background, np.array([0, 0]), FIT)
    seen = evidence(known, scores, background)
    assert seen.shape == (1000, 1)
    assert (seen[:50, 0] > seen[50:, 0].max()).all()
    assert np.median(seen) < 0.5


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_few_images_are_judged_by_everyday_words(rows: int) -> None:
    """With one image its own median is its score; the everyday words' stands in for it."""
    background = np.random.default_rng(2).normal(0, 0.1, (rows, 30)).astype(np.float32)
    scores = np.tile(np.array([[0.9, 0.0]], np.float32), (rows, 1))
    known = calibrate_labels(scores, background, np.array([0, 1]), FIT)
    sure = known.confidence(evidence(known, scores, background), slice(None))
    assert (sure[:, 0] > 0.5).all()
    assert (sure[:, 1] < 0.2).all()


def test_identical_images_are_no_error() -> None:
    """Where nothing varies the smallest scale stands in, and every number stays finite."""
    known = calibrate_labels(
        np.full((9, 2), 0.1, np.float32), np.full((9, 3), 0.1, np.float32), np.arange(2), FIT
    )
    assert known.scale > 0
    assert np.isfinite(known.bars).all()


def test_bars_are_where_the_confidence_is_least() -> None:
    """The evidence at a label's bar gives exactly its least confidence."""
    known = calibrate_labels(*_scores(), np.array([0, 1]), FIT)
    assert known.confidence(known.bars[np.newaxis], slice(None))[0] == pytest.approx(known.thresholds)


def test_shares_follow_the_evidence() -> None:
    """More images with evidence, a larger share; without any, a small one remains."""
    known = calibrate_labels(*_scores(), np.array([0, 1]), FIT)
    seen = np.full((1000, 2), -6.0, np.float32)
    seen[:300, 0] = 6.0
    found = estimate_shares(known, seen)
    assert found.shares[0] == pytest.approx(0.25, abs=0.01)  # (300 + 200 * 0.02) / 1200
    assert found.shares[1] < 0.01


@given(st.lists(st.floats(0.01, 0.99), min_size=1, max_size=30))
def test_best_threshold_has_the_best_expected_f1(confidences: list[float]) -> None:
    """No other threshold does better, tried one by one."""
    column = np.array(confidences)

    def f1(threshold: float) -> float:
        taken = column[column >= threshold]
        return float(2 * taken.sum() / (len(taken) + column.sum()))

    threshold = float(best_thresholds(column[:, np.newaxis])[0])
    assert f1(threshold) >= max(map(f1, confidences)) - 1e-9


def test_thresholds_stay_within_bounds() -> None:
    """A label's own threshold is neither reckless nor hopeless."""
    known = calibrate_labels(*_scores(), np.array([0, 1]), FIT)
    assert (known.thresholds >= THRESHOLDS[0]).all()
    assert (known.thresholds <= THRESHOLDS[1]).all()


def test_refit_follows_the_truth_and_is_held_without_it() -> None:
    """Evidence that is worth twice as much in truth gets a steeper slope; two images change little."""
    rng = np.random.default_rng(3)
    seen = rng.normal(0, 1, 4000)
    truth = rng.random(4000) < sigmoid(3.0 * seen)
    slope, offset = refit(seen, truth, FIT)
    assert slope == pytest.approx(3.0, abs=0.4)
    assert offset == pytest.approx(0.0, abs=0.2)
    little = refit(np.array([0.3, -0.3]), np.array([True, False]), FIT)
    assert little == pytest.approx((FIT.slope, FIT.offset), abs=0.3)


def test_refit_keeps_the_slope_positive() -> None:
    """Truth that contradicts the evidence never makes less evidence count more."""
    slope, _ = refit(np.array([-3.0, -2.0, 2.0, 3.0] * 50), np.array([True, True, False, False] * 50), FIT)
    assert slope > 0


@given(st.floats(0.001, 0.999))
def test_logit_undoes_sigmoid(share: float) -> None:
    """The one is the other's inverse; extremes stay finite."""
    assert float(sigmoid(logit(np.array([share])))[0]) == pytest.approx(share)
    assert np.isfinite(logit(np.array([0.0, 1.0]))).all()
    assert sigmoid(np.array([-1e4, 1e4])).tolist() == [0.0, 1.0]


def test_parents_of_a_label() -> None:
    """Nearest first; a label at the top has none."""
    assert Label(path="a/b/c", texts=("c",)).parents == ("a/b", "a")
    assert Label(path="a", texts=("a",)).parents == ()
