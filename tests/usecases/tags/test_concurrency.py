"""Several at once: writers wait for each other, and no one's work is lost."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

import saccade

CHILD = """
import sys, saccade
with saccade.open_library(sys.argv[1], create=False) as library:
    print("ready", flush=True)
    sys.stdin.readline()
    print(library.tags.set([sys.argv[2]], [sys.argv[1] + "/" + name for name in ("0.jpg", "1.jpg")]))
"""


def test_eight_threads_set_labels(library: saccade.Library, photos: Path) -> None:
    """All succeed: the lock waits."""
    start = Barrier(8)

    def put(number: int) -> int:
        start.wait()
        return library.tags.set([f"label {number}"], [photos / "0.jpg", photos / "1.jpg"])

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(put, range(8))) == [2] * 8
    labels = library.tags.labels("person")
    assert {name: labels[name] for name in (f"label {number}" for number in range(8))} == {
        f"label {number}": 2 for number in range(8)
    }


@pytest.mark.slow
def test_eight_processes_set_labels(photos: Path) -> None:
    """All succeed: the lock waits for other processes too."""
    children = [
        subprocess.Popen(
            [sys.executable, "-c", CHILD, str(photos), f"label {number}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(8)
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    ended = [child.communicate("go\n") for child in children]
    assert [out for out, _ in ended] == ["2\n"] * 8, [error for _, error in ended]
    with saccade.open_library(photos) as library:
        labels = library.tags.labels("person")
    assert [labels[f"label {number}"] for number in range(8)] == [2] * 8


def test_two_lessons_at_once_keep_the_examples_of_both(library: saccade.Library, photos: Path) -> None:
    """The second starts again from what the first stored."""
    start = Barrier(3)

    def teach(number: int) -> int:
        start.wait()
        return library.tags.teach("noise", yes=[photos / f"{number}.jpg"], words="").version

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(teach, range(3))) == [1, 2, 3]
    assert library.tags.classifiers("noise")[0].examples == {"no": 0, "yes": 3}


def test_two_writers_of_files_take_turns(library: saccade.Library, photos: Path) -> None:
    """One writes, the other finds that it is done."""
    before = (photos / "0.jpg").read_bytes()
    with ThreadPoolExecutor(2) as pool:
        reports = [one.result() for one in [pool.submit(library.tags.write_files) for _ in range(2)]]
    assert sorted(len(report.written) for report in reports) == [0, 1]
    library.tags.restore_files()
    assert (photos / "0.jpg").read_bytes() == before
