# ruff: noqa: ANN001 - the fixtures' class lives in conftest.py, which no test file can import
"""The stores on the disk: migration, damage, traces, kills, many rows."""

import json
import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from alembic import command
from alembic.config import Config

from saccade.catalog import open_catalog, pairs, schema
from saccade.catalog.hashes import SqlHashes
from saccade.catalog.sqlite import SQLITE, driver
from saccade.core.errors import CorruptLibraryError, LibraryBusyError, ReadOnlyError
from saccade.core.ports.stores import Event, StoredPair

SECRET = "Zx-Rosalind-Quux"


def _pictures(library, count: int) -> list[int]:
    pictures = [library.picture(f"{number}.jpg", b"%d" % number) for number in range(count)]
    return [image or 0 for image in library.record(*pictures)]


def _pair(a: int, b: int) -> StoredPair:
    return StoredPair(a=a, b=b, tier="picture", score=0.5, verdict=1.0, evidence="{}")


def _change(library, statement: str, *values: object) -> None:
    connection = sqlite3.connect(library.database)
    with connection:
        connection.execute(statement, values)
    connection.close()


def _on_disk(library) -> bytes:
    """Every byte of the database and its journals."""
    return b"".join(file.read_bytes() for file in sorted(Path(library.folder_path).glob("catalog.db*")))


def test_a_library_of_the_first_schema_is_upgraded_with_all_it_holds(tmp_path: Path) -> None:
    """Images, words and notes stay; the stores are there and empty."""
    folder = tmp_path / ".saccade"
    folder.mkdir()
    SQLITE.make(folder / "catalog.db")
    engine = SQLITE.open(folder / "catalog.db", read_only=False)
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    with SQLITE.writer(engine).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql("INSERT INTO runs (kind, started) VALUES ('index', '2026')")
        connection.exec_driver_sql(
            "INSERT INTO images (sha256, present, run_id, width, height, format, size_bytes, frames,"
            " orientation, keywords) VALUES (zeroblob(32), 1, 1, 4, 3, 'JPEG', 9, 1, 1, '[]')"
        )
        connection.exec_driver_sql("INSERT INTO folders (path) VALUES (CAST('.' AS BLOB))")
        connection.exec_driver_sql(
            "INSERT INTO files (folder_id, path, member, size, mtime_ns, state, image_id, name, run_id)"
            " VALUES (1, CAST('cat.jpg' AS BLOB), x'', 9, 1, 'indexed', 1, 'cat.jpg', 1)"
        )
        connection.exec_driver_sql("INSERT INTO notes VALUES ('k', 'v')")
    engine.dispose()
    with open_catalog(str(folder), create=False, home=str(tmp_path)) as catalog:
        catalog.health.rebuild_derived()
        assert catalog.notes.get("k") == "v"
        assert [record.paths for record in catalog.images.get([1])] == [(f"{tmp_path}/cat.jpg",)]
        assert catalog.images.match_words(["cat"], 5).ids.tolist() == [1]
        assert (catalog.columns.all(), catalog.tags.labels(), catalog.feedback.users()) == ([], {}, {})
        assert catalog.hashes.missing().tolist() == [1]
        assert catalog.columns.write("price", {1: 2.0}, origin="import", replace=False) == 1
        assert catalog.health.problems() == []
        assert catalog.health.stale_images().tolist() == []


def test_a_backup_holds_what_the_stores_hold(library, tmp_path: Path) -> None:
    """All of it, in the one file."""
    a, b = _pictures(library, 2)
    catalog = library.catalog
    catalog.columns.write("price", {a: 1.0}, origin="import", replace=False)
    catalog.tags.write("person", {"dog": (np.array([b]), np.ones(1))}, replace=False)
    catalog.pairs.save("m", [_pair(a, b)])
    catalog.results.save("map", "all", {}, {"x": np.arange(3)})
    restored = tmp_path / "restored"
    restored.mkdir()
    catalog.health.backup(str(restored / "catalog.db"))
    with open_catalog(str(restored), create=False) as copy:
        assert copy.columns.numbers("price")[1].tolist() == [1.0]
        assert copy.images.match_words(["dog"], 5).ids.tolist() == [b]
        assert list(copy.pairs.load("m")) == [_pair(a, b)]
        loaded = copy.results.load("map", "all")
        assert loaded is not None
        assert loaded.arrays["x"].tolist() == [0, 1, 2]


