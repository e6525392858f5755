"""Disks that are not there, and files that move under our hands: nothing is purged in error."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import pytest

from saccade.core.decoding import DecodeTask, FileEntry, Hashed
from saccade.core.errors import NoImagesError, PathNotFoundError
from saccade.core.types import Failure
from saccade.sources.walk import walk
from saccade.usecases.indexing.flow.run import BATCH
from tests.helpers.indexing import Spoiled, blocked, told, touch

Desk: TypeAlias = Any
Png: TypeAlias = Callable[..., bytes]


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
