"""`saccade status`, `doctor` and `backup`: what a library holds and whether it is intact."""

import os
from typing import TYPE_CHECKING

import click

from saccade.core.errors import EXIT_PROBLEMS
from saccade.doors.terminal.opening import existing_library
from saccade.doors.terminal.output import print_json, say, say_fields
from saccade.doors.terminal.progress import progress_shown
from saccade.doors.terminal.settings import Session, json_option, library_option
from saccade.doors.words import counted, harmless, number, shown_path, size

if TYPE_CHECKING:
    from saccade.core.status import DoctorReport, JobRecord, LibraryStatus


@click.command(short_help="Show the library's location and contents.")
@click.option("--cancel", "canceled", type=int, metavar="JOB", help="Ask a running job to stop.")
@json_option
@library_option
@click.pass_obj
def status(session: Session, *, canceled: int | None, as_json: bool) -> None:
    """Show the library's location and contents, and its running and recent jobs.

    A canceled job stops after the current batch and keeps what it finished; run its command again to
    continue.
    """
    with existing_library(session, as_json=as_json) as library:
        from saccade.usecases.indexing.api import Indexing
        from saccade.usecases.indexing.wire import status_answer

        indexing = Indexing(library)
        if canceled is not None:
            indexing.cancel(canceled)
        found = indexing.status()
        if as_json:
            print_json(status_answer(found))
        else:
            say_fields(_status_fields(found))


@click.command(short_help="Check for lost or broken data; --repair fixes it.")
@click.option("--repair", is_flag=True, help="Fix what can be fixed.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@json_option
@library_option
@click.pass_obj
def doctor(session: Session, *, repair: bool, quiet: bool, as_json: bool) -> None:
    """Check that every file is indexed, failed with a reason, or excluded, and all stored data is intact.

    Exits with 7 when a problem remains.
    """
    with existing_library(session, as_json=as_json) as library:
        from saccade.usecases.indexing.api import Indexing
        from saccade.usecases.indexing.wire import doctor_answer

        with progress_shown(quiet=quiet) as progress:
            report = Indexing(library).doctor(repair=repair, progress=progress)
        if as_json:
            print_json(doctor_answer(report))
        else:
            _say_doctor(report, repair=repair)
    if not report.healthy:
        raise click.exceptions.Exit(EXIT_PROBLEMS)


@click.command(short_help="Back up the library to a file, even while in use.")
@click.argument("file", metavar="FILE")
@click.option("--overwrite", is_flag=True, help="Replace FILE if it exists.")
@json_option
@library_option
@click.pass_obj
def backup(session: Session, *, file: str, overwrite: bool, as_json: bool) -> None:
    """Write a consistent copy of the library to FILE, even while it is in use."""
    with existing_library(session, as_json=as_json) as library:
        from saccade.usecases.indexing.api import Indexing
        from saccade.usecases.indexing.wire import BackupAnswer

        Indexing(library).backup(file, overwrite=overwrite)
        length = os.stat(file).st_size
        if as_json:
            print_json(BackupAnswer(path=os.path.abspath(file), size_bytes=length))
        else:
            say(f"backup: {shown_path(file)} ({size(length)})")


def _status_fields(status: "LibraryStatus") -> list[tuple[str, str]]:
    """Print the output of `status`."""
    counts = status.counts
    fields = [("library", f"{shown_path(status.library, below='')} ({size(status.size_bytes)})")]
    fields += [("folder", shown_path(folder, below="")) for folder in status.folders]
    fields.append(("images", f"{number(counts.images)} in {counted(counts.files, 'file')}"))
    if counts.failed:
        fields.append(("failed", f"{counted(counts.failed, 'file')}; `saccade doctor` says why"))
    if counts.excluded:
        excluded = counted(counts.excluded, "file that is not an image", "files that are not images")
        fields.append(("excluded", excluded))
    if counts.missing:
        missing = counted(counts.missing, "file that no longer exists", "files that no longer exist")
        fields.append(("missing", missing))
    for space in status.spaces:
        active = "" if space.active else ", not in use"
        held = counted(counts.embeddings.get(space.id, 0), "embedding")
        kind = status.indexes.get(space.id, "no index")
        fields.append((str(space.role), f"{space.encoder}, {space.dim} dimensions, {held}, {kind}{active}"))
    if status.interrupted:
        fields.append(("note", "the last indexing run was interrupted; `saccade index` resumes it"))
    return fields + [(f"job {job.id}", _job_text(job)) for job in status.jobs]


def _job_text(job: "JobRecord") -> str:
    """What a job does or did, in one line."""
    progress, text = job.progress, f"{harmless(job.kind)}: {job.state}"
    if job.code:
        text += f" ({harmless(job.code)})"
    if job.state != "done" and progress is not None:
        whole = "" if progress.total is None else f" of {number(progress.total)}"
        text += f", {harmless(progress.stage)} {number(progress.done)}{whole}"
    text += "".join(f", {number(count)} {harmless(name)}" for name, count in job.summary.items() if count)
    when = job.finished or job.started
    return f"{text}, {'ended' if job.finished else 'since'} {when[:16].replace('T', ' ')} UTC"


def _say_doctor(report: "DoctorReport", *, repair: bool) -> None:
    """Print the output of `doctor`: the counts, then what is wrong."""
    counts = report.counts
    say(
        f"{counted(counts.files, 'file')} indexed, {number(counts.failed)} failed with a reason, "
        f"{number(counts.excluded)} excluded, {number(counts.missing)} missing"
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
        say("the rest cannot be fixed here: restore a backup, or index the folder again")
    else:
        say("fix it with: saccade doctor --repair")
