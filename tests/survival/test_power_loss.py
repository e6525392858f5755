"""What a power cut could lose: the order in which bytes, names and acknowledgements reach the disk.

A file is dirty from its first unsynced byte, a folder from a new name in it. Nothing may be acknowledged, and
no file may take the place of another, while its bytes are dirty.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from saccade.library import open_library
from saccade.usecases.indexing.flow.run import BATCH
from tests.survival.tracing import calls, traced

VOLATILE = ("-shm", "/lock")  # made anew at the next opening


class Disk:
    """What would be lost by a power cut now, of the files below a folder."""

    def __init__(self, root: Path) -> None:
        self.dirty: set[str] = set()
        self.renamed: list[tuple[str, str]] = []
        self.acknowledged = 0
        self._root = str(root)

    def write(self, path: str) -> None:
        """Bytes of a file changed."""
        if path.startswith(self._root) and not path.endswith(VOLATILE):
            self.dirty.add(path)

    def sync(self, path: str) -> None:
        """A file, or the names in a folder, are safe."""
        self.dirty.discard(path)

    def rename(self, source: str, target: str) -> None:
        """A file or folder takes a new name: what is in it must be safe, and the name soon is."""
        if not source.startswith(self._root):
            return
        unsafe = {path for path in self.dirty if path == source or path.startswith(source + "/")}
        assert not unsafe, f"{target} is made of unsynced files: {unsafe}"
        self.renamed.append((source, target))
        self.dirty.add(os.path.dirname(target))

    def remove(self, path: str) -> None:
        """A file that is gone has nothing to lose."""
        self.dirty.discard(path)

    def acknowledge(self, what: str) -> None:
        """Someone is told that it is safe."""
        self.acknowledged += 1
        assert not self.dirty, f"{what} while unsynced: {self.dirty}"


def replay(trace: Path, disk: Disk) -> None:
    """Go through what strace saw."""
    for call in calls(trace):
        if call.name in {"write", "pwrite64", "writev", "ftruncate"} and call.files:
            said = call.strings[0] if call.strings else b""
            if call.files[0].startswith("pipe:") and (b'"acked"' in said or b'"done_with"' in said):
                disk.acknowledge(said[:60].decode())
            disk.write(call.files[0])
        elif call.name in {"fsync", "fdatasync"} and call.files:
            disk.sync(call.files[0])
        elif call.name.startswith("rename"):
            disk.rename(*call.paths())
        elif call.name == "unlink":
            disk.remove(*call.paths())


@pytest.mark.slow
def test_what_is_acknowledged_is_on_the_disk(album: Callable[[int], Path], tmp_path: Path) -> None:
    """Seen from the system: at each acknowledgement no byte of the library is unsynced."""
    place = album(4 * BATCH)
    (tmp_path / "kept").mkdir()
    target = str(tmp_path / "kept" / "backup.db")
    for job, root, acknowledged in (
        ({"do": "index"}, place / ".saccade", 5),
        ({"do": "build", "kind": "ivf"}, place / ".saccade", 1),
        ({"do": "backup", "target": target}, tmp_path / "kept", 1),
    ):
        trace = tmp_path / "trace"
        traced({**job, "library": str(place)}, trace)
        disk = Disk(root)
        replay(trace, disk)
        assert disk.acknowledged >= acknowledged
        assert job["do"] == "index" or disk.renamed


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    """What Python code syncs and renames; a file that is renamed counts as dirty until then."""
    seen = Disk(tmp_path)
    synced: set[tuple[int, int]] = set()
    fsync = os.fsync

    def noted_fsync(descriptor: int) -> None:
        fsync(descriptor)
        found = os.fstat(descriptor)
        synced.add((found.st_dev, found.st_ino))
        seen.sync(os.readlink(f"/proc/self/fd/{descriptor}"))

    def noting(rename: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
        def noted(source: Any, target: Any) -> None:
            path = Path(os.fsdecode(source))
            for file in [path, *path.rglob("*")]:
                found = file.stat()
                if (found.st_dev, found.st_ino) not in synced and "sorted" not in file.name:
                    seen.write(str(file))
            seen.rename(str(path), os.fsdecode(target))
            rename(source, target)

        return noted

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "rename", noting(os.rename))
    monkeypatch.setattr(os, "replace", noting(os.replace))
    return seen


@pytest.mark.parametrize("kind", ["flat", "ivf", "hnsw"])
def test_an_index_is_synced_before_it_is_named(kind: str, album: Callable[[int], Path], disk: Disk) -> None:
    """Every file of it, its folder and then the folders that hold the new names."""
    place = album(60)
    with open_library(place) as library:
        library.index(place)
        disk.renamed.clear()
        library.build_indexes(kind)
        disk.acknowledge("the index")
    assert [os.path.basename(target)[:3] for _, target in disk.renamed] == ["gen", "cur"] * 2


def test_a_backup_is_synced_before_it_is_named(album: Callable[[int], Path], disk: Disk) -> None:
    """The copy, then the folder with its name."""
    place = album(10)
    with open_library(place) as library:
        library.index(place)
        disk.renamed.clear()
        library.backup(place / "backup.db")
        disk.acknowledge("the backup")
    assert [os.path.basename(target) for _, target in disk.renamed] == ["backup.db"]
