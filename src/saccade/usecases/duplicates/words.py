"""Sentences about duplicates shared by the terminal and the page."""

import os
from typing import TYPE_CHECKING

from saccade.core.paths import relative
from saccade.doors.words import duration, harmless, number, percent, shown_path, size

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from saccade.core.quarantine import Merge
    from saccade.usecases.duplicates.rules.reports import DuplicateFile, Evidence
    from saccade.usecases.duplicates.rules.savings import Savings

TIERS = {
    "bytes": "same file",
    "pixels": "same pixels",
    "picture": "same picture",
    "burst": "burst",
    "scene": "same scene",
}
"""Tiers in words."""
_SMALLEST_MONEY = 0.005
_MOST_PATHS = 3


def picture(file: "DuplicateFile") -> str:
    """4032 x 3024 JPEG, 5.1 MB."""
    info = file.record.info
    return f"{info.width} x {info.height} {info.format}, {size(info.size_bytes)}"


def because(file: "DuplicateFile", *, every: bool = False) -> str:
    """Why a file is in its tier: same picture (99 % sure): copy score 0.974, 4 of 64 hash bits differ.

    Args:
        every: include all measurements, not only self-explanatory ones.
    """
    if file.tier is None:
        return ""
    tier = TIERS[file.tier.value]
    if file.evidence is None:
        return tier
    what = ", ".join(measured(file.evidence, every=every))
    return f"{tier} ({percent(file.probability)} sure): {what}"


def measured(found: "Evidence", *, every: bool) -> "Iterator[str]":
    """The measurements in words; without `every`, only self-explanatory ones."""
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


def taken(merge: "Merge") -> str:
    """What a keeper takes over: tags beach, dog; merged_caption a walk."""
    labels = [f"tags {', '.join(harmless(label) for label in merge.labels)}"] if merge.labels else []
    return "; ".join([*labels, *(f"{name} {harmless(str(value))}" for name, value in merge.facts.items())])


def costs(savings: "Savings") -> list[str]:
    """What it is worth at each price: 1.20 USD a year as object storage; negligible amounts are left out."""
    lines = []
    for cost in savings.costs:
        amounts = [(cost.per_year, "a year"), (cost.once, "once")]
        sums = [
            f"{amount:,.2f} {harmless(savings.currency)} {when}"
            for amount, when in amounts
            if amount >= _SMALLEST_MONEY
        ]
        if sums:
            lines.append(f"{' and '.join(sums)} ({harmless(cost.name)})")
    return lines


def inside(found: "Sequence[str]", name: str) -> "Sequence[str]":
    """The paths in the folder `name`; all of them if none is (then it is not a folder)."""
    folder = os.path.abspath(name)
    return [path for path in found if relative(path, folder)] or found


def paths(found: "Sequence[str]") -> str:
    """A few paths, and how many more."""
    shown = ", ".join(shown_path(path) for path in found[:_MOST_PATHS])
    return shown if len(found) <= _MOST_PATHS else f"{shown} and {number(len(found) - _MOST_PATHS)} more"
