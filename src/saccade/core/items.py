"""Items: what has an embedding, which is a whole image or a part of one."""

from dataclasses import dataclass
from enum import StrEnum
from math import isfinite

from saccade.core.errors import InputError

FIRST_PART = 1 << 40
"""The lowest id of a part.

The item of a whole image has the image's own id, which is below; so nothing is looked up where there are no
parts, and one comparison tells the two apart.
"""


class ItemKind(StrEnum):
    """What an item is."""

    IMAGE = "image"
    """A whole image."""
    REGION = "region"
    """A rectangle of an image, or of one of its pages or shots."""
    PAGE = "page"
    """A page of a document."""
    SHOT = "shot"
    """A stretch of a video."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle of an upright picture, in shares of its width and height, each in [0, 1].

    Raises:
        InputError: it is empty, or not inside the picture.
    """

    left: float
    top: float
    width: float
    height: float

    def __post_init__(self) -> None:
        """Check it."""
        inside = self.left >= 0 and self.top >= 0 and self.right <= 1 and self.bottom <= 1
        if not (inside and self.width > 0 and self.height > 0):  # also true for NaN
            raise InputError(f"{self} is not inside the picture", hint="give shares from 0 to 1")

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.top + self.height


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A span of time, in seconds from the beginning.

    Raises:
        InputError: it does not end after it starts, or starts before 0.
    """

    start_s: float
    end_s: float

    def __post_init__(self) -> None:
        """Check it."""
        if not (0 <= self.start_s < self.end_s and isfinite(self.end_s)):
            raise InputError(f"{self} is not a span of time", hint="give seconds, the start first")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Which part of an image was embedded.

    Attributes:
        kind: "image", "region", "page" or "shot".
        page: number of the page, from 1; of a page, or of a region on it.
        box: the rectangle of a region.
        span: the time of a shot, or of a region in it.

    Raises:
        InputError: facts that its kind needs are missing, or it has facts that do not belong to its kind.
    """

    kind: ItemKind
    page: int | None = None
    box: Box | None = None
    span: Span | None = None

    def __post_init__(self) -> None:
        """Check it."""
        given = {name for name in ("page", "box", "span") if getattr(self, name) is not None}
        needed, possible = _FACTS[self.kind]
        if not needed <= given <= possible:
            facts = ", ".join(sorted(needed)) or "nothing else"
            raise InputError(
                f"an item of kind {self.kind.value!r} does not have these facts", hint=f"give {facts}"
            )
        if self.page is not None and self.page < 1:
            raise InputError(f"{self.page} is not a page", hint="pages are counted from 1")


_FACTS: dict[ItemKind, tuple[set[str], set[str]]] = {
    ItemKind.IMAGE: (set(), set()),
    ItemKind.REGION: ({"box"}, {"box", "page", "span"}),
    ItemKind.PAGE: ({"page"}, {"page"}),
    ItemKind.SHOT: ({"span"}, {"span"}),
}
"""{kind: (facts it needs, facts it may have)}."""

WHOLE = Item(kind=ItemKind.IMAGE)
"""A whole image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredItem:
    """An item of a catalog: its id, the id of its image, and which part of it."""

    id: int
    image: int
    item: Item
