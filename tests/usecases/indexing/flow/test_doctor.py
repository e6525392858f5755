"""Doctor: every kind of damage is provoked, found, mended, and found no more."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import Any, TypeAlias

import numpy as np
import pytest

from saccade.core.decoding import FileEntry
from saccade.core.errors import CorruptLibraryError, SaccadeError
from saccade.core.items import Item, ItemKind
from saccade.core.status import DoctorReport
from saccade.core.types import Failure, Role
from saccade.sources.walk import walk

Desk: TypeAlias = Any


def damage(desk: Desk, *statements: str) -> None:
    """Change the database behind the catalog's back, as a broken disk would."""
    with closing(sqlite3.connect(desk.home / ".saccade" / "catalog.db", isolation_level=None)) as database:
        for statement in statements:
            database.execute(statement)


def flip(desk: Desk, role: Role, name: str | int) -> None:
    """Flip one bit of one stored embedding, of a file's image or of an item."""
    space, image = desk.reader(role).space.id, desk.image(name) if isinstance(name, str) else name
    with closing(sqlite3.connect(desk.home / ".saccade" / "catalog.db", isolation_level=None)) as database:
        where = "WHERE space_id = ? AND item_id = ?"
        (vector,) = database.execute(f"SELECT vector FROM embeddings {where}", (space, image)).fetchone()
        changed = bytearray(vector)
        changed[2] ^= 0x10
        database.execute(f"UPDATE embeddings SET vector = ? {where}", (bytes(changed), space, image))


def spoil_index(desk: Desk, pattern: str) -> None:
    (file,) = sorted((desk.home / ".saccade" / "indexes").glob(f"space-*/{pattern}"))[:1]
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def codes(report: DoctorReport) -> dict[str, tuple[int, bool]]:
    """{code: (count, repaired)} of what was found."""
    return {problem.code: (problem.count, problem.repaired) for problem in report.problems}


def examine(desk: Desk) -> DoctorReport:
    return desk.doctor().examine(desk.all_readers())


def repair(desk: Desk) -> DoctorReport:
    return desk.doctor().repair(desk.all_readers())


@pytest.fixture
def sound(desk: Desk) -> Desk:
    """A library without a fault: three images, one failure, one file that is no image, a built index."""
    for color in ("red", "green", "blue"):
        desk.picture(f"{color}.png", color)
    desk.write("bad.png", b"\x89PNG\r\n\x1a\n garbage")
    desk.write("notes.txt", b"hello, not a picture")
    desk.index()
    desk.refresh()
    return desk


def test_a_sound_library_has_no_problem(sound: Desk) -> None:
    """Failures are accounted for, so they are told and are no problem; nothing is written."""
    version = sound.catalog.version()
    report = examine(sound)
    assert (report.problems, report.unindexed, report.healthy) == ((), 0, True)
    assert [failure.path for failure in report.failures] == [str(sound.home / "bad.png")]
    assert (report.counts.images, report.counts.failed, report.counts.excluded) == (3, 1, 1)
    assert repair(sound).problems == ()
    assert sound.catalog.version() == version


PROVOKED: dict[str, tuple[int, Callable[[Desk], object]]] = {
    "stale_rows": (1, lambda d: damage(d, "UPDATE images SET present = 0 WHERE id = 1")),
    "interrupted_run": (1, lambda d: d.catalog.runs.start("index")),
    "unindexed_files": (2, lambda d: (d.picture("a.png", "cyan"), d.picture("red.png", "white", mark="new"))),
    "vanished_files": (2, lambda d: ((d.home / "red.png").unlink(), (d.home / "bad.png").unlink())),
    "corrupt_semantic": (1, lambda d: flip(d, Role.SEMANTIC, "red.png")),
    "corrupt_copy": (1, lambda d: flip(d, Role.COPY, "blue.png")),
    "missing_semantic": (1, lambda d: d.catalog.embeddings.remove(d.reader().space.id, [1])),
    "missing_copy": (2, lambda d: d.catalog.embeddings.remove(d.reader(Role.COPY).space.id, [1, 2])),
    "damaged_semantic_index": (2, lambda d: spoil_index(d, "*/vectors.f32")),
    "uncalibrated_semantic": (1, lambda d: damage(d, "DELETE FROM notes WHERE key = 'calibration:1'")),
    "uncalibrated_copy": (1, lambda d: damage(d, "DELETE FROM notes WHERE key = 'calibration:2'")),
}


