"""Indexing: what each run says it did, and that nothing is lost, doubled or purged by mistake."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import pytest

from saccade.core.decoding import DecodeTask, FileEntry, Hashed
from saccade.core.errors import NoImagesError, PathNotFoundError
from saccade.core.status import IndexReport
from saccade.core.types import Failure, Progress
from saccade.sources.walk import walk
from saccade.usecases.indexing.flow.run import BATCH

Desk: TypeAlias = Any
Png: TypeAlias = Callable[..., bytes]
COUNTS = ("files", "added", "unchanged", "moved", "removed", "excluded", "embedded")


def told(report: IndexReport) -> dict[str, int]:
    """The counts that are not 0."""
    counts = {name: getattr(report, name) for name in COUNTS} | {"failed": len(report.failed)}
    return {name: count for name, count in counts.items() if count}


def touch(path: os.PathLike[str], mtime_ns: int) -> None:
    os.utime(path, ns=(mtime_ns, mtime_ns))


class Spoiled:
    """The real decoder, whose outcome for some files is replaced."""

    def __init__(self, decoder: Any, change: Callable[[DecodeTask, Any], Any]) -> None:
        self._decoder, self._change = decoder, change

    def decode(self, tasks: Any) -> Iterator[Any]:
        kept = list(tasks)
        for task, outcome in zip(kept, self._decoder.decode(kept), strict=True):
            yield self._change(task, outcome)

    def list_archive(self, entry: FileEntry) -> Iterator[Any]:
        return self._decoder.list_archive(entry)

    def close(self) -> None:
        """Nothing of its own to close."""


def blocked(folder: os.PathLike[str]) -> Callable[..., Iterator[FileEntry | Failure]]:
    """A walk for which one folder is unreadable (tests may run as root, whom no permission stops)."""
    name = os.fspath(folder)

    def walking(root: str, *, exclude: Sequence[str] = ()) -> Iterator[FileEntry | Failure]:
        failed = False
        for entry in walk(root, exclude=exclude):
            if not (entry.path + os.sep).startswith(name + os.sep):
                yield entry
            elif not failed:
                failed = True
                yield Failure(path=name, code="unreadable_folder", reason="the folder cannot be read")

    return walking


# --- counts


def test_a_first_run_adds_everything(desk: Desk) -> None:
    """Pictures are added, files that are none are excluded, and every picture can be found."""
    desk.picture("a.png", "red")
    desk.picture("deep/er/b.png", "blue")
    desk.write("notes.txt", b"hello, not a picture")
    assert told(desk.index()) == {"files": 2, "added": 2, "excluded": 1, "embedded": 2}
    assert desk.found() == {"a.png", "deep/er/b.png"}
    counts = desk.catalog.health.counts()
    assert (counts.images, counts.files, counts.excluded, counts.failed) == (2, 2, 1, 0)


def test_a_second_run_changes_and_writes_nothing(desk: Desk) -> None:
    """Unchanged files cost a stat: no picture is read, no row is written."""
    for number in range(3):
        desk.picture(f"{number}.png", (number, 0, 255))
    desk.write("notes.txt", b"hello, not a picture")
    desk.index()
    desk.refresh()
    seen, version = desk.encoder.seen, desk.catalog.version()
    assert told(desk.index()) == {"files": 3, "unchanged": 3, "excluded": 1}
    desk.refresh()
    assert (desk.encoder.seen, desk.catalog.version()) == (seen, version)


def test_the_same_picture_twice_is_one_image_in_two_files(desk: Desk) -> None:
    """In one run and in the next; it is encoded once and found once, with both paths."""
    desk.picture("a.png")
    desk.picture("b.png")
    assert told(desk.index()) == {"files": 2, "added": 2, "embedded": 1}
    desk.picture("sub/c.png")
    assert told(desk.index()) == {"files": 3, "added": 1, "unchanged": 2}
    (hit,) = desk.ask("red")
    assert [os.path.basename(path) for path in hit.paths] == ["a.png", "b.png", "c.png"]
    assert desk.catalog.health.counts().images == 1


def test_one_bad_file_costs_one_line(desk: Desk) -> None:
    """It fails with path, code and reason; its neighbors are added; the next run says it again, unread."""
    for number in range(5):
        desk.picture(f"{number}.png", (number * 50, 0, 0 if number else 9))
    desk.write("bad.jpg", b"\xff\xd8\xff\xe0 this is no picture")
    report = desk.index()
    assert told(report) == {"files": 6, "added": 5, "embedded": 5, "failed": 1}
    (failure,) = report.failed
    assert failure.path == str(desk.home / "bad.jpg")
    assert failure.code in {"corrupt", "truncated"}
    assert failure.reason
    again = desk.index()
    assert (told(again), again.failed) == ({"files": 6, "unchanged": 5, "failed": 1}, report.failed)


def test_progress_counts_up_to_its_total(desk: Desk) -> None:
    """Stages in order; done never falls and ends at total."""
    for number in range(70):
        desk.picture(f"{number:02}.png", (number, 0, 9))
    steps: list[Progress] = []
    desk.index(progress=steps.append)
    assert steps[0].stage == "scan"
    done = [step.done for step in steps if step.stage == "images"]
    assert done == sorted(done)
    assert (steps[-1].done, steps[-1].total, steps[-1].failed) == (70, 70, 0)


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


# --- what may be a disk that is not there


def test_a_folder_that_holds_nothing_any_more_is_not_purged(desk: Desk) -> None:
    """An unmounted disk leaves an empty folder: an error with a hint, and nothing written."""
    file = desk.picture("disk/a.png")
    desk.index("disk")
    file.unlink()
    version = desk.catalog.version()
    with pytest.raises(NoImagesError, match="nothing was changed") as caught:
        desk.index("disk", exclude=["*.gif"])
    assert "allow-empty" in caught.value.hint
    assert desk.catalog.version() == version
    assert desk.found() == {"disk/a.png"}


def test_allow_empty_believes_an_empty_folder(desk: Desk) -> None:
    """Then its files are removed, and the run is no error."""
    desk.picture("disk/a.png")
    desk.picture("other/b.png", "blue")
    desk.index()
    (desk.home / "disk" / "a.png").unlink()
    assert told(desk.index("disk", allow_empty=True)) == {"removed": 1}
    assert desk.found() == {"other/b.png"}


def test_a_root_that_is_gone_changes_nothing(desk: Desk) -> None:
    """Neither the known one nor one never seen."""
    desk.picture("disk/a.png")
    desk.index("disk")
    (desk.home / "disk").rename(desk.home / "elsewhere")
    version = desk.catalog.version()
    for name in ("disk", "never"):
        with pytest.raises(PathNotFoundError, match=name):
            desk.index(name)
    assert desk.catalog.version() == version
    assert desk.found() == {"disk/a.png"}


def test_a_place_without_any_image_is_an_error(desk: Desk) -> None:
    """An empty folder, and one with texts only; the hint lists what can be read."""
    desk.path("empty/x").parent.mkdir(exist_ok=True)
    desk.write("texts/notes.txt", b"hello, not a picture")
    for name in ("empty", "texts"):
        with pytest.raises(NoImagesError, match=name) as caught:
            desk.index(name)
        assert "JPEG" in caught.value.hint


@pytest.mark.parametrize("name", ["locked", ""], ids=["below", "the root"])
def test_a_folder_that_cannot_be_read_purges_nothing_below(desk: Desk, name: str) -> None:
    """It is one failure; what was known below stays found."""
    desk.picture("locked/in/a.png", "blue")
    desk.picture("lockedx.png", "green")
    desk.picture("b.png")
    desk.index()
    everything = desk.found()
    report = desk.index(walk=blocked(desk.home / name))
    assert [failure.code for failure in report.failed] == ["unreadable_folder"]
    assert (report.removed, report.unchanged) == (0, 2 if name else 0)
    assert desk.found() == everything
    assert told(desk.index()) == {"files": 3, "unchanged": 3}


# --- files that move under our hands


def test_a_file_that_vanishes_between_walk_and_read_is_tried_again(desk: Desk) -> None:
    """It fails for a passing reason; there again next time, it is taken up, though its stamp is the same."""
    desk.picture("b.png")
    file = desk.picture("a.png", "blue")
    content, stamp = file.read_bytes(), file.stat().st_mtime_ns

    def walking(root: str, *, exclude: Sequence[str] = ()) -> Iterator[FileEntry | Failure]:
        yield from walk(root, exclude=exclude)
        file.unlink()

    report = desk.index(walk=walking)
    assert told(report) == {"files": 2, "added": 1, "embedded": 1, "failed": 1}
    assert report.failed[0].code == "file_vanished"
    file.write_bytes(content)
    touch(file, stamp)
    assert told(desk.index()) == {"files": 2, "added": 1, "unchanged": 1, "embedded": 1}


@pytest.mark.parametrize("code", ["file_changed", "file_vanished", "unreadable_file"])
def test_what_failed_for_a_passing_reason_is_tried_again(desk: Desk, code: str) -> None:
    """Whatever its stamp says."""
    file = desk.picture("a.png")

    def change(task: DecodeTask, outcome: Any) -> Any:
        return Failure(path=task.path, code=code, reason="for now")

    assert told(desk.index(decoder=Spoiled(desk.decoder, change))) == {"files": 1, "failed": 1}
    assert file.exists()
    assert told(desk.index()) == {"files": 1, "added": 1, "embedded": 1}


def test_an_archive_that_could_not_be_read_for_now_is_tried_again(desk: Desk, make_png: Png) -> None:
    """As any file."""
    desk.zip("z.zip", {"a.png": make_png()})

    class Locked(Spoiled):
        def list_archive(self, entry: FileEntry) -> Iterator[Any]:
            yield Failure(path=entry.path, code="unreadable_file", reason="for now")

    locked = Locked(desk.decoder, lambda _, outcome: outcome)
    assert told(desk.index(decoder=locked)) == {"files": 1, "failed": 1}
    assert told(desk.index()) == {"files": 1, "added": 1, "embedded": 1}


def test_a_file_is_remembered_as_it_was_when_read(desk: Desk) -> None:
    """One that changes between walk and read is taken as it is then, and unchanged next time."""
    file = desk.picture("a.png", "red")
    new = desk.picture("other/b.png", "blue", mark="much longer than before").read_bytes()

    def walking(root: str, *, exclude: Sequence[str] = ()) -> Iterator[FileEntry | Failure]:
        yield from walk(root, exclude=exclude)
        file.write_bytes(new)

    assert desk.index(walk=walking).added == 2
    assert told(desk.index()) == {"files": 2, "unchanged": 2}
    assert desk.image("a.png") == desk.image("other/b.png")


def test_a_file_that_changes_between_digest_and_decoding_is_what_was_decoded(desk: Desk) -> None:
    """A suspected move is read twice; the second reading counts."""
    desk.picture("a.png", "red", mark="some more bytes")
    mark = ""
    desk.index()
    size = (desk.home / "a.png").stat().st_size
    while desk.picture("b.png", "green", mark=mark).stat().st_size < size:
        mark += "x"  # as long as a.png, so that its digest is asked for first

    def change(task: DecodeTask, outcome: Any) -> Any:
        if isinstance(outcome, Hashed):
            desk.picture("b.png", "blue")
        return outcome

    assert told(desk.index(decoder=Spoiled(desk.decoder, change)))["added"] == 1
    assert desk.ask("blue")[0].score == pytest.approx(1.0)
    assert told(desk.index()) == {"files": 2, "unchanged": 2}


def test_an_interrupted_run_is_taken_up_where_it_stopped(desk: Desk) -> None:
    """What was recorded stays; the next run encodes only the rest; no picture is doubled."""
    for number in range(2 * BATCH):
        desk.picture(f"{number:03}.png", (number, 0, 9))
    served = 0

    def change(task: DecodeTask, outcome: Any) -> Any:
        nonlocal served
        served += 1
        if served > BATCH + 8:
            raise KeyboardInterrupt
        return outcome

    with pytest.raises(KeyboardInterrupt):
        desk.index(decoder=Spoiled(desk.decoder, change))
    assert len(desk.catalog.runs.unfinished()) == 1
    done = desk.catalog.health.counts().files
    assert 0 < done <= BATCH + 8
    desk.reopen()
    assert told(desk.index()) == {
        "files": 2 * BATCH,
        "added": 2 * BATCH - done,
        "unchanged": done,
        "embedded": 2 * BATCH - done,
    }
    assert not desk.catalog.runs.unfinished()
    counts = desk.catalog.health.counts()
    assert (counts.images, counts.files) == (2 * BATCH, 2 * BATCH)
    assert set(counts.embeddings.values()) == {2 * BATCH}


# --- archives


def test_members_of_an_archive_are_files_of_their_own(desk: Desk, make_png: Png) -> None:
    """Named ARCHIVE!/MEMBER; texts in it are excluded; unchanged it costs a stat."""
    desk.zip("z.zip", {"a.png": make_png("red"), "in/b.png": make_png("blue"), "t.txt": b"hello, no picture"})
    assert told(desk.index()) == {"files": 2, "added": 2, "excluded": 1, "embedded": 2}
    assert desk.found() == {"z.zip!/a.png", "z.zip!/in/b.png"}
    assert told(desk.index()) == {"files": 2, "unchanged": 2, "excluded": 1}


def test_a_member_added_to_an_archive_is_added(desk: Desk, make_png: Png) -> None:
    """The others are unchanged."""
    desk.zip("z.zip", {"a.png": make_png("red")})
    desk.index()
    desk.zip("z.zip", {"a.png": make_png("red"), "b.png": make_png("blue")})
    assert told(desk.index()) == {"files": 2, "added": 1, "unchanged": 1, "embedded": 1}


def test_a_member_removed_from_an_archive_is_removed(desk: Desk, make_png: Png) -> None:
    """And found no more."""
    desk.zip("z.zip", {"a.png": make_png("red"), "b.png": make_png("blue")})
    desk.index()
    desk.zip("z.zip", {"a.png": make_png("red")})
    assert told(desk.index()) == {"files": 1, "unchanged": 1, "removed": 1}
    assert desk.found() == {"z.zip!/a.png"}


def test_an_archive_that_is_deleted_and_restored(desk: Desk, make_png: Png) -> None:
    """Its members go and come back with it, without being encoded again."""
    archive = desk.zip("z.zip", {"a.png": make_png("red"), "b.png": make_png("blue")})
    desk.picture("c.png", "green")
    desk.index()
    content, stamp = archive.read_bytes(), archive.stat().st_mtime_ns
    archive.unlink()
    assert told(desk.index()) == {"files": 1, "unchanged": 1, "removed": 2}
    archive.write_bytes(content)
    touch(archive, stamp)
    assert told(desk.index()) == {"files": 3, "added": 2, "unchanged": 1}
    assert (desk.found(), desk.encoder.seen) == ({"c.png", "z.zip!/a.png", "z.zip!/b.png"}, 3)


def test_an_archive_that_breaks_loses_nothing(desk: Desk, make_png: Png) -> None:
    """What cannot be listed is not gone; the archive is one failure, said again, until it is whole."""
    archive = desk.zip("z.zip", {"a.png": make_png("red"), "b.png": make_png("blue")})
    desk.index()
    content = archive.read_bytes()
    archive.write_bytes(content[:-40])
    report = desk.index()
    assert [(failure.path, failure.code) for failure in report.failed] == [(str(archive), "broken_archive")]
    assert report.removed == 0
    assert desk.found() == {"z.zip!/a.png", "z.zip!/b.png"}
    assert [failure.code for failure in desk.index().failed] == ["broken_archive"]
    archive.write_bytes(content)
    assert told(desk.index()) == {"files": 2, "unchanged": 2}


# --- parts of a folder


def test_a_single_file_is_indexed_alone(desk: Desk) -> None:
    """Its neighbors are neither added nor removed."""
    desk.picture("a.png", "red")
    desk.picture("b.png", "blue")
    assert told(desk.index("a.png")) == {"files": 1, "added": 1, "embedded": 1}
    assert told(desk.index("b.png")) == {"files": 1, "added": 1, "embedded": 1}
    assert desk.found() == {"a.png", "b.png"}


def test_a_single_file_that_failed_is_the_one_told(desk: Desk) -> None:
    """Failures of other files are not this run's."""
    desk.write("bad.png", b"\x89PNG\r\n\x1a\n garbage")
    desk.write("bad2.png", b"\x89PNG\r\n\x1a\n garbage too")
    desk.picture("c.png")
    desk.index()
    (failure,) = desk.index("bad.png").failed
    assert failure.path == str(desk.home / "bad.png")
    assert told(desk.index("c.png")) == {"files": 1, "unchanged": 1}


