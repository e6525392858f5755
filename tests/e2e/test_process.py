"""What only a process shows: imports, start-up time, signals, pipes, terminals, bytes."""

import json
import os
import pty
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

Run = Callable[..., Any]
_HEAVY = ("numpy", "onnxruntime", "faiss", "sqlalchemy", "alembic", "PIL", "tokenizers", "rich")
_TIMEOUT_S = 120


@pytest.mark.parametrize("args", [["--help"], ["--version"], ["search", "--help"], ["completion", "bash"]])
def test_asking_for_help_loads_nothing_heavy(args: list[str]) -> None:
    """A subprocess tells which modules it loaded."""
    code = (
        "import sys\n"
        "from saccade.interfaces.cli import main\n"
        f"status = main({args!r})\n"
        f"loaded = [name for name in {_HEAVY!r} if name in sys.modules]\n"
        "sys.exit(status or ' '.join(loaded) or 0)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, timeout=_TIMEOUT_S)
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_help_is_quick(saccade: Run, tmp_path: Path) -> None:
    """0.1 s of processor time here; the bound leaves room for slow and busy machines."""
    times = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert saccade("--help", cwd=tmp_path).status == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(times) <= 0.8


def test_a_shell_completes_commands_and_options(saccade: Run, tmp_path: Path) -> None:
    """What the script of `saccade completion bash` asks for."""
    asked = {"_SACCADE_COMPLETE": "bash_complete", "COMP_WORDS": "saccade sea", "COMP_CWORD": "1"}
    assert saccade(cwd=tmp_path, env=asked).out == b"plain,search\n"
    asked |= {"COMP_WORDS": "saccade search --pa", "COMP_CWORD": "2"}
    assert saccade(cwd=tmp_path, env=asked).out == b"plain,--paths-only\n"


@pytest.mark.slow
def test_hostile_names_round_trip(saccade: Run, indexed: Path) -> None:
    """--paths-only -0 gives exactly the bytes of every name; JSON gives them back too."""
    names = [
        b"new\nline.png",
        b"\xff\xfe.png",
        b"-rf --json.png",
        b"\x1b[31mred.png",
        "\u202egnp.\U0001f431.png".encode(),
        b"a" * 251 + b".png",
        b"'\"$(id)`.png",
    ]
    for place, name in enumerate(names):
        with open(os.path.join(os.fsencode(indexed), name), "wb") as file:
            Image.new("RGB", (40, 30 + place), (place * 30, 200, 90)).save(file, "PNG")
    report = saccade("index", "--json", cwd=indexed)
    assert (report.status, report.json()["added"], report.json()["failed"]) == (0, len(names), [])
    # Near-identical pictures share a hit; every name must be among the hits' own paths or its neighbors'.
    found = saccade("search", "x", "-k", "100", "--json", cwd=indexed).json()["hits"]
    alike = {image for hit in found for image in hit["similar"]}
    paths = {os.fsencode(path) for hit in found for path in hit["paths"]}
    for image in alike:
        paths |= {os.fsencode(path) for path in saccade("show", image, "--json", cwd=indexed).json()["paths"]}
    expected = {os.path.join(os.fsencode(indexed), name) for name in names}
    assert expected <= paths
    null = saccade("search", "x", "-k", "100", "--paths-only", "-0", cwd=indexed)
    assert null.out.split(b"\0") == [os.fsencode(hit["path"]) for hit in found] + [b""]
    for name in names[:3]:
        shown = saccade("show", os.path.join(b".", name), "--json", cwd=indexed)
        assert shown.json()["paths"] == [os.fsdecode(os.path.join(os.fsencode(indexed), name))]


@pytest.mark.parametrize("end", [b"\n", b"\0"])
def test_index_reads_a_list(saccade: Run, indexed: Path, end: bytes) -> None:
    """Zero-terminated or one a line: `find -print0 | saccade index -`."""
    shutil.rmtree(indexed / ".saccade")
    listed = end.join([b"sun.jpg", b"below/ramp.jpg", b""])
    ran = saccade("index", "-", "--json", cwd=indexed, stdin=listed)
    assert ran.status == 0, ran.err
    assert (ran.json()["files"], ran.json()["added"]) == (2, 2)


@pytest.mark.slow
def test_ctrl_c_leaves_a_library_that_resumes(
    saccade: Run, command: list[str], indexed: Path, tmp_path: Path
) -> None:
    """Exit 130 with one line, and the same command goes on; nothing is read twice that was done."""
    many = tmp_path / "many"
    many.mkdir()
    rng = np.random.default_rng(3)
    for number in range(1500):
        Image.fromarray(rng.integers(0, 256, (24, 24, 3), dtype=np.uint8)).save(many / f"{number}.png")
    process = subprocess.Popen(
        [*command, "index", str(many)], cwd=many, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    until = time.monotonic() + _TIMEOUT_S
    while not (many / ".saccade" / "catalog.db").exists() and time.monotonic() < until:
        time.sleep(0.005)
    time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=_TIMEOUT_S)
    assert (process.returncode, out) == (130, b"")
    assert err.decode().strip().splitlines() == ["stopped; nothing is lost, the same command resumes"]
    again = saccade("index", str(many), "--json", cwd=many)
    assert again.status == 0, again.err
    value = again.json()
    assert (value["files"], value["added"] + value["unchanged"], value["failed"]) == (1500, 1500, [])
    assert saccade("doctor", cwd=many).status == 0


@pytest.mark.parametrize(
    "args", [["--version"], ["status"], ["search", "sun", "-p"], ["search", "sun", "--json"]]
)
def test_a_closed_stdout_is_quiet(command: list[str], indexed: Path, args: list[str]) -> None:
    """`| head` makes no noise."""
    reader, writer = os.pipe()
    os.close(reader)
    ended = subprocess.run(
        [*command, *args], cwd=indexed, stdout=writer, stderr=subprocess.PIPE, check=False, timeout=_TIMEOUT_S
    )
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (141, b"")


def _in_terminal(command: list[str], folder: Path, **environment: str) -> bytes:
    """What a terminal receives from a command."""
    leader, follower = pty.openpty()
    env = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "", **environment}
    process = subprocess.Popen(
        command, cwd=folder, stdin=follower, stdout=follower, stderr=follower, env=env, close_fds=True
    )
    os.close(follower)
    received = b""
    try:
        while chunk := os.read(leader, 65536):
            received += chunk
    except OSError:  # Linux's way to say that the other end is closed
        pass
    finally:
        os.close(leader)
    assert process.wait(timeout=_TIMEOUT_S) == 0
    return received


