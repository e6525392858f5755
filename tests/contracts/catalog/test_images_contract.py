"""What every catalog must say of its images and embeddings."""

import hashlib
import os
import threading
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest

from saccade.core.errors import ImageNotFoundError, InputError, LibraryBusyError
from saccade.core.types import Role
from tests.contracts.catalog.shelf import DIMS, Shelf, encoder


def test_image_by_path_finds_files_members_and_odd_names(shelf: Shelf) -> None:
    """Also when it is gone, and when the name itself holds the separator of members."""
    ids = shelf.record(
        shelf.picture("a.jpg", b"1"),
        shelf.picture("z!/b.jpg", b"2"),
        shelf.picture("q!/z.zip", b"3", "m!/c.jpg"),
    )
    shelf.gone("a.jpg")
    for name, image in zip(("a.jpg", "z!/b.jpg", "q!/z.zip!/m!/c.jpg"), ids, strict=True):
        found = shelf.catalog.images.by_path(f"{shelf.home}/{name}")
        assert found is not None
        assert found.id == image
    assert shelf.catalog.images.by_path(f"{shelf.home}/none.jpg") is None
    assert shelf.catalog.images.by_path("/elsewhere/a.jpg") is None


def test_image_by_sha256_takes_any_unique_beginning(shelf: Shelf) -> None:
    """And refuses one that fits none, several, or is no hexadecimal."""
    ids = shelf.record(*(shelf.picture(f"{n}.jpg", b"%d" % n) for n in range(40)))
    digests = {hashlib.sha256(b"%d" % n).hexdigest(): image for n, image in enumerate(ids)}
    for digest, image in digests.items():
        assert shelf.catalog.images.by_sha256(digest).id == image
        assert shelf.catalog.images.by_sha256(digest[:17].upper()).id == image
    first = [digest[0] for digest in digests]
    several = next(letter for letter in first if first.count(letter) > 1)
    for prefix in (several, "", "zz", "0" * 64, "0" * 65, "é", "1 2"):
        with pytest.raises(ImageNotFoundError):
            shelf.catalog.images.by_sha256(prefix)


def test_images_refuses_an_id_that_is_not_there(shelf: Shelf) -> None:
    """Rather than leave a hole in the answer."""
    with pytest.raises(ImageNotFoundError, match="77"):
        shelf.catalog.images.get([77])
    assert list(shelf.catalog.images.get([])) == []


def test_embeddings_come_back_bit_for_bit_in_the_order_asked(shelf: Shelf) -> None:
    """Repeated ids included, as float32 in C order."""
    ids = [image or 0 for image in shelf.record(*(shelf.picture(f"{n}.jpg", b"%d" % n) for n in range(20)))]
    wanted = np.array([ids[7], ids[3], ids[7]], dtype=np.int64)
    rows = shelf.catalog.embeddings.get(shelf.space, wanted)
    assert np.array_equal(rows, np.stack([shelf.vector(b"%d" % n) for n in (7, 3, 7)]))
    assert rows.dtype == np.float32
    assert rows.flags.c_contiguous
    assert shelf.catalog.embeddings.get(shelf.space, np.empty(0, np.int64)).shape == (0, DIMS[Role.SEMANTIC])
    with pytest.raises(ImageNotFoundError):
        shelf.catalog.embeddings.get(shelf.space, np.array([ids[0], 999]))


@pytest.mark.parametrize("batch", [1, 3, 100])
def test_embeddings_after_gives_every_row_once_oldest_first(shelf: Shelf, batch: int) -> None:
    """From any sequence number on."""
    ids = shelf.record(*(shelf.picture(f"{n}.jpg", b"%d" % n) for n in range(10)))
    parts = list(shelf.catalog.embeddings.after(shelf.space, 0, batch))
    assert [image for _, some, _ in parts for image in some.tolist()] == ids
    assert all(len(some) == len(rows) <= batch for _, some, rows in parts)
    assert np.array_equal(
        np.concatenate([rows for *_, rows in parts]), [shelf.vector(b"%d" % n) for n in range(10)]
    )
    assert parts[-1][0] == shelf.catalog.embeddings.last_sequence(shelf.space)
    assert list(shelf.catalog.embeddings.after(shelf.space, parts[-1][0])) == []
    (newer,) = shelf.record(shelf.picture("new.jpg", b"new"))
    ((_, some, _),) = shelf.catalog.embeddings.after(shelf.space, parts[-1][0])
    assert some.tolist() == [newer]


