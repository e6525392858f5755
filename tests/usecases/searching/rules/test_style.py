"""Style: what the traits say of made-up pictures, and that content does not matter."""

import numpy as np
import pytest

from saccade.core.errors import InputError
from saccade.usecases.searching.rules.style import (
    MOODS,
    STYLE_SIZE,
    TRAITS,
    check_mood,
    mood_scores,
    standing_out,
    style_features,
    style_scores,
)


def _plain(red: int, green: int, blue: int) -> np.ndarray:
    return np.broadcast_to(np.array([red, green, blue], np.uint8), (64, 64, 3)).copy()


def test_features_are_finite_and_as_many_as_said(rng: np.random.Generator) -> None:
    """Also of black, white and noise; the argument is left as it is."""
    pixels = np.stack([_plain(0, 0, 0), _plain(255, 255, 255), rng.integers(0, 256, (64, 64, 3), np.uint8)])
    before = pixels.copy()
    features = style_features(pixels)
    assert features.shape == (3, STYLE_SIZE)
    assert features.dtype == np.float32
    assert np.isfinite(features).all()
    assert (pixels == before).all()


def test_lightness_is_that_of_cielab() -> None:
    """Published values of sRGB colors: white 100, black 0, red L 53.24."""
    light = style_features(np.stack([_plain(255, 255, 255), _plain(0, 0, 0), _plain(255, 0, 0)]))[:, 0]
    assert light[0] - light[1] == pytest.approx(100.0 / 14.1, rel=1e-4)
    assert light[2] - light[1] == pytest.approx(53.24 / 14.1, rel=1e-3)


@pytest.mark.parametrize(
    ("mood", "like", "unlike"),
    [
        ("dark", (20, 20, 20), (240, 240, 240)),
        ("warm", (200, 120, 60), (60, 120, 200)),
        ("cool", (60, 120, 200), (200, 120, 60)),
        ("colorful", (255, 0, 0), (128, 128, 128)),
        ("muted", (128, 128, 128), (255, 0, 0)),
    ],
)
def test_moods_mean_what_they_say(mood: str, like: tuple[int, ...], unlike: tuple[int, ...]) -> None:
    """The one scores above the other."""
    scores = mood_scores(style_features(np.stack([_plain(*like), _plain(*unlike)])), mood)
    assert scores[0] > scores[1]


def test_a_busy_picture_is_not_calm(rng: np.random.Generator) -> None:
    """Noise against nothing, in both words and in what is said of it."""
    features = style_features(np.stack([rng.integers(0, 256, (64, 64, 3), np.uint8), _plain(128, 128, 128)]))
    assert np.argmax(mood_scores(features, "busy")) == 0
    assert np.argmax(mood_scores(features, "calm")) == 1
    assert standing_out(features[0])[0][0] == "busy"


def test_likeness_is_1_for_the_same_and_less_for_any_other(rng: np.random.Generator) -> None:
    """Symmetric, in (0, 1]."""
    features = style_features(rng.integers(0, 256, (5, 64, 64, 3), np.uint8))
    table = np.stack([style_scores(features, row) for row in features])
    assert np.diag(table) == pytest.approx(np.ones(5))
    assert table == pytest.approx(table.T)
    assert ((table > 0) & (table <= 1)).all()


def test_look_is_found_across_contents(rng: np.random.Generator) -> None:
    """Different scenes, each in a dark warm and a bright cool version: the nearest has the same look."""
    scenes = np.kron(rng.integers(60, 200, (6, 8, 8, 3)), np.ones((1, 8, 8, 1)))
    warm = np.clip(scenes * [0.6, 0.45, 0.25], 0, 255).astype(np.uint8)
    cool = np.clip(scenes * [0.9, 1.1, 1.4], 0, 255).astype(np.uint8)
    features = style_features(np.concatenate([warm, cool]))
    for row in range(12):
        scores = style_scores(features, features[row])
        scores[[row, (row + 6) % 12]] = -1  # itself, and the same scene in the other look
        assert (int(np.argmax(scores)) < 6) == (row < 6)


def test_moods_are_of_known_traits_and_unknown_ones_are_told() -> None:
    """Every word counts some trait; a typo names the words there are; opposites cancel."""
    assert all(set(weights) <= set(TRAITS) and weights for weights in MOODS.values())
    assert check_mood(" Dark,  warm ").tolist() == check_mood("warm dark").tolist()
    assert not check_mood("").any()
    with pytest.raises(InputError, match="'drak'") as told:
        check_mood("drak")
    assert "dark" in told.value.hint
    with pytest.raises(InputError, match="cancel"):
        check_mood("dark bright")
    with pytest.raises(InputError, match="no mood"):
        mood_scores(np.zeros((1, STYLE_SIZE), np.float32), "")
