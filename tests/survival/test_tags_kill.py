"""`kill -9` before every single step of writing tags into files and next to them, and of taking them out.

After each: every file is whole, as it was or as it should become; the original of a changed file is kept, and
the manifest knows it; one more call goes on where the other stopped; an undo brings back every byte; and no
file is left over.
"""

import hashlib
import os
import signal
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from saccade.library import Library, open_library

Do = Callable[..., dict[str, int]]
Fresh = Callable[[Path], AbstractContextManager[str]]
MANIFEST = "written.jsonl"


@pytest.fixture(autouse=True)
def _plain_workers(tiny: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("saccade.library.context.Workers", tiny.PlainWorkers)


@pytest.fixture(scope="module")
def tagging(helper: Callable[[str], Any]) -> Any:
    """The module that does the work, for the undo in this process."""
    return helper("tagging")


@pytest.fixture(scope="module")
def do(steps_of: Callable[[str], Do]) -> Do:
    """Have a job done by a process that may be killed."""
    return steps_of("tagging")


@pytest.fixture
def home(tagging: Any, in_memory: Path) -> Path:
    """A folder with a library and tags that no file has yet."""
    place = in_memory / "home"
    if not place.exists():
        place.mkdir()
        tagging.fill(place)
    return place


def check_ways_back(tagging: Any, library: Library, before: dict[str, Any], home: str) -> None:
    """The manifest knows what every changed file was, and the original is there."""
    manifest = tagging.manifest(library)
    for name, (content, _) in tagging.files(home).items():
        was = before["files"].get(name)
        if was is not None and content != was[0]:
            original = hashlib.sha256(was[0]).hexdigest()
            digest = hashlib.sha256(content).hexdigest()
            assert manifest.original(os.path.join(home, name), digest) == original
            assert Path(manifest.folder, original).read_bytes() == was[0]


def check_nothing_left(home: str, before: dict[str, Any]) -> None:
    """Originals are named by their bytes; there is nothing else but the manifest."""
    originals = Path(home, ".saccade", "originals")
    known = {hashlib.sha256(content).hexdigest() for content, _ in before["files"].values()}
    assert {path.name for path in originals.glob("*")} <= {MANIFEST, *known}


def whole(now: dict[str, Any], before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether every file is as before or as after."""
    return all(
        one in (before["files"].get(name), after["files"].get(name))
        for name, one in now.items()
        if not name.endswith("saccade-tmp")
    )


@pytest.mark.parametrize("killed", ["write", "restore"])
def test_killed_while_tags_go_into_files_or_out(
    killed: str, tagging: Any, do: Do, home: Path, fresh: Fresh
) -> None:
    """Then restored; every other time after tags were written again."""
    with open_library(home) as library:
        before = tagging.facts(library, str(home))
    with fresh(home) as folder:
        first = do(do="write", home=folder, step=0)["steps"]
        with open_library(home) as library:
            written = tagging.facts(library, folder)
        with fresh(home):
            second = do(do="restore", home=folder, step=0)["steps"]
    assert written["tags"] == before["tags"]
    assert sum(written["files"][name] != one for name, one in before["files"].items()) == 2
    assert min(first, second) > 20
    with fresh(home) as folder:
        if killed == "restore":
            assert do(do="write", home=folder, step=0)["status"] == 0
        for step in range(1, 1 + (first if killed == "write" else second)):
            with fresh(home):
                assert do(do=killed, home=folder, step=step)["status"] == -signal.SIGKILL
                now = tagging.files(folder)
                assert whole(now, before, written), step
                assert before["files"].keys() <= now.keys(), step
                with open_library(home) as library:
                    check_ways_back(tagging, library, before, folder)
                    if step % 2:
                        library.tags.write_files()
                        assert tagging.facts(library, folder) == written, step
                        check_ways_back(tagging, library, before, folder)
                    library.tags.restore_files()
                    assert tagging.facts(library, folder) == before, step
                check_nothing_left(folder, before)


def test_killed_while_sidecars_are_written(tagging: Any, do: Do, home: Path, fresh: Fresh) -> None:
    """No picture is touched; the next call completes them."""
    with open_library(home) as library:
        before = tagging.facts(library, str(home))
    with fresh(home) as folder:
        total = do(do="export", home=folder, step=0)["steps"]
        after = {"files": tagging.files(folder)}
    assert len(after["files"]) == len(before["files"]) + 2
    assert total > 6
    for step in range(1, total + 1):
        with fresh(home) as folder:
            assert do(do="export", home=folder, step=step)["status"] == -signal.SIGKILL
            assert whole(tagging.files(folder), before, after), step
            with open_library(home) as library:
                library.tags.export("xmp")
            assert tagging.files(folder) == after["files"], step
