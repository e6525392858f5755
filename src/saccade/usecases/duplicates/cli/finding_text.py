"""The duplicate commands' output: groups with their keeper first, why, and what to do next."""

from typing import TYPE_CHECKING

from saccade.doors.terminal.output import say
from saccade.doors.words import counted, duration, harmless, number, shown_path, size
from saccade.usecases.duplicates.words import TIERS, because, costs, picture, taken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saccade.core.quarantine import QuarantineRun, UndoReport
    from saccade.usecases.duplicates.rules.applying import ApplyReport
    from saccade.usecases.duplicates.rules.reports import (
        DuplicateGroup,
        DuplicateReport,
    )
    from saccade.usecases.duplicates.rules.savings import Savings

MOST_LINES = 20


def say_duplicates(found: "DuplicateReport", report: "ApplyReport", *, top: int) -> None:
    """Print the groups, the totals, and what to do next."""
    looked = f"{counted(found.images, 'image')}, {counted(found.candidates, 'pair')} considered"
    say(f"{looked}, {number(found.verified)} compared by pixels, in {duration(found.seconds)}")
    if not found.groups:
        say("no duplicates")
        return
    skipped = {failure.path for failure in report.skipped}
    for place, group in enumerate(found.groups[:top], 1):
        say()
        _say_group(place, group, skipped)
    if len(found.groups) > top:
        rest = counted(len(found.groups) - top, "more group")
        say(f"\nand {rest}: -k {len(found.groups)} shows all, --html FILE shows them with pictures")
    say()
    _say_totals(found)
    say()
    say_apply(report)


def _say_group(place: int, group: "DuplicateGroup", skipped: set[str]) -> None:
    spare = f"{counted(len(group.others) + 1, 'file')}, {size(group.spare_bytes)} to spare"
    say(f"{place}. {TIERS[group.tier.value]}: {spare}")
    say(f"   keep  {shown_path(group.keeper.path)}  {picture(group.keeper)}  {harmless(group.keeper.reason)}")
    for other in group.others:
        mark = "stays" if other.path in skipped else "spare"
        say(f"   {mark} {shown_path(other.path)}  {picture(other)}  {harmless(other.reason)}")
        why = because(other)
        if why:
            say(f"         {why}")


def _say_totals(found: "DuplicateReport") -> None:
    """A line for each tier: groups, files, bytes."""
    groups: dict[str, int] = {}
    files: dict[str, int] = {}
    total: dict[str, int] = {}
    for group in found.groups:
        groups[group.tier.value] = groups.get(group.tier.value, 0) + 1
        for other in group.others:
            if other.tier is not None:
                files[other.tier.value] = files.get(other.tier.value, 0) + 1
                total[other.tier.value] = total.get(other.tier.value, 0) + other.record.info.size_bytes
    say(f"{'':<14}{'groups':>8}{'spare files':>13}{'bytes':>10}")
    for tier, words in TIERS.items():
        if tier in groups or tier in files:
            say(
                f"{words:<14}{number(groups.get(tier, 0)):>8}{number(files.get(tier, 0)):>13}"
                f"{size(total.get(tier, 0)):>10}"
            )


def say_apply(report: "ApplyReport") -> None:
    """Print what was (or would be) moved, what that saves, and what to do next."""
    for failure in report.skipped[:MOST_LINES]:
        say(f"kept {shown_path(failure.path)}: {harmless(failure.reason)} ({failure.code})")
    if len(report.skipped) > MOST_LINES:
        say(f"and {number(len(report.skipped) - MOST_LINES)} more kept: --json lists all")
    did = "took over" if report.applied else "would take over"
    for merge in report.merges[:MOST_LINES]:
        say(f"{shown_path(merge.keeper)} {did} {taken(merge)}")
    if len(report.merges) > MOST_LINES:
        say(f"and {counted(len(report.merges) - MOST_LINES, 'more keeper')}: --json lists all")
    if not report.moves:
        say("nothing to put away")
        return
    _say_savings(report.savings, applied=report.applied)
    where = shown_path(report.quarantine)
    if report.applied:
        say(f"{counted(len(report.moves), 'file')} put away in {where}")
        say(f"to undo: saccade undo {report.run}; empty that folder when you are sure")
    else:
        say(f"nothing was changed; --apply puts {counted(len(report.moves), 'file')} away in {where}")
        say("nothing is deleted, and `saccade undo` puts it back")


def _say_savings(savings: "Savings", *, applied: bool) -> None:
    free = "free once the quarantine is emptied"
    say(f"{size(savings.size_bytes)} {free if applied else 'would be ' + free}")
    for folder in savings.folders[:5] if len(savings.folders) > 1 else ():
        say(f"  {size(folder.size_bytes):>8} in {shown_path(folder.name)} ({counted(folder.files, 'file')})")
    if len(savings.folders) > 5:
        say(f"  and {counted(len(savings.folders) - 5, 'more folder')}")
    worth = [line for line in costs(savings) if line]
    if worth:
        say(f"  worth {'; '.join(worth)}")
        say(f"  prices: {harmless(savings.source) or 'yours'}; use --prices FILE for your own")


def say_undo(report: "UndoReport") -> None:
    """Print what was put back, what went elsewhere, and what could not be put back."""
    for one in report.restored:
        if one.at != one.path:
            say(f"{shown_path(one.path)} is taken by another file: put back as {shown_path(one.at)}")
    for failure in report.failed[:MOST_LINES]:
        say(f"not put back {shown_path(failure.path)}: {harmless(failure.reason)} ({failure.code})")
    if len(report.failed) > MOST_LINES:
        say(f"and {number(len(report.failed) - MOST_LINES)} more: --json lists all")
    parts = [f"{counted(len(report.restored), 'file')} put back"]
    if report.unmoved:
        parts.append(f"{number(report.unmoved)} there already")
    if report.failed:
        parts.append(f"{number(len(report.failed))} not put back")
    if report.unmerged:
        parts.append(f"{counted(report.unmerged, 'keeper')} gave back what was taken over")
    say(f"run {report.run}: {', '.join(parts)}, in {duration(report.seconds)}")


def say_runs(runs: "Sequence[QuarantineRun]") -> None:
    """A line for each run."""
    if not runs:
        say("no files have been put away")
    for one in runs:
        if one.files:
            held = f"{counted(one.files, 'file')}, {size(one.size_bytes)} in {shown_path(one.quarantine)}"
        else:
            held = f"empty now, {counted(one.moved, 'file')} passed through"
        stopped = "" if one.finished else ", was interrupted"
        say(f"{one.run}  {harmless(one.created.replace('T', ' ').rstrip('Z'))} UTC  {held}{stopped}")
