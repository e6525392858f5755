"""Files that are renamed, moved, deleted and restored between two runs."""

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from tests.helpers.indexing import told, touch

Desk: TypeAlias = Any
Png: TypeAlias = Callable[..., bytes]


# --- renames and moves


def test_a_renamed_file_is_moved_and_not_encoded_again(desk: Desk) -> None:
    """It keeps its image, and the old name is neither found nor counted as removed."""
    old = desk.picture("old.png", "blue")
    desk.picture("other.png", "red")
    desk.index()
    image, seen = desk.image("old.png"), desk.encoder.seen
    old.rename(desk.home / "new.png")
    assert told(desk.index()) == {"files": 2, "unchanged": 1, "moved": 1}
    assert (desk.image("new.png"), desk.encoder.seen) == (image, seen)
    assert desk.found() == {"new.png", "other.png"}


def test_a_file_renamed_back_is_moved_too(desk: Desk) -> None:
    """Though its old place is remembered, with its old time."""
    desk.picture("a.png")
    desk.index()
    (desk.home / "a.png").rename(desk.home / "b.png")
    desk.index()
    (desk.home / "b.png").rename(desk.home / "a.png")
    assert told(desk.index()) == {"files": 1, "moved": 1}
    assert desk.found() == {"a.png"}


def test_all_copies_of_a_picture_can_move_at_once(desk: Desk) -> None:
    """A renamed folder with two copies: both moved, none added, none removed."""
    desk.picture("trip/a.png")
    desk.picture("trip/b.png")
    desk.index()
    (desk.home / "trip").rename(desk.home / "holiday")
    assert told(desk.index()) == {"files": 2, "moved": 2}


@pytest.mark.parametrize("order", [("one", "two"), ("two", "one")])
def test_a_file_moved_between_two_indexed_folders_is_moved(desk: Desk, order: tuple[str, str]) -> None:
    """Whichever of them is looked at first."""
    file = desk.picture("one/a.png")
    desk.picture("two/b.png", "blue")
    desk.index("one", "two")
    file.rename(desk.home / "two" / "a.png")
    desk.picture("one/c.png", "green")  # a folder that holds nothing would be a disk not mounted
    assert told(desk.index(*order)) == {"files": 3, "added": 1, "moved": 1, "unchanged": 1, "embedded": 1}


def test_two_files_that_swap_names_swap_images(desk: Desk) -> None:
    """Stamps tell; nothing is encoded again."""
    one, two = desk.picture("a.png", "red"), desk.picture("b.png", (255, 255, 255))
    touch(one, 10**18)
    touch(two, 2 * 10**18)
    desk.index()
    red, white = desk.image("a.png"), desk.image("b.png")
    one.rename(desk.home / "c.png")
    two.rename(one)
    (desk.home / "c.png").rename(two)
    assert told(desk.index()) == {"files": 2, "added": 2}
    assert (desk.image("a.png"), desk.image("b.png"), desk.encoder.seen) == (white, red, 2)


# --- deleting and restoring


@pytest.mark.parametrize("same_time", [True, False], ids=["same stamp", "other stamp"])
def test_a_deleted_file_that_is_restored_is_found_again(desk: Desk, same_time: bool) -> None:
    """Deleted, it is removed and never found; restored, it is back without being encoded."""
    file = desk.picture("a.png", "blue")
    touch(file, 10**18)
    desk.picture("b.png")
    desk.index()
    file.unlink()
    assert told(desk.index()) == {"files": 1, "unchanged": 1, "removed": 1}
    assert desk.found() == {"b.png"}
    assert desk.catalog.health.counts().missing == 1
    assert told(desk.index()) == {"files": 1, "unchanged": 1}
    desk.picture("a.png", "blue")
    touch(file, 10**18 if same_time else 10**18 + 1)
    assert told(desk.index()) == {"files": 2, "added": 1, "unchanged": 1}
    assert desk.found() == {"a.png", "b.png"}
    assert desk.encoder.seen == 2


def test_garbage_written_over_a_picture_hides_it_until_the_picture_is_back(desk: Desk, make_png: Png) -> None:
    """The file fails and its old image is found no more; then all is as before."""
    desk.picture("a.png", "blue")
    desk.picture("b.png")
    desk.index()
    image = desk.image("a.png")
    desk.write("a.png", b"\x89PNG\r\n\x1a\n garbage")
    assert told(desk.index()) == {"files": 2, "unchanged": 1, "failed": 1}
    assert desk.found() == {"b.png"}
    desk.write("a.png", make_png("blue"))
    assert told(desk.index()) == {"files": 2, "added": 1, "unchanged": 1}
    assert (desk.found(), desk.image("a.png"), desk.encoder.seen) == ({"a.png", "b.png"}, image, 2)


def test_another_picture_written_over_a_file_takes_its_place(desk: Desk) -> None:
    """The name shows the new picture; the old one is found no more."""
    desk.picture("a.png", "blue")
    desk.index()
    old = desk.image("a.png")
    desk.picture("a.png", "green", mark="longer")
    assert told(desk.index()) == {"files": 1, "added": 1, "embedded": 1}
    assert desk.image("a.png") != old
    assert desk.names(desk.ask("blue")) == ["a.png"]
    assert desk.ask("green")[0].score == pytest.approx(1.0)


def test_a_clock_set_back_is_noticed(desk: Desk) -> None:
    """A file whose time is older than before is as changed as one whose time is newer."""
    file = desk.picture("a.png", (9, 0, 0))
    touch(file, 10**18)
    desk.index()
    file.write_bytes(desk.picture("tmp.png", (0, 0, 9)).read_bytes())
    (desk.home / "tmp.png").unlink()
    touch(file, 10**18 - 10**15)
    assert told(desk.index()) == {"files": 1, "added": 1, "embedded": 1}
    assert desk.ask("blue")[0].score == pytest.approx(1.0)


def test_a_file_that_becomes_a_folder_and_back(desk: Desk) -> None:
    """The name is free for anything."""
    desk.picture("a.png", "red")
    desk.index()
    (desk.home / "a.png").unlink()
    desk.picture("a.png/b.png", "blue")
    assert told(desk.index()) == {"files": 1, "added": 1, "removed": 1, "embedded": 1}
    assert desk.found() == {"a.png/b.png"}
    (desk.home / "a.png" / "b.png").unlink()
    (desk.home / "a.png").rmdir()
    desk.picture("a.png", "red")
    assert told(desk.index()) == {"files": 1, "added": 1, "removed": 1}
    assert desk.found() == {"a.png"}


def test_files_add_up_from_run_to_run(desk: Desk) -> None:
    """Files now = files before + added - removed, whatever lay beside the pictures."""
    desk.zip("z.zip", {"in.png": desk.picture("a.png").read_bytes(), "other.txt": b"hello, not a picture"})
    desk.write("notes.txt", b"hello, not a picture")
    desk.picture("b.png", "blue")
    before = desk.index()
    for name in ("z.zip", "notes.txt", "a.png"):
        (desk.home / name).unlink()
    after = desk.index()
    assert (before.files, after.files) == (3, 1)
    assert after.files == before.files + after.added - after.removed
