"""Evaluates recommendations on held-out events."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from saccade.core.errors import InputError
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.decoders import ReportProgress
from saccade.core.ports.stores import Event
from saccade.core.ranking import (
    Interval,
    ReplayReport,
    ReplayScore,
    bootstrap,
    diversified,
    ndcg_at_k,
    recall_at_k,
    stretched,
    surprise,
)
from saccade.core.types import Embeddings, Ids, Progress
from saccade.engine.inputs import check_k
from saccade.engine.space import SpaceReader
from saccade.usecases.recommendations.flow.recommending import signs_of
from saccade.usecases.recommendations.rules.preference import (
    HALF_LIFE_DAYS,
    affinity,
    crowd_pull,
    event_counts,
    leaning,
    preference_scores,
)

LEAST = 5
"""Minimum liked images of an evaluated user: four to learn from, one to find."""
_POSITIVE = frozenset({"like", "buy", "click"})
_SMOOTHING = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _User:
    """One user's events before the split, and newly liked images after it."""

    name: str
    before: Sequence[Event]
    cut: float
    later: Ids


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bench:
    """The input of every method: all images, and all users' events before their splits."""

    ids: Ids
    rows: Embeddings
    counts: NDArray[np.float64]
    spread: float
    half_life: float
    diverse: float
    novel: float


_Method = Callable[[_Bench, _User], NDArray[np.float64]]


def replay(
    catalog: Catalog,
    reader: SpaceReader,
    spread: float,
    *,
    k: int,
    held_out: float,
    seed: int,
    report: ReportProgress = lambda _: None,
    diverse: float = 0.0,
    novel: float = 0.0,
    half_life: float = HALF_LIFE_DAYS,
    most: int = 1000,
    only: Ids | None = None,
) -> ReplayReport:
    """Evaluate how well recommendations would have predicted what users did.

    Each user's events are split in time: earlier ones are known; images newly liked (or bought, or clicked)
    afterward are to be found among all images the user had not seen.

    Args:
        held_out: share of each user's liked images held out, in (0, 1).
        most: maximum users evaluated; from more, a sample is drawn.
    Raises:
        InputError: no user has enough events.
    """
    check_k(k)
    if not 0.0 < held_out < 1.0:
        raise InputError(
            f"{held_out} is not a valid share to hold out", hint="a number between 0 and 1, such as 0.2"
        )
    ids, rows = reader.everything()
    if only is not None:
        keep = np.isin(ids, only)
        ids, rows = ids[keep], rows[keep]
    users = _split(catalog.feedback.events(), ids, held_out)
    if not users:
        raise InputError(
            f"no user has {LEAST} liked, clicked or bought images at different times to judge by",
            hint="import interactions: saccade feedback import FILE.csv",
        )
    dice = np.random.default_rng(seed)
    known = [event for user in users for event in user.before]
    now = max(event.at for event in known)
    counts = event_counts(signs_of(known, now), half_life)
    bench = _Bench(
        ids=ids,
        rows=rows,
        counts=np.array([counts.get(image, 0.0) for image in ids.tolist()]),
        spread=spread,
        half_life=half_life,
        diverse=diverse,
        novel=novel,
    )
    judged = users
    if len(users) > most:
        judged = [users[place] for place in np.sort(dice.choice(len(users), most, replace=False))]
    methods: Mapping[str, _Method] = {
        "recommend": _ours,
        "mean similarity": _mean,
        "popularity": lambda bench, _: bench.counts,
        "random": lambda bench, _: dice.random(len(bench.ids)),
    }
    lists: dict[str, list[NDArray[np.int64]]] = {name: [] for name in methods}
    for done, user in enumerate(judged, start=1):
        for name, method in methods.items():
            lists[name].append(_list(bench, user, method, k, name))
        if done % 20 == 0 or done == len(judged):
            report(Progress(stage="replay", done=done, total=len(judged)))
    return ReplayReport(
        users=len(judged),
        images=len(ids),
        events=len(known),
        k=k,
        held_out=held_out,
        scores=tuple(_score(name, lists, bench, judged, k=k, dice=dice) for name in methods),
    )


