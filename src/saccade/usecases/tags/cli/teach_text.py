"""What `saccade teach` prints."""

from typing import TYPE_CHECKING

from saccade.doors.terminal.output import note, print_json, say
from saccade.doors.words import counted, duration, harmless, number, percent, shown_path
from saccade.usecases.tags.words import measured_lines, said_why

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saccade.usecases.tags.api import Tags
    from saccade.usecases.tags.rules.reports import Suggestion, SuggestionReport, TeachingReport


def list_classifiers(tags: "Tags", name: str | None, *, as_json: bool) -> None:
    """The stored versions of one classifier, or of all."""
    from saccade.usecases.tags.wire import VersionList

    kept = tags.classifiers(name)
    if as_json:
        print_json(VersionList(versions=tuple(kept)))
        return
    for one in kept:
        examples = ", ".join(f"{count} {harmless(group)}" for group, count in one.examples.items())
        right = "not measured" if one.accuracy is None else f"{percent(one.accuracy)} right"
        mark = "*" if one.active else " "
        say(f"{mark} {harmless(one.name)}  version {one.version}  {one.created}  {examples}  {right}")
    if not kept:
        note('no classifiers yet: saccade teach "our product" --yes A.jpg B.jpg')


def say_suggestions(report: "SuggestionReport", *, as_json: bool) -> None:
    """What to label next."""
    if as_json:
        print_json(report)
        return
    _say_next(report.suggestions)
    if not report.suggestions:
        note("nothing to suggest: every image is an example")


def say_lesson(report: "TeachingReport", *, as_json: bool) -> None:
    """What a lesson gave."""
    if as_json:
        print_json(report)
        return
    for line in report.notes:
        note(harmless(line))
    examples = ", ".join(f"{count} {harmless(group)}" for group, count in report.examples.items())
    kept = f"version {report.version}" if report.written else "not stored (dry run)"
    say(f"{harmless(report.name)}: {kept}, learned from {examples} in {duration(report.seconds)}")
    if report.measured is None:
        say(f"  {harmless(report.why_not)}")
    else:
        for line in measured_lines(report.measured):
            say(f"  {line}")
    verb = "have it" if report.written else "would have it"
    if set(report.examples) == {"yes", "no"}:
        say(
            f"  {number(sum(report.tags.values()))} of {counted(report.images, 'image')} {verb} "
            f"(about {percent(report.shares['yes'])} show it)"
        )
    else:
        for label, count in report.tags.items():
            say(f"{number(count):>9}  {harmless(label)}")
    _say_next(report.suggestions)


def _say_next(suggestions: "Sequence[Suggestion]") -> None:
    if suggestions:
        say("label these next:")
    for one in suggestions:
        say(f"  {percent(one.confidence):>5}  {said_why(one):<8}  {shown_path(one.path)}")
