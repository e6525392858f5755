"""The right to write to a library: one writer at a time, and nothing left behind by a killed one."""

import fcntl
import os
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from saccade.catalog.failures import storage_error
from saccade.core.errors import LibraryBusyError

_MOST_READ = 4096
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.002, 0.1


class LibraryLock:
    """An advisory lock on a file, whose text says who holds it.

    Writers wait for it, threads of this process as well as other processes; a thread that has it may take it
    again. The operating system drops the lock when the process ends, however it ends, so it is never stale.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1
        self._owner = _Depth()
        weak = weakref.ref(self)
        # A forked worker must not keep the lock of a parent that was killed.
        os.register_at_fork(after_in_child=lambda: _forget(weak()))

    @contextmanager
    def held(self, doing: str, *, wait_s: float) -> Iterator[None]:
        """Hold the lock.

        Args:
            doing: completes the sentence "process 123 is ...", for those who give up waiting.
            wait_s: longest wait, seconds; 0 to try once.
        Raises:
            LibraryBusyError: it was not free in time; the message names the holder.
            ReadOnlyError, DiskFullError: the file cannot be made.
        """
        if self._owner.depth:
            self._owner.depth += 1
            try:
                yield
            finally:
                self._owner.depth -= 1
            return
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise storage_error(error, self._path.parent) from error
        try:
            self._take(descriptor, f"process {os.getpid()} is {doing}", wait_s)
            self._descriptor = descriptor
            self._owner.depth = 1
            yield
        finally:
            self._owner.depth = 0
            self._descriptor = -1
            os.close(descriptor)

    def _take(self, descriptor: int, holder: str, wait_s: float) -> None:
        end = time.monotonic() + wait_s
        pause = _FIRST_PAUSE_S
        while not _tried(descriptor):
            left = end - time.monotonic()
            if left <= 0:
                now = os.pread(descriptor, _MOST_READ, 0).decode("utf-8", "replace").strip()
                raise LibraryBusyError(
                    f"the library is in use: {now or 'another process is writing'}"
                    + (f"; waited {wait_s:g} s" if wait_s else ""),
                    hint="try again when it is done",
                )
            time.sleep(min(pause, left))
            pause = min(pause * 2, _LONGEST_PAUSE_S)
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


class _Depth(threading.local):
    """How often the current thread has taken the lock."""

    depth: int = 0


def _tried(descriptor: int) -> bool:
    """Whether the lock is ours now; never waits."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _forget(lock: LibraryLock | None) -> None:
    if lock is not None:
        lock.forget()
