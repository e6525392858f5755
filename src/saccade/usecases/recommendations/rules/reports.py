"""What recommending returns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from saccade.core.results import Listed
from saccade.core.types import Failure, ImageInfo

Basis: TypeAlias = Literal["history", "images", "popular", "spread", "sets", "look-alikes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why an image is recommended.

    Attributes:
        kind: "liked", "clicked", "viewed", "bought", "given" (like that image); "popular"; "boost";
            "together" (in sets with that image); "look-alike" (of an image that is in sets); "different".
        text: for people: "like A.jpg you liked".
        amount: its contribution to the score, in the score's unit.
        path: the image it refers to, or "".
    """

    kind: str
    text: str
    amount: float
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """One recommended image.

    Attributes:
        rank: 1 is best.
        image_id: SHA-256, hexadecimal.
        path, paths: its files.
        score: higher is better; comparable within one answer only.
        reasons: the strongest first.
        info: the file's metadata.
    """

    rank: int
    image_id: str
    path: str
    paths: tuple[str, ...]
    score: float
    reasons: tuple[Reason, ...]
    info: ImageInfo


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Recommendations(Listed[Recommendation]):
    """Recommendations and their basis.

    Attributes:
        asked: for whom or with what, in words.
        basis: "history" (of a user), "images" (those given), "popular" or "spread" (the user has no events),
            "sets" (what goes together), "look-alikes" (sets of similar images).
        note: a remark on the basis; may be empty.
        hits: best first.
        took_ms: milliseconds.
    """

    asked: str
    basis: Basis
    note: str
    hits: tuple[Recommendation, ...]
    took_ms: float

    @property
    def listed(self) -> Sequence[Recommendation]:
        """The images, best first."""
        return self.hits


@dataclass(frozen=True, slots=True, kw_only=True)
class UserEvent:
    """One event of a user as returned to callers.

    Attributes:
        image_id: SHA-256, hexadecimal.
        path: a file of the image; empty if it is gone.
        kind: "like", "dislike", "click", "view" or "buy".
        at: ISO 8601, UTC.
        value: strength.
    """

    user: str
    image_id: str
    path: str
    kind: str
    at: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackImport:
    """The result of importing events or sets.

    Attributes:
        rows: lines read, the header left out.
        added: events, or images in sets, that were new.
        failed: one for each line that could not be used; its path is "FILE:LINE".
    """

    rows: int
    added: int
    failed: tuple[Failure, ...]
