"""Putting files back: byte for byte, over nothing, from anywhere a run was stopped."""

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saccade.core.errors import NotFoundError
from saccade.sources import quarantine
from saccade.usecases.duplicates.flow.undoing import quarantine_runs
from tests.helpers.properties import examples

# --- back again


def test_undo_never_writes_over_anything(album: Any) -> None:
    """What lies at the place by now stays, and the file comes to lie beside it."""
    keeper, other = album.file("a.jpg", b"keeper"), album.file("b.jpg", b"other")
    album.clean(album.found([keeper, other]))
    Path(other).write_bytes(b"new")
    report = album.undo()
    beside = str(album.home / "b.restored-0001.jpg")
    assert [(one.path, one.at) for one in report.restored] == [(other, beside)]
    assert Path(other).read_bytes() == b"new"
    assert Path(beside).read_bytes() == b"other"
    assert os.stat(beside).st_mtime_ns == 1_600_000_000_123_456_794
    assert "b.restored-0001.jpg" in album.present()


def test_a_file_changed_in_the_quarantine_is_not_passed_off(album: Any) -> None:
    """It stays there, and is told; so is one that is gone."""
    keeper = album.file("a.jpg", b"keeper")
    others = [album.file("b.jpg", b"other"), album.file("c.jpg", b"third")]
    done = album.clean(album.found([keeper, *others]))
    Path(done.moves[0].place).write_bytes(b"OTHER")
    os.unlink(done.moves[1].place)
    report = album.undo()
    assert album.codes(report) == ["altered_in_quarantine", "not_in_quarantine"]
    assert Path(done.moves[0].place).read_bytes() == b"OTHER"
    assert set(album.tree()) == {"a.jpg"}


def test_undo_twice_changes_nothing(album: Any) -> None:
    """By name, all is there already; without a name there is nothing left to undo."""
    report = album.found([album.file("a.jpg", b"a"), album.file("b.jpg", b"b")])
    album.clean(report)
    album.undo()
    before = album.tree()
    again = album.undo("1")
    assert (again.restored, again.unmoved, again.failed) == ((), 1, ())
    assert album.tree() == before
    with pytest.raises(NotFoundError, match="nothing to undo"):
        album.undo()
    with pytest.raises(NotFoundError, match="'7'"):
        album.undo("7")


def test_the_newest_run_that_holds_files_is_undone_first(album: Any) -> None:
    """Then the one before."""
    a, b, c = (album.file(f"{name}.jpg", name.encode()) for name in "abc")
    assert album.clean(album.found([a, b])).run == "0001"
    assert album.clean(album.found([a, c])).run == "0002"
    told = [(one.run, one.files, one.size_bytes) for one in quarantine_runs(quarantine, album.journal)]
    assert told == [("0001", 1, 1), ("0002", 1, 1)]
    assert album.undo().run == "0002"
    assert album.undo().run == "0001"
    assert len(album.tree()) == 3


def test_a_disk_that_is_away_gets_no_folder_in_its_place(album: Any, tmp_path: Path) -> None:
    """The files stay in the quarantine until it is back."""
    disk = tmp_path / "disk"
    keeper, other = album.file(str(disk / "a.jpg"), b"keeper"), album.file(str(disk / "in/b.jpg"), b"other")
    album.catalog.files.ensure_folder(str(disk))
    album.clean(album.found([keeper, other]))
    os.rename(disk, tmp_path / "unplugged")
    assert album.codes(album.undo()) == ["folder_away"]
    assert not disk.exists()
    os.rename(tmp_path / "unplugged", disk)
    assert len(album.undo().restored) == 1
    assert Path(other).read_bytes() == b"other"


def test_a_folder_that_was_removed_is_made_again(album: Any) -> None:
    """Emptied by the move and tidied up by a person since."""
    keeper, other = album.file("a.jpg", b"keeper"), album.file("in/deep/b.jpg", b"other")
    album.clean(album.found([keeper, other]))
    shutil.rmtree(album.home / "in")
    album.undo()
    assert Path(other).read_bytes() == b"other"


def test_a_library_that_was_moved_as_a_whole_puts_back_where_it_is_now(
    new_album: Any, tmp_path: Path
) -> None:
    """The manifest's paths follow the folder."""
    with new_album(tmp_path / "old") as old:
        old.clean(old.found([old.file("a.jpg", b"keeper"), old.file("in/b.jpg", b"other")]))
    os.rename(tmp_path / "old", tmp_path / "new")
    with new_album(tmp_path / "new") as new:
        assert [one.at for one in new.undo().restored] == [str(tmp_path / "new/in/b.jpg")]
        assert new.present() == {"a.jpg", "in/b.jpg"}
    assert not (tmp_path / "old").exists()


def test_a_damaged_manifest_still_gives_back_what_it_tells(album: Any) -> None:
    """A torn last line, and a line of nonsense in the middle."""
    report = album.found([album.file("a.jpg", b"a"), album.file("b.jpg", b"b"), album.file("c.jpg", b"c")])
    album.clean(report)
    manifest = Path(album.journal.folder, "0001", "manifest.jsonl")
    lines = manifest.read_bytes().splitlines(keepends=True)
    assert [b'"move"' in line for line in lines] == [False, True, True, False]
    manifest.write_bytes(b"".join([lines[0], b"nonsense\n", lines[2], lines[3][:7]]))
    assert album.journal.load("1").unreadable == 1
    assert [one.path for one in album.undo().restored] == [str(album.home / "c.jpg")]
    assert album.journal.load("1").finished


# --- whatever names, whatever trees

NAMES = st.binary(min_size=1, max_size=12).filter(
    lambda name: not set(name) & set(b"/\0") and name[:1] != b"."
)


@examples(15)
@given(
    tree=st.dictionaries(
        st.lists(NAMES, min_size=1, max_size=3).map(b"/".join), st.binary(max_size=40), min_size=2, max_size=9
    ),
    modes=st.lists(st.sampled_from([0o400, 0o600, 0o644, 0o755, 0o444]), min_size=9, max_size=9),
    size=st.integers(2, 4),
)
def test_apply_and_undo_is_identity(
    new_album: Any, tree: Mapping[bytes, bytes], modes: list[int], size: int
) -> None:
    """For any tree, with names that are no text: bytes, times, permissions and what the library knows."""
    with tempfile.TemporaryDirectory() as folder, new_album(Path(folder) / "album") as album:
        paths = []
        for (name, content), mode in zip(sorted(tree.items()), modes, strict=False):
            if not any(other != name and other.startswith(name + b"/") for other in tree):
                paths.append(album.file(os.fsdecode(name), content, mode=mode))
        groups = [paths[start : start + size] for start in range(0, len(paths), size)]
        before, present = album.tree(), album.present()
        done = album.clean(album.found(*(group for group in groups if len(group) > 1)))
        assert done.skipped == ()
        assert len(album.tree()) == len(before) - len(done.moves)
        assert len(album.present()) == len(present) - len(done.moves)
        assert album.undo(done.run or None).failed == () if done.moves else True
        assert album.tree() == before
        assert album.present() == present
