"""The answers of `lib.recommendations` for `--json`, HTTP and MCP."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from saccade.core.ranking import ReplayReport, ReplayScore
from saccade.core.wire import Answer
from saccade.usecases.recommendations.rules.reports import (
    FeedbackImport,
    Reason,
    Recommendation,
    Recommendations,
    UserEvent,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecommendedImage:
    """One recommended image.

    Attributes:
        rank: 1 is best.
        path: one of its files.
        paths: all of them.
        image_id: SHA-256 of the file's bytes, hexadecimal.
        score: higher is better; comparable within one answer only.
        reasons: the strongest first.
        width, height: pixels, upright.
        taken_at: local time, ISO 8601.
    """

    rank: int
    path: str
    paths: tuple[str, ...]
    image_id: str
    score: float
    reasons: tuple[Reason, ...]
    width: int
    height: int
    taken_at: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecommendationList:
    """Recommendations, with reasons.

    Attributes:
        asked: for whom or with what, in words.
        basis: "history" (of a user), "images" (those given), "popular" or "spread" (the user has no events),
            "sets" (what goes together), "look-alikes" (sets of similar images).
        note: a remark on the basis; may be empty.
        hits: best first.
        took_ms: milliseconds.
    """

    asked: str
    basis: str
    note: str
    hits: tuple[RecommendedImage, ...]
    took_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """How well each method would have predicted what users did.

    Attributes:
        users: users evaluated.
        images: images to choose from.
        events: events known.
        k: length of each list.
        held_out: share of each user's likes held out.
        methods: the best first.
    """

    users: int
    images: int
    events: int
    k: int
    held_out: float
    methods: tuple[ReplayScore, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """The result of `saccade feedback add`.

    Attributes:
        added: events that were new.
    """

    added: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EventList:
    """Everything stored about a user.

    Attributes:
        events: oldest first.
    """

    events: tuple[UserEvent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """The result of `saccade feedback erase`.

    Attributes:
        erased: events.
        applied: whether they were erased; false in a dry run.
    """

    erased: int
    applied: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UserCount:
    """A user.

    Attributes:
        user: the name.
        events: events stored.
    """

    user: str
    events: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UserList:
    """Who gave feedback.

    Attributes:
        users: by name.
    """

    users: tuple[UserCount, ...]


def recommendation_list(found: Recommendations) -> RecommendationList:
    """Convert recommendations."""
    return RecommendationList(
        asked=found.asked,
        basis=found.basis,
        note=found.note,
        hits=tuple(map(_hit, found.hits)),
        took_ms=found.took_ms,
    )


def replay(report: ReplayReport) -> Replay:
    """Convert a replay."""
    return Replay(
        users=report.users,
        images=report.images,
        events=report.events,
        k=report.k,
        held_out=report.held_out,
        methods=report.scores,
    )


def event_list(events: Sequence[UserEvent]) -> EventList:
    """Convert events."""
    return EventList(events=tuple(events))


def user_list(users: Mapping[str, int]) -> UserList:
    """Convert users."""
    return UserList(users=tuple(UserCount(user=name, events=count) for name, count in users.items()))


def _hit(hit: Recommendation) -> RecommendedImage:
    return RecommendedImage(
        rank=hit.rank,
        path=hit.path,
        paths=hit.paths,
        image_id=hit.image_id,
        score=hit.score,
        reasons=hit.reasons,
        width=hit.info.width,
        height=hit.info.height,
        taken_at=hit.info.taken_at,
    )


ANSWERS = (
    Answer(name="recommend", command="saccade recommend", kind=RecommendationList | Replay),
    Answer(name="feedback-add", command="saccade feedback add", kind=Added),
    Answer(name="feedback-import", command="saccade feedback import", kind=FeedbackImport),
    Answer(name="feedback-export", command="saccade feedback export", kind=EventList),
    Answer(name="feedback-erase", command="saccade feedback erase", kind=Erasure),
    Answer(name="feedback-list", command="saccade feedback list", kind=UserList),
)
