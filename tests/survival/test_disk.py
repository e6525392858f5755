"""Disks that are full or cannot be written: real ones, mounted for the test."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from saccade.core.errors import DiskFullError, ReadOnlyError
from saccade.library import open_library

Photo = Callable[[Path, int], bytes]


def fill(disk: Path) -> Path:
    """A file that takes all the space that is left."""
    ballast = disk / "ballast"
    with ballast.open("wb") as file:
        for size in (1 << 16, 1 << 12):
            while True:
                try:
                    os.write(file.fileno(), b"\0" * size)
                except OSError:
                    break
    return ballast


def use_up_names(disk: Path) -> list[Path]:
    """Empty files, as many as the disk can still hold."""
    made: list[Path] = []
    while True:
        path = disk / f"empty{len(made)}.txt"
        try:
            path.touch()
        except OSError:
            return made
        made.append(path)


def linked(disk: Path, place: Path) -> None:
    """Let the library of a folder lie on the disk."""
    (disk / "library").mkdir()
    (place / ".saccade").symlink_to(disk / "library")


def test_indexing_on_a_full_disk_keeps_what_was_acknowledged(
    mounted: Callable[..., Path], photo: Photo, tmp_path: Path, start: Callable[..., Any]
) -> None:
    """The error says so, reading goes on, nothing acknowledged is lost, and with space the run goes on."""
    place = tmp_path / "photos"
    for number in range(600):
        photo(place / f"p{number}.png", number)
    disk = mounted("disk", "size=2m")
    linked(disk, place)
    child = start(do="index", library=str(place))
    assert child.end() == 9
    refused = child.events[-1]
    assert (refused["error"], child.errors) == ("disk_full", "")
    assert "no space left" in refused["message"]
    assert "free some space" in refused["hint"]
    acknowledged = [name for event in child.events for name in event.get("acked", ())]
    assert 0 < len(acknowledged) < 600
    with open_library(place) as library:
        assert library.status().counts.files == len(acknowledged)
        assert {os.path.basename(hit.path) for hit in library.search("anything", k=600)} == set(acknowledged)
        subprocess.run(["mount", "-o", "remount,size=32m", str(disk)], check=True)
        report = library.index(place)
        assert (report.files, report.unchanged) == (600, len(acknowledged))
        assert library.doctor().problems == ()


@pytest.mark.parametrize(("kind", "room"), [("flat", 40 << 10), ("ivf", 64 << 10), ("hnsw", 80 << 10)])
def test_an_index_built_on_a_full_disk_leaves_the_old_one(
    kind: str, room: int, mounted: Callable[..., Path], album: Callable[[int], Path]
) -> None:
    """The error says so, the old index still answers, and no half-built one takes space."""
    place = album(300)
    disk = mounted("disk", "size=32m")
    linked(disk, place)
    with open_library(place) as library:
        library.index(place)
        before = library.search("anything", k=300)
        ballast = fill(disk)
        with ballast.open("r+b") as file:  # leave room for a part of it
            file.truncate(ballast.stat().st_size - room)
        catalog, store = library.context.catalog, library.context.indexes
        (space, *_) = catalog.spaces.all()
        with catalog.writing(), pytest.raises(DiskFullError, match="no space left"):
            store.build(space, catalog.embeddings.after(space.id, 0), kind=kind)
        assert library.status().indexes[space.id] == "flat"
        assert library.search("anything", k=300).hits == before.hits
        left = sorted(os.listdir(os.path.join(library.folder, "indexes", f"space-{space.id}")))
        assert [name.partition("-")[0] for name in left] == ["current.json", "gen"]
        ballast.unlink()
        with catalog.writing():
            assert store.build(space, catalog.embeddings.after(space.id, 0), kind=kind).size == 300
        assert library.doctor().problems == ()


def test_a_backup_to_a_full_disk_leaves_no_file(
    mounted: Callable[..., Path], album: Callable[[int], Path]
) -> None:
    """The error says so, no part of a backup stays, and the one that was there is as it was."""
    disk = mounted("disk", "size=4m")
    with open_library(album(40)) as library:
        library.index(os.path.dirname(library.folder))
        library.backup(disk / "old.db")
        old = (disk / "old.db").read_bytes()
        ballast = fill(disk)
        for name, overwrite in (("new.db", False), ("old.db", True)):
            with pytest.raises(DiskFullError, match="no space left"):
                library.backup(disk / name, overwrite=overwrite)
        assert sorted(os.listdir(disk)) == ["ballast", "old.db"]
        assert (disk / "old.db").read_bytes() == old
        ballast.unlink()
        library.backup(disk / "new.db")
        assert (disk / "new.db").stat().st_size == len(old)


def test_a_library_cannot_be_made_on_a_full_disk(mounted: Callable[..., Path], photo: Photo) -> None:
    """The error says so, also when not even a folder fits; with space it is made."""
    disk = mounted("disk", "size=2m", "nr_inodes=20")
    photo(disk / "p.png", 1)
    ballast = fill(disk)
    with pytest.raises(DiskFullError, match="no space left"):
        open_library(disk)
    shutil.rmtree(disk / ".saccade", ignore_errors=True)
    names = use_up_names(disk)
    with pytest.raises(DiskFullError, match="no space left"):
        open_library(disk)
    for path in [*names, ballast]:
        path.unlink()
    with open_library(disk) as library:
        assert library.index(disk).files == 1


@pytest.fixture
def frozen(mounted: Callable[..., Path], photo: Photo) -> Callable[..., Path]:
    """A folder of 40 pictures, indexed first if asked, on a disk that can only be read."""

    def made(*, indexed: bool) -> Path:
        disk = mounted("disk", "size=32m")
        for number in range(40):
            photo(disk / f"p{number}.png", number)
        if indexed:
            with open_library(disk) as library:
                library.index(disk)
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        return disk

    return made


def test_a_read_only_folder_gets_a_library_in_the_users_data_folder(frozen: Callable[..., Path]) -> None:
    """Indexing and searching it work, and the same library is found again."""
    disk = frozen(indexed=False)
    with open_library(disk) as library:
        assert library.index(disk).files == 40
        assert Path(library.folder).is_relative_to(os.environ["XDG_DATA_HOME"])
        hits = library.search("anything", k=3).hits
    with open_library(disk, create=False) as library:
        assert library.search("anything", k=3).hits == hits
        assert library.index().unchanged == 40
        assert library.doctor().problems == ()
    assert not (disk / ".saccade").exists()


def test_a_library_on_a_read_only_disk_can_be_searched(frozen: Callable[..., Path], tmp_path: Path) -> None:
    """Everything that only reads works; what would write says that it cannot and what to do."""
    disk = frozen(indexed=True)
    with open_library(disk) as library:
        assert library.folder == str(disk / ".saccade")
        hits = library.search(image=disk / "p7.png", k=3)
        assert hits[0].path == str(disk / "p7.png")
        assert library.similar(disk / "p7.png", k=3)[0].path != hits[0].path
        assert library.show(disk / "p7.png").image_id == hits[0].image_id
        assert library.status().counts.files == 40
        assert library.doctor().problems == ()
        library.backup(tmp_path / "backup.db")
        with pytest.raises(ReadOnlyError) as refused:
            library.index(disk)
        assert str(disk / ".saccade") in refused.value.message
        assert refused.value.hint
        assert library.search(image=disk / "p7.png", k=3).hits == hits.hits


def test_a_library_left_by_a_killed_process_can_be_read_on_a_read_only_disk(
    mounted: Callable[..., Path], photo: Photo, start: Callable[..., Any]
) -> None:
    """What was acknowledged before the kill is found, though nothing can be tidied up."""
    disk = mounted("disk", "size=32m")
    for number in range(40):
        photo(disk / f"p{number}.png", number)
    child = start(do="index", library=str(disk), stops=[["after", "record", 1]])
    assert child.wait_for("at")
    child.kill()
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    acknowledged = {name for event in child.events for name in event.get("acked", ())}
    with open_library(disk) as library:
        assert {os.path.basename(hit.path) for hit in library.search("anything", k=40)} == acknowledged
