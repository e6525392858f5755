"""Clusters as text."""

import shutil
from typing import TYPE_CHECKING

from saccade.doors.terminal.output import note, say
from saccade.doors.words import counted, duration, harmless, number, shown_path
from saccade.usecases.clusters.words import summary

if TYPE_CHECKING:
    from saccade.usecases.clusters.rules.reports import Cluster, ClusterMeans, ClusterReport, LibraryMap

_NARROW = 60
_MAX_UNASSIGNED = 12


def say_clusters(report: "ClusterReport", means: "ClusterMeans | None", drawn: "LibraryMap | None") -> None:
    """Print the clusters by group, then their comparison by a number, then where the result is stored."""
    width = max(_NARROW, shutil.get_terminal_size((100, 24)).columns)
    for line in summary(report):
        say(line)
    _say_groups(report, width)
    if report.unassigned:
        say()
        say("unassigned, farthest from every cluster first:")
        for one in report.unassigned[:_MAX_UNASSIGNED]:
            say(f"      {shown_path(_path(one.record.paths))}")
    if means is not None:
        say_means(means)
    if drawn is not None:
        say()
        done = "rebuilt" if drawn.rebuilt else f"{counted(drawn.added, 'image')} joined, none moved"
        say(f"map of {counted(len(drawn.paths), 'image')}: {done} ({duration(drawn.seconds)})")
    if report.version:
        note(f'stored as data.{report.name}: e.g. --where "data.{report.name}=={_example(report)}"')
    else:
        note("not stored")


def _say_groups(report: "ClusterReport", width: int) -> None:
    """Each group with its clusters."""
    by_id = {one.id: one for one in report.clusters}
    title = max((len(one.name) for one in report.clusters), default=0)
    for group in report.groups:
        say()
        inside = [by_id[cluster] for cluster in group.clusters]
        if len(inside) > 1:
            say(f"{harmless(group.name)} ({counted(group.size, 'image')})")
        for cluster in inside:
            start = f"{cluster.id:>4}  {harmless(cluster.name):<{title}}  {cluster.size:>7,}  "
            say((start + _fitting(cluster, width - len(start))).rstrip())
            if cluster.representatives:
                say(f"{'':6}typical: {shown_path(_path(cluster.representatives[0].record.paths))}")


def say_means(means: "ClusterMeans") -> None:
    """A table of the clusters by a number, best expected mean first."""
    say()
    say(
        f"{harmless(means.column)}: mean {means.mean:.4g} over {counted(means.count, 'clustered image')}"
        f" ({number(means.without)} without a value)"
    )
    name = max(len("cluster"), *(len(one.name) for one in means.clusters))
    interval = f"{means.confidence * 100:g} % interval"
    say(
        f"  {'cluster':<{name}}  {'images':>7}  {'mean':>9}  {interval:>21}  {'expected':>9}"
        "  against the rest"
    )
    for one in means.clusters:
        span = f"{one.low:.4g} to {one.high:.4g}" if one.low is not None and one.high is not None else "-"
        chance = "" if one.p_value is None else f" (p {one.p_value:.2g})"
        say(
            f"  {harmless(one.name):<{name}}  {one.count:>7,}  {one.mean:>9.4g}  {span:>21}  "
            f"{one.expected:>9.4g}  {one.verdict}{chance}"
        )


def _fitting(cluster: "Cluster", width: int) -> str:
    """As many of its words as fit."""
    shown = ""
    for word in cluster.words:
        longer = f"{shown} {harmless(word.word)}".lstrip()
        if len(longer) > width:
            break
        shown = longer
    return shown


def _path(paths: tuple[str, ...]) -> str:
    return paths[0] if paths else "(no file)"


def _example(report: "ClusterReport") -> str:
    return harmless(report.clusters[0].name) if report.clusters else "none"
