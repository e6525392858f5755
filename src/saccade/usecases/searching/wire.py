"""The answers of searching for `--json`, HTTP and MCP."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from saccade.core.hits import Hit, PartScore, SearchResult
from saccade.core.items import Item
from saccade.core.ports.stores import Tag
from saccade.core.types import ImageInfo, ImageRecord
from saccade.core.wire import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFacts:
    """A picture's metadata; absent facts are null or empty.

    Attributes:
        width, height: pixels, upright.
        format: by content, such as "JPEG".
        size_bytes: length of the file.
        frames: frames or pages; the first one is searched.
        taken_at: local time, ISO 8601.
        latitude, longitude: degrees, north and east positive.
    """

    width: int
    height: int
    format: str
    size_bytes: int
    frames: int
    taken_at: str | None
    camera: str | None
    lens: str | None
    latitude: float | None
    longitude: float | None
    title: str | None
    caption: str | None
    keywords: tuple[str, ...]
    creator: str | None
    rights: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundImage:
    """One hit.

    Attributes:
        rank: 1 is best.
        path: one of its files; archive members as "ARCHIVE!/MEMBER".
        paths: all of them.
        image_id: SHA-256 of the file's bytes, hexadecimal.
        item: what of the image matches best: all of it, or a region, page or shot.
        score: cosine in [-1, 1].
        confidence: in [0, 1].
        parts: how well it matches each part of the query.
        words: words of the query found in its names, title, caption, keywords or labels.
        similar: ids of near-identical images that this hit stands for.
        facts: the file's metadata.
    """

    rank: int
    path: str
    paths: tuple[str, ...]
    image_id: str
    item: Item
    score: float
    confidence: float
    parts: tuple[PartScore, ...]
    words: tuple[str, ...]
    similar: tuple[str, ...]
    facts: ImageFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchAnswer:
    """The answer to a query.

    Attributes:
        query: the query in words.
        confident: whether the best hit clearly matches.
        hits: best first.
        took_ms: milliseconds.
    """

    query: str
    confident: bool
    hits: tuple[FoundImage, ...]
    took_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageAnswer:
    """Everything known about one image.

    Attributes:
        image_id: SHA-256 of the file's bytes, hexadecimal.
        paths: its files; empty if they are gone.
        facts: the file's metadata.
        tags: labels, most confident first.
        fields: imported and computed facts, by name.
    """

    image_id: str
    paths: tuple[str, ...]
    facts: ImageFacts
    tags: tuple[Tag, ...]
    fields: Mapping[str, float | str]


def search_answer(result: SearchResult) -> SearchAnswer:
    """Convert a result."""
    return SearchAnswer(
        query=result.query,
        confident=result.confident,
        hits=tuple(map(_hit, result.hits)),
        took_ms=result.took_ms,
    )


def image_answer(record: ImageRecord, tags: Sequence[Tag], fields: Mapping[str, float | str]) -> ImageAnswer:
    """Convert an image."""
    return ImageAnswer(
        image_id=record.image_id,
        paths=record.paths,
        facts=image_facts(record.info),
        tags=tuple(tags),
        fields=fields,
    )


def image_facts(info: ImageInfo) -> ImageFacts:
    """Convert a file's facts."""
    return ImageFacts(
        width=info.width,
        height=info.height,
        format=info.format,
        size_bytes=info.size_bytes,
        frames=info.frames,
        taken_at=info.taken_at,
        camera=info.camera,
        lens=info.lens,
        latitude=info.latitude,
        longitude=info.longitude,
        title=info.title,
        caption=info.caption,
        keywords=info.keywords,
        creator=info.creator,
        rights=info.rights,
    )


def _hit(hit: Hit) -> FoundImage:
    return FoundImage(
        rank=hit.rank,
        path=hit.path,
        paths=hit.paths,
        image_id=hit.image_id,
        item=hit.item,
        score=hit.score,
        confidence=hit.confidence,
        parts=hit.parts,
        words=hit.words,
        similar=hit.similar,
        facts=image_facts(hit.info),
    )


ANSWERS = (
    Answer(name="search", command="saccade search", kind=SearchAnswer),
    Answer(name="similar", command="saccade similar", kind=SearchAnswer),
    Answer(name="show", command="saccade show", kind=ImageAnswer),
)
