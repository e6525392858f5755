"""Facts about images from people and pipelines, kept in the catalog.

Small stores, each one transaction per call. Image ids are the catalog's; a row about an image that is
gone is kept (the image may come back) and left out when only present images are requested. Methods
that write raise DiskFullError, ReadOnlyError or StorageError, and ImageNotFoundError for an unknown id.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from saccade.core.types import Ids

Numbers: TypeAlias = NDArray[np.float64]
"""(n,) finite float64."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One imported or computed fact about images: `price`, `rating`, `cluster`.

    Attributes:
        name: letters, digits and _, not starting with a digit; filters use `data.NAME`.
        kind: "number" or "text".
        origin: who wrote it: "import", or the pipeline (`clusters`, `outliers`).
        count: present images that have it.
    """

    name: str
    kind: Literal["number", "text"]
    origin: str
    count: int


class Columns(Protocol):
    """Facts about images, one value per image and name."""

    def all(self) -> Sequence[Column]:
        """Every column, by name."""

    def write(
        self, name: str, values: Mapping[int, float] | Mapping[int, str], *, origin: str, replace: bool
    ) -> int:
        """Set values, {image id: value}; number written.

        Args:
            replace: delete all other values of the column first (else only those given are changed).
        Raises:
            InputError: a bad name, a number that is not finite, text in a column of numbers (or reverse), or
                a column of another origin: pipelines never overwrite imported values.
        """

    def write_all(
        self, columns: Mapping[str, Mapping[int, float] | Mapping[int, str]], *, origin: str, replace: bool
    ) -> int:
        """The same for several columns, {name: values}: all of them are written, or none."""

    def numbers(self, name: str, ids: Ids | None = None) -> tuple[Ids, Numbers]:
        """Sorted ids of the present images that have it (among sorted `ids`, if given), and their values.

        Raises:
            InvalidFilterError: no such column, or it holds text; the hint lists the columns there are.
        """

    def texts(self, name: str, ids: Ids | None = None) -> tuple[Ids, Sequence[str]]:
        """The same of a column of text."""

    def of(self, ids: Sequence[int]) -> Mapping[int, Mapping[str, float | str]]:
        """{image: {column: value}} of each image that has any, columns by name."""

    def remove(self, name: str) -> int:
        """Remove the column; number of values removed. Raises InvalidFilterError if there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """One label on one image.

    Attributes:
        label: as people write it ("beach"); taxonomy paths are joined with "/" ("animal/dog").
        origin: "person", "zero-shot", or "taught:NAME".
        score: confidence in [0, 1]; 1 from a person.
    """

    label: str
    origin: str
    score: float


class Tags(Protocol):
    """Labels on images, many per image. Filters use `tag=beach`.

    Word search finds labels too, except those of origin "zero-shot": they add nothing to a search by the same
    encoder.
    """

    def write(
        self,
        origin: str,
        labels: Mapping[str, tuple[Ids, Numbers]],
        *,
        replace: bool,
        among: Ids | None = None,
    ) -> int:
        """Set {label: (image ids, scores)} of an origin; number of tags written.

        Args:
            replace: remove this origin's other tags first: all of them, or those on the images `among`.
        """

    def of(self, ids: Sequence[int]) -> Mapping[int, Sequence[Tag]]:
        """Tags of each image that has any, best score first."""

    def labels(self, origin: str | None = None) -> Mapping[str, int]:
        """{label: present images that have it}, most frequent first."""

    def with_label(self, label: str, origin: str | None = None) -> tuple[Ids, Numbers]:
        """Sorted ids of present images that have it, and the best score of each."""

    def remove(self, origin: str, label: str | None = None, ids: Ids | None = None) -> int:
        """Remove tags; number removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPair:
    """The result of comparing two images, `a` < `b` (image ids).

    Attributes:
        tier: "bytes" never occurs (one image then); "pixels", "picture", "burst", "scene" or "different".
        score: cosine in the copy space.
        verdict: confidence in [0, 1] that the tier is right.
        evidence: JSON text, see `saccade.usecases.duplicates.rules.reports.Evidence`.
    """

    a: int
    b: int
    tier: str
    score: float
    verdict: float
    evidence: str


class Pairs(Protocol):
    """Pairs of images that were compared, so that none is compared twice, and people's verdicts on them."""

    def save(self, method: str, pairs: Sequence[StoredPair]) -> None:
        """Keep pairs examined by a method (verifier and its version); an older entry is replaced."""

    def load(self, method: str, among: Ids | None = None) -> Iterator[StoredPair]:
        """Pairs the method examined of which both images are present (and among sorted ids), by (a, b)."""

    def known(self, method: str, pairs: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of (n, 2) pairs (a < b) the method has examined."""

    def forget(self, method: str | None = None) -> int:
        """Delete results (never people's verdicts); of all methods when None."""

    def set_distinct(self, pairs: Sequence[tuple[int, int]], *, distinct: bool = True) -> int:
        """Mark pairs as not duplicates (or undo that); number changed."""

    def distinct(self) -> NDArray[np.int64]:
        """(n, 2) pairs that a person marked as not duplicates, a < b, sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One user event.

    Attributes:
        user: any text.   image: image id.
        kind: "like", "dislike", "click", "view", "buy"; the recommender decides their weights.
        at: UTC, seconds since 1970.
        value: strength, 1 by default (a rating, seconds viewed).
    """

    user: str
    image: int
    kind: str
    at: float
    value: float = 1.0


class Feedback(Protocol):
    """Events per user, which can be exported and erased, and imported sets of images that go together."""

    def add(self, events: Sequence[Event]) -> int:
        """Store events; the same (user, image, kind, at) twice counts once; number that were new."""

    def events(self, user: str | None = None) -> Sequence[Event]:
        """Events of one user, or all, oldest first."""

    def users(self) -> Mapping[str, int]:
        """{user: events}, by name."""

    def erase(self, user: str) -> int:
        """Delete everything about a user, from disk too; number of events erased."""

    def add_sets(self, sets: Mapping[str, Sequence[int]]) -> int:
        """Images that occurred together, {set name (an order, an outfit): image ids}; rows that were new."""

    def sets(self) -> Mapping[str, Sequence[int]]:
        """All of them."""
