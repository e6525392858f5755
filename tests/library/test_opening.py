"""Where a library is found and made, and when none is left behind."""

import errno
import os
import shutil
from pathlib import Path

import pytest

import saccade
from saccade.core.errors import (
    CorruptLibraryError,
    LibraryNotFoundError,
    NoImagesError,
    PathNotFoundError,
)
from saccade.library import find_library


def test_a_folder_gets_its_library_in_itself(photos: Path) -> None:
    """PHOTOS/.saccade, made when opened; opened again it is the same."""
    with saccade.open_library(photos) as library:
        assert library.folder == str(photos / ".saccade")
    assert (photos / ".saccade" / "catalog.db").is_file()
    with saccade.open_library(photos, create=False) as library:
        assert library.folder == str(photos / ".saccade")


@pytest.mark.parametrize("spelled", ["{}", "{}/", "{}/trip/..", "{}/.saccade"])
def test_a_library_is_named_by_its_folder_or_its_own(shelf: Path, spelled: str) -> None:
    """However the path is spelled; both know the same pictures."""
    with saccade.open_library(spelled.format(shelf)) as library:
        assert library.folder == str(shelf / ".saccade")
        assert library.status().counts.images == 6
        assert library.index().unchanged == 6


def test_without_a_path_the_nearest_library_above_serves(
    shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Like git's, from any folder below."""
    monkeypatch.chdir(shelf / "trip")
    assert find_library(os.curdir) == str(shelf)
    with saccade.open_library() as library:
        assert library.folder == str(shelf / ".saccade")


def test_a_named_folder_is_not_searched_upward(shelf: Path) -> None:
    """Naming a folder below asks for a library of its own."""
    with pytest.raises(LibraryNotFoundError) as caught:
        saccade.open_library(shelf / "trip", create=False)
    assert "saccade index" in caught.value.hint


def test_the_environment_names_a_library(
    shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SACCADE_LIBRARY counts before what lies above; a path given counts before both."""
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.chdir(shelf)
    monkeypatch.setenv("SACCADE_LIBRARY", str(other))
    with saccade.open_library() as library:
        assert library.folder == str(other / ".saccade")
    with saccade.open_library(shelf) as library:
        assert library.folder == str(shelf / ".saccade")


def test_no_library_anywhere_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With create=False nothing is made."""
    monkeypatch.chdir(tmp_path)
    assert find_library(tmp_path) is None
    with pytest.raises(LibraryNotFoundError, match="or above it"):
        saccade.open_library(create=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["missing", "file.txt"])
def test_a_folder_that_is_not_there_is_told(tmp_path: Path, name: str) -> None:
    """Nor is a file one; nothing is made."""
    (tmp_path / "file.txt").write_text("x")
    with pytest.raises(PathNotFoundError, match=name) as caught:
        saccade.open_library(tmp_path / name)
    assert caught.value.hint
    assert [path.name for path in tmp_path.iterdir()] == ["file.txt"]


@pytest.mark.parametrize("how", ["no folder can be made", "the folder cannot be written"])
def test_a_read_only_folder_gets_a_library_among_the_users_data(
    photos: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Found there again next time; nothing is left in the folder itself."""
    make, access = os.makedirs, os.access

    def refused(name: str, *args: object, **options: object) -> None:
        if str(name).startswith(str(photos)):
            raise OSError(errno.EROFS, "read-only file system", name)
        make(name, *args, **options)  # type: ignore[arg-type]

    if how == "no folder can be made":
        monkeypatch.setattr(os, "makedirs", refused)
    monkeypatch.setattr(
        os, "access", lambda path, mode: not str(path).startswith(str(photos)) and access(path, mode)
    )
    with saccade.open_library(photos) as library:
        folder = library.folder
        assert folder.startswith(os.environ["XDG_DATA_HOME"])
        assert "photos-" in os.path.basename(folder)
        assert library.index(photos).added == 6
    assert not (photos / ".saccade" / "catalog.db").exists()
    with saccade.open_library(photos, create=False) as library:
        assert library.folder == folder
        assert library.index().unchanged == 6
    assert find_library(photos / "trip") == str(photos)


def test_a_new_library_is_taken_back_when_there_is_nothing_to_index(tmp_path: Path) -> None:
    """A person who mistypes a folder finds no .saccade in it afterwards."""
    (tmp_path / "empty").mkdir()
    with saccade.open_library(tmp_path) as library, pytest.raises(PathNotFoundError):
        library.index(tmp_path / "typo")
    assert not (tmp_path / ".saccade").exists()
    with saccade.open_library(tmp_path) as library, pytest.raises(NoImagesError):
        library.index(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]


def test_a_library_that_holds_something_is_never_taken_back(shelf: Path) -> None:
    """Whatever else fails."""
    with saccade.open_library(shelf) as library, pytest.raises(PathNotFoundError):
        library.index(shelf / "typo")
    with saccade.open_library(shelf, create=False) as library:
        assert library.status().counts.images == 6


def test_a_file_that_is_no_catalog_is_told(shelf: Path) -> None:
    """In our own words, with what to do."""
    for leftover in (shelf / ".saccade").glob("catalog.db*"):
        leftover.unlink()
    (shelf / ".saccade" / "catalog.db").write_bytes(b"this is no database, it is a text" * 300)
    with pytest.raises(CorruptLibraryError) as caught, saccade.open_library(shelf) as library:
        library.status()
    assert "backup" in caught.value.hint


def test_a_library_moves_with_its_photos(shelf: Path, tmp_path: Path) -> None:
    """Nothing is indexed again; answers have the new paths."""
    with saccade.open_library(shelf) as library:
        before = [(os.path.basename(hit.path), hit.score) for hit in library.search("a red ball")]
    moved = tmp_path / "elsewhere" / "pictures"
    moved.parent.mkdir()
    shelf.rename(moved)
    with saccade.open_library(moved) as library:
        report = library.index()
        assert (report.unchanged, report.embedded, report.removed) == (6, 0, 0)
        result = library.search("a red ball")
        assert [(os.path.basename(hit.path), hit.score) for hit in result] == before
        assert all(hit.path.startswith(str(moved)) for hit in result)


def test_a_backup_restored_elsewhere_answers_the_same(shelf: Path, tmp_path: Path) -> None:
    """Put as catalog.db into a folder's .saccade; only the indexes are missing, and nobody notices."""
    copy = tmp_path / "copy"
    shutil.copytree(shelf, copy, ignore=shutil.ignore_patterns(".saccade"))
    (copy / ".saccade").mkdir()
    with saccade.open_library(shelf) as library:
        before = [(hit.image_id, hit.score, hit.confidence) for hit in library.search("a red ball")]
        library.backup(copy / ".saccade" / "catalog.db")
    with saccade.open_library(copy, create=False) as library:
        after = [(hit.image_id, hit.score, hit.confidence) for hit in library.search("a red ball")]
        assert after == before
        assert library.index().unchanged == 6
