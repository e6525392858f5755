"""60 times `kill -9`: at named points and at random moments of indexing, index build and backup.

The state of a library accumulates over the kills of a group. What a process said was acknowledged before it
died must be there afterwards, once.
"""

import hashlib
import os
import random
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from saccade.core.decoding import FileEntry, FileStamp
from saccade.core.ports.files import SeenFile
from saccade.core.ports.images import NewImage
from saccade.core.ports.indexes import NoIndex
from saccade.core.types import ImageInfo
from saccade.core.vectors import normalize
from saccade.indexes import IndexFiles
from saccade.library import Library, open_library

KILLS = 20
REOPEN_S = 2.0
SEED = 20261120
Stop = tuple[str, str, int] | None

INDEXING: list[Stop] = [
    ("after", "make_file", 1),
    ("before", "create", 1),
    ("after", "ensure_space", 1),
    ("after", "start_run", 1),
    ("before", "encode", 1),
    ("before", "record", 2),
    ("after", "record", 1),
    ("before", "mark_missing", 1),
    ("after", "mark_missing", 1),
    ("before", "finish_run", 1),
    ("before", "build", 1),
    ("after", "build", 1),
]
BUILDING: list[Stop] = [
    ("before", "mkdir", 2),
    ("after", "mkdir", 2),
    ("after", "fsync", 1),
    ("after", "fsync", 3),
    ("before", "rename", 1),
    ("after", "rename", 1),
    ("before", "replace", 1),
    ("after", "replace", 1),
    ("before", "rmtree", 1),
    ("before", "replace", 2),
]
BACKING_UP: list[Stop] = [
    ("before", "copy_database", 1),
    ("before", "sync", 1),
    ("after", "sync", 1),
    ("before", "replace", 1),
    ("after", "replace", 1),
    ("before", "sync", 2),
    ("after", "sync", 2),
    ("after", "copy_database", 1),
]


class Killer:
    """Runs jobs and kills them; the random moments spread over the time a job takes."""

    def __init__(self, start: Callable[..., Any], all_gone: Callable[[list[int]], None]) -> None:
        self.dice = random.Random(SEED)
        self.longest = 1.5
        self._start = start
        self._all_gone = all_gone

    def kill(self, stop: Stop, **job: Any) -> list[dict[str, Any]]:
        """Everything the job said until it was killed, at the named point or (None) at random."""
        for _ in range(20):
            child = self._start(spare=True, stops=[stop] if stop else [], **job)
            moment = self.dice.uniform(0, self.longest)
            if stop:
                assert child.wait_for("at"), f"{stop} was never reached: {child.events} {child.errors}"
            else:
                child.wait_for("ready")
                time.sleep(moment)
            print(f"kill -9 at {stop or f'{moment:.4f} s'}")
            self._all_gone(child.kill())
            if child.status == -signal.SIGKILL:
                return child.events
            assert child.status == 0, child.errors
            self.longest *= 0.7  # it was done before: kill earlier
        raise AssertionError("the job is always done before it can be killed")


@pytest.fixture
def killer(start: Callable[..., Any], all_gone: Callable[[list[int]], None]) -> Killer:
    """See Killer."""
    return Killer(start, all_gone)


def shuffled(named: list[Stop]) -> list[Stop]:
    """The named points in their order, random moments among them, KILLS in all."""
    dice = random.Random(SEED)
    stops = list(named)
    while len(stops) < KILLS:
        stops.insert(dice.randint(2, len(stops)), None)
    return stops


def reopened(folder: Path) -> Library:
    """The library; opening it and one search take no longer than promised.

    On a busy machine the clock runs while others compute, so it is this process's own time that is held to
    the promise; the clock only shows that nothing waits for a lock.
    """
    clock, own = time.perf_counter(), time.process_time()
    library = open_library(folder, create=False)
    library.search("anything", k=3)
    assert time.process_time() - own <= REOPEN_S
    assert time.perf_counter() - clock <= 5 * REOPEN_S
    return library


def assert_nothing_doubled(folder: Path) -> None:
    """No file, image or embedding is there twice, and the database is sound."""
    with closing(sqlite3.connect(f"file:{folder}/.saccade/catalog.db?mode=ro", uri=True)) as database:
        for table, key in (
            ("images", "sha256"),
            ("files", "folder_id || ':' || hex(path) || ':' || hex(member)"),
            ("embeddings", "space_id || ':' || item_id"),
            ("folders", "path"),
            ("spaces", "role"),
        ):
            rows, distinct = database.execute(
                f"SELECT COUNT(*), COUNT(DISTINCT {key}) FROM {table}"
            ).fetchone()
            assert rows == distinct, table
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []


