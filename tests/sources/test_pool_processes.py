"""The processes of a pool: confined, started when needed, and gone when not."""

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from saccade.core.decoding import DecodeTask
from saccade.core.types import PixelRecipe
from saccade.sources.pool import DecoderPool, GuardedDecoder
from saccade.sources.process import WorkerProcess
from saccade.sources.roster import Roster
from saccade.sources.watchdog import Watchdog
from saccade.sources.wire import Limits

Encode = Callable[..., bytes]
Children = Callable[[int], set[int]]
Started = Callable[[], set[int]]


def test_no_tasks_start_no_worker(recipe: PixelRecipe, started: Started) -> None:
    """An empty list of tasks costs nothing; one task starts one worker."""
    with GuardedDecoder(recipe, workers=4) as decoder:
        assert list(decoder.decode([])) == []
        assert started() == set()
        list(decoder.decode([DecodeTask(path="x", data=b"x")]))
        assert len(started()) == 1


def test_workers_are_confined(recipe: PixelRecipe, pictures: list[DecodeTask], started: Started) -> None:
    """Its limits hold in the worker, it ignores Ctrl-C, and it knows no secrets."""
    os.environ["SACCADE_TEST_SECRET"] = "hush"
    try:
        with GuardedDecoder(recipe, workers=1) as decoder:
            list(decoder.decode(pictures[:1]))
            (pid,) = started()
            limits = Path(f"/proc/{pid}/limits").read_text()
            rows = {line[:26].strip(): line[26:].split()[0] for line in limits.splitlines()[1:]}
            assert rows["Max address space"] == str(1 << 30)
            assert (rows["Max file size"], rows["Max core file size"], rows["Max open files"]) == (
                "0",
                "0",
                "64",
            )
            assert int(rows["Max cpu time"]) <= 20
            assert b"hush" not in Path(f"/proc/{pid}/environ").read_bytes()
            assert _status_of(pid, "SigIgn") & (1 << signal.SIGINT - 1)
            assert os.getsid(pid) == pid
    finally:
        del os.environ["SACCADE_TEST_SECRET"]


def test_closing_leaves_no_process(recipe: PixelRecipe, pictures: list[DecodeTask], started: Started) -> None:
    """After close, early or late, by hand or by forgetting, there are no children, not even zombies."""
    for _ in range(2):
        with GuardedDecoder(recipe, workers=2) as decoder:
            outcomes = decoder.decode(pictures)
            next(outcomes)
        assert started() == set()
    decoder = GuardedDecoder(recipe, workers=2)
    list(decoder.decode(pictures))
    assert len(started()) == 2
    del decoder, outcomes
    gc.collect()
    end = time.monotonic() + 10
    while started() != set() and time.monotonic() < end:
        time.sleep(0.02)
    assert started() == set()


def test_a_closed_decoder_refuses_work(recipe: PixelRecipe) -> None:
    """Work after close is a mistake, and close may be called twice."""
    decoder = GuardedDecoder(recipe, workers=1)
    decoder.close()
    decoder.close()
    with pytest.raises(RuntimeError, match="closed"):
        list(decoder.decode([DecodeTask(path="x", data=b"x")]))


def test_a_killed_parent_leaves_no_orphan(children: Children) -> None:
    """Workers end when their parent is killed without a chance to say so."""
    program = (
        "import time\nfrom saccade.core.decoding import *\nfrom saccade.core.types import *\n"
        "from saccade.sources.pool import GuardedDecoder\n"
        "d = GuardedDecoder(PixelRecipe(size=8), workers=2)\n"
        "list(d.decode([DecodeTask(path='x', data=b'x')] * 50))\nprint('ready', flush=True)\ntime.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    with parent.stdout:
        assert parent.stdout.readline() == b"ready\n"
        workers = children(parent.pid)
        assert len(workers) == 2
        parent.kill()
        parent.wait()
    end = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() and not _is_zombie(pid) for pid in workers):
        assert time.monotonic() < end
        time.sleep(0.02)


