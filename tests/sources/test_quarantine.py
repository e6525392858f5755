"""Moving a file to another disk: at each step one complete copy is safe, even if the power fails then."""

import errno
import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest

from saccade.core.decoding import FileStamp
from saccade.core.quarantine import Move
from saccade.sources import quarantine

DATA = bytes(range(256)) * 5000


class Disk:
    """Which bytes and which names would survive a power cut now."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bytes: set[int] = set()
        self.names: set[str] = set()
        self.unlinked: list[str] = []
        fsync, unlink, rename, link = os.fsync, os.unlink, os.rename, os.link

        def synced(descriptor: int) -> None:
            fsync(descriptor)
            place = os.readlink(f"/proc/self/fd/{descriptor}")
            if os.path.isdir(place):
                self.names = {name for name in self.names if os.path.dirname(name) != place}
                self.names |= {os.path.join(place, name) for name in os.listdir(place)}
            else:
                self.bytes.add(os.fstat(descriptor).st_ino)

        def unlinked(path: str) -> None:
            self.unlinked.append(path)
            others = {
                name
                for name in self.names
                if name != path and os.path.exists(name) and os.stat(name).st_ino in self.bytes
            }
            whole = {name for name in others if Path(name).read_bytes() == DATA}
            assert whole or path.endswith(quarantine.PARTIAL), f"{path} goes while no other copy is safe"
            unlink(path)

        def other_disk(source: str, target: str) -> None:
            if os.path.dirname(source) != os.path.dirname(target):
                raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
            rename(source, target)

        def linked(source: str, target: str, *, follow_symlinks: bool = True) -> None:
            if os.path.dirname(source) != os.path.dirname(target):
                raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
            link(source, target, follow_symlinks=follow_symlinks)

        monkeypatch.setattr(os, "fsync", synced)
        monkeypatch.setattr(os, "unlink", unlinked)
        monkeypatch.setattr(os, "rename", other_disk)
        monkeypatch.setattr(os, "link", linked)


@pytest.fixture
def move(tmp_path: Path) -> Move:
    """Of a file to another folder, which plays another disk."""
    path, place = tmp_path / "photos" / "a.jpg", tmp_path / "away" / "0" / "a.jpg"
    path.parent.mkdir()
    path.write_bytes(DATA)
    found = quarantine.look(str(path))
    assert found is not None
    return Move(
        number=1,
        path=str(path),
        place=str(place),
        sha256=hashlib.sha256(DATA).hexdigest(),
        stamp=FileStamp(size=len(DATA), mtime_ns=found.stamp.mtime_ns),
        mode=found.mode,
        tier="bytes",
        probability=1.0,
        reason="",
        keeper="/keeper.jpg",
        keeper_sha256="0" * 64,
    )


@pytest.mark.parametrize("back", [False, True])
def test_the_old_name_goes_when_the_new_one_is_safe(
    move: Move, monkeypatch: pytest.MonkeyPatch, back: bool
) -> None:
    """The copy's bytes and its name are synced before the original is unlinked, both ways."""
    if back:
        os.makedirs(os.path.dirname(move.place))
        os.rename(move.path, move.place)
    disk = Disk(monkeypatch)
    if back:
        quarantine.put_back(move, move.path)
    else:
        quarantine.set_aside(move)
    source, target = (move.place, move.path) if back else (move.path, move.place)
    assert disk.unlinked[-1] == source
    assert Path(target).read_bytes() == DATA
    assert not os.path.exists(source)


def test_a_copy_that_is_not_as_expected_is_removed(move: Move, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the original stays."""
    Disk(monkeypatch)
    with pytest.raises(OSError, match="not as expected"):
        quarantine.set_aside(replace(move, sha256="0" * 64))
    assert Path(move.path).read_bytes() == DATA
    assert os.listdir(os.path.dirname(move.place)) == []


def test_a_file_returns_to_a_folder_that_is_gone(move: Move) -> None:
    """The folder is made again."""
    quarantine.set_aside(move)
    os.rmdir(os.path.dirname(move.path))
    quarantine.put_back(move, move.path)
    assert Path(move.path).read_bytes() == DATA
