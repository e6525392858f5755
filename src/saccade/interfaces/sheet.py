"""The contact sheet: hits as one HTML file that needs nothing else.

Names, titles and queries are whatever a stranger wrote: all text is escaped, a content security policy
forbids scripts and requests, and links are percent-encoded from the bytes of the path.
"""

import base64
import errno
import hashlib
import html
import os
import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING
from urllib.parse import quote_from_bytes

from saccade.core.errors import DiskFullError, PathNotFoundError, ReadOnlyError, StorageError
from saccade.interfaces.words import counted, duration, harmless, percent

if TYPE_CHECKING:
    from saccade.core.types import Hit, SearchResult
    from saccade.library import Library

_SIDE = 480
"""Longest side of a thumbnail, pixels: sharp at twice the row height, about 30 kB each."""

_DOUBT = "No confident match: the best are shown, but nothing here clearly answers."

_NARROWEST, _WIDEST = 0.7, 2.4
"""Width over height of a tile; pictures beyond are cropped to it, in the tile only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One query with its hits.

    Attributes:
        result: the answer.
        thumbnails: a JPEG for each hit, or the reason why there is none.
        asked: JPEGs of the query's own pictures.
        title: what stands above it; default: the query.
    """

    result: "SearchResult"
    thumbnails: tuple[bytes | str, ...]
    asked: tuple[bytes, ...] = ()
    title: str = ""

    @classmethod
    def of(
        cls,
        library: "Library",
        result: "SearchResult",
        *,
        query_pictures: Sequence[str] = (),
        title: str = "",
    ) -> "Section":
        """The section of a result, with its pictures read by the library."""
        paths = [*query_pictures, *(hit.path for hit in result.hits)]
        found = [
            one if isinstance(one, bytes) else one.reason for one in library.thumbnail_files(paths, _SIDE)
        ]
        asked = tuple(one for one in found[: len(query_pictures)] if isinstance(one, bytes))
        return cls(result=result, thumbnails=tuple(found[len(query_pictures) :]), asked=asked, title=title)


def write_sheet(path: str, sections: Sequence[Section]) -> None:
    """Write the sheet; the file appears whole or not at all, and replaces an older one.

    Raises:
        PathNotFoundError: its folder does not exist.   ReadOnlyError, DiskFullError, StorageError.
    """
    target = os.path.abspath(path)
    scratch = f"{target}.{os.getpid()}.tmp"
    try:
        with open(scratch, "xb") as file:
            file.write(sheet_html(sections).encode())
        os.replace(scratch, target)
    except OSError as error:
        if os.path.exists(scratch):
            os.unlink(scratch)
        raise _write_error(error, path) from error


def _write_error(error: OSError, path: str) -> StorageError | PathNotFoundError:
    """Why a sheet could not be written, in our own words."""
    if error.errno == errno.ENOENT:
        return PathNotFoundError(f"no such folder: {os.path.dirname(path)}", hint="make it first")
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return ReadOnlyError(f"no permission to write {path}", hint="choose another place")
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DiskFullError(f"no space left to write {path}", hint="choose another place")
    return StorageError(f"cannot write {path}: {error.strerror}", hint="choose another place")


def sheet_html(sections: Sequence[Section]) -> str:
    """The whole document."""
    style = files("saccade.interfaces").joinpath("sheet_style.css").read_text() + _values_style(sections)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'"
    title = _title(sections[0]) if len(sections) == 1 else "contact sheet"
    body = "\n".join(_section(section) for section in sections)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{_text(title)} - saccade</title>
