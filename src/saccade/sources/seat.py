"""The place of one decoding worker: started when needed, replaced when it dies or has worked long enough."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from types import TracebackType
from typing import Self

from saccade.core.types import DecodeOutcome, DecodeTask, Failure, FileEntry, PixelRecipe
from saccade.sources.outcome import name_of, read_failure, read_members, read_outcome
from saccade.sources.process import Watchdog, WorkerGoneError, WorkerProcess
from saccade.sources.wire import Header, Limits, pack

_RECYCLE_AFTER = 5000


_OPEN_S = 60.0


class Seat:
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


def list_members(seat: Seat, path: str, limits: Limits) -> Iterator[FileEntry | Failure]:
    """Members of an archive that may be pictures; then one Failure if it is broken."""
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
        reason = "the system ended the decoder in the middle of it; it probably ran out of memory"
        return Failure(path=path, code="decode_memory", reason=reason)
    name = f"status {status}"
    if status is not None and status < 0:
        with suppress(ValueError):
            name = signal.Signals(-status).name
    return Failure(path=path, code="decode_crashed", reason=f"the decoder crashed on it ({name})")
