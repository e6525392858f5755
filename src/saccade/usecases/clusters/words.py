"""Sentences about clusters shared by the terminal and the page."""

from typing import TYPE_CHECKING

from saccade.doors.words import counted, duration, number, percent

if TYPE_CHECKING:
    from saccade.usecases.clusters.rules.reports import ClusterReport


def summary(report: "ClusterReport") -> list[str]:
    """The result in a sentence or two."""
    share = percent(report.noise / report.images) if report.images else "0 %"
    settings = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in report.settings.items())
    parts = ", ".join(
        (
            f"{counted(report.images, 'image')} in {counted(len(report.clusters), 'cluster')}",
            counted(len(report.groups), "group"),
            f"{counted(report.noise, 'image')} ({share}) unassigned",
        )
    )
    lines = [f"{parts}; {report.method} ({settings}), {duration(report.seconds)}"]
    if report.updated:
        lines.append(
            f"{counted(report.assigned, 'new image')} joined a cluster, {number(report.ill_fitting)} did not"
            " fit well; no other images moved"
        )
    elif report.kept:
        lines.append(f"{counted(report.kept, 'cluster')} found again under the same id")
    return lines
