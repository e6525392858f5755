"""The HTML report of duplicates: each group side by side, with the evidence, and what it saves."""

import os
from typing import TYPE_CHECKING

from saccade.doors.page.report import Report, Section, Table, Tile, tiles_pictures
from saccade.doors.words import counted, number, percent, shown_path, size
from saccade.usecases.duplicates.words import TIERS, because, costs, picture, taken

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saccade.engine.context import LibraryContext
    from saccade.usecases.duplicates.rules.applying import ApplyReport
    from saccade.usecases.duplicates.rules.reports import DuplicateFile, DuplicateGroup, DuplicateReport
    from saccade.usecases.duplicates.rules.savings import Freed, Savings

MOST_GROUPS = 200
"""Maximum groups with pictures; more make a file that browsers struggle with."""
MOST_FILES = 12
"""Maximum pictures per group."""
MOST_FOLDERS = 50


def duplicates_report(context: "LibraryContext", found: "DuplicateReport", plan: "ApplyReport") -> Report:
    """The groups with the most bytes to spare, and the totals."""
    shown = found.groups[:MOST_GROUPS]
    files = [file for group in shown for file in _files(group)]
    pictures = dict(
        zip(
            (file.path for file in files),
            tiles_pictures(context, [file.path for file in files]),
            strict=True,
        )
    )
    overlays = _overlays(context, shown)
    stays = {failure.path: failure.reason for failure in plan.skipped}
    lead = [
        f"{counted(len(found.groups), 'group')} among {counted(found.images, 'image')}.",
        _what_next(plan),
    ]
    if len(found.groups) > len(shown):
        lead.append(f"The {number(len(shown))} groups with the most to spare are shown.")
    return Report(
        title="Duplicates",
        lead=tuple(lead),
        sections=(
            *_savings(plan.savings),
            *(_group(place, group, pictures, overlays, stays) for place, group in enumerate(shown, 1)),
            *_folders(plan.savings),
            *_merges(plan),
        ),
    )


def _files(group: "DuplicateGroup") -> "list[DuplicateFile]":
    return [group.keeper, *group.others][:MOST_FILES]


def _overlays(context: "LibraryContext", groups: "Sequence[DuplicateGroup]") -> "dict[str, bytes]":
    """{path: how it differs from its keeper once aligned} of those that were aligned."""
    aligned = [
        (group.keeper.path, other.path, other.evidence.transform)
        for group in groups
        for other in _files(group)[1:]
        if other.evidence is not None and other.evidence.transform
    ]
    from saccade.usecases.duplicates.flow.differences import differences

    made = differences(context, aligned)
    return {path: one for (_, path, _), one in zip(aligned, made, strict=True) if isinstance(one, bytes)}


def _group(
    place: int,
    group: "DuplicateGroup",
    pictures: "Mapping[str, bytes | str]",
    overlays: "Mapping[str, bytes]",
    stays: "Mapping[str, str]",
) -> Section:
    lines = [f"{counted(len(group.others) + 1, 'file')}, {size(group.spare_bytes)} to spare."]
    if any(other.path in overlays for other in group.others):
        lines.append(
            "Next to a copy: the difference once aligned with the keeper. Black: equal; gray: not covered."
        )
    return Section(
        title=f"{place}. {TIERS[group.tier.value]}: {os.path.basename(group.keeper.path)}",
        lines=tuple(lines),
        tiles=tuple(_tile(file, pictures[file.path], overlays, stays) for file in _files(group)),
        more=max(0, len(group.others) + 1 - MOST_FILES),
    )


def _tile(
    file: "DuplicateFile",
    shown: "bytes | str",
    overlays: "Mapping[str, bytes]",
    stays: "Mapping[str, str]",
) -> Tile:
    info = file.record.info
    lines = [shown_path(os.path.dirname(file.path)), picture(file), file.reason]
    lines.append(because(file, every=True))
    if file.path in stays:
        lines.append(f"kept: {stays[file.path]}")
    badge = "keep" if file.tier is None else f"{TIERS[file.tier.value]} {percent(file.probability)}"
    return Tile(
        path=file.path,
        picture=shown,
        title=os.path.basename(file.path),
        lines=tuple(line for line in lines if line),
        badge=badge,
        tone="good" if file.tier is None else "" if file.path in stays else "warn",
        width=info.width,
        height=info.height,
        overlay=overlays.get(file.path),
    )


def _what_next(plan: "ApplyReport") -> str:
    count = counted(len(plan.moves), "file")
    free = size(plan.savings.size_bytes)
    if not plan.moves:
        return "Nothing to put away."
    if plan.applied:
        return f"{count} put away in {plan.quarantine}: {free}. To undo: saccade undo {plan.run}"
    return f"{count} could be put away: {free}. Nothing was changed; To do it: saccade duplicates --apply"


def _savings(savings: "Savings") -> list[Section]:
    if not savings.files:
        return []
    tiers = [(TIERS.get(one.name, one.name), one) for one in savings.tiers]
    assumed = "; ".join(savings.assumptions)
    lines = [f"Worth {line}." for line in costs(savings)]
    if lines and savings.source:
        lines.append(f"Prices: {savings.source}.")
    return [
        Section(
            title="What it saves",
            lines=(*lines, f"{assumed[0].upper()}{assumed[1:]}."),
            table=_table("kind", [*tiers, ("all", None)], savings),
        )
    ]


def _folders(savings: "Savings") -> list[Section]:
    if not savings.folders:
        return []
    rows = [(shown_path(one.name), one) for one in savings.folders[:MOST_FOLDERS]]
    table = _table("folder", rows, savings)
    return [Section(title="What it saves, by folder", table=table)]


def _table(what: str, rows: "Sequence[tuple[str, Freed | None]]", savings: "Savings") -> Table:
    return Table(
        columns=(what, "files", "bytes freed"),
        rows=tuple(
            (
                name,
                number(savings.files if one is None else one.files),
                size(savings.size_bytes if one is None else one.size_bytes),
            )
            for name, one in rows
        ),
        numeric=frozenset({1, 2}),
    )


def _merges(plan: "ApplyReport") -> list[Section]:
    if not plan.merges:
        return []
    rows = tuple((shown_path(merge.keeper), taken(merge)) for merge in plan.merges[:MOST_GROUPS])
    did = "took over" if plan.applied else "would take over"
    return [Section(title=f"What the keepers {did}", table=Table(columns=("keeper", "what"), rows=rows))]
