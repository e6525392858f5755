"""Finds the library a command works on, and indexes a folder first if it has none."""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from saccade.core.errors import LibraryNotFoundError
from saccade.doors.terminal.output import note
from saccade.doors.terminal.progress import progress_shown
from saccade.doors.terminal.reporting import errors_reported, report_failures
from saccade.doors.terminal.settings import Session
from saccade.doors.words import counted, duration, shown_path

if TYPE_CHECKING:
    from saccade.core.status import IndexReport
    from saccade.engine.context import LibraryContext


@contextmanager
def existing_library(session: Session, *, as_json: bool) -> "Iterator[LibraryContext]":
    """The library named, else the nearest one at or above the current folder; errors become exit statuses."""
    with (
        errors_reported(as_json=as_json, debug=session.debug),
        session.opener.opened(session.library, create=False) as context,
    ):
        yield context


@contextmanager
def library_to_index(
    session: Session, paths: Sequence[str], *, as_json: bool
) -> "Iterator[tuple[LibraryContext, Sequence[str]]]":
    """The library to bring up to date, and what to read.

    The library named, else the nearest one at or above what is indexed, else a new one there. One path
    decides by itself; several belong to the library of the current folder. Without a path: `()`, everything
    the library knows, or, if there is no library yet, the folder that gets one.
    """
    opener = session.opener
    with errors_reported(as_json=as_json, debug=session.debug), ExitStack() as stack:
        if not paths:
            try:
                context = stack.enter_context(opener.opened(session.library, create=False))
            except LibraryNotFoundError:
                paths = [session.library or os.curdir]
                context = stack.enter_context(opener.opened(paths[0], create=True))
        elif session.library is not None:
            context = stack.enter_context(opener.opened(session.library, create=True))
        else:
            start = paths[0] if len(paths) == 1 else os.curdir
            if os.path.isfile(start):
                start = os.path.dirname(start) or os.curdir
            context = stack.enter_context(opener.opened(opener.find(start) or start, create=True))
        yield context, paths


@contextmanager
def library_to_search(
    session: Session, *, index_new: bool, quiet: bool, as_json: bool
) -> "Iterator[LibraryContext]":
    """The library to search; if there is none yet, the folder is indexed first when `index_new` is set."""
    with errors_reported(as_json=as_json, debug=session.debug), ExitStack() as stack:
        try:
            context = stack.enter_context(session.opener.opened(session.library, create=False))
        except LibraryNotFoundError:
            if not index_new:
                raise
            folder = session.library or os.curdir
            context = stack.enter_context(session.opener.opened(folder, create=True))
            _index_now(session, context, folder, quiet=quiet)
        yield context


def _index_now(session: Session, context: "LibraryContext", folder: str, *, quiet: bool) -> None:
    """Index a folder into its new library, reporting on stderr."""
    note(f"no library here yet: indexing {shown_path(os.path.abspath(folder))} first")
    with progress_shown(quiet=quiet) as progress:
        report = session.opener.index(context, [folder], progress=progress)
    report_failures(report.failed)
    note(summary(report))


def summary(report: "IndexReport") -> str:
    """Summarize a run in one line."""
    parts = [f"{report.added:,} added", f"{report.unchanged:,} unchanged"]
    if report.moved:
        parts.append(f"{report.moved:,} moved")
    if report.removed:
        parts.append(f"{report.removed:,} removed")
    if report.failed:
        parts.append(f"{len(report.failed):,} failed")
    speed = f" ({report.images_per_s:,.0f} images/s)" if report.embedded else ""
    return f"{counted(report.files, 'image')}: {', '.join(parts)}, in {duration(report.seconds)}{speed}"
