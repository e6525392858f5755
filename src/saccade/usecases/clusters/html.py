"""The page of `saccade clusters --html`: the map, a comparison by a number, and the clusters' pictures."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from saccade.core import paths
from saccade.doors.page.figures import Bar, bars, scatter
from saccade.doors.page.report import Report, Section, Table, Tile, tiles_pictures, write_report
from saccade.doors.words import counted, number
from saccade.engine.previews import thumbnail_files
from saccade.usecases.clusters.words import summary

if TYPE_CHECKING:
    from saccade.doors.page.report import Tone
    from saccade.engine.context import LibraryContext
    from saccade.usecases.clusters.rules.reports import (
        Cluster,
        ClusterMeans,
        ClusterMember,
        ClusterReport,
        LibraryMap,
    )

_ORDER = (
    "Clusters are ranked by the expected mean: the mean shrunk toward the overall mean, more so for"
    " clusters with few images. p is corrected for testing every cluster."
)
_SMALL = 64
_ON_MAP = 24
"""Number of clusters with a picture on the map."""


def write_clusters(
    context: "LibraryContext",
    path: str,
    report: "ClusterReport",
    means: "ClusterMeans | None",
    drawn: "LibraryMap | None",
) -> None:
    """Write the page atomically."""
    sections = [_overview(report)]
    if drawn is not None:
        sections.append(_map(context, report, drawn))
    if means is not None:
        sections.append(_means(means))
    names = {group.id: group.name for group in report.groups}
    sections += [_cluster(context, cluster, names.get(cluster.group, "")) for cluster in report.clusters]
    if report.unassigned:
        sections.append(
            Section(
                title="Unassigned",
                lines=("Images in no cluster; those farthest from every cluster come first.",),
                tiles=tuple(_tiles(context, report.unassigned, badge="", tone="warn")),
                more=report.noise - len(report.unassigned),
            )
        )
    write_report(path, Report(title="Clusters", lead=tuple(summary(report)), sections=tuple(sections)))


def _overview(report: "ClusterReport") -> Section:
    """All clusters by group."""
    by_id = {one.id: one for one in report.clusters}
    rows = tuple(
        (
            group.name,
            by_id[cluster].name,
            number(by_id[cluster].size),
            f"{by_id[cluster].cohesion:.2f}",
            " ".join(word.word for word in by_id[cluster].words),
        )
        for group in report.groups
        for cluster in group.clusters
    )
    columns = ("group", "cluster", "images", "cohesion", "words")
    return Section(title="All clusters", table=Table(columns=columns, rows=rows, numeric=frozenset({2, 3})))


def _map(context: "LibraryContext", report: "ClusterReport", drawn: "LibraryMap") -> Section:
    """The map, colored by cluster."""
    ids = [cluster.id for cluster in report.clusters]
    place = {cluster: at for at, cluster in enumerate(ids)}
    groups = np.array([place.get(cluster, -1) for cluster in drawn.clusters.tolist()], np.int64)
    at = dict(zip(drawn.image_ids, drawn.places.tolist(), strict=True))
    shown = [
        (cluster.representatives[0].record, at[cluster.representatives[0].record.image_id])
        for cluster in report.clusters[:_ON_MAP]
        if cluster.representatives and cluster.representatives[0].record.image_id in at
    ]
    files = thumbnail_files(context, [_path(record.paths) for record, _ in shown], _SMALL)
    pictures = [
        (spot[0], spot[1], file)
        for (_, spot), file in zip(shown, files, strict=True)
        if isinstance(file, bytes)
    ]
    figure = scatter(
        drawn.places,
        title=f"A map of {counted(len(drawn.paths), 'image')} in {counted(len(ids), 'cluster')}",
        groups=groups,
        labels=[cluster.name for cluster in report.clusters],
        pictures=pictures,
    )
    line = "Similar images are close together; large distances and directions mean nothing. Gray: unassigned."
    return Section(title="Map", lines=(line,), figure=figure)


def _means(means: "ClusterMeans") -> Section:
    """The clusters compared by a number."""
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
        for one in means.clusters
    )
    interval = f"{means.confidence * 100:g} % interval"
    columns = ("cluster", "images", "mean", interval, "expected", "against the rest", "p")
    figure = [
        Bar(
            name=one.name,
            value=one.mean,
            low=one.low,
            high=one.high,
            said=f"{one.mean:.4g} (n {one.count:,})",
        )
        for one in means.clusters
    ]
    lines = (
        f"Mean {means.mean:.4g} over {counted(means.count, 'image')}; {number(means.without)} have no value.",
        _ORDER,
    )
    return Section(
        title=f"Clusters by {means.column}",
        lines=lines,
        table=Table(columns=columns, rows=rows, numeric=frozenset({1, 2, 3, 4, 6})),
        figure=bars(figure, title=f"Mean {means.column} of each cluster with its interval"),
    )


def _cluster(context: "LibraryContext", cluster: "Cluster", group: str) -> Section:
    """One cluster: typical images, then those that hardly fit."""
    words = ", ".join(word.word for word in cluster.words)
    lines = [f"{counted(cluster.size, 'image')}, cohesion {cluster.cohesion:.2f}, group {group}"]
    if words:
        lines.append(f"words: {words}")
    tiles = [
        *_tiles(context, cluster.representatives, badge="typical", tone="good"),
        *_tiles(context, cluster.outliers, badge="hardly fits", tone="warn"),
    ]
    return Section(
        title=f"{cluster.id}: {cluster.name}",
        lines=tuple(lines),
        tiles=tuple(tiles),
        more=max(0, cluster.size - len(tiles)),
    )


def _tiles(
    context: "LibraryContext", members: "Sequence[ClusterMember]", *, badge: str, tone: "Tone"
) -> Iterator[Tile]:
    """A tile for each image."""
    files = [_path(one.record.paths) for one in members]
    for one, path, picture in zip(members, files, tiles_pictures(context, files), strict=True):
        info = one.record.info
        yield Tile(
            path=path,
            picture=picture,
            title=paths.name(path),
            lines=(f"cosine {one.score:.2f} with the centroid",) if badge else (),
            badge=badge,
            tone=tone,
            width=info.width,
            height=info.height,
        )


def _path(files: tuple[str, ...]) -> str:
    return files[0] if files else ""