def test_an_unguarded_script_works(tmp_path: Path) -> None:
    """No `if __name__ == "__main__"` is needed: workers never import the user's program."""
    script = tmp_path / "script.py"
    script.write_text(
        "print('once')\nfrom saccade.core.decoding import *\nfrom saccade.core.types import *\n"
        "from saccade.sources.pool import GuardedDecoder\n"
        "with GuardedDecoder(PixelRecipe(size=8), workers=2) as d:\n"
        "    print(len(list(d.decode([DecodeTask(path='x', data=b'x')] * 9))))\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "once\n9\n"


def test_workers_import_little() -> None:
    """The worker's program starts without numpy, which costs more than all else it imports."""
    program = (
        "import sys; import saccade.sources.worker; print('numpy' in sys.modules, 'pi_heif' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "False False\n"


def test_memory_stays_flat(recipe: PixelRecipe, encode: Encode, started: Started) -> None:
    """A worker is no larger after 800 pictures than after 200."""
    data = encode(Image.effect_noise((150, 150), 50).convert("RGB"), "JPEG")
    tasks = (DecodeTask(path="x", data=data) for _ in range(800))
    sizes = []
    with GuardedDecoder(recipe, workers=1) as decoder:
        for n, _ in enumerate(decoder.decode(tasks), 1):
            if n in {200, 800}:
                (pid,) = started()
                sizes.append(_status_of(pid, "VmRSS"))
    assert sizes[1] - sizes[0] < 3000  # kB


def test_unused_workers_end_and_start_again(
    recipe: PixelRecipe, pictures: list[DecodeTask], started: Started
) -> None:
    """Workers end after the idle time, leaving no zombie, and the next task starts them again."""
    with DecoderPool(workers=2, idle_s=0.2) as pool:
        decoder = pool.decoder(recipe)
        for _ in range(2):
            assert len(list(decoder.decode(pictures))) == 60
            assert started()
            _wait_until(lambda: not started())


def test_idle_workers_are_timed_from_their_last_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process used last is used next, and only one that was idle all the time ends."""
    now, deadlines = [0.0], []
    monkeypatch.setattr("saccade.sources.roster.WorkerProcess", _FakeProcess)
    monkeypatch.setattr("saccade.sources.roster.time.monotonic", lambda: now[0])
    monkeypatch.setattr(Watchdog, "start", lambda _self, _key, seconds, _action: deadlines.append(seconds))
    roster = Roster(Limits(), keep=2, idle_s=60)
    first, second, third = (roster.take() for _ in range(3))
    roster.give(first)
    now[0] = 10
    roster.give(second)
    roster.give(third)
    assert _ended(first, second, third) == [False, False, True]  # more than are kept
    now[0] = 50
    assert roster.take() is second
    roster.give(second)
    now[0] = 60
    roster._end_idle()
    assert _ended(first, second) == [True, False]
    now[0] = 110
    roster._end_idle()
    assert _ended(first, second) == [True, True]
    assert deadlines == [60, 50]
    assert roster.take() not in {first, second, third}


def test_a_worker_is_replaced_after_many_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a decoder leaks is given back now and then."""
    monkeypatch.setattr("saccade.sources.roster.WorkerProcess", _FakeProcess)
    roster = Roster(Limits(), keep=1, idle_s=60)
    process = roster.take()
    process.requests = 4999
    roster.give(process)
    assert roster.take() is process
    process.requests = 5000
    roster.give(process)
    assert _ended(process) == [True]
    assert roster.take() is not process
    roster.close()


def test_the_watchdog_acts_on_the_earliest_deadline_not_lifted() -> None:
    """A later deadline does not delay an earlier one, a lifted one is not acted on, a new one replaces."""
    happened: list[str] = []
    reached = threading.Event()
    watchdog = Watchdog()
    watchdog.start("late", 60, lambda: happened.append("late"))
    time.sleep(0.05)  # the thread sleeps for a minute now
    watchdog.start("lifted", 0.1, lambda: happened.append("lifted"))
    watchdog.start("replaced", 0.1, lambda: happened.append("early"))
    watchdog.start("replaced", 0.2, lambda: (happened.append("replaced"), reached.set()))
    watchdog.stop("lifted")
    assert reached.wait(10)
    watchdog.close()
    assert happened == ["replaced"]


def test_a_forked_process_leaves_the_workers_alone() -> None:
    """A fork of the program can neither use nor end the workers, at its exit either."""
    program = (
        "import os, sys\nfrom saccade.core.decoding import *\nfrom saccade.core.types import *\n"
        "from saccade.sources.pool import GuardedDecoder\n"
        "task = DecodeTask(path='x', data=b'x')\n"
        "entry = FileEntry(path='x.zip', stamp=FileStamp(size=1, mtime_ns=1))\n"
        "d = GuardedDecoder(PixelRecipe(size=8), workers=1)\nlist(d.decode([task]))\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    for use in (lambda: d.decode([task]), lambda: d.list_archive(entry)):\n"
        "        try: list(use())\n"
        "        except RuntimeError as error: print(error, flush=True)\n"
        "    sys.exit()\n"
        "os.waitpid(child, 0)\n"
        "(process, _), = d._crew._roster._idle\n"
        "print(process.alive, len(list(d.decode([task]))))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    message = "a decoder cannot be used in a forked process: make a new one there\n"
    assert done.stdout == message * 2 + "True 1\n"


class _FakeProcess:
    """A process that is none."""

    alive = True

    def __init__(self, *_: object) -> None:
        self.requests = 0
        self.ended = False

    def close(self) -> None:
        self.ended = True

    def kill(self) -> None:
        self.ended = True


def _ended(*processes: WorkerProcess) -> list[bool]:
    return [process.ended for process in processes]  # type: ignore[attr-defined]  # they are fakes


def _wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def _status_of(pid: int, name: str) -> int:
    """A number in kB, or a mask, from /proc/PID/status."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1], 16 if name.startswith("Sig") else 10)
    return 0  # a zombie has no memory


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True