<style>{style}</style>
</head>
<body>
<p class="mark">saccade</p>
<main>
{body}
</main>
<footer>Made on this machine by saccade. Thumbnails lie in this file; links lead to the originals.</footer>
</body>
</html>
"""


def _values_style(sections: Sequence[Section]) -> str:
    """A class for each shape and confidence that occurs: the policy allows no style on an element."""
    hits = [hit for section in sections for hit in section.result.hits]
    shapes = sorted({_shape(hit) for hit in hits})
    shares = sorted({_share(hit) for hit in hits})
    return "".join(
        [f".s{shape} {{ --shape: {shape / 100}; }}\n" for shape in shapes]
        + [f".c{share} {{ --sure: {share}%; }}\n" for share in shares]
    )


def _shape(hit: "Hit") -> int:
    """Width over height of its tile, in hundredths."""
    ratio = hit.info.width / max(1, hit.info.height)
    return round(100 * min(_WIDEST, max(_NARROWEST, ratio)))


def _share(hit: "Hit") -> int:
    """Its confidence in whole percent, rounded down."""
    return int(hit.confidence * 100 + 1e-9)


def _section(section: Section) -> str:
    """One query: what was asked, how sure the answer is, and the hits."""
    result = section.result
    asked = "".join(
        f'<img class="asked" src="{_jpeg(one)}" alt="the picture asked for">' for one in section.asked
    )
    doubt = "" if result.confident else f'<p class="doubt">{_DOUBT}</p>\n'
    hits = "\n".join(map(_hit, result.hits, section.thumbnails))
    facts = f"{counted(len(result.hits), 'hit')} in {duration(result.took_ms / 1000)}"
    return f"""<section>
<header>{asked}<div><h1>{_text(_title(section))}</h1><p class="facts">{facts}</p></div></header>
{doubt}<ol class="grid">
{hits}
</ol>
</section>"""


def _title(section: Section) -> str:
    """What stands above a section."""
    return section.title or section.result.query or "picture query"


def _hit(hit: "Hit", thumbnail: bytes | str) -> str:
    """One tile."""
    name = posixpath.basename(hit.path)
    link = f'href="{_file_link(hit.path)}" title="{_text(hit.path)}"'
    picture = (
        f'<img src="{_jpeg(thumbnail)}" alt="{_text(hit.info.title or name)}">'
        if isinstance(thumbnail, bytes)
        else f'<span class="gone">{_text(thumbnail)}</span>'
    )
    alike = f'<span class="alike" title="near-identical">+{len(hit.alike)} alike</span>' if hit.alike else ""
    about = " · ".join(_text(fact) for fact in _facts(hit))
    return f"""<li class="hit s{_shape(hit)}"><figure>
<a class="frame" {link} tabindex="-1">{picture}<span class="rank">{hit.rank}</span>{alike}</a>
<span class="sure c{_share(hit)}"><i></i></span>
<figcaption><a {link}>{_text(name)}</a>
<p><b>{percent(hit.confidence)}</b> sure · score {hit.score:.3f}</p>
<p>{about}</p>
{_parts(hit)}</figcaption>
</figure></li>"""


def _facts(hit: "Hit") -> Iterable[str]:
    """What is known of the picture, briefly."""
    yield f"{hit.info.width} x {hit.info.height}"
    if hit.info.taken_at:
        yield hit.info.taken_at[:10]
    if hit.info.camera:
        yield hit.info.camera
    if len(hit.paths) > 1:
        yield counted(len(hit.paths), "file")


def _parts(hit: "Hit") -> str:
    """Which part of the query it answers, the best one marked, and the words found in its name."""
    best = max((part.score for part in hit.parts), default=0.0)
    labels = []
    if len(hit.parts) > 1:
        for part in hit.parts:
            mark = ' class="best"' if part.score == best else ""
            labels.append(f"<span{mark}>{_text(part.part)} {part.score:.2f}</span>")
    labels += [f"<span>named {_text(word)}</span>" for word in hit.words]
    return f'<div class="parts">{"".join(labels)}</div>\n' if labels else ""


def _text(text: str) -> str:
    """Any text as HTML, also within quotes."""
    return html.escape(harmless(text), quote=True)


def _jpeg(data: bytes) -> str:
    """A JPEG as an address."""
    return "data:image/jpeg;base64," + base64.b64encode(data).decode()


def _file_link(path: str) -> str:
    """The address of a file; of its archive when the picture lies in one."""
    end = path.find("!/")
    while end >= 0 and not os.path.exists(path):
        if os.path.isfile(path[:end]):
            path = path[:end]
            break
        end = path.find("!/", end + 1)
    return "file://" + quote_from_bytes(os.fsencode(os.path.abspath(path)))
