"""The whole way with real pictures: index, find duplicates, put them away, search, undo."""

import os
from pathlib import Path

import pytest
from PIL import Image

import saccade
from saccade.core.errors import InputError, NotFoundError, PathNotFoundError


@pytest.fixture
def doubled(shelf: Path) -> Path:
    """The pictures with their library, and copies of two: the same bytes, and half the size."""
    (shelf / "copies").mkdir()
    (shelf / "copies" / "0 (1).png").write_bytes((shelf / "0.png").read_bytes())
    with Image.open(shelf / "1.png") as picture:
        picture.resize((48, 48)).save(shelf / "copies" / "1.jpg", quality=90)
    with saccade.open_library(shelf) as library:
        library.index()
    return shelf


def tree(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Bytes and time of every file outside the library's own folder."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and ".saccade" not in path.parts:
            found[str(path.relative_to(folder))] = (path.read_bytes(), path.stat().st_mtime_ns)
    return found


def test_find_put_away_and_back(doubled: Path) -> None:
    """Only the keepers are found while the copies are away, and indexing agrees; then all is as before."""
    before = tree(doubled)
    with saccade.open_library(doubled) as library:
        found = library.duplicates.find()
        assert tree(doubled) == before
        plan = library.duplicates.apply(found, dry_run=True)
        spare = {os.path.relpath(move.path, doubled) for move in plan.moves}
        assert spare == {"copies/0 (1).png", "copies/1.jpg"}
        done = library.duplicates.apply(found)
        assert done.applied
        assert tree(doubled) == {name: facts for name, facts in before.items() if name not in spare}
        paths = {path for hit in library.search("stripes", k=99) for path in hit.paths}
        assert paths == {str(doubled / name) for name in before if name not in spare}
        report = library.index()
        assert (report.added, report.removed, report.unchanged) == (0, 0, 6)
        assert library.duplicates.find().groups == ()
        assert [one.files for one in library.duplicates.runs()] == [2]
        assert len(library.duplicates.undo(done.run).restored) == 2
        assert tree(doubled) == before
        assert library.index().unchanged == 8
        assert library.doctor().healthy
        plan = library.duplicates.apply(library.duplicates.find(), dry_run=True)
        assert {move.path for move in plan.moves} == {str(doubled / name) for name in spare}


def test_how_a_copy_differs_is_a_picture(doubled: Path) -> None:
    """Of the keeper's shape; a file that is gone is a failure in its place."""
    with saccade.open_library(doubled) as library:
        (evidence,) = [
            other.evidence
            for group in library.duplicates.find(tiers=["picture"]).groups
            for other in group.others
        ]
        assert evidence is not None
        same = (str(doubled / "1.png"), str(doubled / "copies" / "1.jpg"), evidence.transform)
        gone = (str(doubled / "1.png"), str(doubled / "gone.jpg"), evidence.transform)
        shown, failure = library.duplicates.differences([same, gone], size=64)
    assert isinstance(shown, bytes)
    assert shown.startswith(b"\xff\xd8")
    assert isinstance(failure, saccade.Failure)


def test_what_makes_no_sense_changes_nothing(doubled: Path, tmp_path: Path) -> None:
    """Unknown tiers, folders, price tables and runs."""
    before = tree(doubled)
    with saccade.open_library(doubled) as library:
        found = library.duplicates.find()
        with pytest.raises(InputError, match="unknown tier 'twin'"):
            library.duplicates.apply(found, tiers=["twin"])
        with pytest.raises(PathNotFoundError, match="no such folder"):
            library.duplicates.apply(found, to=tmp_path / "gone")
        with pytest.raises(PathNotFoundError, match="no such price table"):
            library.duplicates.apply(found, prices=tmp_path / "gone.toml")
        with pytest.raises(NotFoundError, match="nothing to undo"):
            library.duplicates.undo()
        assert library.duplicates.runs() == []
    assert tree(doubled) == before


def test_a_quarantine_is_never_thrown_away_with_a_failed_first_run(doubled: Path, tmp_path: Path) -> None:
    """A new catalog in the place of a lost one, and nothing to index: the files that were put away stay."""
    with saccade.open_library(doubled) as library:
        done = library.duplicates.apply(library.duplicates.find())
    for file in (doubled / ".saccade").glob("catalog.db*"):
        file.unlink()
    empty = tmp_path / "empty"
    empty.mkdir()
    with saccade.open_library(doubled) as library:
        with pytest.raises(InputError):
            library.index(empty)
        assert all(Path(move.place).exists() for move in done.moves)
        assert len(library.duplicates.undo().restored) == 2
