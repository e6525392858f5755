"""Several processes: readers while another builds, and builds killed at any moment."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from saccade.core.ports.indexes import Index, NoIndex
from saccade.core.types import Role, SpaceInfo
from saccade.indexes import IndexFiles

SPACE = SpaceInfo(id=1, role=Role.COPY, encoder="x", fingerprint="00", dim=8, active=True)

COMMON = """
import sys, time
import numpy as np
from saccade.core.ports.indexes import NoIndex
from saccade.core.types import Role, SpaceInfo
from saccade.core.vectors import normalize
from saccade.indexes import IndexFiles
space = SpaceInfo(id=1, role=Role.COPY, encoder="x", fingerprint="00", dim=8, active=True)
store = IndexFiles(sys.argv[1])
def rows(size):
    return normalize(np.random.default_rng(0).standard_normal((3000, 8)))[:size]
def build(size):
    batches = [(size, np.arange(1, size + 1), rows(size))]
    return store.build(space, batches, kind="ivf" if size % 2 else "flat")
"""

READER = (
    COMMON
    + """
ends = time.monotonic() + float(sys.argv[2])
sizes = set()
while time.monotonic() < ends:
    index = store.open(space)
    assert not isinstance(index, NoIndex), index
    ids, scores = index.search(rows(5), 3)
    assert ids[:, 0].tolist() == [1, 2, 3, 4, 5], ids
    assert index.sequence == index.size
    sizes.add(index.size)
print(len(sizes))
"""
)

BUILDER = (
    COMMON
    + """
size = 1000
while True:
    size = 1000 + (size + 1) % 500
    build(size)
    print(size, flush=True)
"""
)


def start(code: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@contextmanager
def builder(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that builds one index after another, from the moment the first is there, until killed."""
    process = start(BUILDER, folder)
    assert process.stdout is not None
    try:
        assert process.stdout.readline()
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def opened(folder: Path) -> Index:
    index = IndexFiles(str(folder)).open(SPACE)
    assert not isinstance(index, NoIndex), index
    return index


def test_readers_go_on_while_another_process_rebuilds(tmp_path: Path) -> None:
    """Two readers open and search hundreds of times during tens of builds: no error, no wrong answer."""
    with builder(tmp_path):
        readers = [start(READER, tmp_path, 2.5) for _ in range(2)]
        seen = [reader.communicate(timeout=60)[0] for reader in readers]
    assert [reader.returncode for reader in readers] == [0, 0]
    assert all(int(count) > 1 for count in seen)


def test_a_killed_build_leaves_an_index_and_no_garbage_for_ever(tmp_path: Path) -> None:
    """Killed four times at random moments: the index opens, is whole, and the next build cleans up."""
    rng = np.random.default_rng(3)
    for _ in range(4):
        with builder(tmp_path) as process:
            time.sleep(float(rng.uniform(0, 0.15)))
            process.send_signal(signal.SIGKILL)
            process.wait()
        index = opened(tmp_path)
        assert index.size == index.sequence
        assert IndexFiles(str(tmp_path)).verify(SPACE) == []
    IndexFiles(str(tmp_path)).build(SPACE, [(7, np.arange(8), np.eye(8, dtype=np.float32))])
    assert len(list((tmp_path / "space-1").iterdir())) == 2
    assert opened(tmp_path).size == 8


@pytest.mark.parametrize(
    ("killed_in", "size_after"),
    [("fill", 4), ("write", 4), ("Path.rename", 4), ("point", 4), ("Path.replace", 4), ("sweep", 8)],
)
@pytest.mark.parametrize(
    "doing",
    [
        "store.build(space, [(8, np.arange(8), np.eye(8, dtype=np.float32))])",
        "store.upsert(space, [(8, np.arange(4, 8), np.eye(8, dtype=np.float32)[4:])])",
        "store.delete(space, np.arange(0, 4), sequence=4)",
    ],
    ids=["build", "upsert", "delete"],
)
def test_a_change_killed_at_a_named_point_leaves_the_old_or_the_new(
    tmp_path: Path, killed_in: str, size_after: int, doing: str
) -> None:
    """The old index until the pointer is replaced, the new one from then on."""
    size_after = 0 if size_after == 8 and "delete" in doing else size_after
    store = IndexFiles(str(tmp_path))
    store.build(SPACE, [(4, np.arange(4), np.eye(4, 8, dtype=np.float32))])
    code = (
        COMMON
        + f"""
import os, signal
from pathlib import Path
from saccade.indexes import generations, writing
calls = 0
def killed(*args, **kwargs):
    global calls
    calls += 1
    if calls == (2 if {killed_in!r} == "sweep" else 1):
        os.kill(os.getpid(), signal.SIGKILL)
owner, name = (Path, {killed_in!r}[5:]) if {killed_in!r}.startswith("Path.") else (generations, {killed_in!r})
if name == "fill":
    owner = writing
setattr(owner, name, killed)
{doing}
"""
    )
    process = start(code, tmp_path)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert opened(tmp_path).size == size_after
    assert store.verify(SPACE) == []
    store.build(SPACE, [(4, np.arange(4), np.eye(4, 8, dtype=np.float32))])
    assert len(list((tmp_path / "space-1").iterdir())) == 2
