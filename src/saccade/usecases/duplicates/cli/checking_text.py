"""Checks, leaks and comparisons with other libraries as text."""

from typing import TYPE_CHECKING

from saccade.doors.terminal.output import say
from saccade.doors.words import counted, duration, harmless, number, percent, shown_path
from saccade.usecases.duplicates.words import TIERS, inside, measured, paths

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saccade.usecases.duplicates.rules.reports import (
        CheckMatch,
        CheckResult,
        DuplicatePair,
        OverlapReport,
    )


def say_check(results: "Sequence[CheckResult]") -> None:
    """A line for each picture that is new or unreadable, and for each image that a picture matches."""
    for result in results:
        name = shown_path(result.picture)
        if result.failure is not None:
            say(f"{name}: cannot be read: {harmless(result.failure.reason)} ({result.failure.code})")
        elif not result.matches:
            say(f"{name}: new")
        for match in result.matches:
            say(f"{name}: {_match(match)}")
    if len(results) > 1:
        known = sum(bool(result.matches) for result in results)
        failed = sum(result.failure is not None for result in results)
        parts = [f"{number(len(results) - known - failed)} new", f"{number(known)} already there"]
        parts += [f"{number(failed)} cannot be read"] if failed else []
        say(f"{counted(len(results), 'picture')}: {', '.join(parts)}")


def _match(match: "CheckMatch") -> str:
    where = paths(match.paths) if match.paths else "the library's own copy of it"
    if match.evidence is None:
        return f"{TIERS[match.tier.value]} as {where}"
    details = ", ".join(measured(match.evidence, every=False))
    return f"{TIERS[match.tier.value]} as {where} ({percent(match.probability)} sure): {details}"


def say_overlap(found: "OverlapReport", names: tuple[str, str], *, top: int) -> None:
    """Print how much two sets share, and the pairs."""
    shown = [
        f"{shown_path(name)} ({counted(images, 'image')})"
        for name, images in zip(names, found.images, strict=True)
    ]
    took = f"{number(found.verified)} compared by pixels, in {duration(found.seconds)}"
    if not found.pairs:
        say(f"{shown[0]} and {shown[1]} share no picture; {took}")
        return
    say(f"{shown[0]} and {shown[1]} share pictures; {took}")
    for name, images, leaked in zip(names, found.images, found.leaked, strict=True):
        share = percent(leaked / max(1, images))
        say(f"  {number(leaked)} of {number(images)} in {shown_path(name)} ({share})")
    for place, pair in enumerate(found.pairs[:top], 1):
        say(f"{place}. {_pair(pair, names)}")
    if len(found.pairs) > top:
        say(f"and {counted(len(found.pairs) - top, 'more pair')}: -k {len(found.pairs)} shows all")


def _pair(pair: "DuplicatePair", names: tuple[str, str]) -> str:
    first, second = inside(pair.a.paths, names[0]), inside(pair.b.paths, names[1])
    verdict = f"{TIERS[pair.tier.value]}: {paths(first)} and {paths(second)}"
    if pair.tier.value == "bytes":
        return verdict
    return f"{verdict} ({percent(pair.probability)} sure): {', '.join(measured(pair.evidence, every=False))}"
