"""`kill -9` while an image is forgotten: in no answer from the first commit on, and no byte in the end."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from saccade.core.errors import ImageNotFoundError
from saccade.core.types import Role
from saccade.library import Library, open_library

STOPS = [
    ["before", "forget", 1],
    ["after", "forget", 1],
    ["before", "wipe", 1],
    ["before", "rewrite", 1],
    ["before", "empty_journal", 1],
    ["after", "wipe", 1],
    ["before", "delete", 1],
    ["before", "point", 1],
    ["after", "point", 1],
    ["after", "delete", 2],
    ["before", "purged", 1],
    ["after", "purged", 1],
]


def vectors(library: Library, image: str) -> list[bytes]:
    """The image's embedding in each role, as stored."""
    found = []
    for role in (Role.SEMANTIC, Role.COPY):
        ids, rows = library.embeddings(role)
        found += [row.astype("<f4").tobytes() for one, row in zip(ids, rows, strict=True) if one == image]
    return found


def traces(place: Path, pieces: list[bytes]) -> list[str]:
    """Files of the library that hold one of the pieces."""
    files = [file for file in sorted((place / ".saccade").rglob("*")) if file.is_file()]
    return [file.name for file in files for piece in pieces if piece in file.read_bytes()]


@pytest.mark.parametrize("stop", STOPS, ids=lambda stop: "-".join(map(str, stop)))
def test_a_killed_forgetting_is_finished_later(
    stop: list[object], album: Callable[[int], Path], start: Callable[..., Any]
) -> None:
    """Killed before the first commit, nothing happened; after it, the image is not found by anything."""
    place = album(30)
    target = place / "p4.png"
    with open_library(place) as library:
        library.index(place)
        record = library.show(target)
        pieces = [*vectors(library, record.image_id), record.sha256, record.image_id.encode(), b"p4.png"]
        assert len(pieces) == 5
    assert traces(place, pieces)
    child = start(do="forget", library=str(place), target=str(target), stops=[stop])
    assert child.wait_for("at")
    child.kill()
    target.unlink()  # or it would be indexed again
    with open_library(place) as library:
        if stop[1] == "forget":  # not committed: the folders are a part of the same transaction
            assert library.show(target).image_id == record.image_id
            library.forget(target)
        with pytest.raises(ImageNotFoundError):
            library.show(target)
        hits = library.search("anything", k=100).hits
        assert len(hits) == 29
        assert record.image_id not in {hit.image_id for hit in hits}
        assert vectors(library, record.image_id) == []
        assert library.doctor(repair=True).healthy
        assert library.doctor().problems == ()
        assert len(library.search("anything", k=100).hits) == 29
    assert traces(place, pieces) == []
