"""Untrusted files to pixels: a pool of guarded workers with in-order outcomes and flat memory."""

import queue
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from types import TracebackType
from typing import Self
from weakref import finalize

from saccade.core.types import DecodeOutcome, DecodeTask, Failure, FileEntry, PixelRecipe
from saccade.sources.process import Watchdog
from saccade.sources.seat import Seat, list_members
from saccade.sources.wire import Limits

_AHEAD_PER_WORKER = 8
_AHEAD_LEAST = 64
_AHEAD_BYTES = 64 << 20

_Job = tuple[DecodeTask, "Future[DecodeOutcome]"]


class GuardedDecoder:
    """Decodes files in processes that are confined, timed and replaced; implements `core.ports.Decoder`.

    Workers start with the first task and stay until `close`. Several threads may decode at once.

    Args:
        recipe: the square the encoder wants.
        workers: number of processes, at least 1.
        limits: what one picture may cost.
    """

    def __init__(self, recipe: PixelRecipe, *, workers: int, limits: Limits | None = None) -> None:
        if workers < 1:
            raise ValueError(f"workers must be at least 1, not {workers}")
        if not 1 <= recipe.size <= 4096 or (
            recipe.fit == "crop" and not recipe.size <= recipe.resize <= 8192
        ):
            raise ValueError(f"a recipe that gives no square: {recipe}")
        self._limits = limits or Limits()
        self._workers = workers
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._watchdog = Watchdog()
        self._seats: list[Seat] = []
        self._lister = Seat(recipe, self._limits, self._watchdog)
        self._listing = threading.Lock()
        self._starting = threading.Lock()
        self._recipe = recipe
        self._finalize = finalize(self, _shut_down, self._jobs, self._seats, self._lister, self._watchdog)

    def decode(self, tasks: Iterable[DecodeTask]) -> Iterator[DecodeOutcome]:
        """One outcome per task, in order. Tasks are taken lazily, a bounded number ahead.

        Stopping early drops what was not begun. Raises UnavailableError if no worker can be started.
        """
        source = iter(tasks)
        pending: deque[_Job] = deque()
        most = max(_AHEAD_LEAST, _AHEAD_PER_WORKER * self._workers)
        held = 0
        exhausted = False
        try:
            while True:
                while not exhausted and len(pending) < most and held < _AHEAD_BYTES:
                    task = next(source, None)
                    if task is None:
                        exhausted = True
                        break
                    held += len(task.data or b"")
                    pending.append((task, self._submit(task, len(pending))))
                if not pending:
                    return
                task, future = pending[0]
                outcome = future.result()
                pending.popleft()
                held -= len(task.data or b"")
                yield outcome
        finally:
            for _, future in pending:
                future.cancel()

    def list_archive(self, entry: FileEntry) -> Iterator[FileEntry | Failure]:
        """Members of the archive at `entry.path` that may be pictures, as entries, in the archive's order.

        Hidden members and archives in the archive are left out. An archive that is broken gives the members
        that could be read and then one Failure with the archive's path.
        """
        self._check_open()
        if not self._listing.acquire(blocking=False):
            with Seat(self._recipe, self._limits, self._watchdog) as seat:
                yield from list_members(seat, entry.path, self._limits)
            return
        finished = False
        try:
            yield from list_members(self._lister, entry.path, self._limits)
            finished = True
        finally:
            if not finished:
                self._lister.retire()  # stopped early: its pipe still holds the rest
            self._listing.release()

    def close(self) -> None:
        """End the workers at once, also those at work."""
        self._finalize()
        for seat in self._seats:
            if seat.thread is not None and seat.thread is not threading.current_thread():
                seat.thread.join(timeout=10)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _check_open(self) -> None:
        if not self._finalize.alive:
            raise RuntimeError("the decoder is closed")

    def _submit(self, task: DecodeTask, waiting: int) -> "Future[DecodeOutcome]":
        self._check_open()
        future: Future[DecodeOutcome] = Future()
        with self._starting:
            # One picture alone needs one worker; each further one is started when tasks queue up.
            if len(self._seats) < self._workers and len(self._seats) <= waiting:
                seat = Seat(self._recipe, self._limits, self._watchdog)
                seat.thread = threading.Thread(
                    target=_serve, args=(seat, self._jobs), name="saccade-decode", daemon=True
                )
                self._seats.append(seat)
                seat.thread.start()
        self._jobs.put((task, future))
        return future


def _serve(seat: Seat, jobs: "queue.SimpleQueue[_Job | None]") -> None:
    """Do jobs until told to stop."""
    while (job := jobs.get()) is not None:
        task, future = job
        if future.set_running_or_notify_cancel():
            try:
                future.set_result(seat.decode(task))
            except BaseException as error:  # noqa: BLE001 - raised again where the outcome is awaited
                future.set_exception(error)
        del job, task, future
    seat.retire()


def _shut_down(
    jobs: "queue.SimpleQueue[_Job | None]", seats: list[Seat], lister: Seat, watchdog: Watchdog
) -> None:
    """End every worker and thread. Holds no reference to the decoder, so that forgetting one ends it too."""
    with suppress(queue.Empty):
        while True:
            job = jobs.get_nowait()
            if job is not None:
                job[1].cancel()
    for seat in seats:
        seat.close()
        jobs.put(None)
    lister.close()
    lister.retire()
    watchdog.close()
