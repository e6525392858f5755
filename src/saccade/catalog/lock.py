"""The right to write to a library: one process at a time, and nothing left behind by a killed one."""

import fcntl
import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from saccade.catalog.sqlite import storage_error
from saccade.core.errors import LibraryBusyError

_MOST_READ = 4096


class LibraryLock:
    """An advisory lock on a file, whose text says who holds it.

    The operating system drops the lock when the process ends, however it ends, so it is never stale.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1
        weak = weakref.ref(self)
        # A forked worker must not keep the lock of a parent that was killed.
        os.register_at_fork(after_in_child=lambda: _forget(weak()))

    @contextmanager
    def held(self, doing: str) -> Iterator[None]:
        """Hold the lock; `doing` completes the sentence "process 123 is ...".

        Raises:
            LibraryBusyError: it is held, by another process or elsewhere in this one.
            ReadOnlyError, DiskFullError: the file cannot be made.
        """
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise storage_error(error, self._path.parent) from error
        try:
            self._take(descriptor, f"process {os.getpid()} is {doing}")
            self._descriptor = descriptor
            yield
        finally:
            self._descriptor = -1
            os.close(descriptor)

    def _take(self, descriptor: int, holder: str) -> None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            now = os.pread(descriptor, _MOST_READ, 0).decode("utf-8", "replace").strip()
            raise LibraryBusyError(
                f"the library is in use: {now or 'another process is writing'}",
                hint="wait until it ends, or end it",
            ) from None
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{holder}\n".encode(errors="replace"), 0)
        except OSError as error:
            raise storage_error(error, self._path.parent) from error

    def forget(self) -> None:
        """Close this process's copy of the lock, in a forked child; the parent's stays."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _forget(lock: LibraryLock | None) -> None:
    if lock is not None:
        lock.forget()
