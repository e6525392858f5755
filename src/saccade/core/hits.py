"""What a search answers: hits, best first, and what they say of themselves."""

from collections.abc import Sequence
from dataclasses import dataclass

from saccade.core.items import Item
from saccade.core.pictures import ImageId
from saccade.core.results import Listed
from saccade.core.types import ImageInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class PartScore:
    """How well a hit matches one part of the query: the part and its cosine in [-1, 1]."""

    part: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One hit.

    Attributes:
        rank: 1 is best.
        image_id: SHA-256 of the file's bytes, hexadecimal.
        item: what of the image matches best: all of it, or a part.
        path: one of its files; archive members as "ARCHIVE!/MEMBER".
        paths: all of them.
        score: cosine of query and item in [-1, 1].
        confidence: in [0, 1]; see `saccade.core.calibration`.
        parts: which parts of the query it matches.
        words: words of the query found in its name, title, caption or keywords.
        similar: ids of near-identical images that this hit stands for.
        info: what the file says about it.
    """

    rank: int
    image_id: ImageId
    item: Item
    path: str
    paths: tuple[str, ...]
    score: float
    confidence: float
    parts: tuple[PartScore, ...]
    words: tuple[str, ...]
    similar: tuple[ImageId, ...]
    info: ImageInfo


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SearchResult(Listed[Hit]):
    """The answer to a query.

    Attributes:
        query: the query in words.
        confident: whether the best hit is unlikely to be chance; false means "no confident match".
        hits: best first.
        took_ms: milliseconds from query to answer, encoding included.
    """

    query: str
    confident: bool
    hits: tuple[Hit, ...]
    took_ms: float

    @property
    def listed(self) -> Sequence[Hit]:
        """The hits, best first."""
        return self.hits
