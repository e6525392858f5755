"""One decoding worker process seen from the parent: started bare, watched, killed when it overstays."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, cast

from saccade.core.errors import UnavailableError
from saccade.core.types import PixelRecipe
from saccade.sources.wire import Header, Limits, pack, receive

_START_S = 60.0
_PIPE_BYTES = 1 << 20
_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from saccade.sources.worker import main; main()"
)
_KEPT_VARIABLES = ("SYSTEMROOT", "TEMP", "TMP", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


class WorkerGoneError(Exception):
    """The process ended, was killed, or spoke nonsense, in the middle of a task.

    Args:
        timed_out: it was killed for overstaying.   status: exit status, negative for a signal.
    """

    def __init__(self, *, timed_out: bool, status: int | None) -> None:
        super().__init__(f"worker gone (timed out: {timed_out}, status: {status})")
        self.timed_out = timed_out
        self.status = status


class Watchdog:
    """A thread that kills processes whose time is up. It sleeps while nothing is timed."""

    def __init__(self) -> None:
        self._timed: dict[WorkerProcess, float] = {}
        self._changed = threading.Condition()
        self._running = True
        self._thread: threading.Thread | None = None

    def start(self, process: "WorkerProcess", seconds: float) -> None:
        """Kill the process unless `stop` is called within this time. Starting again replaces the time."""
        with self._changed:
            idle = not self._timed
            self._timed[process] = time.monotonic() + seconds
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="saccade-watchdog", daemon=True)
                self._thread.start()
            elif idle:
                self._changed.notify()

    def stop(self, process: "WorkerProcess") -> None:
        """Leave the process alone."""
        with self._changed:
            self._timed.pop(process, None)

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._running = False
            self._changed.notify()

    def _watch(self) -> None:
        with self._changed:
            while self._running:
                now = time.monotonic()
                for process in [p for p, end in self._timed.items() if end <= now]:
                    process.overstayed = True
                    process.kill()
                    del self._timed[process]
                # Deadlines are seconds long; looking ten times a second needs no wake-up at every task.
                self._changed.wait(0.1 if self._timed else None)


class WorkerProcess:
    """A running worker, ready for requests.

    Args:
        recipe: the square it cuts.   limits: what it enforces on itself.   watchdog: what enforces the rest.
    Raises:
        UnavailableError: no worker can be started on this machine.
    """

    def __init__(self, recipe: PixelRecipe, limits: Limits, watchdog: Watchdog) -> None:
        self.overstayed = False
        self.tasks = 0
        self._watchdog = watchdog
        self._process = _start()
        self._requests = cast("BinaryIO", self._process.stdin)
        self._replies = cast("BinaryIO", self._process.stdout)
        cut = [recipe.size, recipe.fit, recipe.resample, recipe.resize]
        try:
            self.send(pack({"cut": cut, "limits": list(limits)}), _START_S)
            ready = self.receive(_START_S, lambda size: size == 0)[0] == {"kind": "ready"}
        except WorkerGoneError as gone:
            raise _cannot_start(f"it ended at once (status {gone.status})") from gone
        if not ready:
            self.kill()
            raise _cannot_start("it gave no sign of life")

    def send(self, message: bytes, seconds: float) -> None:
        """Write a request; `receive` must follow, within this time. Raises WorkerGoneError."""
        self._watchdog.start(self, seconds)
        try:
            self._requests.write(message)
            self._requests.flush()
        except (OSError, ValueError):
            self._watchdog.stop(self)
            raise self._gone() from None

    def receive(self, seconds: float, allowed: Callable[[int], bool]) -> tuple[Header, bytes]:
        """Return the next reply. Raises WorkerGoneError, also when the reply is malformed."""
        self._watchdog.start(self, seconds)
        try:
            message = receive(self._replies, allowed)
        except (OSError, ValueError):
            message = None
        finally:
            self._watchdog.stop(self)
        if message is None:
            raise self._gone()
        return message

    def kill(self) -> None:
        """End it at once. Safe from any thread; `close` must still follow."""
        with suppress(OSError):
            self._process.kill()

    def close(self) -> int | None:
        """Kill it if it still runs, and collect it: no zombie stays. Returns its exit status."""
        self.kill()
        for stream in (self._requests, self._replies):
            with suppress(OSError, ValueError):
                stream.close()
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(5)
        return None

    def _gone(self) -> WorkerGoneError:
        # A worker that died by itself has its own status; give it a moment before ours would replace it.
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(0.2)
        status = self.close()
        return WorkerGoneError(timed_out=self.overstayed, status=status)


def _start() -> "subprocess.Popen[bytes]":
    if not sys.executable:
        raise _cannot_start("this program does not know its Python interpreter")
    own = str(Path(__file__).parents[2])
    paths = [own, *(path for path in sys.path if path and path != own)]
    environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    # One memory arena and one thread: the address space is limited, and the workers are the parallelism.
    environment.update(MALLOC_ARENA_MAX="1", OMP_NUM_THREADS="1")
    try:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-X", "utf8", "-c", _BOOT, json.dumps(paths)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,  # Ctrl-C in the terminal is the parent's to act on
        )
    except OSError as error:
        raise _cannot_start(str(error)) from error
    _widen(process.stdout)
    return process


def _widen(pipe: object) -> None:
    """Let a whole picture lie in the pipe, so that the worker goes on while the parent is busy."""
    with suppress(ImportError, AttributeError, OSError):
        import fcntl  # noqa: PLC0415 - absent on Windows

        fcntl.fcntl(cast("BinaryIO", pipe).fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _cannot_start(why: str) -> UnavailableError:
    return UnavailableError(
        f"cannot start a process to decode images in: {why}",
        hint="check free memory and the limit on processes, and that this Python can start itself",
    )
