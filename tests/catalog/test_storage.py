# ruff: noqa: ANN001 - the fixtures' class lives in conftest.py, which no test file can import
"""What the disk does to the catalog: no space, no permission, damage, others at work."""

import errno
import os
import random
import resource
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from saccade.catalog import open_catalog, storage_error
from saccade.catalog.sqlite import driver
from saccade.core.errors import (
    CorruptLibraryError,
    DiskFullError,
    InputError,
    LibraryBusyError,
    LibraryNotFoundError,
    ReadOnlyError,
    SaccadeError,
    StorageError,
)


def _fill(library, least: int = 0) -> list[int]:
    """Record until the disk is full; the ids that were acknowledged."""
    acknowledged: list[int] = []

    def record_all() -> None:
        for number in range(least, 10_000, 20):
            batch = [library.picture(f"{n}.jpg", b"%d" % n) for n in range(number, number + 20)]
            acknowledged.extend(library.record(*batch))

    with pytest.raises(DiskFullError) as caught:
        record_all()
    assert "space" in caught.value.hint
    return acknowledged


def test_a_full_disk_loses_nothing_acknowledged(library, monkeypatch: pytest.MonkeyPatch) -> None:
    """The object works on: it reads, fails the same way again, and writes when there is space."""
    library.catalog.close()
    monkeypatch.setattr(driver, "_SETTINGS", (*driver._SETTINGS, "PRAGMA max_page_count=60"))
    library.catalog = library.open()
    acknowledged = _fill(library)
    assert acknowledged
    assert library.catalog.health.counts().images == len(acknowledged)
    _fill(library, least=len(acknowledged))
    monkeypatch.undo()
    library.catalog.close()
    library.catalog = library.open()
    assert [record.id for record in library.catalog.images.get(acknowledged)] == acknowledged
    assert library.catalog.health.problems() == []
    number = len(acknowledged)
    assert library.record(library.picture(f"{number}.jpg", b"%d" % number)) == [max(acknowledged) + 1]


def test_a_file_size_limit_is_a_full_disk(library) -> None:
    """Quotas and limits come as other errors of the system; what to do is the same."""
    limit = library.database.stat().st_size + 400_000
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        acknowledged = _fill(library)
        assert library.catalog.health.counts().images == len(acknowledged)
        with pytest.raises(DiskFullError):
            library.catalog.notes.save("big", "x" * 1_000_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert library.catalog.health.problems() == []
    library.record(library.picture("later.jpg", b"later"))
    assert library.catalog.health.counts().images == len(acknowledged) + 1


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (errno.ENOSPC, DiskFullError),
        (errno.EDQUOT, DiskFullError),
        (errno.EFBIG, DiskFullError),
        (errno.EACCES, ReadOnlyError),
        (errno.EROFS, ReadOnlyError),
        (errno.EIO, StorageError),
    ],
)
def test_errors_of_the_system_become_ours(number: int, expected: type[SaccadeError]) -> None:
    """Each with the path and what to do."""
    error = storage_error(OSError(number, os.strerror(number)), Path("/some/library"))
    assert type(error) is expected
    assert "/some/library" in error.message
    assert error.hint


def test_reading_only_writes_nothing(library) -> None:
    """Every method that writes refuses; every byte stays."""
    (image,) = library.record(library.picture("a.jpg", b"x"))
    library.catalog.close()
    before = library.database.read_bytes()
    with library.open(read_only=True) as reader:
        assert reader.images.get([image])[0].id == image
        assert reader.images.match_words(["jpg"], 5).ids.tolist() == [image]
        assert reader.version() == reader.version()
        for write in (
            lambda: reader.files.record(1, library.folder, [library.picture("b.jpg", b"y")]),
            lambda: reader.files.mark_missing(1, library.folder, [("a.jpg", "")]),
            lambda: reader.runs.start("index"),
            lambda: reader.notes.save("k", "v"),
            lambda: reader.writing().__enter__(),
        ):
            with pytest.raises(ReadOnlyError):
                write()
    assert library.database.read_bytes() == before


