"""Copies of a SQLite database, whole and synced, while others read and write."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from saccade.catalog.sqlite import driver
from saccade.core.errors import InputError

_STEP_PAGES = 4096


def copy_database(
    source: Path, target: Path, *, overwrite: bool, report: Callable[[int, int], None] | None = None
) -> None:
    """Copy the database as of one moment to `target`, which appears whole and synced, or not at all.

    Args:
        report: called with the bytes copied so far, and all. With it the copy is made in steps, and a change
            by another process between two of them starts it over: hold the right to write.
    Raises:
        InputError: `target` exists and `overwrite` is false, or is a folder.
    """
    partial = target.with_name(f".{target.name}.partial")
    _refuse_existing(target, overwrite=overwrite)
    with _alone_in(target.parent):
        _remove(partial)  # a killed copy leaves one, and SQLite would read what it holds
        try:
            with (
                closing(driver.connect(source, driver.read_mode(source))) as original,
                closing(driver.connect(partial, "rwc")) as copy,
            ):
                copy.execute("PRAGMA journal_mode=OFF")  # a partial copy is never read
                copy.execute("PRAGMA synchronous=OFF")  # synced as a whole below
                if report is None:
                    original.backup(copy)
                else:
                    original.backup(copy, pages=_STEP_PAGES, progress=_stepped(report))
            _sync(partial)
            _refuse_existing(target, overwrite=overwrite)
            partial.replace(target)
        finally:
            _remove(partial)
        _sync(target.parent)


def _stepped(report: Callable[[int, int], None]) -> Callable[[int, int, int], None]:
    """What SQLite calls after each step of a copy: with a status, and the pages left of all."""
    return lambda _, left, pages: report((pages - left) * driver.PAGE_SIZE, pages * driver.PAGE_SIZE)


def _remove(database: Path) -> None:
    """Delete a database and the files SQLite puts next to it, if they exist."""
    for ending in ("", "-wal", "-shm", "-journal"):
        with suppress(FileNotFoundError):
            Path(f"{database}{ending}").unlink()


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other process or thread copies into the folder: two copies would share a partial file."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _refuse_existing(target: Path, *, overwrite: bool) -> None:
    if target.is_dir() or (os.path.lexists(target) and not overwrite):
        raise InputError(f"{str(target)!r} already exists", hint="name a new file")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
