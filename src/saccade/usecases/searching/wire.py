"""What searching answers to the outside: `--json`, HTTP and MCP."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from saccade.core.ports.stores import Tag
from saccade.core.types import Hit, ImageInfo, ImageRecord, PartScore, SearchResult
from saccade.core.wire import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFacts:
    """What a file says about its picture; absent facts are null or empty.

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
        path: one file it lies in; archive members as "ARCHIVE!/MEMBER".
        paths: all of them.
        image_id: SHA-256 of the file's bytes, hexadecimal.
        score: cosine in [-1, 1].
        confidence: in [0, 1].
        parts: how well it answers each part of the query.
        words: words of the query that its names, title, caption, keywords or labels hold.
        similar: ids of near-identical images that this hit stands for.
        facts: what the file says.
    """

    rank: int
    path: str
    paths: tuple[str, ...]
    image_id: str
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
        query: what was asked, in words.
        confident: whether the best hit clearly answers.
        hits: best first.
        took_ms: milliseconds.
    """

    query: str
    confident: bool
    hits: tuple[FoundImage, ...]
    took_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageAnswer:
    """All that is known of one image.

    Attributes:
        image_id: SHA-256 of the file's bytes, hexadecimal.
        paths: the files it lies in; none when they are gone.
        facts: what the file says.
        tags: labels, the surest first.
        fields: imported and computed facts, by name.
    """

    image_id: str
    paths: tuple[str, ...]
    facts: ImageFacts
    tags: tuple[Tag, ...]
    fields: Mapping[str, float | str]


def search_answer(result: SearchResult) -> SearchAnswer:
    """A result as the outside sees it."""
    return SearchAnswer(
        query=result.query,
        confident=result.confident,
        hits=tuple(map(_hit, result.hits)),
        took_ms=result.took_ms,
    )


def image_answer(record: ImageRecord, tags: Sequence[Tag], fields: Mapping[str, float | str]) -> ImageAnswer:
    """An image as the outside sees it."""
    return ImageAnswer(
        image_id=record.image_id,
        paths=record.paths,
        facts=image_facts(record.info),
        tags=tuple(tags),
        fields=fields,
    )


def image_facts(info: ImageInfo) -> ImageFacts:
    """A file's facts as the outside sees them."""
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
