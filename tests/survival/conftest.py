"""Photos made on the spot, a tiny encoder in place of the real one, and processes to kill."""

import contextlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

HERE = Path(__file__).parent
_PATIENCE_S = 60.0
Event = dict[str, Any]


def load(name: str) -> Any:
    """A module of this folder, which child processes run or import too."""
    spec = importlib.util.spec_from_file_location(f"survival_{name}", HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def helper() -> Callable[[str], Any]:
    """Load a module of this folder."""
    return load


@pytest.fixture(scope="session")
def tiny() -> Any:
    """The module `tiny`."""
    return load("tiny")


@pytest.fixture(autouse=True)
def _tiny_encoder(tiny: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("saccade.library.context.load", tiny.load_tiny)


def draw(path: Path, number: int) -> bytes:
    """Write picture `number` (each number another one) as a small PNG; its bytes."""
    blocks = np.random.default_rng(number).integers(0, 256, (8, 8, 3), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(blocks.repeat(4, 0).repeat(4, 1)).save(path, format="PNG")
    return path.read_bytes()


@pytest.fixture(scope="session")
def photo() -> Callable[[Path, int], bytes]:
    """Make a picture."""
    return draw


@pytest.fixture
def album(tmp_path: Path) -> Callable[[int], Path]:
    """Make a folder "photos" with pictures 0 to n - 1, a third of them in a folder below."""

    def made(count: int) -> Path:
        place = tmp_path / "photos"
        place.mkdir()
        for number in range(count):
            draw(place / ("below" if number % 3 == 0 else "") / f"p{number}.png", number)
        return place

    return made


@pytest.fixture(scope="module")
def in_memory() -> Iterator[Path]:
    """A folder in memory, where that can be: it is filled again for every kill."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


@contextlib.contextmanager
def as_it_was(home: Path) -> Iterator[str]:
    """The folder, and afterward what was in it (in its own place: the library knows absolute paths)."""
    with tempfile.TemporaryDirectory(dir=home.parent) as folder:
        kept = Path(shutil.copytree(home, Path(folder) / "kept", symlinks=True))
        try:
            yield str(home)
        finally:
            shutil.rmtree(home)
            kept.rename(home)


@pytest.fixture(scope="session")
def fresh() -> Callable[[Path], AbstractContextManager[str]]:
    """Put a folder back as it was, after each use."""
    return as_it_was


@pytest.fixture(scope="module")
def steps_of() -> Iterator[Callable[[str], Callable[..., dict[str, int]]]]:
    """Start a program that is served by stepping.py; what has it do a job."""
    with contextlib.ExitStack() as stack:

        def started(name: str) -> Callable[..., dict[str, int]]:
            process = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, str(HERE / f"{name}.py")],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            stdin, stdout = process.stdin, process.stdout
            assert stdin is not None
            assert stdout is not None

            def done(**job: Any) -> dict[str, int]:
                stdin.write(json.dumps(job) + "\n")
                stdin.flush()
                answer: dict[str, int] = json.loads(stdout.readline())
                return answer

            return done

        yield started


class Child:
    """A process that works on a library: its events so far, and ways to end it."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.errors = ""
        self.status: int | None = None
        self._job: Event = {}
        self._news = threading.Condition()
        self._ended = False
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "child.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def begin(self, job: Event) -> None:
        """Give it its job (see child.py)."""
        self._job = job
        self._tell(json.dumps(job))

    def go_on(self) -> None:
        """Let it go on from where it stopped."""
        self._tell("")

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._news:
                # A killed process may leave half a line; nothing in it was acknowledged.
                if line.endswith("\n"):
                    self.events.append(json.loads(line))
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    def wait_for(self, key: str, count: int = 1) -> bool:
        """Wait for the event to have come `count` times; false if the process ended before."""
        with self._news:
            there = self._news.wait_for(lambda: self._ended or self._count(key) >= count, _PATIENCE_S)
            assert there, f"no {key!r} from {self._job} within {_PATIENCE_S} s; it said {self.events}"
            return self._count(key) >= count

    def _count(self, key: str) -> int:
        return sum(key in event for event in self.events)

    def kill(self) -> list[int]:
        """`kill -9`; the processes that it had started (found while it was stopped)."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process.pid, signal.SIGSTOP)
            below = processes_below(self._process.pid)
            os.kill(self._process.pid, signal.SIGKILL)
            self.end()
            return below
        return []

    def signal(self, number: int) -> list[int]:
        """Send a signal; the processes that it had started."""
        below = processes_below(self._process.pid)
        self._process.send_signal(number)
        return below

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    def end(self) -> int:
        """Wait for its end; its exit status."""
        self.status = self._process.wait(_PATIENCE_S)
        self._reader.join(_PATIENCE_S)
        self.errors = self._process.stderr.read() if self._process.stderr else ""
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        return self.status

    def finish(self) -> list[Event]:
        """Wait for its good end; all it said."""
        status = self.end()
        assert (status, self.errors) == (0, ""), f"{self._job}: {self.events[-1:]} {self.errors}"
        return self.events


def processes_below(pid: int) -> list[int]:
    """Processes below this one, the living only."""
    parents: dict[int, int] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                fields = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()
                if fields[0] not in "ZX":
                    parents[int(name)] = int(fields[1])
    found: list[int] = []
    level = [pid]
    while level:
        level = [child for child, parent in parents.items() if parent in level]
        found += level
    return found


@pytest.fixture(scope="session")
def descendants() -> Callable[[int], list[int]]:
    """Find the processes below one."""
    return processes_below


def living(pid: int) -> bool:
    """Whether the process still runs; one that waits to be collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@pytest.fixture
def start() -> Iterator[Callable[..., Child]]:
    """Start a child with a job (see child.py); all are killed in the end.

    With `spare` the next child gets ready meanwhile, which saves the time a program takes to load.
    """
    if not os.path.isdir("/proc/self"):
        pytest.skip("/proc is missing, by which the processes of a child are found")
    children: list[Child] = []
    spares: list[Child] = []

    def started(*, spare: bool = False, **job: Any) -> Child:
        child = spares.pop() if spares else Child()
        children.append(child)
        child.begin(job)
        if spare:
            spares.append(Child())
        return child

    yield started
    for child in [*children, *spares]:
        child.kill()


@pytest.fixture
def all_gone() -> Callable[[list[int]], None]:
    """Fail if one of the processes is still there after some seconds."""

    def check(pids: list[int]) -> None:
        end = time.monotonic() + 10
        while any(map(living, pids)) and time.monotonic() < end:
            time.sleep(0.02)
        left = [pid for pid in pids if living(pid)]
        assert left == [], f"orphans: {left}"

    return check


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Mount a small disk in memory: `mounted(name, size="4m")`; skips where that is not allowed."""
    places: list[Path] = []

    def mount(name: str, *options: str) -> Path:
        place = tmp_path / name
        place.mkdir(exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(place)]
        if shutil.which("mount") is None:
            pytest.skip("the command mount is missing")
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
        places.append(place)
        return place

    yield mount
    for place in reversed(places):
        subprocess.run(["umount", "-l", str(place)], check=True)
