"""Workers may crash, hang, lie or vanish: each costs one picture, and nothing else."""

import gc
import gzip
import os
import signal
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from saccade.core.errors import UnavailableError
from saccade.core.types import Decoded, DecodeTask, Failure, FileStamp, Hashed, PixelRecipe
from saccade.sources.pool import GuardedDecoder
from saccade.sources.wire import Limits

Encode = Callable[..., bytes]

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="/proc is missing")


def children(parent: int | None = None) -> list[int]:
    """Process ids of the children, zombies too."""
    parent = parent or os.getpid()
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                fields = Path(f"/proc/{entry}/stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(fields[1]) == parent:
                found.append(int(entry))
    return found


def status_of(pid: int, name: str) -> int:
    """A number in kB, or a mask, from /proc/PID/status."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1], 16 if name.startswith("Sig") else 10)
    return 0  # a zombie has no memory


@pytest.fixture
def others() -> set[int]:
    """Children that were there before the test."""
    return set(children())


@pytest.fixture
def pictures(encode: Encode) -> list[DecodeTask]:
    """Sixty pictures in memory, each of its own gray."""
    return [DecodeTask(path=f"{n}", data=encode(Image.new("L", (40, 40), n))) for n in range(60)]


def gray_of(outcome: object) -> int:
    assert isinstance(outcome, Decoded)
    return int(outcome.pixels[0, 0, 0])


def test_outcomes_come_in_order(recipe: PixelRecipe, pictures: list[DecodeTask]) -> None:
    """Outcome n belongs to task n, with failures among them, and the decoder can be used again."""
    tasks = [*pictures[:20], DecodeTask(path="bad", data=b"bad"), *pictures[20:]]
    with GuardedDecoder(recipe, workers=3) as decoder:
        for _ in range(2):
            outcomes = list(decoder.decode(tasks))
            assert [gray_of(o) for o in outcomes if isinstance(o, Decoded)] == list(range(60))
            assert outcomes[20] == Failure(
                path="bad",
                code="not_an_image",
                reason=outcomes[20].reason,  # type: ignore[union-attr]
            )


def test_no_tasks_start_no_worker(recipe: PixelRecipe, others: set[int]) -> None:
    """An empty list of tasks costs nothing; one task starts one worker."""
    with GuardedDecoder(recipe, workers=4) as decoder:
        assert list(decoder.decode([])) == []
        assert set(children()) == others
        list(decoder.decode([DecodeTask(path="x", data=b"x")]))
        assert len(set(children()) - others) == 1


def test_tasks_are_taken_lazily(recipe: PixelRecipe, pictures: list[DecodeTask]) -> None:
    """No more tasks are taken than a bounded number ahead of what was asked for."""
    taken = 0

    def endless() -> Iterator[DecodeTask]:
        nonlocal taken
        while True:
            taken += 1
            yield pictures[taken % 60]

    with GuardedDecoder(recipe, workers=2) as decoder:
        outcomes = decoder.decode(endless())
        for n in range(1, 201):
            assert isinstance(next(outcomes), Decoded)
            assert taken <= n + 64
        outcomes.close()  # type: ignore[attr-defined]  # a generator
        assert gray_of(next(decoder.decode(pictures[7:8]))) == 7


def test_tasks_with_large_bytes_are_held_few_at_a_time(recipe: PixelRecipe) -> None:
    """The bytes in flight are bounded, not only the number of tasks."""
    taken = 0

    def large() -> Iterator[DecodeTask]:
        nonlocal taken
        for _ in range(12):
            taken += 1
            yield DecodeTask(path="x", data=b"BM" + bytes(20 << 20))

    with GuardedDecoder(recipe, workers=1) as decoder:
        outcomes = decoder.decode(large())
        next(outcomes)
        assert taken <= 5
        assert len(list(outcomes)) == 11


def test_a_hanging_worker_costs_one_picture(
    recipe: PixelRecipe, pictures: list[DecodeTask], others: set[int]
) -> None:
    """A worker that stands still is killed when its time is up, and the rest goes on in a new one."""
    with GuardedDecoder(recipe, workers=1, limits=Limits(wall_s=0.5)) as decoder:
        assert gray_of(next(decoder.decode(pictures[:1]))) == 0
        (pid,) = set(children()) - others
        os.kill(pid, signal.SIGSTOP)
        started = time.monotonic()
        outcomes = list(decoder.decode(pictures[:5]))
        assert time.monotonic() - started < 5
        assert isinstance(outcomes[0], Failure)
        assert (outcomes[0].path, outcomes[0].code) == ("0", "decode_timeout")
        assert [gray_of(outcome) for outcome in outcomes[1:]] == [1, 2, 3, 4]


def test_an_idle_worker_that_dies_costs_nothing(
    recipe: PixelRecipe, pictures: list[DecodeTask], others: set[int]
) -> None:
    """A worker killed while it waits is replaced without blaming a picture."""
    with GuardedDecoder(recipe, workers=1) as decoder:
        for signum in (signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM):
            assert gray_of(next(decoder.decode(pictures[3:4]))) == 3
            (pid,) = set(children()) - others
            os.kill(pid, signum)
            assert [gray_of(outcome) for outcome in decoder.decode(pictures)] == list(range(60))


@pytest.mark.parametrize(
    ("deed", "expected"),
    [
        ("os.abort()", ("decode_crashed", "the decoder crashed on it (SIGABRT)")),
        ("os._exit(3)", ("decode_crashed", "the decoder crashed on it (status 3)")),
        ("os.kill(os.getpid(), 9)", ("decode_memory", "the system ended the decoder in the middle of it")),
        ("time.sleep(60)", ("decode_timeout", "it took longer than 2 seconds to decode")),
    ],
)
def test_a_picture_that_ends_every_worker_fails_alone(
    recipe: PixelRecipe,
    pictures: list[DecodeTask],
    monkeypatch: pytest.MonkeyPatch,
    deed: str,
    expected: tuple[str, str],
) -> None:
    """Whatever ends the workers at work on one picture, that picture fails and its neighbors do not."""
    program = (
        "import json, os, sys, time; sys.path[:] = json.loads(sys.argv[1])\n"
        "from saccade.sources import worker\n"
        "check = worker.check_bytes\n"
        "def bewitched(data, name, most, *, claimed):\n"
        f"    if name == '10': {deed}\n"
        "    return check(data, name, most, claimed=claimed)\n"
        "worker.check_bytes = bewitched\n"
        "worker.main()\n"
    )
    monkeypatch.setattr("saccade.sources.process._BOOT", program)
    with GuardedDecoder(recipe, workers=2, limits=Limits(wall_s=2)) as decoder:
        outcomes = list(decoder.decode(pictures[:20]))
    failure = outcomes[10]
    assert isinstance(failure, Failure)
    assert (failure.path, failure.code) == ("10", expected[0])
    assert failure.reason.startswith(expected[1])
    assert [gray_of(o) for o in outcomes if isinstance(o, Decoded)] == [n for n in range(20) if n != 10]


def test_a_worker_that_lies_is_not_believed(recipe: PixelRecipe, monkeypatch: pytest.MonkeyPatch) -> None:
    """Replies that no sound worker gives are failures: wrong sizes, unknown codes, noise, too much of it."""
    replies = {
        "noise": b"sys.stdout.buffer.write(os.urandom(500))",
        "huge": b"sys.stdout.buffer.write(struct.pack('>II', 1 << 31, 1 << 31))",
        "shape": b"say({'kind': 'picture', 'sha256': '00' * 32, 'stamp': None, 'pixels': [99, 99]})",
        "kind": b"say({'kind': 'trust me'})",
        "code": b"say({'kind': 'refused', 'code': 'anything', 'reason': 'x'})",
        "list": b"say([])",
        "deep": b"raw(b'[' * 100000)",
        "stop": b"os._exit(3)",
    }
    for body in replies.values():
        program = (
            "import json, os, struct, sys, time\n"
            "out = sys.stdout.buffer\n"
            "def raw(t): out.write(struct.pack('>II', len(t), 0) + t); out.flush()\n"
            "def say(x): raw(json.dumps(x).encode())\n"
            "def take(): sys.stdin.buffer.read(sum(struct.unpack('>II', sys.stdin.buffer.read(8))))\n"
            "take(); say({'kind': 'ready'}); take()\n"
            + body.decode()
            + "\nsys.stdout.flush(); time.sleep(0.1)\n"
        )
        monkeypatch.setattr("saccade.sources.process._BOOT", program)
        with GuardedDecoder(recipe, workers=1) as decoder:
            (outcome,) = decoder.decode([DecodeTask(path="x", data=b"GIF89a")])
        assert isinstance(outcome, Failure)
        assert outcome.code == "decode_crashed"


def test_a_worker_that_cannot_start_is_an_error(recipe: PixelRecipe, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no worker can run at all, that is said once instead of failing every picture."""
    for executable in ("", "/nowhere/python", "/bin/false"):
        monkeypatch.setattr(sys, "executable", executable)
        with GuardedDecoder(recipe, workers=2) as decoder, pytest.raises(UnavailableError) as caught:
            list(decoder.decode([DecodeTask(path="x", data=b"x")]))
        assert caught.value.hint != ""


def test_memory_is_bounded(recipe: PixelRecipe, encode: Encode, tmp_path: Path) -> None:
    """A picture that needs more memory than the worker may have fails as such; the next one is decoded."""
    limits = Limits(memory_bytes=200 << 20)
    picture = encode(Image.new("L", (40, 40), 9))
    with gzip.open(tmp_path / "x.tar.gz", "wb", compresslevel=1) as out:
        header = tarfile.TarInfo("x")
        header.type, header.size = tarfile.XHDTYPE, 400 << 20
        out.write(header.tobuf())
        for _ in range(400):
            out.write(bytes(1 << 20))
    with GuardedDecoder(recipe, workers=1, limits=limits) as decoder:
        bomb, before, hungry, after = decoder.decode(
            [
                DecodeTask(path="bomb", data=encode(Image.new("RGB", (6000, 6000)), "PNG")),
                DecodeTask(path="before", data=picture),
                DecodeTask(path=str(tmp_path / "x.tar.gz"), member="x.png"),
                DecodeTask(path="after", data=picture),
            ]
        )
    assert isinstance(bomb, Failure)
    assert bomb.code == "too_many_pixels"
    assert isinstance(hungry, Failure)
    assert (hungry.code, hungry.reason) == ("decode_memory", "it takes more than 200 MB of memory")
    assert gray_of(before) == gray_of(after) == 9


def test_workers_are_confined(recipe: PixelRecipe, pictures: list[DecodeTask], others: set[int]) -> None:
    """Its limits hold in the worker, it ignores Ctrl-C, and it knows no secrets."""
    os.environ["SACCADE_TEST_SECRET"] = "hush"
    try:
        with GuardedDecoder(recipe, workers=1) as decoder:
            list(decoder.decode(pictures[:1]))
            (pid,) = set(children()) - others
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
            assert status_of(pid, "SigIgn") & (1 << signal.SIGINT - 1)
            assert os.getsid(pid) == pid
    finally:
        del os.environ["SACCADE_TEST_SECRET"]


def test_closing_leaves_no_process(recipe: PixelRecipe, pictures: list[DecodeTask], others: set[int]) -> None:
    """After close, early or late, by hand or by forgetting, there are no children, not even zombies."""
    for _ in range(2):
        with GuardedDecoder(recipe, workers=2) as decoder:
            outcomes = decoder.decode(pictures)
            next(outcomes)
        assert set(children()) == others
    decoder = GuardedDecoder(recipe, workers=2)
    list(decoder.decode(pictures))
    assert len(set(children()) - others) == 2
    del decoder, outcomes
    gc.collect()
    end = time.monotonic() + 10
    while set(children()) != others and time.monotonic() < end:
        time.sleep(0.02)
    assert set(children()) == others


def test_a_closed_decoder_refuses_work(recipe: PixelRecipe) -> None:
    """Work after close is a mistake, and close may be called twice."""
    decoder = GuardedDecoder(recipe, workers=1)
    decoder.close()
    decoder.close()
    with pytest.raises(RuntimeError, match="closed"):
        list(decoder.decode([DecodeTask(path="x", data=b"x")]))


def test_a_killed_parent_leaves_no_orphan(tmp_path: Path) -> None:
    """Workers end when their parent is killed without a chance to say so."""
    program = (
        "import time\nfrom saccade.core.types import *\nfrom saccade.sources.pool import GuardedDecoder\n"
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
        "print('once')\nfrom saccade.core.types import *\nfrom saccade.sources.pool import GuardedDecoder\n"
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


def test_several_threads_share_a_decoder(recipe: PixelRecipe, pictures: list[DecodeTask]) -> None:
    """Each thread gets its own outcomes in its own order."""
    results: dict[int, list[int]] = {}

    def work(n: int) -> None:
        results[n] = [gray_of(outcome) for outcome in decoder.decode(pictures[n::4])]

    with GuardedDecoder(recipe, workers=2) as decoder:
        threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert results == {n: list(range(60))[n::4] for n in range(4)}


def test_memory_stays_flat(recipe: PixelRecipe, encode: Encode, others: set[int]) -> None:
    """A worker is no larger after 800 pictures than after 200."""
    data = encode(Image.effect_noise((150, 150), 50).convert("RGB"), "JPEG")
    tasks = (DecodeTask(path="x", data=data) for _ in range(800))
    sizes = []
    with GuardedDecoder(recipe, workers=1) as decoder:
        for n, _ in enumerate(decoder.decode(tasks), 1):
            if n in {200, 800}:
                (pid,) = set(children()) - others
                sizes.append(status_of(pid, "VmRSS"))
    assert sizes[1] - sizes[0] < 3000  # kB


def test_hash_only_gives_identity_and_stamp(decoder: GuardedDecoder, encode: Encode, tmp_path: Path) -> None:
    """The digest and stamp of a file are the same with and without decoding."""
    path = tmp_path / "a.png"
    path.write_bytes(encode(Image.new("L", (9, 9))))
    found = path.stat()
    hashed, decoded = decoder.decode([DecodeTask(path=str(path), hash_only=True), DecodeTask(path=str(path))])
    assert isinstance(hashed, Hashed)
    assert isinstance(decoded, Decoded)
    assert hashed.stamp == decoded.stamp == FileStamp(size=found.st_size, mtime_ns=found.st_mtime_ns)
    assert hashed.sha256 == decoded.sha256


@pytest.mark.parametrize(
    ("recipe", "workers"),
    [
        (PixelRecipe(size=0), 1),
        (PixelRecipe(size=10_000), 1),
        (PixelRecipe(size=224, fit="crop", resize=100), 1),
        (PixelRecipe(size=8), 0),
    ],
)
def test_senseless_recipes_are_refused(recipe: PixelRecipe, workers: int) -> None:
    """What can give no picture is refused before any process starts."""
    with pytest.raises(ValueError, match=r"must be|no square"):
        GuardedDecoder(recipe, workers=workers)


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True
