"""Workers may crash, hang, lie or vanish: each costs one picture, and nothing else."""

import gzip
import os
import signal
import sys
import tarfile
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from saccade.core.decoding import Decoded, DecodeTask, FileEntry, FileStamp
from saccade.core.errors import UnavailableError
from saccade.core.types import Failure, PixelRecipe
from saccade.sources.pool import DecoderPool, GuardedDecoder
from saccade.sources.process import WorkerGoneError, WorkerProcess
from saccade.sources.watchdog import Watchdog
from saccade.sources.wire import Limits, pack

Encode = Callable[..., bytes]
GrayOf = Callable[[object], int]
Started = Callable[[], set[int]]


def test_a_hanging_worker_costs_one_picture(
    recipe: PixelRecipe, pictures: list[DecodeTask], gray_of: GrayOf, started: Started
) -> None:
    """A worker that stands still is killed when its time is up, and the rest goes on in a new one."""
    with GuardedDecoder(recipe, workers=1, limits=Limits(wall_s=0.5)) as decoder:
        assert gray_of(next(decoder.decode(pictures[:1]))) == 0
        (pid,) = started()
        os.kill(pid, signal.SIGSTOP)
        begun = time.monotonic()
        outcomes = list(decoder.decode(pictures[:5]))
        assert time.monotonic() - begun < 5
        assert isinstance(outcomes[0], Failure)
        assert (outcomes[0].path, outcomes[0].code) == ("0", "decode_timeout")
        assert [gray_of(outcome) for outcome in outcomes[1:]] == [1, 2, 3, 4]


def test_an_idle_worker_that_dies_costs_nothing(
    recipe: PixelRecipe, pictures: list[DecodeTask], gray_of: GrayOf, started: Started
) -> None:
    """A worker killed while it waits is replaced without blaming a picture."""
    with GuardedDecoder(recipe, workers=1) as decoder:
        for signum in (signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM):
            assert gray_of(next(decoder.decode(pictures[3:4]))) == 3
            (pid,) = started()
            os.kill(pid, signum)
            assert [gray_of(outcome) for outcome in decoder.decode(pictures)] == list(range(60))


@pytest.mark.parametrize(
    ("deed", "expected"),
    [
        ("os.abort()", ("decode_crashed", "the decoder crashed on it (SIGABRT)")),
        ("os._exit(3)", ("decode_crashed", "the decoder crashed on it (status 3)")),
        ("os.kill(os.getpid(), 9)", ("decode_memory", "the system killed the decoder, most likely")),
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
    assert [n for n, o in enumerate(outcomes) if not isinstance(o, Decoded)] == [10]


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
            + "\nsys.stdout.flush(); time.sleep(60)\n"
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


def test_memory_is_bounded(recipe: PixelRecipe, encode: Encode, gray_of: GrayOf, tmp_path: Path) -> None:
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


def test_idle_workers_that_die_cost_a_listing_nothing(
    recipe: PixelRecipe, encode: Encode, started: Started, tmp_path: Path
) -> None:
    """An archive is listed in a new worker if the idle one was killed."""
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as out:
        out.writestr("a.png", encode(Image.new("L", (4, 4))))
    entry = FileEntry(path=str(tmp_path / "x.zip"), stamp=FileStamp(size=0, mtime_ns=0))
    with GuardedDecoder(recipe, workers=1) as decoder:
        for _ in range(2):
            (member,) = decoder.list_archive(entry)
            assert isinstance(member, FileEntry)
            assert member.member == "a.png"
            (pid,) = started()
            os.kill(pid, signal.SIGKILL)


def test_a_senseless_recipe_in_a_request_ends_the_worker(encode: Encode) -> None:
    """A worker does not guess what its parent may have meant."""
    process, watchdog = None, Watchdog()
    try:
        process = WorkerProcess(Limits(), watchdog)
        header = {"op": "bytes", "path": "x", "member": "", "cut": [0, "squash", "bicubic", 0]}
        process.send(pack(header, encode(Image.new("L", (4, 4)))), 30)
        with pytest.raises(WorkerGoneError):
            process.receive(30, lambda _: True)
    finally:
        watchdog.close()
        if process is not None:
            process.close()


def test_closing_a_pool_at_work_blames_no_picture(
    recipe: PixelRecipe, pictures: list[DecodeTask], started: Started
) -> None:
    """Who waits for an outcome is told that the pool was closed; the picture is not to blame."""
    pool = DecoderPool(workers=1)
    decoder = pool.decoder(recipe)
    list(decoder.decode(pictures[:1]))
    (pid,) = started()
    os.kill(pid, signal.SIGSTOP)
    timer = threading.Timer(0.3, pool.close)
    timer.start()
    with pytest.raises(RuntimeError, match="closed"):
        list(decoder.decode(pictures))
    timer.join()
    assert started() == set()