def test_sequences_are_counted_and_found_from_either_side(shelf: Shelf) -> None:
    """How many rows are newer than one, and which is the last up to one."""
    embeddings = shelf.catalog.embeddings
    shelf.record(*(shelf.picture(f"{n}.jpg", b"%d" % n) for n in range(4)))
    every = [sequence for sequence, *_ in embeddings.after(shelf.space, 0, 1)]
    assert [embeddings.newer(shelf.space, one) for one in [0, *every]] == [4, 3, 2, 1, 0]
    assert [embeddings.last_sequence(shelf.space, upto=one) for one in every] == every
    assert embeddings.last_sequence(shelf.space, upto=every[0] - 1) == 0
    assert embeddings.last_sequence(shelf.space, upto=every[-1] + 100) == every[-1]


def test_removed_embeddings_are_holes_until_recorded_again(shelf: Shelf) -> None:
    """With a new sequence number, so that indexes notice."""
    picture = shelf.picture("a.jpg", b"x")
    image, other = shelf.record(picture, shelf.picture("b.jpg", b"y"))
    before = shelf.catalog.embeddings.last_sequence(shelf.space)
    assert shelf.catalog.embeddings.remove(shelf.space, [image, 999]) == 1
    assert shelf.catalog.embeddings.unembedded(shelf.space).tolist() == [image]
    assert shelf.record(picture) == [image]
    assert shelf.catalog.embeddings.unembedded(shelf.space).tolist() == []
    assert shelf.catalog.embeddings.last_sequence(shelf.space) > before
    assert shelf.catalog.health.counts().embeddings == dict.fromkeys(shelf.spaces.values(), 2)
    assert other is not None


@pytest.mark.parametrize("count", [1, 5, 30, 31, 100])
def test_sample_ids_spreads_over_the_space(shelf: Shelf, count: int) -> None:
    """Sorted, without repeats, at most as many as asked, all of them when few enough."""
    ids = shelf.record(*(shelf.picture(f"{n}.jpg", b"%d" % n) for n in range(30)))
    sample = shelf.catalog.embeddings.sample(shelf.space, count).tolist()
    assert sample == sorted(set(sample))
    assert set(sample) <= set(ids)
    assert len(sample) == min(count, 30)
    if count > 1:
        assert {sample[0], sample[-1]} == {min(ids), max(ids)}
    assert shelf.catalog.embeddings.sample(999, count).tolist() == []


def test_ensure_space_activates_the_first_of_a_role_only(shelf: Shelf) -> None:
    """And makes one space for one fingerprint and role."""
    again = shelf.catalog.spaces.ensure(encoder(), Role.SEMANTIC)
    newer = shelf.catalog.spaces.ensure(encoder("b" * 64), Role.SEMANTIC)
    assert (again.id, again.active, newer.active) == (shelf.space, True, False)
    assert [(s.role, s.fingerprint[0], s.active, s.dim) for s in shelf.catalog.spaces.all()] == [
        (Role.SEMANTIC, "a", True, 6),
        (Role.COPY, "a", True, 4),
        (Role.SEMANTIC, "b", False, 6),
    ]
    with pytest.raises(InputError):
        shelf.catalog.spaces.ensure(replace(encoder("c" * 64), dims={}), Role.COPY)


def test_unfinished_runs_are_those_after_the_last_finished_one(shelf: Shelf) -> None:
    """A good run settles the interrupted ones before it."""
    assert shelf.catalog.runs.unfinished() == [shelf.run]
    later = shelf.catalog.runs.start("index")
    assert shelf.catalog.runs.unfinished() == [shelf.run, later]
    shelf.catalog.runs.finish(later, {"added": 3, "why": "é"})
    assert shelf.catalog.runs.unfinished() == []


def test_runs_that_move_files_are_not_unfinished_indexing(shelf: Shelf) -> None:
    """They recover by themselves; a recording is settled by indexing, and a repair by a repair."""
    runs = shelf.catalog.runs
    runs.finish(shelf.run, {})
    for kind in ("apply", "undo"):
        runs.start(kind)
    assert runs.unfinished() == []
    record, repair = runs.start("record"), runs.start("repair")
    assert runs.unfinished() == [record, repair]
    runs.finish(runs.start("index"), {})
    assert runs.unfinished() == []


def test_notes_hold_the_last_text_of_each_key(shelf: Shelf) -> None:
    """After reopening, too."""
    for text in ("one", "two ☃", ""):
        shelf.catalog.notes.save("key", text)
        shelf.reopen()
        assert shelf.catalog.notes.get("key") == text
    assert shelf.catalog.notes.get("other") is None


def test_writing_admits_one_and_says_who(shelf: Shelf) -> None:
    """Readers go on; the lock is free again after an error."""
    other = shelf.opener(shelf.home)
    with suppress(ZeroDivisionError), shelf.catalog.writing("indexing photos"):
        assert other.health.counts().images == 0
        with pytest.raises(LibraryBusyError, match=f"process {os.getpid()} is indexing photos"):
            other.writing().__enter__()
        raise ZeroDivisionError
    with other.writing():
        pass
    other.close()


