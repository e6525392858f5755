"""What the duplicate commands say in a terminal: groups with their keeper first, why, and what to do next."""

from typing import TYPE_CHECKING

from saccade.doors.terminal.output import say
from saccade.doors.words import counted, duration, harmless, number, percent, shown_path, size

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from saccade.core.quarantine import Cleaning, Merge, UndoReport
    from saccade.usecases.duplicates.rules.applying import CleaningReport
    from saccade.usecases.duplicates.rules.reports import (
        DuplicateFile,
        DuplicateGroup,
        DuplicateReport,
        Evidence,
    )
    from saccade.usecases.duplicates.rules.savings import Savings

TIERS = {
    "bytes": "same file",
    "pixels": "same pixels",
    "picture": "same picture",
    "burst": "burst",
    "scene": "same scene",
}
"""Tiers in words."""
MOST_LINES = 20
_SMALLEST_MONEY = 0.005


def say_duplicates(found: "DuplicateReport", cleaning: "CleaningReport", *, top: int) -> None:
    """The groups, the totals, and what to do next."""
    looked = f"{counted(found.images, 'image')}, {counted(found.candidates, 'pair')} looked at"
    say(f"{looked}, {number(found.verified)} compared by pixels, in {duration(found.seconds)}")
    if not found.groups:
        say("no duplicates")
        return
    skipped = {failure.path for failure in cleaning.skipped}
    for place, group in enumerate(found.groups[:top], 1):
        say()
        _say_group(place, group, skipped)
    if len(found.groups) > top:
        rest = counted(len(found.groups) - top, "more group")
        say(f"\nand {rest}: -k {len(found.groups)} shows all, --html FILE shows them with pictures")
    say()
    _say_totals(found)
    say()
    say_cleaning(cleaning)


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


def picture(file: "DuplicateFile") -> str:
    """4032 x 3024 JPEG, 5.1 MB."""
    info = file.record.info
    return f"{info.width} x {info.height} {info.format}, {size(info.size_bytes)}"


def because(file: "DuplicateFile", *, every: bool = False) -> str:
    """Why a file is in its tier: same picture (99 % sure): copy score 0.974, 4 of 64 hash bits differ.

    Args:
        every: with all that was measured, not only what explains itself.
    """
    if file.tier is None:
        return ""
    told = TIERS[file.tier.value]
    if file.evidence is None:
        return told
    what = ", ".join(measured(file.evidence, every=every))
    return f"{told} ({percent(file.probability)} sure): {what}"


def measured(found: "Evidence", *, every: bool) -> "Iterator[str]":
    """What was measured, in words; without `every` only what explains itself."""
    yield f"copy score {found.copy_score:.3f}"
    if found.hash_distance >= 0:
        yield f"{found.hash_distance} of 64 hash bits differ"
    if found.seconds is not None:
        yield f"taken {duration(found.seconds)} apart"
    for name, value in found.facts.items():
        if name == "overlap":
            yield f"{percent(value)} in common"
        elif every:
            yield f"{harmless(name)} {value:.3g}"
    if every and found.method:
        yield f"by {harmless(found.method)}"


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


def say_cleaning(cleaning: "CleaningReport") -> None:
    """What would be, or was, put away, what that saves, and what to do next."""
    for failure in cleaning.skipped[:MOST_LINES]:
        say(f"stays {shown_path(failure.path)}: {harmless(failure.reason)} ({failure.code})")
    if len(cleaning.skipped) > MOST_LINES:
        say(f"and {number(len(cleaning.skipped) - MOST_LINES)} more stay: --json tells all")
    did = "took over" if cleaning.applied else "would take over"
    for merge in cleaning.merges[:MOST_LINES]:
        say(f"{shown_path(merge.keeper)} {did} {taken(merge)}")
    if len(cleaning.merges) > MOST_LINES:
        say(f"and {counted(len(cleaning.merges) - MOST_LINES, 'more keeper')}: --json tells all")
    if not cleaning.moves:
        say("nothing to put away")
        return
    _say_savings(cleaning.savings, applied=cleaning.applied)
    where = shown_path(cleaning.quarantine)
    if cleaning.applied:
        say(f"{counted(len(cleaning.moves), 'file')} put away in {where}")
        say(f"take it back: saccade undo {cleaning.run}; empty that folder when you are sure")
    else:
        say(f"nothing was changed; --apply puts {counted(len(cleaning.moves), 'file')} away in {where}")
        say("nothing is deleted, and `saccade undo` takes it back")


def taken(merge: "Merge") -> str:
    """What a keeper takes over: tags beach, dog; merged_caption a walk."""
    labels = [f"tags {', '.join(harmless(label) for label in merge.labels)}"] if merge.labels else []
    return "; ".join([*labels, *(f"{name} {harmless(str(value))}" for name, value in merge.facts.items())])


def _say_savings(savings: "Savings", *, applied: bool) -> None:
    free = "free once the quarantine is emptied"
    say(f"{size(savings.size_bytes)} {free if applied else 'would be ' + free}")
    for folder in savings.folders[:5] if len(savings.folders) > 1 else ():
        say(f"  {size(folder.size_bytes):>8} in {shown_path(folder.name)} ({counted(folder.files, 'file')})")
    if len(savings.folders) > 5:
        say(f"  and {counted(len(savings.folders) - 5, 'more folder')}")
    told = [line for line in costs(savings) if line]
    if told:
        say(f"  worth {'; '.join(told)}")
        say(f"  prices: {harmless(savings.source) or 'yours'}; --prices FILE takes your own")


def costs(savings: "Savings") -> list[str]:
    """What it is worth by each price: 1.20 USD a year as object storage; too little is left out."""
    lines = []
    for cost in savings.costs:
        amounts = [(cost.per_year, "a year"), (cost.once, "once")]
        told = [
            f"{amount:,.2f} {harmless(savings.currency)} {when}"
            for amount, when in amounts
            if amount >= _SMALLEST_MONEY
        ]
        if told:
            lines.append(f"{' and '.join(told)} ({harmless(cost.name)})")
    return lines


def say_undo(report: "UndoReport") -> None:
    """What was put back, what lies elsewhere, and what could not be put back."""
    for one in report.restored:
        if one.at != one.path:
            say(f"{shown_path(one.path)} is taken by another file: put back as {shown_path(one.at)}")
    for failure in report.failed[:MOST_LINES]:
        say(f"not put back {shown_path(failure.path)}: {harmless(failure.reason)} ({failure.code})")
    if len(report.failed) > MOST_LINES:
        say(f"and {number(len(report.failed) - MOST_LINES)} more: --json tells all")
    parts = [f"{counted(len(report.restored), 'file')} put back"]
    if report.unmoved:
        parts.append(f"{number(report.unmoved)} there already")
    if report.failed:
        parts.append(f"{number(len(report.failed))} not put back")
    if report.unmerged:
        parts.append(f"{counted(report.unmerged, 'keeper')} gave back what was taken over")
    say(f"run {report.run}: {', '.join(parts)}, in {duration(report.seconds)}")


def say_cleanings(cleanings: "Sequence[Cleaning]") -> None:
    """A line for each run."""
    if not cleanings:
        say("nothing was ever put away here")
    for one in cleanings:
        if one.files:
            held = f"{counted(one.files, 'file')}, {size(one.size_bytes)} in {shown_path(one.quarantine)}"
        else:
            held = f"empty now, {counted(one.moved, 'file')} passed through"
        stopped = "" if one.finished else ", was interrupted"
        say(f"{one.run}  {harmless(one.created.replace('T', ' ').rstrip('Z'))} UTC  {held}{stopped}")
