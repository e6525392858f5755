"""Indexing: what each run says it did, and that nothing is lost, doubled or purged by mistake."""

import os
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from saccade.core.decoding import DecodeTask
from tests.helpers.indexing import Spoiled, told, touch

if TYPE_CHECKING:
    from saccade.core.types import Progress

Desk: TypeAlias = Any
Png: TypeAlias = Callable[..., bytes]


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