def test_reading_only_writes_to_no_store(library) -> None:
    """Erasing included."""
    (image,) = _pictures(library, 1)
    library.catalog.close()
    with library.open(read_only=True) as reader:
        for write in (
            lambda: reader.columns.write("x", {image: 1}, origin="i", replace=False),
            lambda: reader.tags.remove("person"),
            reader.pairs.forget,
            lambda: reader.results.save("map", "a", {}, {}),
            lambda: reader.feedback.erase("anna"),
            lambda: reader.hashes.save({image: 1}),
        ):
            with pytest.raises(ReadOnlyError):
                write()
        assert reader.columns.all() == []


# --- erasing


def test_an_erased_user_leaves_no_trace_on_the_disk(library) -> None:
    """Not in a page moved about, not in free space, not in the journal; the others are all there."""
    ids = _pictures(library, 20)
    dice = random.Random(5)
    feedback = library.catalog.feedback
    names = [f"user {number:03d} {'x' * dice.randrange(200)}" for number in range(300)]
    dice.shuffle(names)
    for place in range(0, 300, 30):
        feedback.add(
            [Event(user=n, image=dice.choice(ids), kind="like", at=1.0) for n in names[place : place + 30]]
        )
        feedback.add([Event(user=SECRET, image=image, kind="view", at=float(place)) for image in ids])
    assert SECRET.encode() in _on_disk(library)
    assert feedback.erase(SECRET) == 200
    assert SECRET.encode() not in _on_disk(library)
    assert sorted(feedback.users()) == sorted(names)
    assert library.catalog.health.problems() == []


@pytest.mark.parametrize("seed", [5, 7])
def test_many_erased_users_leave_no_trace(library, seed: int) -> None:
    """Not even pieces of names that the database moved about in its pages: these seeds have such pieces."""
    (image,) = _pictures(library, 1)
    dice = random.Random(seed)
    names = [f"N{number:04d}q" + "y" * dice.choice([0, 40, 300, 900]) for number in range(200)]
    dice.shuffle(names)
    feedback = library.catalog.feedback
    feedback.add([Event(user=name, image=image, kind="like", at=1.0) for name in names])
    gone, there = names[:40], names[40:]
    for name in gone:
        assert feedback.erase(name) == 1
    data = _on_disk(library)
    assert [name for name in gone if name[:6].encode() in data] == []
    assert list(feedback.users()) == sorted(there)