@pytest.mark.parametrize("code", PROVOKED)
def test_each_problem_is_found_mended_and_found_no_more(sound: Desk, code: str) -> None:
    """Examining changes nothing; repairing mends; then all answers are as before, or as the files are now."""
    count, provoke = PROVOKED[code]
    provoke(sound)
    sound.reopen()
    assert codes(examine(sound)) == {code: (count, False)}
    report = examine(sound)
    assert codes(report) == {code: (count, False)}
    assert not report.healthy
    assert report.unindexed == (count if code == "unindexed_files" else 0)
    mended = repair(sound)
    assert codes(mended) == {code: (count, True)}
    assert mended.healthy
    assert examine(sound).problems == ()
    assert repair(sound).problems == ()
    wanted = {file.name for file in sound.home.glob("*.png")} - {"bad.png"}
    assert sound.found() == wanted
    sound.reopen()
    assert sound.found() == wanted


@pytest.mark.parametrize("pattern", ["current.json", "*/manifest.json", "*/ids.i64"])
def test_damage_of_any_index_file_is_found_and_mended(sound: Desk, pattern: str) -> None:
    """Pointer, manifest, ids."""
    spoil_index(sound, pattern)
    sound.reopen()
    assert set(codes(examine(sound))) == {"damaged_semantic_index"}
    assert [(problem.code, problem.repaired) for problem in repair(sound).problems] == [
        ("damaged_semantic_index", True)
    ]
    assert examine(sound).problems == ()


def test_an_embedding_newer_than_the_index_that_is_corrupt_is_found(sound: Desk) -> None:
    """Though every search would stumble over it, doctor does not."""
    sound.picture("cyan.png", "cyan")
    sound.index()
    flip(sound, Role.SEMANTIC, "cyan.png")
    sound.reopen()
    with pytest.raises(CorruptLibraryError) as caught:
        sound.ask("red")
    assert "doctor" in caught.value.hint
    assert codes(examine(sound)) == {"corrupt_semantic": (1, False)}
    assert codes(repair(sound)) == {"corrupt_semantic": (1, True)}
    assert sound.names(sound.ask("cyan"))[0] == "cyan.png"


@pytest.mark.parametrize("indexed", [False, True])
def test_a_corrupt_embedding_of_a_part_is_dropped(sound: Desk, indexed: bool) -> None:
    """Only whoever made the part can embed it again; its image is found as a whole."""
    (parts,) = sound.catalog.items.add(
        {sound.image("blue.png"): [Item(kind=ItemKind.PAGE, page=page) for page in (1, 2)]}
    ).values()
    rows = sound.encoder.encode_texts(["red", "orange"])
    sound.catalog.embeddings.save(sound.reader().space.id, np.array(parts, np.int64), rows)
    if indexed:
        sound.refresh(force=True)
    flip(sound, Role.SEMANTIC, parts[0])
    sound.reopen()
    assert codes(examine(sound)) == {"corrupt_semantic": (1, False)}
    assert codes(repair(sound)) == {"corrupt_semantic": (1, True)}
    assert examine(sound).problems == ()
    sound.reopen()
    result = sound.ask("red")
    hits = {name: hit.item.page for name, hit in zip(sound.names(result), result, strict=True)}
    assert hits == {"red.png": None, "blue.png": 2, "green.png": None}


def test_every_bit_of_an_embedding_counts(sound: Desk) -> None:
    """The least significant one too."""
    space = sound.reader().space.id
    for byte in (0, 5, 15):
        with closing(
            sqlite3.connect(sound.home / ".saccade" / "catalog.db", isolation_level=None)
        ) as database:
            (old,) = database.execute(
                "SELECT vector FROM embeddings WHERE space_id=? AND item_id=2", (space,)
            ).fetchone()
            new = bytearray(old)
            new[byte] ^= 1
            update = "UPDATE embeddings SET vector=? WHERE space_id=? AND item_id=2"
            database.execute(update, (bytes(new), space))
            assert sound.catalog.embeddings.corrupt(space).tolist() == [2]
            database.execute(update, (old, space))
    assert sound.catalog.embeddings.corrupt(space).tolist() == []