class Album:
    """A folder that changes between runs: its files by name with their digest, and what was acknowledged."""

    def __init__(self, place: Path, photo: Callable[[Path, int], bytes]) -> None:
        self.place = place
        self.files: dict[str, str] = {}
        self.held: dict[str, str] = {}
        self.images: set[str] = set()
        self._photo = photo
        self._made = 0
        self._dice = random.Random(SEED)

    def change(self, new: int) -> None:
        """Add pictures; rename, copy, rewrite and delete some."""
        for _ in range(new):
            self._write(f"p{self._made}.png")
        old, gone, copied, rewritten = self._dice.sample(sorted(self.files), 4)
        self._put(f"r{self._made}.png", self.files.pop(old), os.rename, old)
        self._put(f"c{self._made}.png", self.files[copied], shutil.copy, copied)
        self._write(rewritten)
        (self.place / gone).unlink()
        del self.files[gone]
        for name in (old, gone, rewritten):
            self.held.pop(name, None)

    def _write(self, name: str) -> None:
        self.files[name] = hashlib.sha256(self._photo(self.place / name, self._made)).hexdigest()
        self._made += 1

    def _put(self, name: str, digest: str, how: Callable[[Path, Path], object], source: str) -> None:
        how(self.place / source, self.place / name)
        self.files[name] = digest

    def acknowledged(self, events: list[dict[str, Any]]) -> None:
        """Believe what a process said before it was killed."""
        for name in (name for event in events for name in event.get("acked", ())):
            self.held[name] = self.files[name]
            self.images.add(self.files[name])


def contents(library: Library, place: Path) -> tuple[object, ...]:
    """All that two libraries of the same files must agree on."""
    counts = library.status().counts
    by_name = {
        name: library.show(place / name).image_id for name in sorted(os.listdir(place)) if name[0] != "."
    }
    ids, rows = library.embeddings("semantic")
    copy_ids, copy_rows = library.embeddings("copy")
    vectors = {
        image: row.tobytes() for image, row in zip([*ids, *copy_ids], [*rows, *copy_rows], strict=True)
    }
    hits = [(os.path.basename(hit.path), hit.image_id, hit.score) for hit in library.search("a query", k=50)]
    return counts.files, counts.images, counts.failed, by_name, sorted(ids), sorted(copy_ids), vectors, hits


@pytest.mark.slow
def test_indexing_survives_kills(
    tmp_path: Path, photo: Callable[[Path, int], bytes], killer: Killer, start: Callable[..., Any]
) -> None:
    """However often indexing is killed, what was acknowledged is there once, and the end is the same."""
    place = tmp_path / "photos"
    album = Album(place, photo)
    album.change(100)
    for stop in shuffled(INDEXING):
        album.change(40)
        if stop and stop[1] == "build":  # which happens when there is none
            shutil.rmtree(place / ".saccade" / "indexes", ignore_errors=True)
        album.acknowledged(killer.kill(stop, do="index", library=str(place)))
        if not album.images:
            continue  # killed before there was a catalog to open
        with reopened(place) as library:
            for name, digest in album.held.items():
                assert library.show(place / name).image_id == digest
            known = library.context.catalog.images.find(
                [bytes.fromhex(digest) for digest in album.images],
                [space.id for space in library.status().spaces],
            )
            assert {digest.hex() for digest in known} == album.images
        assert_nothing_doubled(place)
    assert start(do="index", library=str(place)).finish()[-2]["report"][0] == len(album.files)
    untouched = tmp_path / "untouched"
    shutil.copytree(place, untouched, ignore=shutil.ignore_patterns(".saccade"))
    with open_library(untouched) as expected, reopened(place) as library:
        expected.index(untouched)
        assert contents(library, place) == contents(expected, untouched)
        assert library.status().interrupted is False
        assert library.doctor().problems == ()
    assert_nothing_doubled(place)


def test_a_run_killed_when_all_was_recorded_counts_as_finished_after_the_next(
    album: Callable[[int], Path], start: Callable[..., Any]
) -> None:
    """A run that finds nothing left to do after a killed one finishes it: the library is not interrupted."""
    place = album(5)
    child = start(do="index", library=str(place), stops=[["before", "finish_run", 1]])
    assert child.wait_for("at")
    child.kill()
    with open_library(place) as library:
        assert library.status().interrupted is True
        assert library.index(place).unchanged == 5
        assert library.status().interrupted is False
        assert library.doctor().problems == ()


def test_a_repair_killed_when_all_was_mended_counts_as_finished_after_the_next(
    album: Callable[[int], Path],
) -> None:
    """What a killed process leaves (a repair that began and never ended) is a problem that repair mends."""
    place = album(3)
    with open_library(place) as library:
        library.index(place)
        with library.context.catalog.writing():
            library.context.catalog.runs.start("repair")
        assert [problem.code for problem in library.doctor().problems] == ["interrupted_run"]
        assert library.doctor(repair=True).healthy
        assert library.doctor().problems == ()