def test_a_subfolder_purges_only_below_itself(desk: Desk) -> None:
    """What vanished elsewhere, also beside it under a longer name, stays until it is looked at."""
    for name in ("a.png", "sub/b.png", "sub/c.png", "sub.png", "subway/d.png"):
        desk.picture(name, mark=name)
    desk.index()
    for name in ("a.png", "sub/b.png", "sub.png", "subway/d.png"):
        (desk.home / name).unlink()
    assert told(desk.index("sub")) == {"files": 1, "unchanged": 1, "removed": 1}
    assert desk.found() == {"a.png", "sub/c.png", "sub.png", "subway/d.png"}


def test_a_path_given_twice_or_within_another_counts_once(desk: Desk) -> None:
    """Reports and rows are those of one run over the whole."""
    desk.picture("sub/a.png", "red")
    desk.picture("b.png", "blue")
    assert told(desk.index("", "sub", "")) == {"files": 2, "added": 2, "embedded": 2}
    assert told(desk.index("sub", "")) == {"files": 2, "unchanged": 2}


def test_a_folder_outside_the_home_is_indexed_too(desk: Desk) -> None:
    """By its absolute path."""
    outside = desk.home.parent / "outside"
    outside.mkdir()
    (outside / "x.png").write_bytes(desk.picture("a.png").read_bytes())
    assert told(desk.index("", str(outside))) == {"files": 2, "added": 2, "embedded": 1}
    assert told(desk.index(str(outside))) == {"files": 1, "unchanged": 1}


def test_changed_pixels_keep_the_batch_aligned(desk: Desk) -> None:
    """Whatever fails in between, each file gets its own picture's embedding."""
    names = list("abcdefgh")
    for place, name in enumerate(names):
        if place % 3 == 1:
            desk.write(f"{name}.png", b"\x89PNG\r\n\x1a\n garbage" + name.encode())
        else:
            desk.picture(f"{name}.png", (255, 30 * place, 0))
    desk.index()
    space = desk.reader().space.id
    for place, name in enumerate(names):
        if place % 3 == 1:
            continue
        row = desk.catalog.embeddings.get(space, [desk.image(f"{name}.png")])[0]
        assert row[1] / row[0] == pytest.approx(30 * place / 255, abs=1e-6)


def test_spoiled_outcomes_are_replaced(desk: Desk) -> None:
    """The helper of these tests does what it says."""
    desk.picture("a.png")
    task = DecodeTask(path=str(desk.home / "a.png"))
    (same,) = Spoiled(desk.decoder, lambda _, outcome: outcome).decode([task])
    (other,) = Spoiled(desk.decoder, lambda _, outcome: replace(outcome, sha256=b"")).decode([task])
    assert (len(same.sha256), other.sha256) == (32, b"")