def test_output_that_goes_nowhere_is_no_crash(command: list[str], indexed: Path) -> None:
    """Stdout closed by the caller: silence. A full disk: one line, and a status that says so."""
    status = [*command, "status"]
    closed = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *status], cwd=indexed, capture_output=True, check=False
    )
    assert (closed.returncode, closed.stderr) == (0, b"")
    with open("/dev/full", "wb") as full:
        done = subprocess.run(status, cwd=indexed, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 6
    assert done.stderr.splitlines() == [b"saccade: the output cannot be written: No space left on device"]


def test_a_terminal_gets_color_and_no_color_is_obeyed(command: list[str], indexed: Path) -> None:
    """And a hostile name reaches neither."""
    (indexed / "sun.jpg").rename(indexed / "\x1b]0;owned\x07.jpg")
    index = _in_terminal([*command, "index"], indexed)
    assert b"6 images" in index
    colored = _in_terminal([*command, "search", "sun"], indexed, NO_COLOR="")
    plain = _in_terminal([*command, "search", "sun"], indexed, NO_COLOR="1")
    assert b"\x1b[" in colored
    assert b"\x1b" not in plain
    for received in (colored, plain):
        assert b"\x1b]" not in received
        assert b"\\x1b]0;owned\\x07.jpg" in received


def test_pictures_appear_in_a_terminal_that_can_show_them(command: list[str], indexed: Path) -> None:
    """Half blocks with 16 million colors, kitty's protocol in kitty."""
    blocks = _in_terminal([*command, "search", "./sun.jpg"], indexed, COLORTERM="truecolor")
    assert "\u2580".encode() in blocks
    kitty = _in_terminal([*command, "search", "./sun.jpg"], indexed, TERM="xterm-kitty")
    assert b"\x1b_Ga=T,f=100" in kitty


def test_output_prints_in_any_locale(saccade: Run, indexed: Path) -> None:
    """A name beyond ASCII costs no crash where the locale has none."""
    (indexed / "sun.jpg").rename(indexed / "s\u00fcn.jpg")
    ascii_only = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    assert saccade("index", cwd=indexed, env=ascii_only).status == 0
    ran = saccade("search", "sun", cwd=indexed, env=ascii_only)
    assert (ran.status, ran.err) == (0, "")
    value = json.loads(saccade("search", "sun", "--json", cwd=indexed, env=ascii_only).out)
    names = {os.fsencode(path) for hit in value["hits"] for path in hit["paths"]}
    assert os.fsencode(indexed) + "/s\u00fcn.jpg".encode() in names