def test_an_embedding_of_a_file_that_changed_since_is_not_faked(sound: Desk) -> None:
    """Its file shows something else now: the old image goes, the new one is indexed."""
    flip(sound, Role.SEMANTIC, "red.png")
    sound.picture("red.png", "yellow", mark="another")
    sound.reopen()
    assert set(codes(examine(sound))) == {"corrupt_semantic", "unindexed_files"}
    assert repair(sound).healthy
    assert sound.names(sound.ask("yellow"))[0] == "red.png"
    assert examine(sound).problems == ()


@pytest.mark.parametrize("text", ["{", "null", "{}", '{"images": 3}'])
def test_a_damaged_calibration_is_none(sound: Desk, text: str) -> None:
    """It is derived: searches measure it for themselves, doctor finds it and measures it anew."""
    damage(sound, f"UPDATE notes SET text = '{text}' WHERE key = 'calibration:1'")
    sound.reopen()
    assert sound.ask("red").confident
    assert codes(examine(sound)) == {"uncalibrated_semantic": (1, False)}
    assert codes(repair(sound)) == {"uncalibrated_semantic": (1, True)}


def test_a_damaged_note_of_scopes_is_a_corrupt_library(sound: Desk) -> None:
    """What to keep in step is not derived from anything, so it is told, in our own words."""
    damage(sound, "UPDATE notes SET text = '{' WHERE key LIKE 'scopes:%'")
    with pytest.raises(CorruptLibraryError, match="folders"):
        sound.index()


def test_a_folder_that_is_away_is_told_and_purges_nothing(sound: Desk) -> None:
    """A disk not mounted cannot be repaired; what it holds stays found."""
    sound.picture("disk/cyan.png", "cyan")
    outside = sound.home.parent / "disk"
    (sound.home / "disk").rename(outside)
    sound.index(str(outside))
    sound.refresh(force=True)
    everything = sound.found()
    outside.rename(sound.home.parent / "unplugged")
    for report in (examine(sound), repair(sound)):
        assert codes(report) == {"folder_away": (1, False)}
        assert not report.healthy
    assert sound.found() == everything


def test_a_folder_that_cannot_be_read_is_told(sound: Desk) -> None:
    """By its own code, and nothing below it counts as vanished."""
    sound.picture("locked/cyan.png", "cyan")
    sound.index()
    sound.refresh(force=True)
    name = str(sound.home / "locked")

    def walking(root: str, *, exclude: Sequence[str] = ()) -> Iterator[FileEntry | Failure]:
        yield from (entry for entry in walk(root, exclude=exclude) if not entry.path.startswith(name))
        yield Failure(path=name, code="unreadable_folder", reason="the folder cannot be read")

    report = sound.doctor(walking).examine(sound.all_readers())
    assert codes(report) == {"unreadable_folder": (1, False)}
    assert name in report.problems[0].message


def test_a_reference_to_nothing_is_a_broken_database(sound: Desk) -> None:
    """It is told in words, never as a traceback, and not said to be mended when it is not."""
    damage(sound, "PRAGMA foreign_keys=OFF", "UPDATE images SET run_id = 999 WHERE id = 2")
    for report in (examine(sound), repair(sound)):
        (problem,) = report.problems
        assert (problem.code, problem.count, problem.repaired) == ("broken_database", 1, False)
        assert not report.healthy


def test_a_database_with_destroyed_pages_is_reported_in_our_own_words(sound: Desk) -> None:
    """Whichever page it is: an error of saccade's own tree, never a traceback; put back, all is sound."""
    sound.close()
    file = sound.home / ".saccade" / "catalog.db"
    whole = file.read_bytes()
    seen = set()
    for page in range(len(whole) // 8192):
        spoiled = bytearray(whole)
        spoiled[page * 8192 : (page + 1) * 8192] = b"\xa5" * 8192
        file.write_bytes(spoiled)
        for leftover in file.parent.glob("catalog.db-*"):
            leftover.unlink(missing_ok=True)
        try:
            sound.open()
            seen |= set(codes(examine(sound)))
        except SaccadeError as error:
            seen.add(error.code)
        sound.close()
    assert "library_corrupt" in seen
    assert seen <= {"library_corrupt", "storage_failed", "broken_database"}
    file.write_bytes(whole)
    sound.open()
    assert examine(sound).problems == ()
