"""`saccade show`, `status`, `doctor` and `backup`: what a library holds and whether it is whole."""

import os
from typing import TYPE_CHECKING

import click

from saccade.core.errors import EXIT_PROBLEMS
from saccade.doors.terminal.opening import existing_library
from saccade.doors.terminal.output import print_json, say
from saccade.doors.terminal.payloads import of_backup, of_doctor, of_record, of_status
from saccade.doors.terminal.progress import progress_shown
from saccade.doors.terminal.reporting import errors_told
from saccade.doors.terminal.settings import Settings, json_option, library_option
from saccade.doors.words import counted, harmless, number, percent, shown_path, size

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saccade.core.ports.stores import Tag
    from saccade.core.types import DoctorReport, ImageRecord, LibraryStatus


@click.command(short_help="Tell all that is known of one image.")
@click.argument("image", metavar="PHOTO-OR-ID")
@json_option
@library_option
@click.pass_obj
def show(settings: Settings, *, image: str, as_json: bool) -> None:
    """All that is known of one image, named by a file or by (the start of) its id."""
    with (
        errors_told(as_json=as_json, debug=settings.debug),
        existing_library(settings.library) as library,
    ):
        record, facts = library.show(image), library.facts(image)
        tags = [tag for one in library.tags([image]).values() for tag in one]
        if as_json:
            print_json(of_record(record, tags, facts))
        else:
            _say_fields([*_record_fields(record), *_said_fields(tags, facts)])


@click.command(short_help="Tell what the library is and holds.")
@json_option
@library_option
@click.pass_obj
def status(settings: Settings, *, as_json: bool) -> None:
    """What the library is and holds."""
    with (
        errors_told(as_json=as_json, debug=settings.debug),
        existing_library(settings.library) as library,
    ):
        found = library.status()
        if as_json:
            print_json(of_status(found))
        else:
            _say_fields(_status_fields(found))


@click.command(short_help="Check that nothing is lost or broken; --repair mends.")
@click.option("--repair", is_flag=True, help="Mend what can be mended.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@json_option
@library_option
@click.pass_obj
def doctor(settings: Settings, *, repair: bool, quiet: bool, as_json: bool) -> None:
    """Check that every file is indexed, failed with a reason, or excluded, and that all stored is whole.

    Exits with 7 when a problem remains.
    """
    with (
        errors_told(as_json=as_json, debug=settings.debug),
        existing_library(settings.library) as library,
    ):
        with progress_shown(quiet=quiet) as progress:
            report = library.doctor(repair=repair, progress=progress)
        if as_json:
            print_json(of_doctor(report))
        else:
            _say_doctor(report, repair=repair)
    if not report.healthy:
        raise click.exceptions.Exit(EXIT_PROBLEMS)


@click.command(short_help="Copy the library to a file, also while it is in use.")
@click.argument("file", metavar="FILE")
@click.option("--overwrite", is_flag=True, help="Replace FILE if it exists.")
@json_option
@library_option
@click.pass_obj
def backup(settings: Settings, *, file: str, overwrite: bool, as_json: bool) -> None:
    """Write a consistent copy of the library to FILE, also while it is in use."""
    with (
        errors_told(as_json=as_json, debug=settings.debug),
        existing_library(settings.library) as library,
    ):
        library.backup(file, overwrite=overwrite)
        length = os.stat(file).st_size
        if as_json:
            print_json(of_backup(os.path.abspath(file), length))
        else:
            say(f"backup: {shown_path(file)} ({size(length)})")


def _say_fields(fields: list[tuple[str, str]]) -> None:
    """Names and values in two columns; a name is told once for values in a row."""
    width = max(len(name) for name, _ in fields)
    previous = ""
    for name, value in fields:
        say(f"{'' if name == previous else name:<{width}}  {value}")
        previous = name


def _record_fields(record: "ImageRecord") -> list[tuple[str, str]]:
    """What `show` says; absent facts are left out."""
    info = record.info
    fields = [("id", record.image_id)]
    fields += [("file", shown_path(path)) for path in record.paths] or [("file", "none: it is gone")]
    fields.append(("picture", f"{info.width} x {info.height} {info.format}, {size(info.size_bytes)}"))
    if info.frames > 1:
        fields.append(("frames", f"{number(info.frames)}; the first one is used"))
    place = None
    if info.latitude is not None and info.longitude is not None:
        place = f"{info.latitude:.5f}, {info.longitude:.5f}"
    facts = (
        ("taken", info.taken_at and info.taken_at.replace("T", " ")),
        ("camera", info.camera),
        ("lens", info.lens),
        ("place", place),
        ("title", info.title),
        ("caption", info.caption),
        ("keywords", ", ".join(info.keywords)),
        ("creator", info.creator),
        ("rights", info.rights),
    )
    return fields + [(name, harmless(value)) for name, value in facts if value]


def _said_fields(tags: "Sequence[Tag]", facts: "Mapping[str, float | str]") -> list[tuple[str, str]]:
    """Labels with who gave them, and imported or computed facts."""
    said = [("tag", f"{harmless(tag.label)} ({harmless(tag.origin)}, {percent(tag.score)})") for tag in tags]
    for name, value in facts.items():
        told = harmless(value) if isinstance(value, str) else f"{value:g}"
        said.append((f"data.{name}", told))
    return said


def _status_fields(status: "LibraryStatus") -> list[tuple[str, str]]:
    """What `status` says."""
    counts = status.counts
    fields = [("library", f"{shown_path(status.library, below='')} ({size(status.size_bytes)})")]
    fields += [("folder", shown_path(folder, below="")) for folder in status.folders]
    fields.append(("images", f"{number(counts.images)} in {counted(counts.files, 'file')}"))
    if counts.failed:
        fields.append(("failed", f"{counted(counts.failed, 'file')}; `saccade doctor` tells why"))
    if counts.excluded:
        fields.append(("excluded", f"{counted(counts.excluded, 'file')} that hold no image"))
    if counts.missing:
        fields.append(("missing", f"{counted(counts.missing, 'file')} that are gone"))
    for space in status.spaces:
        active = "" if space.active else ", not in use"
        held = counted(counts.embeddings.get(space.id, 0), "embedding")
        kind = status.indexes.get(space.id, "no index")
        fields.append((space.role.value, f"{space.encoder}, {space.dim} dimensions, {held}, {kind}{active}"))
    if status.interrupted:
        fields.append(("note", "the last indexing run was stopped; `saccade index` goes on with it"))
    return fields


def _say_doctor(report: "DoctorReport", *, repair: bool) -> None:
    """What `doctor` says: the account, then what is wrong."""
    counts = report.counts
    say(
        f"{number(counts.files)} files indexed, {number(counts.failed)} failed with a reason, "
        f"{number(counts.excluded)} excluded, {number(counts.missing)} gone"
    )
    for failure in report.failures:
        say(f"failed {shown_path(failure.path)}: {harmless(failure.reason)} ({failure.code})")
    if report.unindexed:
        say(f"{counted(report.unindexed, 'file')} new or changed: `saccade index` reads them")
    for problem in report.problems:
        say(f"{'repaired' if problem.repaired else 'problem'}: {harmless(problem.message)} ({problem.code})")
    if report.healthy:
        say("healthy")
    elif repair:
        say("what remains cannot be mended here: restore a backup, or index the folder anew")
    else:
        say("mend it with: saccade doctor --repair")
