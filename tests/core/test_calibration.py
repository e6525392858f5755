"""Confidence: computed by hand, monotone, within bounds, and sane on tiny libraries."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from saccade.core.calibration import (
    Calibration,
    calibrate,
    image_confidence,
    same_picture,
    text_confidence,
)
from saccade.core.vectors import normalize

SCORES = st.lists(st.floats(-1, 1), min_size=2, max_size=20)


def made(
    *,
    location: float | None = 0.2,
    scale: float | None = 0.05,
    chance: tuple[float, float] = (-0.1, 0.4),
    nearest: tuple[float, float] = (0.3, 0.9),
) -> Calibration:
    return Calibration(
        images=100,
        location=location,
        scale=scale,
        chance=tuple(np.linspace(*chance, 201).tolist()),
        nearest=tuple(np.linspace(*nearest, 201).tolist()),
        text_spread=0.1,
        image_spread=0.1,
    )


def test_text_confidence_is_gumbels_distribution_function() -> None:
    """At the location exp(-1); one scale above, exp(-exp(-1))."""
    found = text_confidence(made(), [0.2, 0.25])
    np.testing.assert_allclose(found, [np.exp(-1), np.exp(-np.exp(-1))], rtol=1e-12)


def test_calibrate_fits_by_moments() -> None:
    """Best scores 0.1 and 0.3 have mean 0.2 and deviation 0.1; a Gumbel of that mean and deviation."""
    sample = normalize(np.eye(4))
    texts = normalize([[1, 0, 0, 0], [1, 1, 0, 0]])
    got = calibrate(sample, np.zeros(4, np.float32), np.array([0.1, 0.3], np.float32), texts, 9)
    scale = 0.1 * np.sqrt(6) / np.pi
    assert got.scale == pytest.approx(scale, rel=1e-5)
    assert got.location == pytest.approx(0.2 - np.euler_gamma * scale, rel=1e-5)
    assert got.images == 9
    # Each text's scores over the sample: (1, 0, 0, 0) and (r, r, 0, 0) with r = sqrt(1/2).
    spreads = [np.std([1, 0, 0, 0]), np.std([np.sqrt(0.5)] * 2 + [0, 0])]
    assert got.text_spread == pytest.approx(np.median(spreads), rel=1e-5)


def test_calibrate_takes_quantiles_of_pairs_and_of_nearest() -> None:
    """Three images at 0, 60 and 90 degrees: pairs score 0.5, 0 and cos 30, each pair once."""
    angles = np.radians([0, 60, 90])
    sample = normalize(np.stack([np.cos(angles), np.sin(angles)], axis=1))
    pairs = [0.5, 0.0, np.cos(np.radians(30))]
    nearest = np.array([0.5, 0.866, 0.866], np.float32)
    got = calibrate(sample, nearest, None, None, 3)
    np.testing.assert_allclose(got.chance, np.quantile(pairs, np.linspace(0, 1, 201)), atol=1e-6)
    np.testing.assert_allclose(got.nearest, np.quantile(nearest, np.linspace(0, 1, 201)), atol=1e-6)
    assert got.image_spread == pytest.approx(np.std(pairs), rel=1e-5)
    assert (got.location, got.scale) == (None, None)


def test_image_confidence_by_hand() -> None:
    """At 0.35: nearest below 0.05 / 0.6 = 1/12, chance above 0.05 / 0.5 = 1/10; so (1/12) / (1/12 + 1/10)."""
    assert image_confidence(made(), 0.35) == pytest.approx((1 / 12) / (1 / 12 + 1 / 10), rel=1e-9)


def test_image_confidence_beyond_what_was_seen() -> None:
    """Above every random pair it is sure; below every nearest pair it is sure of the contrary."""
    assert image_confidence(made(), [0.95, 0.41, 0.29, -1.0]).tolist() == [1.0, 1.0, 0.0, 0.0]


def test_image_confidence_where_neither_was_seen_is_zero() -> None:
    """A score between chance's highest and the nearest's lowest is no neighbor's: nothing divides by zero."""
    assert image_confidence(made(chance=(-0.1, 0.2), nearest=(0.5, 0.9)), 0.3) == 0.0


@given(SCORES, st.floats(-1, 1), st.floats(1e-3, 1))
def test_text_confidence_rises_with_the_score_within_bounds(
    scores: list[float], location: float, scale: float
) -> None:
    """Never below 0 or above 1, whatever was fitted."""
    found = text_confidence(made(location=location, scale=scale), sorted(scores))
    assert ((found >= 0) & (found <= 1)).all()
    assert (np.diff(found) >= 0).all()


@given(SCORES, SCORES, SCORES)
@example([0.0, -5e-324], [0.0, -2.2e-309], [0.0, -1.0])
def test_image_confidence_rises_with_the_score_within_bounds(
    scores: list[float], chance: list[float], nearest: list[float]
) -> None:
    """For any two distributions, ties and all."""
    steps = np.linspace(0, 1, 201)
    calibration = Calibration(
        images=9,
        location=None,
        scale=None,
        chance=tuple(np.quantile(chance, steps).tolist()),
        nearest=tuple(np.quantile(nearest, steps).tolist()),
        text_spread=1.0,
        image_spread=1.0,
    )
    found = image_confidence(calibration, sorted(scores))
    assert ((found >= 0) & (found <= 1)).all()
    assert (np.diff(found) >= -1e-12).all()


@pytest.mark.parametrize("images", [0, 1, 2])
def test_a_library_of_hardly_any_image_has_no_chance_to_compare_with(images: int) -> None:
    """Then the score itself, clipped, is the confidence between pictures; texts still have theirs, if any."""
    sample = normalize(np.eye(4))[:images]
    best = np.full(5, 0.1, np.float32) if images else None
    texts = normalize(np.ones((5, 4)))
    got = calibrate(sample, np.zeros(images, np.float32), best, texts, images)
    assert (got.chance, got.nearest, got.image_spread) == ((), (), 1.0)
    assert image_confidence(got, [-0.5, 0.25, 1.0]).tolist() == [0.0, 0.25, 1.0]
    found = text_confidence(got, [-0.5, 0.25, 1.0])
    if images:
        assert found.tolist() == pytest.approx([0.0, 1.0, 1.0], abs=1e-9)
    else:
        assert found.tolist() == [0.0, 0.25, 1.0]


def test_identical_images_do_not_divide_by_zero() -> None:
    """All pairs score 1 and all texts score the same: spreads stay above 0."""
    sample = normalize(np.ones((5, 4)))
    got = calibrate(sample, np.ones(5, np.float32), np.ones(3, np.float32), sample[:3], 5)
    assert got.scale is not None
    assert min(got.text_spread, got.image_spread, got.scale) > 0
    assert np.isfinite(image_confidence(got, [0.0, 1.0])).all()


def test_same_picture_asks_for_more_where_all_images_look_alike() -> None:
    """Among photos the threshold stands; where random pairs score 0.9, a tenth of the way to 1 is left."""
    strangers, alike = made(chance=(-0.1, -0.1)), made(chance=(0.9, 0.9))
    assert same_picture(strangers, 0.6) == pytest.approx(0.6)
    assert same_picture(alike, 0.6) == pytest.approx(0.96)
    assert same_picture(replace(alike, chance=()), 0.6) is None
