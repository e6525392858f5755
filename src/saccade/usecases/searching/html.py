"""The contact sheet: hits as one self-contained HTML file."""

import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from saccade.doors.page.document import file_link, jpeg, page, shape_of, shape_styles, text, write_page
from saccade.doors.words import counted, duration, percent
from saccade.engine.previews import thumbnail_files
from saccade.usecases.searching.words import part_words

if TYPE_CHECKING:
    from saccade.core.hits import Hit, SearchResult
    from saccade.engine.context import LibraryContext

_SIDE = 480
"""Longest side of a thumbnail, pixels: sharp at twice the row height, about 30 kB each."""

_DOUBT = "No confident match: the best are shown, but nothing here clearly matches."


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One query with its hits.

    Attributes:
        result: the answer.
        thumbnails: a JPEG for each hit, or why there is none.
        asked: JPEGs of the query's pictures.
        title: the heading; default: the query.
    """

    result: "SearchResult"
    thumbnails: tuple[bytes | str, ...]
    asked: tuple[bytes, ...] = ()
    title: str = ""

    @classmethod
    def of(
        cls,
        context: "LibraryContext",
        result: "SearchResult",
        *,
        query_pictures: Sequence[str] = (),
        title: str = "",
    ) -> "Section":
        """The section of a result, with its pictures read through the library."""
        paths = [*query_pictures, *(hit.path for hit in result.hits)]
        found = [
            one if isinstance(one, bytes) else one.reason for one in thumbnail_files(context, paths, _SIDE)
        ]
        asked = tuple(one for one in found[: len(query_pictures)] if isinstance(one, bytes))
        return cls(result=result, thumbnails=tuple(found[len(query_pictures) :]), asked=asked, title=title)


def write_sheet(path: str, sections: Sequence[Section]) -> None:
    """Write the sheet atomically, replacing an older one.

    Raises:
        PathNotFoundError: its folder does not exist.   ReadOnlyError, DiskFullError, StorageError.
    """
    write_page(path, sheet_html(sections))


def sheet_html(sections: Sequence[Section]) -> str:
    """The whole document."""
    title = _title(sections[0]) if len(sections) == 1 else "contact sheet"
    body = "\n".join(_section(section) for section in sections)
    return page(title, body, styles=("sheet",), values=_values_style(sections))


def _values_style(sections: Sequence[Section]) -> str:
    """A class for each shape and confidence in use."""
    hits = [hit for section in sections for hit in section.result.hits]
    shares = sorted({_share(hit) for hit in hits})
    return shape_styles(map(_shape, hits)) + "".join(
        f".c{share} {{ --sure: {share}%; }}\n" for share in shares
    )


def _shape(hit: "Hit") -> int:
    """Width over height of its tile, in hundredths."""
    return shape_of(hit.info.width, hit.info.height)


def _share(hit: "Hit") -> int:
    """Its confidence in whole percent, rounded down."""
    return int(hit.confidence * 100 + 1e-9)


def _section(section: Section) -> str:
    """One query: the query, how sure the answer is, and the hits."""
    result = section.result
    asked = "".join(f'<img class="asked" src="{jpeg(one)}" alt="query picture">' for one in section.asked)
    doubt = "" if result.confident else f'<p class="doubt">{_DOUBT}</p>\n'
    hits = "\n".join(map(_hit, result.hits, section.thumbnails))
    facts = f"{counted(len(result.hits), 'hit')} in {duration(result.took_ms / 1000)}"
    return f"""<section>
<header>{asked}<div><h1>{text(_title(section))}</h1><p class="facts">{facts}</p></div></header>
{doubt}<ol class="grid">
{hits}
</ol>
</section>"""


def _title(section: Section) -> str:
    """The heading of a section."""
    return section.title or section.result.query or "picture query"


def _hit(hit: "Hit", thumbnail: bytes | str) -> str:
    """One tile."""
    name = posixpath.basename(hit.path)
    link = f'href="{file_link(hit.path)}" title="{text(hit.path)}"'
    picture = (
        f'<img src="{jpeg(thumbnail)}" alt="{text(hit.info.title or name)}">'
        if isinstance(thumbnail, bytes)
        else f'<span class="gone">{text(thumbnail)}</span>'
    )
    more = f"+{len(hit.similar)} similar"
    near = f'<span class="near" title="near-identical">{more}</span>' if hit.similar else ""
    about = " · ".join(text(fact) for fact in _facts(hit))
    return f"""<li class="hit s{_shape(hit)}"><figure>
<a class="frame" {link} tabindex="-1">{picture}<span class="rank">{hit.rank}</span>{near}</a>
<span class="sure c{_share(hit)}"><i></i></span>
<figcaption><a {link}>{text(name)}</a>
<p><b>{percent(hit.confidence)}</b> sure · score {hit.score:.3f}</p>
<p>{about}</p>
{_parts(hit)}</figcaption>
</figure></li>"""


def _facts(hit: "Hit") -> Iterable[str]:
    """Brief facts about the picture."""
    yield f"{hit.info.width} x {hit.info.height}"
    if hit.info.taken_at:
        yield hit.info.taken_at[:10]
    if hit.info.camera:
        yield hit.info.camera
    if len(hit.paths) > 1:
        yield counted(len(hit.paths), "file")
    if part := part_words(hit.item):
        yield part


def _parts(hit: "Hit") -> str:
    """The matching parts of the query, the best one marked, and the words found in its name."""
    best = max((part.score for part in hit.parts), default=0.0)
    labels = []
    if len(hit.parts) > 1:
        for part in hit.parts:
            mark = ' class="best"' if part.score == best else ""
            labels.append(f"<span{mark}>{text(part.part)} {part.score:.2f}</span>")
    labels += [f"<span>named {text(word)}</span>" for word in hit.words]
    return f'<div class="parts">{"".join(labels)}</div>\n' if labels else ""
