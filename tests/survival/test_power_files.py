"""The power fails while pictures are put away, or rewritten with tags, or while either is undone.

The calls that a process makes are replayed on a disk that loses what was not synced (see power.py). Whatever
is lost, an undo brings back all pictures, byte for byte, and what was acknowledged is on the disk.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from saccade.library import Library, open_library
from tests.survival.power import Disk, State, states, write
from tests.survival.tracing import calls, traced

PICTURES = ("0.jpg", "a/1.jpg", "a/b/2.jpg")


@pytest.fixture(autouse=True)
def _plain_workers(tiny: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("saccade.library.context.Workers", tiny.PlainWorkers)


@pytest.fixture
def home(in_memory: Path) -> Iterator[Path]:
    """Tagged pictures, each with a copy that has other bytes; one is private."""
    place = in_memory / "photos"
    for number, name in enumerate(PICTURES):
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.random.default_rng(number).integers(0, 256, (24, 32, 3), np.uint8)).save(path)
        copy = path.with_name(f"copy of {path.name}")
        copy.write_bytes(path.read_bytes() + b"\0")
        os.utime(copy, ns=(1, 1_600_000_000_000_000_001 + number))
    (place / "0.jpg").chmod(0o600)
    (place / "copy of 0.jpg").chmod(0o600)
    with open_library(place) as library:
        library.index(place)
        library.tags.set(["mine"], [place / PICTURES[0], place / "a" / "copy of 1.jpg"])
    yield place
    shutil.rmtree(place)


def facts(library: Library, *roots: Path) -> dict[str, Any]:
    """All that must be the same again: what is outside the library, the files it knows, and tags."""
    files = {path: one for path, one in found(*roots).items() if one is not None and "/.saccade" not in path}
    tags = {path: sorted(tag.label for tag in tags) for path, tags in library.tags.of().items()}
    catalog = library.context.catalog.files
    present = {os.path.join(folder.path, path) for folder in catalog.folders()
               for (path, _), file in catalog.known(folder).items() if file.state == "indexed"}  # fmt: skip
    return {"files": files, "present": present, "tags": tags}


def without_times(one: dict[str, Any]) -> dict[str, Any]:
    """A file that was rewritten has its own time."""
    return {**one, "files": {path: file[:2] for path, file in one["files"].items()}}


def found(*roots: Path) -> State:
    """What is really in these folders."""
    return Disk(*map(str, roots)).after([])


def contents(state: State) -> dict[str, bytes]:
    """{path: bytes} of the files."""
    return {path: one[0] for path, one in state.items() if one is not None}


def cut_off(job: dict[str, Any], roots: list[Path], trace: Path) -> Iterator[str]:
    """Do a job, and put the folders in every state, once, in which a power cut would leave them.

    Yields:
        what was acknowledged just before; "" at any other time.
    """
    disk = Disk(*map(str, roots))
    traced({**job, "decode_here": True}, trace)
    real, seen = contents(found(*roots)), set()
    for call in calls(trace):
        before = len(disk.acknowledged)
        for state in states(disk) if disk.do(call) else ():
            done = disk.acknowledged[-1] if len(disk.acknowledged) > before else ""
            # Databases have their own test: one state of them is enough for each state of the others.
            key = (done, *sorted((path, one or ()) for path, one in state.items() if ".db" not in path))
            if key not in seen:
                seen.add(key)
                write(state, list(map(str, roots)))
                yield done
    assert contents(disk.after([])) == real  # nothing was overlooked
    assert disk.acknowledged == [job["do"], *job["then"]]


def test_power_fails_while_tags_go_into_files_and_out(home: Path, tmp_path: Path) -> None:
    """Every original comes back; what was acknowledged has its tags."""
    with open_library(home) as library:
        before = without_times(facts(library, home))
    job = {"do": "write_tags", "then": ["restore_files"], "library": str(home)}
    count = 0
    for done in cut_off(job, [home], tmp_path / "trace"):
        count += 1
        with open_library(home) as library:
            now = without_times(facts(library, home))["files"]
            changed = sum(now.get(path) != file for path, file in before["files"].items())
            assert changed == {"write_tags": 2, "restore_files": 0}.get(done, changed)
            assert library.tags.restore_files().skipped == ()
            assert without_times(facts(library, home)) == before
    assert count > 25


@pytest.mark.parametrize("where", ["same disk", "other disk"])
def test_power_fails_while_duplicates_are_put_away_and_back(where: str, home: Path, tmp_path: Path) -> None:
    """Each file is somewhere where an undo finds it, with its time and permissions."""
    to = tmp_path / "away"
    to.mkdir()
    if where == "other disk" and to.stat().st_dev == home.stat().st_dev:
        pytest.skip("needs two file systems; /dev/shm and the temporary folder are one")
    with open_library(home) as library:
        before = facts(library, home, to)
    job = {"do": "put_away", "then": ["put_back"], "library": str(home)}
    if where == "other disk":
        job["to"] = str(to)
    count = 0
    for done in cut_off(job, [home, to], tmp_path / "trace"):
        count += 1
        with open_library(home) as library:
            if done == "put_away":
                assert [(run.files, run.finished) for run in library.duplicates.runs()] == [(3, True)]
                assert len(facts(library, home)["files"]) == 3
            elif done:
                assert facts(library, home, to) == before
            for run in library.duplicates.runs():
                assert library.duplicates.undo(run.run).failed == ()
            assert facts(library, home, to) == before
    assert count > 50
