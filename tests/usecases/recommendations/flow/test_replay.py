"""Replaying: cut in time, no peeking, and methods told apart where they must differ."""

from typing import Any

import numpy as np
import pytest

from saccade.core.errors import InputError, InvalidQueryError
from saccade.core.ports.stores import Event
from saccade.core.ranking import ReplayReport
from saccade.usecases.recommendations.flow.replay import replay
from saccade.usecases.recommendations.rules.preference import DAY


@pytest.fixture
def crowd(desk: Any) -> Any:
    """Forty shades of four colors; twelve users, each liking two colors, in time."""
    rng = np.random.default_rng(5)
    bases = {"red": (230, 10, 10), "green": (10, 230, 10), "blue": (10, 10, 230), "gray": (120, 120, 120)}
    for color, base in bases.items():
        for number in range(10):
            desk.picture(
                f"{color}{number}.png", tuple(int(v) for v in np.array(base) + rng.integers(0, 25, 3))
            )
    desk.index()
    events = []
    for user in range(12):
        liked = rng.permutation(
            [f"{color}{n}" for color in (("red", "blue"), ("green", "gray"))[user % 2] for n in range(10)]
        )
        events += [
            Event(user=f"u{user}", image=desk.image(f"{name}.png"), kind="like", at=float(day) * DAY)
            for day, name in enumerate(liked[:12])
        ]
    desk.catalog.feedback.add(events)
    return desk


def judged(desk: Any, **changed: Any) -> ReplayReport:
    arguments = {"k": 5, "held_out": 0.25, "seed": 0, **changed}
    return replay(desk.catalog, desk.reader(), 0.4, **arguments)


def test_every_method_is_judged_on_the_same_users(crowd: Any) -> None:
    """All twelve; ours is far above random; figures lie in their ranges and intervals around them."""
    report = judged(crowd)
    assert (report.users, report.images, report.k) == (12, 40, 5)
    assert report.events == 12 * 9
    scores = {one.method: one for one in report.scores}
    assert set(scores) == {"recommend", "mean similarity", "popularity", "random"}
    assert scores["recommend"].recall.value > scores["random"].recall.value
    assert scores["random"].behind.value == pytest.approx(
        scores["recommend"].recall.value - scores["random"].recall.value
    )
    for one in report.scores:
        assert 0 <= one.recall.low <= one.recall.value <= one.recall.high <= 1
        assert 0 < one.coverage <= 1
        assert one.novelty > 0


def test_the_same_seed_gives_the_same_report(crowd: Any) -> None:
    """And another one only changes what is random."""
    assert judged(crowd) == judged(crowd)
    other = judged(crowd, seed=1)
    assert other.scores[0].recall.value == judged(crowd).scores[0].recall.value


def test_what_came_later_is_not_known(crowd: Any) -> None:
    """Events after the cut change who is relevant, never a list: shuffling them changes no coverage."""
    report = judged(crowd, k=1)
    last = [Event(user=f"u{user}", image=crowd.image("gray0.png"), kind="view", at=1e9) for user in range(12)]
    crowd.catalog.feedback.add(last)
    again = judged(crowd, k=1)
    assert [one.coverage for one in again.scores] == [one.coverage for one in report.scores]
    assert again.scores[0].recall == report.scores[0].recall


def test_too_few_events_are_no_ground_to_judge(desk: Any) -> None:
    """Nobody, users with few likes, all at the same moment, a share or k of nothing."""
    desk.picture("a.png", "red")
    desk.index()
    with pytest.raises(InputError, match="no user"):
        judged(desk)
    with pytest.raises(InvalidQueryError):
        judged(desk, k=0)
    with pytest.raises(InputError, match="hold out"):
        judged(desk, held_out=1.0)
