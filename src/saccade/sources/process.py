"""One decoding worker process as the parent sees it: started bare, killed when it exceeds its time."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, cast

from saccade.core.errors import UnavailableError
from saccade.sources.watchdog import Watchdog
from saccade.sources.wire import Header, Limits, pack, receive

_START_S = 60.0
_PIPE_BYTES = 1 << 20
_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from saccade.sources.worker import main; main()"
)
_KEPT_VARIABLES = ("SYSTEMROOT", "TEMP", "TMP", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


class WorkerGoneError(Exception):
    """The process ended, or was killed, in the middle of a request.

    Args:
        timed_out: it was killed for exceeding its time.   status: exit status, negative for a signal.
    """

    def __init__(self, *, timed_out: bool, status: int | None) -> None:
        super().__init__(f"worker gone (timed out: {timed_out}, status: {status})")
        self.timed_out = timed_out
        self.status = status


class WorkerProcess:
    """A running worker, ready for requests.

    Args:
        limits: enforced by the worker itself.   watchdog: enforces the time limits from outside.
    Raises:
        UnavailableError: no worker can be started on this machine.
    """

    def __init__(self, limits: Limits, watchdog: Watchdog) -> None:
        self.requests = 0
        self._timed_out = False
        self._watchdog = watchdog
        self._process = _start()
        self._requests = cast("BinaryIO", self._process.stdin)
        self._replies = cast("BinaryIO", self._process.stdout)
        try:
            self.send(pack({"limits": list(limits)}), _START_S)
            ready = self.receive(_START_S, lambda size: size == 0)[0] == {"kind": "ready"}
        except WorkerGoneError as gone:
            raise _cannot_start(f"it ended at once (status {gone.status})") from gone
        except ValueError:
            ready = False
        if not ready:
            self.close()
            raise _cannot_start("it did not say that it is ready")
        self.requests = 0

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def send(self, message: bytes, seconds: float) -> None:
        """Write a request; `receive` must follow, within this time. Raises WorkerGoneError."""
        self.requests += 1
        self._watchdog.start(self, seconds, self._time_out)
        try:
            self._requests.write(message)
            self._requests.flush()
        except (OSError, ValueError):
            self._watchdog.stop(self)
            raise self._gone() from None

    def receive(self, seconds: float, allowed: Callable[[int], bool]) -> tuple[Header, bytes]:
        """Return the next reply.

        Raises:
            WorkerGoneError: there is none.
            ValueError: it is malformed; the process cannot be used again.
        """
        self._watchdog.start(self, seconds, self._time_out)
        try:
            message = receive(self._replies, allowed)
        except OSError:
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
        """Kill it if it still runs, and reap it, so that no zombie remains. Returns its exit status."""
        self.kill()
        for stream in (self._requests, self._replies):
            with suppress(OSError, ValueError):
                stream.close()
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(5)
        return None

    def _time_out(self) -> None:
        self._timed_out = True
        self.kill()

    def _gone(self) -> WorkerGoneError:
        # A worker that ended by itself has its own exit status; wait briefly: killing it replaces that.
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(0.2)
        status = self.close()
        return WorkerGoneError(timed_out=self._timed_out, status=status)


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
            start_new_session=True,  # Ctrl-C in the terminal is for the parent to handle
        )
    except OSError as error:
        raise _cannot_start(str(error)) from error
    _widen(process.stdout)
    return process


def _widen(pipe: object) -> None:
    """Make room for a whole picture in the pipe, so that the worker can continue while the parent is busy."""
    with suppress(ImportError, AttributeError, OSError):
        import fcntl  # noqa: PLC0415 - absent on Windows

        fcntl.fcntl(cast("BinaryIO", pipe).fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _cannot_start(why: str) -> UnavailableError:
    return UnavailableError(
        f"cannot start a process to decode images: {why}",
        hint="check free memory and the limit on processes, and that this Python can start itself",
    )
