"""Disks that forget: damage in what is stored is found, told and mended, and never a traceback."""

import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from saccade.core.errors import CorruptLibraryError, SaccadeError
from saccade.library import Library, open_library

SEED = 20261120
IMAGES = 60
FLIPS = 40
REFUSALS = {
    "library_corrupt",
    "library_too_new",
    "storage_failed",
    "image_not_found",
    "encoder_mismatch",
    "encoder_unavailable",
    "read_only",  # two bits of the header say that a newer SQLite wrote the file
}


@pytest.fixture
def place(album: Callable[[int], Path]) -> Path:
    """A folder of 60 indexed pictures."""
    folder = album(IMAGES)
    with open_library(folder) as library:
        library.index(folder)
    return folder


def vectors(library: Library) -> dict[tuple[str, str], bytes]:
    """Every embedding, by role and image."""
    found = {}
    for role in ("semantic", "copy"):
        ids, rows = library.embeddings(role)
        found.update({(role, image): row.tobytes() for image, row in zip(ids, rows, strict=True)})
    return found


def flip(path: Path, offset: int, bit: int) -> None:
    """Turn one bit of a file around."""
    with path.open("r+b") as file:
        file.seek(offset)
        (byte,) = file.read(1)
        file.seek(offset)
        file.write(bytes([byte ^ 1 << bit]))


def problems(library: Library) -> dict[str, int]:
    """What doctor finds: number by code."""
    return {problem.code: problem.count for problem in library.doctor().problems}


def told(place: Path, ask: Callable[[Library], object]) -> SaccadeError | None:
    """The error of saccade's that a question ends with, None if it is answered; anything else is a bug."""
    try:
        with open_library(place) as library:
            ask(library)
    except SaccadeError as error:
        return error
    return None


def assert_mends(library: Library, whole: dict[tuple[str, str], bytes]) -> None:
    """A repair makes the library what it was."""
    report = library.doctor(repair=True)
    assert report.problems
    assert report.healthy
    assert library.doctor().problems == ()
    assert vectors(library) == whole
    assert library.search("anything", k=IMAGES).hits


@pytest.mark.parametrize("indexed", [True, False], ids=["indexed", "no index"])
def test_changed_embeddings_are_found_and_mended(place: Path, indexed: bool) -> None:
    """Damage behind SQLite's back: doctor counts it, searching refuses to use it, repair makes it again."""
    with open_library(place) as library:
        whole = vectors(library)
    with closing(sqlite3.connect(place / ".saccade" / "catalog.db")) as database:
        rows = database.execute("SELECT sequence, vector FROM embeddings WHERE space_id = 1").fetchall()
        for sequence, vector in rows[5:12]:
            changed = bytes([vector[0] ^ 1]) + vector[1:]
            database.execute("UPDATE embeddings SET vector = ? WHERE sequence = ?", (changed, sequence))
        database.execute("UPDATE embeddings SET vector = x'00' WHERE sequence = ?", (rows[20][0],))
        database.commit()
    if not indexed:
        shutil.rmtree(place / ".saccade" / "indexes")
    with open_library(place) as library:
        assert problems(library) == {"corrupt_semantic": 8}
        with pytest.raises(CorruptLibraryError) as refused:
            library.search("anything", k=IMAGES)
        assert "doctor --repair" in refused.value.hint
        assert_mends(library, whole)


def test_bits_that_flip_inside_embeddings_on_the_disk_are_found_and_mended(place: Path) -> None:
    """One bit in each of 10 vectors of the file itself: each one is found."""
    with open_library(place) as library:
        whole = vectors(library)
    dice = random.Random(SEED)
    file = place / ".saccade" / "catalog.db"
    content = file.read_bytes()
    for role, image in dice.sample(sorted(whole), 10):
        offset = content.find(whole[role, image])
        assert offset > 0
        flip(file, offset + dice.randrange(len(whole[role, image])), dice.randrange(8))
    with open_library(place) as library:
        found = problems(library)
        assert set(found) <= {"corrupt_semantic", "corrupt_copy"}
        assert sum(found.values()) == 10
        assert_mends(library, whole)


