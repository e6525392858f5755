"""Checking a picture: bytes, pixels, picture or new; the picture's own file is no answer."""

from pathlib import Path
from typing import Protocol

import pytest

from saccade.core.decoding import DecodeTask
from saccade.core.types import Role
from saccade.usecases.duplicates.flow.checking import Checker, check
from saccade.usecases.duplicates.flow.matcher import HashTable, Surroundings
from saccade.usecases.duplicates.rules.reports import CheckResult, Tier

A = (200, 60, 90, 150)
A_EDITED = (210, 70, 100, 160)
OTHER = (20, 220, 40, 230)


class Studio(Protocol):
    """See conftest."""

    def __getattr__(self, name: str) -> "Studio": ...
    def __call__(self, *args: object, **named: object) -> "Studio": ...


def checked(
    studio: Studio, *tasks: DecodeTask, tiers: tuple[str, ...] = ("bytes", "pixels", "picture")
) -> list[CheckResult]:
    """Results for these tasks."""
    reader = studio.desk.reader(Role.COPY)
    checker = Checker(
        catalog=studio.desk.catalog,
        encoder=studio.desk.encoder,
        open_decoder=studio.open_decoder,
        verifier=studio.verifier,
        around=Surroundings(
            catalog=studio.desk.catalog,
            reader=reader,
            threshold=0.9,
            hashes=HashTable.of(studio.desk.catalog, reader.space),
        ),
        tiers=frozenset(Tier(name) for name in tiers),
    )
    return check(checker, tasks)


def task(path: Path) -> DecodeTask:
    """Read this file."""
    return DecodeTask(path=str(path))


@pytest.fixture
def shelf(studio: Studio) -> Studio:
    """A library of a picture, and of one that is unlike it."""
    studio.picture("in/a.png", A)
    studio.picture("in/other.png", OTHER)
    studio.desk.index("in")
    return studio


def test_each_tier_is_told(shelf: Studio) -> None:
    """The same bytes, pixels, picture, and a picture that is new; evidence but for bytes."""
    made = {
        "bytes": shelf.picture("out/same.png", A),
        "pixels": shelf.picture("out/saved.png", A, mark="again"),
        "picture": shelf.picture("out/edited.png", A_EDITED),
        "": shelf.picture("out/new.png", (250, 250, 10, 10)),
    }
    results = checked(shelf, *(task(path) for path in made.values()))
    for (tier, path), result in zip(made.items(), results, strict=True):
        assert result.picture == str(path)
        assert [str(match.tier) for match in result.matches] == [tier][: bool(tier)]
        for match in result.matches:
            assert match.paths == (str(shelf.desk.home / "in/a.png"),)
            assert (match.evidence is None) == (tier == "bytes")


def test_a_file_of_the_library_is_not_its_own_copy(shelf: Studio) -> None:
    """Only its other files, and other images, count."""
    own = task(shelf.desk.home / "in/a.png")
    (alone,) = checked(shelf, own)
    assert alone.matches == ()
    twin = shelf.picture("in/twin.png", A)
    shelf.picture("in/edited.png", A_EDITED)
    shelf.desk.index("in")
    (result,) = checked(shelf, own)
    assert [(str(match.tier), match.paths) for match in result.matches] == [
        ("bytes", (str(twin),)),
        ("picture", (str(shelf.desk.home / "in/edited.png"),)),
    ]


def test_bytes_in_memory_are_checked_too(shelf: Studio) -> None:
    """They lie in no file, so the library's file is a match."""
    data = (shelf.desk.home / "in/a.png").read_bytes()
    (result,) = checked(shelf, DecodeTask(path="given", data=data))
    assert [str(match.tier) for match in result.matches] == ["bytes"]


def test_what_cannot_be_read_says_why(shelf: Studio) -> None:
    """In its place; the others are answered."""
    broken = shelf.desk.path("out/broken.png")
    broken.write_bytes(b"no picture")
    good = shelf.picture("out/same.png", A)
    bad, fine = checked(shelf, task(broken), task(good))
    assert bad.matches == ()
    assert bad.failure.path == str(broken)
    assert fine.failure is None
    assert len(fine.matches) == 1


def test_only_the_tiers_asked_for(shelf: Studio) -> None:
    """Bytes alone: nothing is encoded or compared."""
    edited, same = shelf.picture("out/e.png", A_EDITED), shelf.picture("out/s.png", A)
    results = checked(shelf, task(edited), task(same), tiers=("bytes",))
    assert [len(result.matches) for result in results] == [0, 1]
    assert shelf.verifier.asked == 0


def test_nothing_is_written(shelf: Studio) -> None:
    """The catalog stays as it is."""
    edited = shelf.picture("out/e.png", A_EDITED)
    before = shelf.desk.catalog.version()
    checked(shelf, task(edited))
    assert shelf.desk.catalog.version() == before


def test_nothing_to_check_and_nothing_to_check_against(studio: Studio) -> None:
    """No picture gives no result; an empty library knows no picture."""
    assert checked(studio) == []
    (result,) = checked(studio, task(studio.picture("a.png", A)))
    assert result.matches == ()
