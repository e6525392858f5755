"""The page of `saccade clusters --html`: the map, each theme with pictures, what a number says of them."""

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from saccade.doors.page.figures import Bar, bars, scatter
from saccade.doors.page.report import Report, Section, Table, Tile, tiles_pictures, write_report
from saccade.doors.words import counted, number
from saccade.usecases.clusters.cli.text import summary

if TYPE_CHECKING:
    from saccade.doors.page.report import Tone
    from saccade.library import Library
    from saccade.usecases.clusters.rules.reports import LibraryMap, Theme, ThemeMeans, ThemeMember, Themes

_ORDER = (
    "Themes stand in the order of the expected mean: the mean drawn towards the common one, the more the"
    " fewer images it rests on. p is corrected for looking at every theme."
)
_SMALL = 64
_ON_MAP = 24
"""Themes with a picture on the map."""


def write_clusters(
    library: "Library", path: str, found: "Themes", means: "ThemeMeans | None", drawn: "LibraryMap | None"
) -> None:
    """Write the page; it appears whole or not at all."""
    sections = [_overview(found)]
    if drawn is not None:
        sections.append(_map(library, found, drawn))
    if means is not None:
        sections.append(_means(means))
    names = {group.id: group.name for group in found.groups}
    sections += [_theme(library, theme, names.get(theme.group, "")) for theme in found.themes]
    if found.strangers:
        sections.append(
            Section(
                title="In no theme",
                lines=("The farthest from every theme come first.",),
                tiles=tuple(_tiles(library, found.strangers, badge="", tone="warn")),
                more=found.noise - len(found.strangers),
            )
        )
    write_report(path, Report(title="Themes", lead=tuple(summary(found)), sections=tuple(sections)))


def _overview(found: "Themes") -> Section:
    """All themes by group."""
    by_id = {one.id: one for one in found.themes}
    rows = tuple(
        (
            group.name,
            by_id[theme].name,
            number(by_id[theme].size),
            f"{by_id[theme].cohesion:.2f}",
            " ".join(word.word for word in by_id[theme].words),
        )
        for group in found.groups
        for theme in group.themes
    )
    columns = ("group", "theme", "images", "cohesion", "words")
    return Section(title="All themes", table=Table(columns=columns, rows=rows, numeric=frozenset({2, 3})))


def _map(library: "Library", found: "Themes", drawn: "LibraryMap") -> Section:
    """Where every image lies, colored by theme."""
    ids = [theme.id for theme in found.themes]
    place = {theme: at for at, theme in enumerate(ids)}
    groups = np.array([place.get(theme, -1) for theme in drawn.themes.tolist()], np.int64)
    at = dict(zip(drawn.image_ids, drawn.places.tolist(), strict=True))
    shown = [
        (theme.representatives[0].record, at[theme.representatives[0].record.image_id])
        for theme in found.themes[:_ON_MAP]
        if theme.representatives and theme.representatives[0].record.image_id in at
    ]
    files = library.thumbnail_files([_path(record.paths) for record, _ in shown], _SMALL)
    pictures = [
        (spot[0], spot[1], file)
        for (_, spot), file in zip(shown, files, strict=True)
        if isinstance(file, bytes)
    ]
    figure = scatter(
        drawn.places,
        title=f"A map of {counted(len(drawn.paths), 'image')} in {counted(len(ids), 'theme')}",
        groups=groups,
        labels=[theme.name for theme in found.themes],
        pictures=pictures,
    )
    line = "Images that look alike lie close; far distances and directions mean nothing. Gray: in no theme."
    return Section(title="Map", lines=(line,), figure=figure)


def _means(means: "ThemeMeans") -> Section:
    """Which theme does best by a number."""
    rows = tuple(
        (
            one.name,
            number(one.count),
            f"{one.mean:.4g}",
            "" if one.low is None or one.high is None else f"{one.low:.4g} to {one.high:.4g}",
            f"{one.expected:.4g}",
            one.verdict,
            "" if one.p_value is None else f"{one.p_value:.2g}",
        )
        for one in means.themes
    )
    sure = f"{means.confidence * 100:g} % interval"
    columns = ("theme", "images", "mean", sure, "expected", "against the rest", "p")
    drawn = [
        Bar(
            name=one.name,
            value=one.mean,
            low=one.low,
            high=one.high,
            said=f"{one.mean:.4g} (n {one.count:,})",
        )
        for one in means.themes
    ]
    lines = (
        f"Mean {means.mean:.4g} over {counted(means.count, 'image')}, {number(means.without)} have none.",
        _ORDER,
    )
    return Section(
        title=f"Themes by {means.column}",
        lines=lines,
        table=Table(columns=columns, rows=rows, numeric=frozenset({1, 2, 3, 4, 6})),
        figure=bars(drawn, title=f"Mean {means.column} of each theme with its interval"),
    )


def _theme(library: "Library", theme: "Theme", group: str) -> Section:
    """One theme: typical images, then those that hardly fit."""
    words = ", ".join(word.word for word in theme.words)
    lines = [f"{counted(theme.size, 'image')}, cohesion {theme.cohesion:.2f}, group {group}"]
    if words:
        lines.append(f"words: {words}")
    tiles = [
        *_tiles(library, theme.representatives, badge="typical", tone="good"),
        *_tiles(library, theme.outliers, badge="hardly fits", tone="warn"),
    ]
    return Section(
        title=f"{theme.id}: {theme.name}",
        lines=tuple(lines),
        tiles=tuple(tiles),
        more=max(0, theme.size - len(tiles)),
    )


def _tiles(
    library: "Library", members: "Sequence[ThemeMember]", *, badge: str, tone: "Tone"
) -> Iterator[Tile]:
    """A tile for each image."""
    paths = [_path(one.record.paths) for one in members]
    for one, path, picture in zip(members, paths, tiles_pictures(library, paths), strict=True):
        info = one.record.info
        yield Tile(
            path=path,
            picture=picture,
            title=os.path.basename(path),
            lines=(f"{one.score:.2f} like the theme's middle",) if badge else (),
            badge=badge,
            tone=tone,
            width=info.width,
            height=info.height,
        )


def _path(paths: tuple[str, ...]) -> str:
    return paths[0] if paths else ""
