"""Which library a command works on, and indexing on the way when there is none yet."""

import gc
import os
from collections.abc import Sequence
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, TypeAlias

from saccade.core.errors import LibraryNotFoundError
from saccade.doors.terminal.output import note
from saccade.doors.terminal.progress import progress_shown
from saccade.doors.terminal.reporting import tell_failures
from saccade.doors.words import counted, duration, shown_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from saccade.core.types import IndexReport
    from saccade.library import Library

    _LibraryAndPaths: TypeAlias = tuple[Library, Sequence[str]]


def _facade() -> ModuleType:
    """`saccade.library`, imported without garbage collection, which finds nothing then and takes 30 ms."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        return import_module("saccade.library")
    finally:
        if enabled:
            gc.enable()


@contextmanager
def existing_library(library: str | None) -> "Iterator[Library]":
    """The library named, else the nearest one at or above the current folder; never makes one.

    Raises:
        LibraryNotFoundError: there is none.
    """
    with _facade().open_library(library, create=False) as opened:
        yield opened


@contextmanager
def library_to_index(library: str | None, paths: Sequence[str]) -> "Iterator[_LibraryAndPaths]":
    """The library to bring up to date, and what of it to read.

    The library named, else the nearest one at or above what is indexed, else a new one there. One path
    decides by itself; several belong to the library of the current folder. Without a path: `()`, all that
    the library knows, or, where there is no library yet, the folder that gets one.
    """
    facade = _facade()
    open_library, find_library = facade.open_library, facade.find_library
    if not paths:
        try:
            opened = open_library(library, create=False)
        except LibraryNotFoundError:
            paths = [library or os.curdir]
            opened = open_library(paths[0])
    elif library is not None:
        opened = open_library(library)
    else:
        start = paths[0] if len(paths) == 1 else os.curdir
        if os.path.isfile(start):
            start = os.path.dirname(start) or os.curdir
        opened = open_library(find_library(start) or start)
    with opened:
        yield opened, paths


@contextmanager
def library_to_search(library: str | None, *, index_new: bool, quiet: bool) -> "Iterator[Library]":
    """The library to search; where there is none yet the folder is indexed first.

    Raises:
        LibraryNotFoundError: there is none, and `index_new` is false.
    """
    open_library = _facade().open_library
    try:
        opened = open_library(library, create=False)
    except LibraryNotFoundError:
        if not index_new:
            raise
        opened = _indexed_now(library or os.curdir, quiet=quiet)
    with opened:
        yield opened


def _indexed_now(folder: str, *, quiet: bool) -> "Library":
    """A new library of a folder, indexed, with all that is worth telling on stderr."""
    opened: Library = _facade().open_library(folder)
    try:
        note(f"no library here yet: indexing {shown_path(os.path.abspath(folder))} first")
        with progress_shown(quiet=quiet) as progress:
            report = opened.index(folder, progress=progress)
        tell_failures(report.failed)
        note(summary(report))
    except BaseException:
        opened.close()
        raise
    return opened


def summary(report: "IndexReport") -> str:
    """What a run did, in one line."""
    parts = [f"{report.added:,} added", f"{report.unchanged:,} unchanged"]
    if report.moved:
        parts.append(f"{report.moved:,} moved")
    if report.removed:
        parts.append(f"{report.removed:,} removed")
    if report.failed:
        parts.append(f"{len(report.failed):,} failed")
    speed = f" ({report.images_per_s:,.0f} images/s)" if report.embedded else ""
    return f"{counted(report.files, 'image')}: {', '.join(parts)}, in {duration(report.seconds)}{speed}"
