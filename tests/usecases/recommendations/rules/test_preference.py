"""Taste: events fade and add up, the later opinion counts, several interests stay several."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saccade.core.vectors import normalize
from saccade.usecases.recommendations.rules.preference import (
    EVENT_WEIGHTS,
    Sign,
    affinity,
    crowd_pull,
    event_counts,
    heaviest,
    leaning,
    preference_scores,
    voices,
)
from tests.helpers.properties import examples


def _signs(*signs: tuple[int, str, float]) -> list[Sign]:
    return [Sign(image=image, kind=kind, days=days) for image, kind, days in signs]


def test_a_sign_counts_half_after_a_half_life() -> None:
    """Exactly: log(1 + weight / 2)."""
    preference = leaning(_signs((1, "like", 0.0), (2, "like", 30.0), (3, "like", 60.0)), half_life=30.0)
    assert preference.liked.tolist() == [1, 2, 3]
    assert np.expm1(preference.liked_weights) == pytest.approx([1.0, 0.5, 0.25])


def test_signs_on_one_image_add_up() -> None:
    """As log(1 + sum), and the heaviest kind names it."""
    preference = leaning(_signs((7, "click", 0.0), (7, "buy", 0.0), (7, "view", 0.0)))
    total = EVENT_WEIGHTS["click"] + EVENT_WEIGHTS["buy"] + EVENT_WEIGHTS["view"]
    assert np.expm1(preference.liked_weights) == pytest.approx([total])
    assert preference.kinds == ("buy",)


@pytest.mark.parametrize(
    ("signs", "liked", "disliked"),
    [
        ([(1, "like", 2.0), (1, "dislike", 1.0)], [], [1]),
        ([(1, "dislike", 2.0), (1, "like", 1.0)], [1], []),
        ([(1, "dislike", 2.0), (1, "buy", 1.0)], [1], []),
        ([(1, "dislike", 2.0), (1, "click", 1.0)], [], [1]),
        ([(1, "view", 2.0), (1, "dislike", 1.0)], [], [1]),
        ([(1, "unheard of", 1.0)], [], []),
    ],
)
def test_of_contradictions_the_later_counts(
    signs: list[tuple[int, str, float]], liked: list[int], disliked: list[int]
) -> None:
    """A click is no opinion: it never undoes a dislike. The order they are given in does not matter."""
    for order in (signs, signs[::-1]):
        preference = leaning(_signs(*order))
        assert (preference.liked.tolist(), preference.disliked.tolist()) == (liked, disliked)
        assert preference.seen.tolist() == sorted({*liked, *disliked})


@examples()
@given(st.lists(st.tuples(st.integers(1, 5), st.sampled_from(sorted(EVENT_WEIGHTS)), st.floats(0, 1e4))))
def test_no_image_is_liked_and_disliked(signs: list[tuple[int, str, float]]) -> None:
    """Whatever the events; weights are positive, finite and as many as images and kinds."""
    preference = leaning(_signs(*signs))
    assert not set(preference.liked.tolist()) & set(preference.disliked.tolist())
    assert len(preference.liked) == len(preference.liked_weights) == len(preference.kinds)
    assert (preference.liked_weights >= 0).all()
    assert np.isfinite(preference.liked_weights).all()


def test_affinity_is_the_log_of_a_weighted_mean() -> None:
    """Against the formula written out."""
    rng = np.random.default_rng(1)
    rows, liked = normalize(rng.normal(size=(9, 4))), normalize(rng.normal(size=(3, 4)))
    weights = np.array([1.0, 2.0, 5.0])
    terms = weights * np.exp(0.5 / 0.2 * (rows @ liked.T))
    expected = [np.log(sum(of_row) / 8.0) for of_row in terms]
    assert affinity(rows, liked, weights, 0.2) == pytest.approx(expected, rel=1e-5)
    shares = voices(rows, liked, weights, 0.2)
    assert shares.sum(axis=1) == pytest.approx(np.ones(9))
    assert shares == pytest.approx(terms / terms.sum(axis=1, keepdims=True), rel=1e-4)


def test_two_interests_are_not_their_middle() -> None:
    """What lies between two liked things fits worse than either; by their mean it would fit best."""
    liked = normalize(np.array([[1.0, 0.0], [0.0, 1.0]]))
    rows = normalize(np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]))
    fits = affinity(rows, liked, np.ones(2), 0.1)
    assert fits[0] > fits[2]
    assert fits[1] > fits[2]
    assert int(np.argmax(rows @ liked.mean(axis=0))) == 2


def test_dislikes_push_away_and_the_dial_turns_the_crowd() -> None:
    """0 with the crowd, 0.5 without it, 1 away from it."""
    fits, crowd = np.zeros(3), np.array([0.0, 1.0, 2.0])
    assert np.argmax(preference_scores(fits, None, crowd, 0.0)) == 2
    assert preference_scores(fits, None, crowd, 0.5).tolist() == [0, 0, 0]
    assert np.argmax(preference_scores(fits, None, crowd, 1.0)) == 0
    assert np.argmin(preference_scores(fits, np.array([0.0, 5.0, 0.0]), crowd * 0, 0.5)) == 1


def test_crowd_pull_without_events_is_nothing() -> None:
    """Equal counts pull nowhere, however high; more pulls more."""
    assert crowd_pull(np.zeros(4)).tolist() == [0, 0, 0, 0]
    assert crowd_pull(np.full(4, 9.0)).tolist() == pytest.approx([0, 0, 0, 0])
    pull = crowd_pull(np.array([0.0, 1.0, 10.0]))
    assert pull[0] < pull[1] < pull[2]
    assert len(crowd_pull(np.zeros(0))) == 0


def test_event_counts_fade_and_are_never_negative() -> None:
    """Dislikes take away, to 0 at most."""
    counts = event_counts(_signs((1, "like", 0.0), (1, "like", 10.0), (2, "dislike", 0.0)), half_life=10.0)
    assert counts == {1: pytest.approx(1.5), 2: 0.0}


def test_heaviest_takes_the_most_with_lower_ids_first() -> None:
    """Positions ascend."""
    assert heaviest(np.array([4, 5, 6, 7]), np.array([1.0, 3.0, 1.0, 3.0]), 3).tolist() == [0, 1, 3]