def test_erasing_says_so_when_a_reader_keeps_the_journal(library, monkeypatch: pytest.MonkeyPatch) -> None:
    """The events are gone for everyone; asked again when the reader has ended, so are the traces."""
    monkeypatch.setattr(driver, "_WAIT_S", 0.05)
    (image,) = _pictures(library, 1)
    feedback = library.catalog.feedback
    feedback.add([Event(user=SECRET, image=image, kind="like", at=1.0)])
    reader = sqlite3.connect(library.database, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM users").fetchall()
    with pytest.raises(LibraryBusyError, match="traces") as caught:
        feedback.erase(SECRET)
    assert "again" in caught.value.hint
    assert feedback.users() == {}
    reader.close()
    assert feedback.erase(SECRET) == 0
    assert SECRET.encode() not in _on_disk(library)


# --- damage


def test_a_damaged_result_is_refused_and_found(library) -> None:
    """Never numbers other than those stored; the check of the whole catalog tells which."""
    results = library.catalog.results
    results.save("map", "all", {}, {"x": np.arange(100)})
    results.save("map", "all", {}, {"x": np.arange(100)})
    stored = sqlite3.connect(library.database).execute("SELECT arrays FROM results WHERE version = 2")
    data = bytearray(stored.fetchone()[0])
    data[200] ^= 1
    _change(library, "UPDATE results SET arrays = ? WHERE version = 2", bytes(data))
    with pytest.raises(CorruptLibraryError, match="version 2 of the map 'all'"):
        results.load("map", "all")
    assert results.load("map", "all", 1) is not None
    (problem,) = library.catalog.health.problems()
    assert "version 2 of the map 'all'" in problem


def test_changed_facts_of_a_result_are_refused(library) -> None:
    """They are under the same checksum."""
    library.catalog.results.save("map", "all", {"k": 5}, {})
    _change(library, "UPDATE results SET facts = ?", json.dumps({"k": 6}))
    with pytest.raises(CorruptLibraryError):
        library.catalog.results.load("map", "all")


def test_words_of_labels_out_of_step_are_found_and_made_again(library) -> None:
    """Whatever went wrong with them, the images concerned are told."""
    a, b, c = _pictures(library, 3)
    library.catalog.tags.write("person", {"dog": (np.array([a, b]), np.ones(2))}, replace=False)
    for damage in ("DELETE FROM search_labels", "UPDATE search_labels SET label = 'cow'"):
        _change(library, damage)
        assert library.catalog.health.stale_images().tolist() == [a, b]
        library.catalog.health.rebuild_derived()
        assert library.catalog.health.stale_images().tolist() == []
        assert sorted(library.catalog.images.match_words(["dog"], 5).ids.tolist()) == [a, b]
    _change(library, "UPDATE search_labels_content SET c0 = 'cat'")
    assert library.catalog.health.stale_images().tolist() == [a, b, c]  # it contradicts itself


def test_a_row_about_an_image_that_never_was_is_found(library) -> None:
    """By SQLite's own check of references."""
    (image,) = _pictures(library, 1)
    library.catalog.tags.write("person", {"dog": (np.array([image]), np.ones(1))}, replace=False)
    _change(library, "INSERT INTO tags VALUES (1, 99, 1.0)")
    (problem,) = library.catalog.health.problems()
    assert "tags" in problem


# --- many


def test_pairs_are_read_in_parts_of_any_size(library, monkeypatch: pytest.MonkeyPatch) -> None:
    """None twice, none left out, wherever the parts are cut."""
    ids = _pictures(library, 9)
    many = [_pair(a, b) for a in ids for b in ids if a < b]
    library.catalog.pairs.save("m", many)
    asked = np.array([[pair.a, pair.b] for pair in many] + [[ids[0], 99]])
    for size in (1, 3, 8, 36, 100):
        monkeypatch.setattr(pairs, "_READ", size)
        assert list(library.catalog.pairs.load("m")) == many
        assert library.catalog.pairs.known("m", asked).tolist() == [True] * 36 + [False]


def test_frequent_questions_of_filters_are_answered_by_an_index(library) -> None:
    """At a million images a scan is felt."""
    _pictures(library, 1)
    connection = sqlite3.connect(library.database)
    for question, index in (
        ("SELECT image_id FROM column_numbers WHERE column_id = 1 AND value < 3", "column_id_value"),
        ("SELECT image_id FROM column_texts WHERE column_id = 1 AND folded = 'x'", "column_id_folded"),
        ("SELECT image_id FROM tags WHERE label_id IN (1, 2)", "PRIMARY KEY"),
        ("SELECT * FROM tags WHERE image_id = 3", "ix_tags_image_id"),
    ):
        plan = connection.execute(f"EXPLAIN QUERY PLAN {question}").fetchall()
        assert index in plan[0][3]
        assert "SCAN" not in plan[0][3]
    connection.close()


def test_hashes_of_another_recipe_are_not_used_and_made_again(library) -> None:
    """Bits of two recipes are not comparable; a new hash takes the place of the old one."""
    ids = _pictures(library, 3)
    older = SqlHashes(library.catalog._session.transactions, recipe="phash-0")
    older.save(dict.fromkeys(ids, 7))
    hashes = library.catalog.hashes
    assert (older.get()[0].tolist(), older.missing().tolist()) == (ids, [])
    assert (hashes.get()[0].tolist(), hashes.missing().tolist()) == ([], ids)
    hashes.save({ids[1]: 9})
    assert (hashes.get()[1].tolist(), hashes.missing().tolist()) == ([9], [ids[0], ids[2]])
    assert older.get()[0].tolist() == [ids[0], ids[2]]


_WRITER = """
import sys
import numpy as np
from saccade.catalog import open_catalog
home, start = sys.argv[1], int(sys.argv[2])
catalog = open_catalog(home + "/.saccade", create=False, home=home)
ids = catalog.hashes.missing()
for number in range(start, start + 100_000):
    catalog.columns.write("n", dict.fromkeys(ids.tolist(), float(number)), origin="import", replace=True)
    catalog.tags.write("person", {f"label {number}": (ids, np.ones(len(ids)))}, replace=True)
    print(number, flush=True)
"""


@pytest.mark.slow
def test_stores_survive_kill_9_at_random_moments(library) -> None:
    """Each call happened or did not: never a column half replaced, nor labels of two rounds."""
    ids = _pictures(library, 400)
    library.catalog.close()
    dice = random.Random(3)
    done = 0
    for _ in range(8):
        command_line = [sys.executable, "-c", _WRITER, library.home, str(done)]
        with subprocess.Popen(command_line, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            done = int(writer.stdout.readline())
            time.sleep(dice.uniform(0, 0.1))
            writer.kill()
            for line in writer.stdout:
                done = int(line)
        library.catalog = library.open()
        found, values = library.catalog.columns.numbers("n")
        assert found.tolist() == ids
        assert set(values.tolist()) <= {done, done + 1}
        assert len(set(values.tolist())) == 1
        ((label, count),) = library.catalog.tags.labels().items()
        assert (label in {f"label {done}", f"label {done + 1}"}, count) == (True, 400)
        assert library.catalog.health.problems() == []
        assert library.catalog.health.stale_images().tolist() == []
        library.catalog.close()
