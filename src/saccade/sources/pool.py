"""Untrusted files to pixels: a pool of guarded workers with in-order outcomes and flat memory."""

import os
import queue
import signal
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from types import TracebackType
from typing import Self
from weakref import finalize

from saccade.core.types import DecodeOutcome, DecodeTask, Failure, FileEntry, PixelRecipe
from saccade.sources.outcome import name_of, read_failure, read_members, read_outcome
from saccade.sources.process import Watchdog, WorkerGoneError, WorkerProcess
from saccade.sources.wire import Header, Limits, pack

_RECYCLE_AFTER = 5000
_AHEAD_PER_WORKER = 8
_AHEAD_LEAST = 64
_AHEAD_BYTES = 64 << 20
_OPEN_S = 60.0

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
        self._seats: list[_Seat] = []
        self._lister = _Seat(recipe, self._limits, self._watchdog)
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
            with _Seat(self._recipe, self._limits, self._watchdog) as seat:
                yield from _list(seat, entry.path, self._limits)
            return
        finished = False
        try:
            yield from _list(self._lister, entry.path, self._limits)
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
                seat = _Seat(self._recipe, self._limits, self._watchdog)
                seat.thread = threading.Thread(
                    target=_serve, args=(seat, self._jobs), name="saccade-decode", daemon=True
                )
                self._seats.append(seat)
                seat.thread.start()
        self._jobs.put((task, future))
        return future


class _Seat:
    """The place of one worker: starts it when needed, replaces it when it dies or has worked long enough."""

    def __init__(self, recipe: PixelRecipe, limits: Limits, watchdog: Watchdog) -> None:
        self.thread: threading.Thread | None = None
        self._recipe = recipe
        self._limits = limits
        self._watchdog = watchdog
        self._process: WorkerProcess | None = None
        self._closed = False
        self._changing = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.retire()

    def decode(self, task: DecodeTask) -> DecodeOutcome:
        """The outcome of one task, whatever happens to the worker."""
        name = name_of(task.path, task.member)
        left = self._limits.archive_s if task.member else self._limits.wall_s
        request = pack(*_request(task))
        for attempt in range(2):
            process = self._ready()
            end = time.monotonic() + left  # starting a worker does not count
            try:
                header, payload = self._exchange(process, request, end, archive=bool(task.member))
                outcome = read_outcome(task, header, payload, self._recipe)
            except ValueError:
                self.retire()
                return Failure(path=name, code="decode_crashed", reason="the decoder gave a senseless answer")
            except WorkerGoneError as gone:
                self.retire()
                # It may have died of something else while it waited (an idle process is easily killed).
                left = end - time.monotonic()
                if attempt == 0 and not gone.timed_out and left > 0 and not self._closed:
                    continue
                return _obituary(name, gone, self._limits)
            if isinstance(outcome, Failure) and outcome.code == "decode_memory":
                self.retire()  # what is left of its memory may be in pieces
            return outcome
        raise AssertionError("unreachable: the second attempt returns")

    def request(self, message: bytes, seconds: float) -> WorkerProcess:
        """The worker, with a request sent. Raises WorkerGoneError."""
        process = self._ready()
        process.send(message, seconds)
        return process

    def retire(self) -> None:
        """End the worker; the next task gets a new one."""
        with self._changing:
            process, self._process = self._process, None
        if process is not None:
            process.close()

    def close(self) -> None:
        """End the worker for good, from any thread."""
        self._closed = True
        with self._changing:
            if self._process is not None:
                self._process.kill()

    def _ready(self) -> WorkerProcess:
        if self._process is not None and self._process.tasks >= _RECYCLE_AFTER:
            self.retire()
        process = self._process
        if process is None:
            process = WorkerProcess(self._recipe, self._limits, self._watchdog)
            with self._changing:
                self._process = process
                if self._closed:
                    process.kill()
        process.tasks += 1
        return process

    def _exchange(
        self, process: WorkerProcess, request: bytes, end: float, *, archive: bool
    ) -> tuple[Header, bytes]:
        """Send a request and wait for its answer, longer while the worker says it is skipping members."""
        wall, most = self._limits.wall_s, 3 * self._recipe.size**2
        process.send(request, wall)
        patience = _OPEN_S if archive else wall
        while True:
            left = min(patience, end - time.monotonic())
            header, payload = process.receive(max(left, 0.0), lambda size: size <= most)
            if header.get("kind") != "busy":
                return header, payload
            patience = wall


def _request(task: DecodeTask) -> tuple[Header, bytes]:
    path = os.fsencode(task.path).decode("latin-1")
    operation = "file" if task.data is None else "bytes"
    return {
        "op": operation,
        "path": path,
        "member": task.member,
        "hash_only": task.hash_only,
    }, task.data or b""


def _serve(seat: _Seat, jobs: "queue.SimpleQueue[_Job | None]") -> None:
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


def _list(seat: _Seat, path: str, limits: Limits) -> Iterator[FileEntry | Failure]:
    encoded = os.fsencode(path).decode("latin-1")
    end = time.monotonic() + limits.archive_s
    patience = _OPEN_S
    try:
        process = seat.request(pack({"op": "list", "path": encoded}), limits.wall_s)
        last = False
        while not last:
            left = max(min(patience, end - time.monotonic()), 0.0)
            header, _ = process.receive(left, lambda size: size == 0)
            patience = limits.wall_s
            if header.get("kind") == "busy":
                continue
            if header.get("kind") == "refused":
                yield read_failure(path, header)
                return
            entries, last = read_members(path, header)
            started = time.monotonic()
            yield from entries
            end += time.monotonic() - started  # the reader's own time does not count
    except ValueError:
        seat.retire()
        yield Failure(path=path, code="decode_crashed", reason="the archive reader gave a senseless answer")
    except WorkerGoneError as gone:
        seat.retire()
        yield _obituary(path, gone, limits)


def _obituary(path: str, gone: WorkerGoneError, limits: Limits) -> Failure:
    """What the death of a worker says about the file it was working on."""
    ran_out = -int(getattr(signal, "SIGXCPU", 0))
    if gone.timed_out or (ran_out and gone.status == ran_out):
        reason = f"it took longer than {limits.wall_s:g} seconds to decode"
        return Failure(path=path, code="decode_timeout", reason=reason)
    status = gone.status
    if status == -int(getattr(signal, "SIGKILL", 9)):
        reason = "the system ended the decoder in the middle of it, most likely for want of memory"
        return Failure(path=path, code="decode_memory", reason=reason)
    name = f"status {status}"
    if status is not None and status < 0:
        with suppress(ValueError):
            name = signal.Signals(-status).name
    return Failure(path=path, code="decode_crashed", reason=f"the decoder crashed on it ({name})")


def _shut_down(
    jobs: "queue.SimpleQueue[_Job | None]", seats: list[_Seat], lister: _Seat, watchdog: Watchdog
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
