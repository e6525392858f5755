"""A process to be killed: does one thing with a library, and tells its parent on stdout how far it is.

Its job is a line of JSON on stdin: {"do": ..., "then": [...], "library": FOLDER, "stops": [[WHEN, POINT,
NUMBER]], "decode_here": whether without workers, ...}; WHEN is "before" or "after". At these points it says
so and waits for its end, or for a line on stdin. The product knows nothing of the points: they are wrapped
around its functions here.
"""

import json
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import tiny

from saccade.catalog import schema
from saccade.catalog.erasing import SqlErasing
from saccade.catalog.files import SqlFiles
from saccade.catalog.health import SqlHealth
from saccade.catalog.runs import SqlNotes, SqlRuns
from saccade.catalog.spaces import SqlSpaces
from saccade.catalog.sqlite import copying, driver
from saccade.core.errors import SaccadeError
from saccade.core.ports.files import SeenFile
from saccade.core.types import Progress
from saccade.indexes import IndexFiles, generations
from saccade.library import Library, open_library

Job = dict[str, Any]

POINTS: dict[str, tuple[object, str]] = {
    "make_file": (driver, "make_file"),
    "create": (schema, "create"),
    "connect": (driver, "connect"),
    "copy_database": (copying, "copy_database"),
    "sync": (copying, "_sync"),
    "encode": (tiny.TinyEncoder, "encode_pixels"),
    "build": (IndexFiles, "build"),
    "delete": (IndexFiles, "delete"),
    "point": (generations, "point"),
    "fsync": (os, "fsync"),
    "mkdir": (os, "mkdir"),
    "rename": (os, "rename"),
    "replace": (os, "replace"),
    "rmtree": (shutil, "rmtree"),
    "ensure_folder": (SqlFiles, "ensure_folder"),
    "ensure_space": (SqlSpaces, "ensure"),
    "start_run": (SqlRuns, "start"),
    "record": (SqlFiles, "record"),
    "mark_missing": (SqlFiles, "mark_missing"),
    "finish_run": (SqlRuns, "finish"),
    "save_note": (SqlNotes, "save"),
    "known_files": (SqlFiles, "known"),
    "counts": (SqlHealth, "counts"),
    "forget": (SqlErasing, "forget"),
    "wipe": (SqlErasing, "wipe"),
    "rewrite": (driver, "rewrite"),
    "empty_journal": (driver, "empty_journal"),
    "purged": (SqlErasing, "purged"),
}


def say(**event: object) -> None:
    """One line to the parent, at once."""
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def stop_at(when: str, point: str, number: int) -> None:
    """Say so and wait, before or after the call with this number (from 1)."""
    owner, name = POINTS[point]
    original = getattr(owner, name)
    calls = 0

    @wraps(original)
    def stopping(*args: object, **kwargs: object) -> object:
        nonlocal calls
        calls += 1
        mine = calls == number
        if mine and when == "before":
            wait()
        result = original(*args, **kwargs)
        if mine and when == "after":
            wait()
        return result

    def wait() -> None:
        say(at=[when, point, number])
        sys.stdin.readline()

    setattr(owner, name, stopping)


def acknowledge() -> None:
    """Tell which files were recorded as images, once `record` has returned."""
    record = SqlFiles.record

    def told(self: SqlFiles, run: int, folder: Any, seen: Sequence[SeenFile]) -> list[int | None]:
        ids = record(self, run, folder, seen)
        images = [one.entry.path for one, image in zip(seen, ids, strict=True) if image is not None]
        say(acked=[os.path.basename(path) for path in images])
        return ids

    SqlFiles.record = told  # type: ignore[method-assign]


def index(library: Library, job: Job) -> None:
    """Bring everything up to date."""

    def progress(step: Progress) -> None:
        if step.stage == "images":
            say(done=step.done)

    report = library.index(*job.get("paths", [job["library"]]), progress=progress)
    say(report=[report.files, report.added, len(report.failed)])


def build(library: Library, job: Job) -> None:
    """Build the index of every space anew, of the kind asked for."""
    catalog = library.context.catalog
    with catalog.writing():
        for space in catalog.spaces.all():
            batches = catalog.embeddings.after(space.id, 0, 64)
            summary = library.context.indexes.build(space, batches, kind=job["kind"])
            say(built=[space.id, summary.kind, summary.sequence])


def backup(library: Library, job: Job) -> None:
    """Copy the catalog."""
    library.backup(job["target"], overwrite=True)


def search(library: Library, job: Job) -> None:
    """Ask for something."""
    say(hits=[hit.path for hit in library.search(job["text"], k=job.get("k", 5))])


def forget(library: Library, job: Job) -> None:
    """Erase an image."""
    say(forgotten=library.forget(job["target"]).images)


def put_away(library: Library, job: Job) -> None:
    """Put duplicates away."""
    report = library.duplicates.apply(library.duplicates.find(), to=job.get("to"))
    say(moved=len(report.moves), skipped=[one.reason for one in report.skipped])


def put_back(library: Library, job: Job) -> None:
    """Undo that."""
    report = library.duplicates.undo()
    say(restored=len(report.restored), failed=[one.reason for one in report.failed])


def write_tags(library: Library, job: Job) -> None:
    """Write tags into files."""
    say(written=len(library.tags.write_files().written))


def restore_files(library: Library, job: Job) -> None:
    """Undo that."""
    say(written=len(library.tags.restore_files().written))


DO: dict[str, Callable[[Library, Job], None]] = {
    "index": index,
    "build": build,
    "backup": backup,
    "search": search,
    "forget": forget,
    "put_away": put_away,
    "put_back": put_back,
    "write_tags": write_tags,
    "restore_files": restore_files,
}


def main() -> int:
    """Do the job; 0 if it was done, 9 if it was refused with an error of saccade's."""
    acknowledge()
    job = json.loads(sys.stdin.readline() or "null")
    if job is None:  # never needed
        return 0
    tiny.install(decode_here=job.get("decode_here", False))
    for stop in job.get("stops", ()):
        stop_at(*stop)
    say(ready=True)
    try:
        with open_library(job["library"]) as library:
            for do in (job["do"], *job.get("then", ())):
                DO[do](library, job)
                say(done_with=do)
    except SaccadeError as error:
        say(error=error.code, message=error.message, hint=error.hint)
        return 9
    return 0


if __name__ == "__main__":
    sys.exit(main())
