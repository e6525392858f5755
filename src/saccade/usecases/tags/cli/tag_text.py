"""What `saccade tag` prints."""

from typing import TYPE_CHECKING

from saccade.doors.terminal.output import note, print_json, say
from saccade.doors.terminal.reporting import report_failures
from saccade.doors.words import counted, duration, harmless, number, percent, shown_path
from saccade.engine.names import named_image

if TYPE_CHECKING:
    from saccade.core.ports.stores import Tag
    from saccade.usecases.tags.api import Tags
    from saccade.usecases.tags.rules.reports import ExportReport, TaggingReport

_SHOWN = 40


def list_tags(tags: "Tags", images: tuple[str, ...], *, as_json: bool) -> None:
    """All labels, or the tags of the images."""
    from saccade.usecases.tags.wire import label_list, tag_list

    if images:
        found = tags.of([named_image(image) for image in images])
        if as_json:
            print_json(tag_list(found))
            return
        for path, labels_of in found.items():
            say(f"{shown_path(path)}: {', '.join(_said(tag) for tag in labels_of)}")
        if not found:
            note("no tags on these images")
        return
    labels = tags.labels()
    if as_json:
        print_json(label_list(labels))
        return
    for label, count in labels.items():
        say(f"{number(count):>9}  {harmless(label)}")
    if not labels:
        note("no tags yet: saccade tag --label dog --label cat")


def _said(tag: "Tag") -> str:
    if tag.origin == "person":
        return f"{harmless(tag.label)} (by hand)"
    return f"{harmless(tag.label)} ({percent(tag.score)}, {harmless(tag.origin)})"


def say_tagging(report: "TaggingReport", *, as_json: bool) -> None:
    """What zero-shot tagging gave."""
    if as_json:
        print_json(report)
        return
    for line in report.notes:
        note(harmless(line))
    verb = "have" if report.written else "would have"
    say(
        f"{number(report.tagged)} of {counted(report.images, 'image')} {verb} a label "
        f"({counted(report.tags, 'tag')}), {number(report.images - report.tagged)} {verb} none, "
        f"in {duration(report.seconds)}"
    )
    for label in report.labels[:_SHOWN]:
        say(f"{number(label.images):>9}  {harmless(label.label)}{_from(label.threshold)}")
    if len(report.labels) > _SHOWN:
        note(f"and {number(len(report.labels) - _SHOWN)} more labels: --json lists them all")
    if not report.written:
        note("nothing was stored: leave out --dry-run to store it")


def _from(threshold: float) -> str:
    return f"  (threshold {percent(threshold)})" if threshold else "  (by its kinds)"


def say_export(report: "ExportReport", *, as_json: bool) -> None:
    """What was written."""
    if as_json:
        print_json(report)
        return
    report_failures(report.skipped)
    verb = "written" if report.applied else "to write"
    say(
        f"{counted(report.images, 'image')} with tags: {counted(len(report.written), 'file')} {verb}, "
        f"{number(report.unchanged)} unchanged, {number(len(report.skipped))} skipped"
    )
    if len(report.written) == 1:
        say(shown_path(report.written[0]))
    if report.kept:
        say(f"originals: {shown_path(report.kept)} (saccade tag --restore puts them back)")
    if not report.applied:
        note("nothing was written: leave out --dry-run to write it")