def test_a_library_on_a_read_only_disk_can_be_read(library, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite itself could not make the files that sharing needs; nobody can write there anyway."""
    library.record(library.picture("a.jpg", b"x"))
    library.catalog.close()
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK and access(path, mode))
    with library.open(read_only=True) as reader:
        assert reader.health.counts().images == 1
        assert sorted(path.name for path in Path(library.folder_path).iterdir()) == ["catalog.db"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere: run the tests as a user")
def test_a_folder_without_permission_is_a_read_only_error(tmp_path: Path) -> None:
    """When a library is to be made there."""
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(ReadOnlyError):
            open_catalog(str(tmp_path / ".saccade"), create=True)
    finally:
        tmp_path.chmod(0o700)


def test_a_place_where_no_folder_can_be_is_a_storage_error(tmp_path: Path) -> None:
    """A file in the way, say."""
    (tmp_path / "file").touch()
    with pytest.raises(StorageError):
        open_catalog(str(tmp_path / "file" / ".saccade"), create=True)


def test_flipped_bits_in_vectors_are_found_and_only_those(library) -> None:
    """Wherever the bit is; reading such a row refuses rather than answers wrongly."""
    ids = library.record(*(library.picture(f"{n}.jpg", b"%d" % n) for n in range(30)))
    dice = random.Random(7)
    bad = sorted(dice.sample(ids, 8))
    with sqlite3.connect(library.database) as raw:
        for image in bad:
            (data,) = raw.execute("SELECT vector FROM embeddings WHERE item_id = ?", (image,)).fetchone()
            place = dice.randrange(len(data) * 8)
            flipped = bytearray(data)
            flipped[place // 8] ^= 1 << place % 8
            raw.execute("UPDATE embeddings SET vector = ? WHERE item_id = ?", (bytes(flipped), image))
    raw.close()
    assert library.catalog.embeddings.corrupt(library.space).tolist() == bad
    good = np.array([image for image in ids if image not in bad])
    assert len(library.catalog.embeddings.get(library.space, good)) == 22
    with pytest.raises(CorruptLibraryError, match="damaged"):
        library.catalog.embeddings.get(library.space, np.array(bad[:1]))
    with pytest.raises(CorruptLibraryError):
        list(library.catalog.embeddings.after(library.space, 0))
    library.catalog.embeddings.remove(library.space, bad)
    library.record(*(library.picture(f"{n}.jpg", b"%d" % n) for n in range(30)))
    assert library.catalog.embeddings.corrupt(library.space).tolist() == []
    assert library.catalog.embeddings.unembedded(library.space).tolist() == []


def test_damaged_pages_are_found_by_the_check(library) -> None:
    """And are a CorruptLibraryError to whoever meets them, not a crash."""
    library.record(*(library.picture(f"{n}.jpg", b"%d" % n) for n in range(2000)))
    library.catalog.close()
    data = bytearray(library.database.read_bytes())
    for page in range(len(data) // driver.PAGE_SIZE // 2, len(data) // driver.PAGE_SIZE):
        data[page * driver.PAGE_SIZE : page * driver.PAGE_SIZE + 100] = b"\xa5" * 100
    library.database.write_bytes(data)
    library.catalog = library.open()
    try:
        assert library.catalog.health.problems() != []
    except CorruptLibraryError as error:
        assert error.hint  # noqa: PT017 - either way of saying so will do
    with pytest.raises(CorruptLibraryError):
        list(library.catalog.embeddings.after(library.space, 0))


def test_stale_words_and_presence_are_found_and_rebuilt(library) -> None:
    """Whatever was changed behind the catalog's back."""
    ids = library.record(*(library.picture(f"dog{n}.jpg", b"%d" % n) for n in range(5)))
    with sqlite3.connect(library.database) as raw:
        raw.execute("DELETE FROM search WHERE rowid = ?", (ids[0],))
        raw.execute("UPDATE search SET names = 'cat' WHERE rowid = ?", (ids[1],))
        raw.execute("UPDATE images SET present = 0 WHERE id = ?", (ids[2],))
        raw.execute("INSERT INTO search (rowid, names) VALUES (99, 'ghost')")
    raw.close()
    assert library.catalog.health.stale_images().tolist() == [*ids[:3], 99]
    library.catalog.health.rebuild_derived()
    assert library.catalog.health.stale_images().tolist() == []
    assert sorted(library.catalog.images.match_words(["dog"], 9).ids.tolist()) == ids


@pytest.mark.parametrize("damage", ["DELETE FROM search_data WHERE id > 10", "DROP TABLE search_idx"])
def test_a_broken_word_index_is_found_and_rebuilt(library, damage: str) -> None:
    """Its rows may all be right while the words lead nowhere."""
    ids = library.record(*(library.picture(f"dog{n}.jpg", b"%d" % n) for n in range(5)))
    with sqlite3.connect(library.database) as raw:
        raw.execute(damage)
    raw.close()
    library.catalog.close()
    library.catalog = library.open()
    assert library.catalog.health.stale_images().tolist() == ids
    library.catalog.health.rebuild_derived()
    assert library.catalog.health.stale_images().tolist() == []
    assert sorted(library.catalog.images.match_words(["dog"], 9).ids.tolist()) == ids


# --- several at once


def test_the_lock_dies_with_its_process(library) -> None:
    """Nothing stale is left; while it lives its number is named. Readers need no lock."""
    code = (
        "import sys, time; from saccade.catalog import open_catalog\n"
        f"with open_catalog({library.folder_path!r}, create=False).writing('indexing'):\n"
        "    print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(LibraryBusyError, match=f"process {holder.pid} is indexing"):
            library.catalog.writing().__enter__()
        assert library.catalog.health.counts().images == 0
        holder.kill()
        holder.wait()
    with library.catalog.writing():
        pass


def test_the_lock_of_a_killed_process_is_not_kept_by_its_workers(library) -> None:
    """A forked child gives its copy up at once."""
    code = (
        "import os, signal, sys, time; from saccade.catalog import open_catalog\n"
        f"with open_catalog({library.folder_path!r}, create=False).writing():\n"
        "    child = os.fork()\n"
        "    if child == 0:\n"
        "        os.close(1); time.sleep(20); os._exit(0)\n"
        "    print(child, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=False)
    child = int(done.stdout)
    try:
        with library.catalog.writing():
            pass
    finally:
        os.kill(child, 9)


def test_readers_and_writers_do_not_disturb_each_other(library) -> None:
    """Threads and a second catalog read whole batches only, while a writer works."""
    done = threading.Event()
    errors: list[BaseException] = []

    def read(catalog) -> None:
        try:
            while not done.is_set():
                counts = catalog.health.counts()
                assert counts.images % 10 == 0
                assert counts.embeddings.get(library.space, 0) == counts.images
        except BaseException as error:  # noqa: BLE001 - told to the test below
            errors.append(error)

    other = library.open(read_only=True)
    readers = [threading.Thread(target=read, args=(one,)) for one in (other, other, library.catalog)]
    for reader in readers:
        reader.start()
    for start in range(0, 300, 10):
        library.record(*(library.picture(f"{n}.jpg", b"%d" % n) for n in range(start, start + 10)))
    done.set()
    for reader in readers:
        reader.join()
    other.close()
    assert errors == []


def test_two_writers_without_the_lock_still_lose_nothing(library) -> None:
    """Their transactions take turns."""
    other = library.open()
    errors: list[BaseException] = []

    def write(catalog, name: str) -> None:
        try:
            for n in range(30):
                catalog.files.record(
                    library.run, library.folder, [library.picture(f"{name}{n}.jpg", b"%d" % n)]
                )
        except BaseException as error:  # noqa: BLE001 - told to the test below
            errors.append(error)

    writers = [
        threading.Thread(target=write, args=args)
        for args in ((library.catalog, "a"), (other, "b"), (other, "c"))
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    other.close()
    assert errors == []
    counts = library.catalog.health.counts()
    assert (counts.images, counts.files) == (30, 90)


# --- backup


def test_a_backup_made_while_writing_is_whole_and_opens(library, tmp_path: Path) -> None:
    """As catalog.db of another library folder; its batches are complete."""
    done = threading.Event()

    def write() -> None:
        number = 0
        while not done.is_set():
            library.record(*(library.picture(f"{n}.jpg", b"%d" % n) for n in range(number, number + 10)))
            number += 10

    writer = threading.Thread(target=write)
    writer.start()
    folder = tmp_path / "restored"
    folder.mkdir()
    try:
        for attempt in range(3):
            library.catalog.health.backup(str(folder / "catalog.db"), overwrite=attempt > 0)
    finally:
        done.set()
        writer.join()
    assert sorted(path.name for path in folder.iterdir()) == ["catalog.db"]
    with open_catalog(str(folder), create=False, home=library.home) as copy:
        assert copy.health.problems() == []
        counts = copy.health.counts()
        assert counts.images % 10 == 0
        assert counts.embeddings.get(library.space, 0) == counts.images
        assert copy.health.stale_images().tolist() == []


def test_a_backup_never_replaces_a_file_unasked(library, tmp_path: Path) -> None:
    """Nor a folder, ever; and what cannot be written is said and leaves nothing."""
    target = tmp_path / "backup.db"
    target.write_bytes(b"precious")
    with pytest.raises(InputError, match="exists"):
        library.catalog.health.backup(str(target))
    assert target.read_bytes() == b"precious"
    with pytest.raises(InputError):
        library.catalog.health.backup(str(tmp_path), overwrite=True)
    with pytest.raises((StorageError, LibraryNotFoundError)):
        library.catalog.health.backup(str(tmp_path / "none" / "backup.db"))
    library.catalog.health.backup(str(target), overwrite=True)
    assert target.read_bytes() != b"precious"
    assert sorted(path.name for path in tmp_path.iterdir()) == [".saccade", "backup.db"]


def test_a_backup_that_is_cut_short_leaves_no_file(library, tmp_path: Path) -> None:
    """Under the final name; the half one is gone too."""
    library.record(*(library.picture(f"{n}.jpg", b"%d" % n) for n in range(200)))
    folder = tmp_path / "full"
    folder.mkdir()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(DiskFullError):
            library.catalog.health.backup(str(folder / "b.db"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(folder.iterdir()) == []
