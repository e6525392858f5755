"""Several processes with one library."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import saccade
from saccade.catalog import open_catalog
from saccade.core.errors import LibraryBusyError

INDEX = """
import sys, saccade
with saccade.open_library(sys.argv[1]) as library:
    library.index(sys.argv[1])
"""


def _images(library: saccade.Library) -> int:
    """How many images a search finds, those collapsed into others counted."""
    return sum(1 + len(hit.similar) for hit in library.search("anything", k=100))


def run(code: str, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, "-c", code, *arguments], stderr=subprocess.PIPE, text=True)


def test_indexing_while_another_process_writes_is_refused_in_one_line(shelf: Path) -> None:
    """The holder is named; reading goes on; when it has ended, indexing works."""
    catalog = open_catalog(str(shelf / ".saccade"), create=False, home=str(shelf))
    with catalog.writing("indexing"):
        process = run(INDEX, str(shelf))
        _, errors = process.communicate(timeout=60)
        assert process.returncode != 0
        assert "LibraryBusyError" in errors
        with saccade.open_library(shelf) as library:
            assert len(library.search("anything")) == 6
            with pytest.raises(LibraryBusyError, match=r"is indexing.*waited") as caught:
                library.index()
            assert caught.value.hint
    catalog.close()
    with saccade.open_library(shelf) as library:
        assert library.index().unchanged == 6


@pytest.mark.slow
def test_two_processes_index_at_once_and_nothing_is_lost(photos: Path, rng: np.random.Generator) -> None:
    """At most one is refused, as busy; afterwards every picture is there once, and doctor is content."""
    for number in range(60):
        Image.fromarray(rng.integers(0, 256, (40, 40, 3), np.uint8)).save(photos / f"more{number}.png")
    with saccade.open_library(photos) as library:
        library.index(photos / "0.png")
        processes = [run(INDEX, str(photos)) for _ in range(2)]
        found = set()
        while any(process.poll() is None for process in processes):
            found.add(_images(library))
        ends = [process.communicate()[1] for process in processes]
        failed = [errors for process, errors in zip(processes, ends, strict=True) if process.returncode]
        assert all("LibraryBusyError" in errors for errors in failed)
        assert len(failed) <= 1
        assert found <= set(range(1, 67))
        assert _images(library) == 66
        assert library.index().unchanged == 66
        assert library.doctor().problems == ()
