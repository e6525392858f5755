"""The worker processes of a pool: the most recently used one is reused first, and unused ones end."""

import threading
import time

from saccade.sources.process import WorkerProcess
from saccade.sources.watchdog import Watchdog
from saccade.sources.wire import Limits

_RECYCLE_AFTER = 5000
"""Requests after which a process is replaced, in case a decoder leaks memory."""


class Roster:
    """Starts processes when none is idle and keeps idle ones for a while. Thread-safe.

    Args:
        limits: resource limits for one picture.
        keep: most processes kept while idle.
        idle_s: seconds after which an idle process ends.
    """

    def __init__(self, limits: Limits, *, keep: int, idle_s: float) -> None:
        self.limits = limits
        self._keep = keep
        self._idle_s = idle_s
        self._watchdog = Watchdog()
        self._lock = threading.Lock()  # not held while calling the watchdog, which calls `_end_idle`
        self._idle: list[tuple[WorkerProcess, float]] = []  # with the time it became idle, oldest first
        self._busy: set[WorkerProcess] = set()
        self._timed = False
        self._closed = False

    def take(self) -> WorkerProcess:
        """A running process, to be returned with `give` or `drop`.

        Raises:
            UnavailableError: none can be started.
            RuntimeError: the pool is closed.
        """
        while True:
            with self._lock:
                self.check_open()
                if not self._idle:
                    break
                process, _ = self._idle.pop()
                self._busy.add(process)
            if process.alive:
                return process
            self.drop(process)  # it was killed while idle
        process = WorkerProcess(self.limits, self._watchdog)
        with self._lock:
            self._busy.add(process)
        if self._closed:
            self.drop(process)
            self.check_open()
        return process

    def give(self, process: WorkerProcess) -> None:
        """Take back a process whose last request is completely answered."""
        with self._lock:
            kept = not self._closed and len(self._idle) < self._keep and process.requests < _RECYCLE_AFTER
            start = kept and not self._timed
            if kept:
                self._busy.discard(process)
                self._idle.append((process, time.monotonic()))
                self._timed = True
        if start:
            self._watchdog.start(self, self._idle_s, self._end_idle)
        if not kept:
            self.drop(process)

    def drop(self, process: WorkerProcess) -> None:
        """End a process that cannot be used again."""
        process.close()
        with self._lock:
            self._busy.discard(process)

    def close(self) -> None:
        """End all processes at once; whoever uses one finds it gone and drops it."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            for process in (*self._busy, *(process for process, _ in idle)):
                process.kill()
        self._watchdog.close()
        for process, _ in idle:
            process.close()

    def check_open(self) -> None:
        """Raise RuntimeError if `close` was called."""
        if self._closed:
            raise RuntimeError("the decoder is closed")

    def _end_idle(self) -> None:
        """End the processes that have been idle too long; look again when the next one has."""
        now = time.monotonic()
        with self._lock:
            expired = [process for process, since in self._idle if since + self._idle_s <= now]
            self._idle = self._idle[len(expired) :]
            self._timed = bool(self._idle)
            wait = self._idle[0][1] + self._idle_s - now if self._idle else 0.0
        for process in expired:
            process.close()
        if wait:
            self._watchdog.start(self, wait, self._end_idle)