def recorded(library: Library, first: int, count: int) -> None:
    """Put images numbered from `first` into the catalog, without files: only what is stored matters here."""
    catalog = library.context.catalog
    encoder = library.context.spaces.encoder().info
    spaces = {role: catalog.spaces.ensure(encoder, role) for role in encoder.dims}
    dice = np.random.default_rng(first)
    info = ImageInfo(width=32, height=32, format="PNG", size_bytes=1000)
    with catalog.writing():
        folder, _ = catalog.files.ensure_folder(os.path.dirname(library.folder))
        run = catalog.runs.start("index")
        seen = []
        for number in range(first, first + count):
            name = f"{folder.path}/n{number}.png"
            rows = {
                s.id: normalize(dice.normal(size=(1, s.dim)).astype(np.float32))[0] for s in spaces.values()
            }
            image = NewImage(sha256=hashlib.sha256(name.encode()).digest(), info=info, embeddings=rows)
            seen.append(
                SeenFile(entry=FileEntry(path=name, stamp=FileStamp(size=1, mtime_ns=1)), image=image)
            )
        catalog.files.record(run, folder, seen)
        catalog.runs.finish(run, {})


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Make a library of that many images without files."""

    def made(count: int) -> Path:
        place = tmp_path / "library"
        place.mkdir()
        with open_library(place) as library:
            recorded(library, 0, count)
        return place

    return made


@pytest.mark.slow
def test_index_build_survives_kills(
    filled: Callable[[int], Path], killer: Killer, start: Callable[..., Any]
) -> None:
    """After a killed build each index is the old one or the new one, whole, and answers are exact."""
    place = filled(400)
    start(do="build", library=str(place), kind="ivf").finish()
    killer.longest = 0.8
    for number, stop in enumerate(shuffled(BUILDING)):
        with open_library(place) as library:
            before = sequences(library)
            recorded(library, 400 + 10 * number, 10)
        kind = ("flat", "ivf")[number % 2]
        killer.kill(stop, do="build", library=str(place), kind=kind)
        with reopened(place) as library:
            for space, sequence in sequences(library).items():
                assert sequence in (before[space], library.context.catalog.embeddings.last_sequence(space))
            assert_exact(library)
        assert_nothing_doubled(place)
    start(do="build", library=str(place), kind="ivf").finish()
    with reopened(place) as library:
        newest = {
            space.id: library.context.catalog.embeddings.last_sequence(space.id)
            for space in library.status().spaces
        }
        assert sequences(library) == newest
        assert_exact(library)
    for space in newest:
        left = sorted(os.listdir(place / ".saccade" / "indexes" / f"space-{space}"))
        assert [name.partition("-")[0] for name in left] == ["current.json", "gen"]


def sequences(library: Library) -> dict[int, int]:
    """Up to where each space's index goes; every index is there and whole."""
    found = {}
    store = IndexFiles(os.path.join(library.folder, "indexes"))
    for space in library.status().spaces:
        index = store.open(space)
        assert not isinstance(index, NoIndex), index
        assert store.verify(space) == []
        found[space.id] = index.sequence
        index.close()
    return found


def assert_exact(library: Library) -> None:
    """Each of the nearest images is found, with its score."""
    ids, rows = library.embeddings("semantic")
    for query in (0, len(ids) // 2, len(ids) - 1):
        scores = rows @ rows[query]
        best = np.argsort(-scores, kind="stable")[:5]
        hits = library.search(image=ids[query], k=5)
        assert [hit.image_id for hit in hits] == [ids[place] for place in best]
        assert np.allclose([hit.score for hit in hits], scores[best], atol=1e-5)


@pytest.mark.slow
def test_backup_survives_kills(
    tmp_path: Path, filled: Callable[[int], Path], killer: Killer, start: Callable[..., Any]
) -> None:
    """After a killed backup there is no file, or the old or the new one, whole; so is the library."""
    size = 3000
    place = filled(size)
    target = tmp_path / "kept" / "backup.db"
    target.parent.mkdir()
    held: list[int | None] = [None]  # how many images the backup file may hold; None: there may be no file
    killer.longest = 0.3
    for stop in shuffled(BACKING_UP):
        killer.kill(stop, do="backup", library=str(place), target=str(target))
        found = restored(target, tmp_path / "elsewhere")
        assert found in (*held, size)
        held = [found]
        with reopened(place) as library:
            assert library.status().counts.images == size
            recorded(library, size, 10)
        size += 10
        assert_nothing_doubled(place)
    start(do="backup", library=str(place), target=str(target)).finish()
    assert restored(target, tmp_path / "elsewhere") == size
    assert os.listdir(target.parent) == ["backup.db"]


def restored(backup: Path, place: Path) -> int | None:
    """Number of images in a library made of the backup, which is whole; None if there is no backup."""
    if not backup.exists():
        return None
    (place / ".saccade").mkdir(parents=True)
    shutil.copy(backup, place / ".saccade" / "catalog.db")
    assert_nothing_doubled(place)
    with open_library(place, create=False) as library:
        images = library.status().counts.images
        assert len(library.embeddings()[0]) == images
    shutil.rmtree(place)
    return images
