"""`kill -9` before every single step of putting duplicates away and of putting them back.

After each: every file's bytes still have a name somewhere; one undo brings back the folder byte for byte,
with times, permissions and what the library knows; and putting away goes on where it was stopped.
"""

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
Do = Callable[..., dict[str, int]]
PLACES = ("same disk", pytest.param("other disk", marks=pytest.mark.slow))


@pytest.fixture(scope="module")
def away() -> Any:
    """The module that does the work, for the undo in this process."""
    spec = importlib.util.spec_from_file_location("survival_putting_away", HERE / "putting_away.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def do() -> Iterator[Do]:
    """Have a job done by a process that may be killed."""
    with subprocess.Popen(
        [sys.executable, str(HERE / "putting_away.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        stdin, stdout = process.stdin, process.stdout

        def done(**job: Any) -> dict[str, int]:
            stdin.write(json.dumps(job) + "\n")
            stdin.flush()
            answer: dict[str, int] = json.loads(stdout.readline())
            return answer

        yield done
        stdin.close()


@pytest.fixture(scope="module")
def home(away: Any) -> Iterator[Path]:
    """A filled folder with its library, to be copied back for every kill; in memory where that can be."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        place = Path(folder) / "home"
        place.mkdir()
        shelf = away.Shelf(str(place))
        shelf.fill()
        shelf.close()
        yield place


@pytest.fixture
def to(home: Path, tmp_path: Path, request: pytest.FixtureRequest) -> str | None:
    """Where the files go: nowhere special, or to another disk."""
    if request.param == "same disk":
        return None
    if tmp_path.stat().st_dev == home.stat().st_dev:
        pytest.skip("needs two file systems; /dev/shm and the temporary folder are one")
    return str(tmp_path)


@contextmanager
def fresh(home: Path, to: str | None) -> Iterator[str]:
    """The folder as it was, in its own place (the library knows absolute paths)."""
    kept = home.with_name("kept")
    shutil.copytree(home, kept, symlinks=True)
    try:
        yield str(home)
    finally:
        shutil.rmtree(home)
        kept.rename(home)
        if to is not None:
            for name in os.listdir(to):
                shutil.rmtree(os.path.join(to, name))


@contextmanager
def opened(away: Any, home: str) -> Iterator[Any]:
    shelf = away.Shelf(home)
    try:
        yield shelf
    finally:
        shelf.close()


def contents(away: Any, home: str, to: str | None) -> set[bytes]:
    """What whole files hold, in the folder or in the quarantine."""
    found: set[bytes] = set()
    for top in (home, to) if to is not None else (home,):
        for place, _, names in os.walk(top):
            found |= {Path(place, name).read_bytes() for name in names if not name.endswith("-partial")}
    return found


@pytest.mark.parametrize("to", PLACES, indirect=True)
def test_killed_while_putting_away(away: Any, do: Do, home: Path, to: str | None) -> None:
    """Then undone; every other time after the same call went on to its end."""
    with opened(away, str(home)) as shelf:
        before, pictures = shelf.facts(), {facts[0] for facts in shelf.facts()["files"].values()}
    with fresh(home, to) as folder:
        total = do(do="clean", home=folder, to=to, step=0)["steps"]
    assert total > 20
    for step in range(1, total + 1):
        with fresh(home, to) as folder:
            assert do(do="clean", home=folder, to=to, step=step)["status"] == -signal.SIGKILL
            assert pictures <= contents(away, folder, to), step
            if step % 2:
                assert do(do="clean", home=folder, to=to, step=0)["status"] == 0
                with opened(away, folder) as shelf:
                    assert len(shelf.facts()["files"]) == len(away.GROUPS), step
            with opened(away, folder) as shelf:
                assert [shelf.undo(run) for run in shelf.runs.runs()] in ([[]], []), step
                assert shelf.facts() == before, step


@pytest.mark.parametrize("to", PLACES, indirect=True)
def test_killed_while_putting_back(away: Any, do: Do, home: Path, to: str | None) -> None:
    """A second undo goes on where the first was stopped."""
    with opened(away, str(home)) as shelf:
        before = shelf.facts()
    with fresh(home, to) as folder:
        do(do="clean", home=folder, to=to, step=0)
        total = do(do="undo", home=folder, to=to, step=0)["steps"]
    assert total > 20
    for step in range(1, total + 1):
        with fresh(home, to) as folder:
            assert do(do="clean", home=folder, to=to, step=0)["status"] == 0
            assert do(do="undo", home=folder, to=to, step=step)["status"] == -signal.SIGKILL
            with opened(away, folder) as shelf:
                assert shelf.undo("1") == [], step
                assert shelf.facts() == before, step