def test_a_writer_waits_for_its_turn(shelf: Shelf) -> None:
    """Whoever comes while another one writes goes on when that one has ended."""
    other = shelf.opener(shelf.home)
    ended = threading.Event()

    def write() -> None:
        with shelf.catalog.writing("indexing photos"):
            started.set()
            ended.wait(10)

    started = threading.Event()
    holder = threading.Thread(target=write)
    holder.start()
    started.wait(10)
    threading.Timer(0.1, ended.set).start()
    with other.writing("tagging", wait_s=10):
        assert ended.is_set()
    holder.join()
    other.close()


def test_the_same_thread_may_take_the_write_lock_again(shelf: Shelf) -> None:
    """And only the outermost block gives it back."""
    other = shelf.opener(shelf.home)
    with shelf.catalog.writing("a"):
        with shelf.catalog.writing("b"):
            pass
        with pytest.raises(LibraryBusyError, match="is a"):
            other.writing(wait_s=0).__enter__()
    with other.writing(wait_s=0):
        pass
    other.close()


def test_a_unit_of_work_happens_whole(shelf: Shelf) -> None:
    """Others see nothing of it until it ends; the unit itself sees what it wrote."""
    other = shelf.opener(shelf.home)
    (image,) = shelf.record(shelf.picture("a.jpg", b"x"))
    assert image is not None
    with shelf.catalog.unit("tagging"):
        shelf.catalog.notes.save("k", "v")
        shelf.catalog.columns.write("price", {image: 1.0}, origin="import", replace=False)
        assert shelf.catalog.notes.get("k") == "v"
        assert other.notes.get("k") is None
        with pytest.raises(LibraryBusyError):
            other.unit(wait_s=0).__enter__()
    assert other.notes.get("k") == "v"
    assert [column.name for column in other.columns.all()] == ["price"]
    other.close()


def test_a_unit_of_work_that_fails_leaves_nothing(shelf: Shelf) -> None:
    """Of any store; a call that failed inside, and was dealt with there, is undone alone."""
    with suppress(ZeroDivisionError), shelf.catalog.unit("tagging"):
        shelf.catalog.notes.save("k", "v")
        shelf.catalog.runs.start("tagging")
        raise ZeroDivisionError
    assert shelf.catalog.notes.get("k") is None
    with shelf.catalog.unit("tagging"):
        shelf.catalog.notes.save("k", "v")
        with suppress(ImageNotFoundError):
            shelf.catalog.hashes.save({999: 1})
        shelf.catalog.notes.save("l", "w")
    assert shelf.catalog.notes.get("k") == "v"
    assert shelf.catalog.notes.get("l") == "w"


def test_version_changes_with_every_change_of_anyone(shelf: Shelf) -> None:
    """And stands still otherwise, reading included."""
    other = shelf.opener(shelf.home)
    versions = [shelf.catalog.version()]
    for change in (
        lambda: shelf.record(shelf.picture("a.jpg", b"x")),
        lambda: other.files.record(shelf.run, shelf.folder, [shelf.picture("b.jpg", b"y")]),
        lambda: shelf.gone("a.jpg"),
        lambda: other.notes.save("k", "v"),
    ):
        change()
        shelf.where("width>0")
        assert shelf.catalog.version() == shelf.catalog.version()
        versions.append(shelf.catalog.version())
    other.close()
    assert len(set(versions)) == len(versions)


def test_reading_is_as_of_one_moment(shelf: Shelf) -> None:
    """What others write meanwhile is seen afterwards; what one reads inside fits together."""
    other = shelf.opener(shelf.home)
    with shelf.catalog.reading():
        before = shelf.catalog.version(), shelf.catalog.notes.get("k")
        other.notes.save("k", "v")
        with shelf.catalog.reading():
            assert (shelf.catalog.version(), shelf.catalog.notes.get("k")) == before
    assert shelf.catalog.notes.get("k") == "v"
    assert shelf.catalog.version() != before[0]
    other.close()


def test_nothing_is_written_in_a_moment_of_reading(shelf: Shelf) -> None:
    """It would not be seen in it. A unit of work reads what it wrote, moment or not."""
    with shelf.catalog.reading(), pytest.raises(RuntimeError, match="for reading"):
        shelf.catalog.notes.save("k", "v")
    with shelf.catalog.unit("tagging"), shelf.catalog.reading():
        shelf.catalog.notes.save("k", "w")
        assert shelf.catalog.notes.get("k") == "w"