def _split(events: Sequence[Event], ids: Ids, held_out: float) -> list[_User]:
    """Users with enough liked images, split in time."""
    there = set(ids.tolist())
    of_user: dict[str, list[Event]] = {}
    for event in events:
        if event.image in there:
            of_user.setdefault(event.user, []).append(event)
    users = []
    for name, mine in of_user.items():
        first: dict[int, float] = {}
        for event in mine:
            if event.kind in _POSITIVE:
                first.setdefault(event.image, event.at)
        if len(first) < LEAST:
            continue
        times = sorted(first.values())
        cut = times[-max(1, round(len(times) * held_out))]
        before = [event for event in mine if event.at < cut]
        seen = {event.image for event in before}
        later = sorted(image for image, at in first.items() if at >= cut and image not in seen)
        if later and any(event.kind in _POSITIVE for event in before):
            users.append(_User(name=name, before=before, cut=cut, later=np.array(later, np.int64)))
    return users


def _ours(bench: _Bench, user: _User) -> NDArray[np.float64]:
    """The scores `recommend` gives."""
    preference = leaning(signs_of(user.before, user.cut), bench.half_life)
    places = np.searchsorted(bench.ids, preference.liked)
    if not len(places):
        return bench.counts
    fits = affinity(bench.rows, bench.rows[places], preference.liked_weights, bench.spread)
    spoils = None
    if len(preference.disliked):
        bad = bench.rows[np.searchsorted(bench.ids, preference.disliked)]
        spoils = affinity(bench.rows, bad, preference.disliked_weights, bench.spread)
    return preference_scores(fits, spoils, crowd_pull(bench.counts), bench.novel)


def _mean(bench: _Bench, user: _User) -> NDArray[np.float64]:
    """Cosine with the mean of what was liked, clicked or bought: as in simple systems."""
    images = sorted({event.image for event in user.before if event.kind in _POSITIVE})
    center = bench.rows[np.searchsorted(bench.ids, np.array(images, np.int64))].mean(axis=0)
    scores: NDArray[np.float64] = (bench.rows @ center).astype(np.float64)
    return scores


def _list(bench: _Bench, user: _User, method: _Method, k: int, name: str) -> NDArray[np.int64]:
    """Positions of the k images recommended, none of them known to the user."""
    seen = np.isin(bench.ids, [event.image for event in user.before])
    scores = np.where(seen, -np.inf, method(bench, user))
    best = np.argsort(-scores, kind="stable")[: min(max(200, 10 * k), int((~seen).sum()))]
    diverse = bench.diverse if name == "recommend" else 0.0
    chosen: NDArray[np.int64] = best[diversified(stretched(scores[best]), bench.rows[best], k, diverse)]
    return chosen


def _score(
    name: str,
    lists: Mapping[str, Sequence[NDArray[np.int64]]],
    bench: _Bench,
    users: Sequence[_User],
    *,
    k: int,
    dice: np.random.Generator,
) -> ReplayScore:
    """The scores of one method, and the lead of `recommend` over it, user by user."""
    mine, ours = lists[name], lists["recommend"]
    chance = (bench.counts + _SMOOTHING) / (bench.counts + _SMOOTHING).sum()

    def over(
        judge: Callable[[Ids, Ids, int], float], made: Sequence[NDArray[np.int64]]
    ) -> NDArray[np.float64]:
        return np.array([judge(bench.ids[one], user.later, k) for one, user in zip(made, users, strict=True)])

    recall = over(recall_at_k, mine)
    ahead = bootstrap(over(recall_at_k, ours) - recall, dice) if name != "recommend" else _NOTHING
    return ReplayScore(
        method=name,
        recall=bootstrap(recall, dice),
        ndcg=bootstrap(over(ndcg_at_k, mine), dice),
        coverage=len(np.unique(np.concatenate(mine))) / len(bench.ids),
        novelty=float(np.mean([surprise(one, chance) for one in mine])),
        behind=ahead,
    )


_NOTHING = Interval(value=0.0, low=0.0, high=0.0)
