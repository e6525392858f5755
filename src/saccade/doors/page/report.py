"""The HTML report of a curation command: sections of pictures, tables and figures in one file.

Build a `Report` from plain values and give it to `write_report`; all text is escaped here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from saccade.doors.page.document import file_link, jpeg, page, shape_of, shape_styles, text, write_page
from saccade.doors.words import counted, number

if TYPE_CHECKING:
    from saccade.engine.context import LibraryContext

Tone: TypeAlias = Literal["", "good", "warn", "bad"]
"""The verdict on a tile's picture, at a glance (never by color alone: the badge says it in words)."""

_SIDE = 320
"""Longest side of a thumbnail, pixels: about 15 kB each, so 3,000 make a file of 60 MB."""

_MANY = 8
"""From this many sections on, each can be folded, and only the first `_OPEN` start unfolded."""
_OPEN = 3
_LISTED = 3
"""From this many sections on, the page starts with a list of links to them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One picture.

    Attributes:
        path: the file it links to; "" for none.
        picture: a JPEG, or why there is none.
        title: its name, one line.
        lines: text about it, one paragraph each.
        badge: a word or two on the picture: "keep", "+3 similar", "#1".
        tone: the color of badge and frame.
        width, height: of the picture, pixels: the shape of the tile.
        overlay: a second JPEG shown next to it: a heat map, or the other picture, aligned.
    """

    path: str
    picture: bytes | str
    title: str
    lines: tuple[str, ...] = ()
    badge: str = ""
    tone: Tone = ""
    width: int
    height: int
    overlay: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of text; `numeric` holds the columns (from 0) to right-align."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One part of a report.

    Attributes:
        title: its heading.
        lines: introductory text, one paragraph each.
        tiles: its pictures.
        table: shown before the pictures.
        figure: SVG made by `saccade.doors.page.figures`, put in as it is: never text from outside.
        more: pictures that belong here and are not shown.
    """

    title: str
    lines: tuple[str, ...] = ()
    tiles: tuple[Tile, ...] = ()
    table: Table | None = None
    figure: str = ""
    more: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A title, a few sentences that sum up the result, and the sections."""

    title: str
    lead: tuple[str, ...]
    sections: tuple[Section, ...]


def tiles_pictures(context: "LibraryContext", paths: Sequence[str], size: int = _SIDE) -> list[bytes | str]:
    """A JPEG of each file, or why there is none; what `Tile.picture` takes.

    Args:
        size: longest side, pixels.
    """
    from saccade.engine.previews import thumbnail_files

    files = thumbnail_files(context, paths, size)
    return [one if isinstance(one, bytes) else one.reason for one in files]


def write_report(path: str, report: Report) -> None:
    """Write the report; the file appears whole or not at all, and replaces an older one.

    Raises:
        PathNotFoundError: its folder does not exist.   ReadOnlyError, DiskFullError, StorageError.
    """
    write_page(path, report_html(report))


def report_html(report: Report) -> str:
    """The whole document."""
    lead = "".join(f"<p>{text(line)}</p>" for line in report.lead)
    many = len(report.sections) >= _MANY
    parts = [
        _section(section, place, folded=many and place >= _OPEN, foldable=many)
        for place, section in enumerate(report.sections)
    ]
    body = "\n".join([f"<header><h1>{text(report.title)}</h1>{lead}</header>", _contents(report), *parts])
    shapes = (_shape(tile) for section in report.sections for tile in section.tiles)
    return page(report.title, body, styles=("report",), values=shape_styles(shapes))


def _contents(report: Report) -> str:
    """Links to the sections, folded when they are many."""
    count = len(report.sections)
    if count < _LISTED:
        return ""
    links = "".join(
        f'<li><a href="#part{place}">{text(section.title)}</a></li>'
        for place, section in enumerate(report.sections)
    )
    shown = "" if count > 4 * _MANY else " open"
    return (
        f'<nav aria-label="Contents"><details{shown}><summary>{counted(count, "section")}</summary>'
        f"<ul>{links}</ul></details></nav>"
    )


def _section(section: Section, place: int, *, folded: bool, foldable: bool) -> str:
    """One section; the link's target is inside, so that following the link unfolds it."""
    inside = [f'<p class="lead">{text(line)}</p>' for line in section.lines]
    if section.figure:
        inside.append(f'<div class="figure">{section.figure}</div>')
    if section.table is not None:
        inside.append(_table(section.table, section.title))
    if section.tiles:
        tiles = "\n".join(map(_tile, section.tiles))
        inside.append(f'<ol class="grid">\n{tiles}\n</ol>')
    if section.more:
        inside.append(f'<p class="more">and {number(section.more)} more</p>')
    images = len(section.tiles) + section.more
    count = f'<span class="count">{counted(images, "picture")}</span>' if images else ""
    head = f"<h2>{text(section.title)}</h2>{count}"
    content = f'<div class="inside" id="part{place}">\n' + "\n".join(inside) + "\n</div>"
    if foldable:
        opened = "" if folded else " open"
        return f'<details class="part"{opened}><summary>{head}</summary>\n{content}\n</details>'
    return f'<section class="part">{head}\n{content}\n</section>'


def _table(table: Table, title: str) -> str:
    """A table that scrolls on its own if it is too wide, by keyboard too."""
    align = ['class="number"' if column in table.numeric else "" for column in range(len(table.columns))]
    head = "".join(
        f'<th scope="col" {how}>{text(name)}</th>' for name, how in zip(table.columns, align, strict=True)
    )
    rows = "\n".join(
        "<tr>"
        + "".join(f"<td {how}>{text(cell)}</td>" for cell, how in zip(row, align, strict=True))
        + "</tr>"
        for row in table.rows
    )
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{text(title)}"><table>'
        f"<thead><tr>{head}</tr></thead>\n<tbody>{rows}</tbody></table></div>"
    )


def _shape(tile: Tile) -> int:
    """Width over height of its tile, in hundredths; two pictures side by side are twice as wide."""
    shape = shape_of(tile.width, tile.height)
    return shape if tile.overlay is None else 2 * shape


def _tile(tile: Tile) -> str:
    """One picture with its text."""
    frame = "frame" if tile.overlay is None else "frame pair"
    picture = _image(tile.picture, tile.title)
    if tile.overlay is not None:
        picture += _image(tile.overlay, f"next to {tile.title}")
    if tile.badge:
        picture += f'<span class="badge {tile.tone}">{text(tile.badge)}</span>'
    if tile.path:
        link = f'href="{file_link(tile.path)}" title="{text(tile.path)}"'
        shown = f'<a class="{frame}" {link} tabindex="-1">{picture}</a>'
        name = f"<a {link}>{text(tile.title)}</a>"
    else:
        shown = f'<span class="{frame}">{picture}</span>'
        name = f'<span class="name">{text(tile.title)}</span>'
    lines = "".join(f"<p>{text(line)}</p>" for line in tile.lines)
    return (
        f'<li class="hit s{_shape(tile)} {tile.tone}"><figure>{shown}'
        f"<figcaption>{name}{lines}</figcaption></figure></li>"
    )


def _image(picture: bytes | str, title: str) -> str:
    """The picture, loaded when it scrolls into view; or why there is none."""
    if isinstance(picture, str):
        return f'<span class="gone">{text(picture)}</span>'
    return f'<img src="{jpeg(picture)}" alt="{text(title)}" loading="lazy" decoding="async">'
