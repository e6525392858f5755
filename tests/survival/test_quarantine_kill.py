"""`kill -9` before every single step of putting duplicates away and of putting them back.

After each: every file's bytes still have a name somewhere; one undo brings back the folder byte for byte,
with times, permissions and what the library knows; and putting away goes on where it was stopped.
"""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

Do = Callable[..., dict[str, int]]
Fresh = Callable[[Path], AbstractContextManager[str]]
Again = Callable[[], AbstractContextManager[str]]
PLACES = ("same disk", pytest.param("other disk", marks=pytest.mark.slow))


@pytest.fixture(scope="module")
def away(helper: Callable[[str], Any]) -> Any:
    """The module that does the work, for the undo in this process."""
    return helper("putting_away")


@pytest.fixture(scope="module")
def do(steps_of: Callable[[str], Do]) -> Do:
    """Have a job done by a process that may be killed."""
    return steps_of("putting_away")


@pytest.fixture(scope="module")
def home(away: Any, in_memory: Path) -> Path:
    """A filled folder with its library."""
    place = in_memory / "home"
    place.mkdir()
    shelf = away.Shelf(str(place))
    shelf.fill()
    shelf.close()
    return place


@pytest.fixture
def to(home: Path, tmp_path: Path, request: pytest.FixtureRequest) -> str | None:
    """Where the files go: nowhere special, or to another disk."""
    if request.param == "same disk":
        return None
    if tmp_path.stat().st_dev == home.stat().st_dev:
        pytest.skip("needs two file systems; /dev/shm and the temporary folder are one")
    return str(tmp_path)


@pytest.fixture
def again(home: Path, to: str | None, fresh: Fresh) -> Again:
    """Put the folder back as it was after each use, and empty the one where the files go."""

    @contextmanager
    def use() -> Iterator[str]:
        with fresh(home) as folder:
            yield folder
        for name in os.listdir(to) if to is not None else ():
            shutil.rmtree(os.path.join(to or "", name))

    return use


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
def test_killed_while_putting_away(away: Any, do: Do, again: Again, home: Path, to: str | None) -> None:
    """Then undone; every other time after the same call went on to its end."""
    with opened(away, str(home)) as shelf:
        before, pictures = shelf.facts(), {facts[0] for facts in shelf.facts()["files"].values()}
    with again() as folder:
        total = do(do="clean", home=folder, to=to, step=0)["steps"]
    assert total > 20
    for step in range(1, total + 1):
        with again() as folder:
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
def test_killed_while_putting_back(away: Any, do: Do, again: Again, home: Path, to: str | None) -> None:
    """A second undo goes on where the first was stopped."""
    with opened(away, str(home)) as shelf:
        before = shelf.facts()
    with again() as folder:
        do(do="clean", home=folder, to=to, step=0)
        total = do(do="undo", home=folder, to=to, step=0)["steps"]
    assert total > 20
    for step in range(1, total + 1):
        with again() as folder:
            assert do(do="clean", home=folder, to=to, step=0)["status"] == 0
            assert do(do="undo", home=folder, to=to, step=step)["status"] == -signal.SIGKILL
            with opened(away, folder) as shelf:
                assert shelf.undo("1") == [], step
                assert shelf.facts() == before, step
