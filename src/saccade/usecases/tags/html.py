"""The HTML reports of `saccade tag` and `saccade teach`: examples of each label, and what to label next."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from saccade.doors.page.report import Report, Section, Table, Tile, tiles_pictures
from saccade.doors.words import counted, harmless, number, percent
from saccade.usecases.tags.words import measured_lines, said_why

if TYPE_CHECKING:
    from saccade.engine.context import LibraryContext
    from saccade.usecases.tags.rules.reports import LabelSummary, TaggingReport, TeachingReport

_LABELS = 60


def tagging_page(context: "LibraryContext", report: "TaggingReport") -> Report:
    """The report; pictures are read through the library."""
    present = [label for label in report.labels if label.images]
    paths = sorted({one.path for label in present[:_LABELS] for one in (*label.best, *label.borderline)})
    pictures = dict(zip(paths, tiles_pictures(context, paths), strict=True))
    rows = tuple(
        (
            harmless(label.label),
            number(label.images),
            percent(label.share) if label.threshold else "",
            percent(label.threshold) if label.threshold else "by its kinds",
        )
        for label in report.labels
    )
    table = Table(
        columns=("label", "images", "estimated share", "from"), rows=rows, numeric=frozenset({1, 2, 3})
    )
    return Report(
        title="Tags",
        lead=(
            (
                f"{number(report.tagged)} of {counted(report.images, 'image')} show a label; "
                f"{number(report.images - report.tagged)} show none of these."
            ),
            *report.notes,
        ),
        sections=(
            Section(title="Labels", table=table),
            *(_section(label, pictures) for label in present[:_LABELS]),
        ),
    )


def teaching_page(context: "LibraryContext", report: "TeachingReport") -> Report:
    """The report of `saccade teach`: how good the classifier is, and what to label next."""
    pictures = tiles_pictures(context, [one.path for one in report.suggestions])
    tiles = tuple(
        Tile(
            path=one.path,
            picture=picture,
            title=harmless(os.path.basename(one.path)),
            badge=f"{percent(one.confidence)}, {said_why(one)}",
            tone="warn" if one.why == "unsure" else "good",
            width=4,
            height=3,
        )
        for one, picture in zip(report.suggestions, pictures, strict=True)
    )
    rows = tuple((harmless(label), number(count)) for label, count in report.tags.items())
    lines = measured_lines(report.measured) if report.measured is not None else [report.why_not]
    examples = ", ".join(f"{count} {group}" for group, count in report.examples.items())
    return Report(
        title=harmless(report.name),
        lead=(f"Learned from {examples}.", *lines, *report.notes),
        sections=(
            Section(
                title="Tags",
                table=Table(columns=("label", "images"), rows=rows, numeric=frozenset({1})),
            ),
            Section(title="Label these next", tiles=tiles),
        ),
    )


def _section(label: "LabelSummary", pictures: dict[str, bytes | str]) -> Section:
    return Section(
        title=harmless(label.label),
        lines=(f"{counted(label.images, 'image')}. First the most confident, then those at the threshold.",),
        tiles=tuple(_tiles(label, pictures)),
    )


def _tiles(label: "LabelSummary", pictures: dict[str, bytes | str]) -> Iterator[Tile]:
    best = {one.path for one in label.best}
    both = [*label.best, *(one for one in reversed(label.borderline) if one.path not in best)]
    for one in both:
        unsure = one.path not in best
        yield Tile(
            path=one.path,
            picture=pictures[one.path],
            title=harmless(os.path.basename(one.path)),
            badge=f"{percent(one.confidence)}" + (", borderline" if unsure else ""),
            tone="warn" if unsure else "good",
            width=4,
            height=3,
        )
