"""Sequence numbers are in the order of commits: a reader that has seen n has seen everything below n."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from saccade.core.ports.catalog import Catalog
from tests.contracts.catalog.shelf import Shelf

EACH = 25


@pytest.fixture
def other(shelf: Shelf) -> Iterator[Catalog]:
    """A second writer of the same catalog."""
    made = shelf.opener(shelf.home)
    yield made
    made.close()


def newer(shelf: Shelf, sequence: int) -> tuple[int, list[int]]:
    """(last sequence number, items) of what was committed after `sequence`, a row at a time."""
    found: list[int] = []
    for last, ids, _ in shelf.catalog.embeddings.after(shelf.space, sequence, 1):
        assert last > sequence
        sequence = last
        found.extend(ids.tolist())
    return sequence, found


def test_a_later_number_is_never_seen_before_an_earlier_one_is_committed(
    shelf: Shelf, other: Catalog
) -> None:
    """A reader looks while one writer has its numbers but has not committed, and another one wants some."""
    begun, looked = threading.Event(), threading.Event()

    def slow() -> None:
        with shelf.catalog.unit():
            shelf.record(shelf.picture("slow.jpg", b"slow"))
            begun.set()
            assert looked.wait(10)

    def quick() -> None:
        other.files.record(shelf.run, shelf.folder, [shelf.picture("quick.jpg", b"quick")])

    with ThreadPoolExecutor(2) as pool:
        try:
            writers = [pool.submit(slow)]
            assert begun.wait(10)
            writers.append(pool.submit(quick))
            time.sleep(0.2)  # a writer that does not wait for its turn has committed by then
            seen, early = newer(shelf, 0)
        finally:
            looked.set()
        for writer in writers:
            writer.result()
    _, late = newer(shelf, seen)
    assert early + late == newer(shelf, 0)[1]
    assert len(early + late) == 2


def test_a_reader_that_follows_two_writers_misses_nothing(shelf: Shelf, other: Catalog) -> None:
    """It asks for what is newer than the last number it saw, while both write as fast as they can."""

    def write(catalog: Catalog, name: str) -> None:
        for number in range(EACH):
            picture = shelf.picture(f"{name}{number}.jpg", f"{name}{number}".encode())
            catalog.files.record(shelf.run, shelf.folder, [picture])

    followed: list[int] = []
    seen = 0
    with ThreadPoolExecutor(2) as pool:
        writers = [pool.submit(write, shelf.catalog, "a"), pool.submit(write, other, "b")]
        while not all(writer.done() for writer in writers):
            seen, found = newer(shelf, seen)
            followed += found
        for writer in writers:
            writer.result()
    followed += newer(shelf, seen)[1]
    assert len(followed) == 2 * EACH
    assert followed == newer(shelf, 0)[1]