def test_a_bit_that_flips_anywhere_in_the_catalog_is_no_traceback(place: Path, tmp_path: Path) -> None:
    """Wherever it is, the library works or says what is wrong; no embedding changes unseen."""
    dice = random.Random(SEED)
    with open_library(place) as library:
        whole = vectors(library)
    content = (place / ".saccade" / "catalog.db").read_bytes()
    used = [offset for offset, byte in enumerate(content) if byte]  # what is not in use is zero
    spoiled = tmp_path / "spoiled"
    found = 0

    def use(library: Library) -> object:
        library.show(spoiled / "p1.png")
        library.doctor()
        return vectors(library), library.search("anything", k=IMAGES)

    for number in range(FLIPS):
        shutil.rmtree(spoiled, ignore_errors=True)
        shutil.copytree(place, spoiled)
        offset, bit = dice.choice(used[:60] if number < 8 else used), dice.randrange(8)
        print(f"bit {bit} of byte {offset}")
        flip(spoiled / ".saccade" / "catalog.db", offset, bit)
        error = told(spoiled, use)
        if error is None:
            with open_library(spoiled) as library:
                sick = bool(library.doctor().problems)
                assert sick or vectors(library) == whole
                found += sick
        else:
            found += 1
            assert error.code in REFUSALS
            assert error.hint
    assert found > FLIPS // 2


@pytest.mark.parametrize("kind", ["flat", "ivf", "hnsw"])
def test_bits_that_flip_in_index_files_are_found_and_mended(place: Path, kind: str) -> None:
    """Any bit of any file of an index: doctor sees it, searching goes on, repair builds the index again."""
    dice = random.Random(SEED)
    with open_library(place) as library:
        library.build_indexes(kind)
        (generation,) = (place / ".saccade" / "indexes" / "space-1").glob("gen-*")
        files = [generation.parent / "current.json", *sorted(generation.iterdir())]
        assert len(files) == (4 if kind == "flat" else 5)
    before = {path: path.read_bytes() for path in files}
    for path, content in before.items():
        for offset in (0, len(content) - 1, *(dice.randrange(len(content)) for _ in range(3))):
            flip(path, offset, dice.randrange(8))
            with open_library(place) as library:
                assert problems(library).keys() == {"damaged_semantic_index"}, (path.name, offset)
                assert len(library.search("anything", k=IMAGES)) == IMAGES
            path.write_bytes(content)
    flip(files[-1], 3, 3)
    files[1].unlink()
    with open_library(place) as library:
        assert problems(library).keys() == {"damaged_semantic_index"}
        assert_mends(library, vectors(library))


@pytest.mark.parametrize("damage", ["half", "header", "zeros", "noise", "text", "page"])
def test_a_ruined_catalog_says_so(place: Path, damage: str) -> None:
    """A file cut short or overwritten is a CorruptLibraryError with a hint, whatever is asked."""
    file = place / ".saccade" / "catalog.db"
    content = file.read_bytes()
    noise = np.random.default_rng(SEED).bytes(len(content))
    file.write_bytes(
        {
            "half": content[: len(content) // 2],
            "header": content[:50],
            "zeros": bytes(len(content)),
            "noise": noise,
            "text": b"This is no database.\n" * 400,
            "page": content[:100] + noise[100:],
        }[damage]
    )
    ruined = file.read_bytes()
    for ask in (
        lambda library: library.search("anything", k=5),
        lambda library: library.index(place),
        lambda library: library.doctor(),
        lambda library: library.backup(place / "backup.db"),
    ):
        error = told(place, ask)
        assert isinstance(error, CorruptLibraryError), error
        assert error.hint
    assert not (place / "backup.db").exists()
    assert file.read_bytes() == ruined
    assert os.listdir(place / ".saccade")
