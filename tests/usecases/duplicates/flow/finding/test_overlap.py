"""What two sets of images share: by bytes, pixels and picture, across and never within."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
import pytest

from saccade.core.errors import EncoderMismatchError
from saccade.core.filters import Filter
from saccade.core.types import Role
from saccade.usecases.duplicates.flow.overlap import find_leaks, find_shared
from saccade.usecases.duplicates.rules.reports import OverlapReport, Tier

A = (200, 60, 90, 150)
A_EDITED = (210, 70, 100, 160)
OTHER = (20, 220, 40, 230)
STRANGER = (250, 250, 10, 10)
ALL = frozenset({Tier.BYTES, Tier.PIXELS, Tier.PICTURE})


class Studio(Protocol):
    """See conftest."""

    def __getattr__(self, name: str) -> "Studio": ...
    def __call__(self, *args: object, **named: object) -> "Studio": ...


def told(report: OverlapReport) -> list[tuple[str, str, str]]:
    """(tier, file of the one side, file of the other)."""
    return [
        (str(pair.tier), os.path.basename(pair.a.paths[0]), os.path.basename(pair.b.paths[-1]))
        for pair in report.pairs
    ]


@pytest.fixture
def split(studio: Studio) -> Studio:
    """train/ and test/ share one picture by bytes, one by pixels, one edited."""
    studio.picture("train/bytes.png", OTHER)
    studio.picture("test/bytes2.png", OTHER)
    studio.picture("train/a.png", A)
    studio.picture("train/twin.png", A_EDITED)
    studio.picture("test/pixels.png", A, mark="x")
    studio.picture("test/new.png", STRANGER)
    studio.desk.index()
    return studio


def leaks(studio: Studio, tiers: frozenset[Tier] = ALL, *, turned: bool = False) -> OverlapReport:
    """Between train/ and test/."""
    sets = [
        studio.desk.catalog.images.match(Filter(folders=(str(studio.desk.home / name),)))
        for name in ("train", "test")
    ]
    return find_leaks(studio.tools(), *(reversed(sets) if turned else sets), tiers)


def test_leaks_of_every_tier(split: Studio) -> None:
    """Across the two sets; the two alike in train/ are nobody's leak."""
    report = leaks(split)
    assert told(report) == [
        ("bytes", "bytes2.png", "bytes.png"),
        ("pixels", "a.png", "pixels.png"),
        ("picture", "twin.png", "pixels.png"),
    ]
    assert report.pairs[0].a == report.pairs[0].b
    assert report.images == (3, 3)
    assert report.leaked == (3, 2)


def test_leaks_are_the_same_from_the_other_side(split: Studio) -> None:
    """With the sides exchanged, and nothing compared again by the verifier."""
    there = {(pair.tier, pair.a.id, pair.b.id) for pair in leaks(split).pairs}
    asked = split.verifier.asked
    back = {(pair.tier, pair.b.id, pair.a.id) for pair in leaks(split, turned=True).pairs}
    assert there == back
    assert split.verifier.asked == asked


def test_only_the_tiers_asked_for(split: Studio) -> None:
    """Bytes alone compare nothing."""
    assert [tier for tier, _, _ in told(leaks(split, frozenset({Tier.BYTES})))] == ["bytes"]
    assert [tier for tier, _, _ in told(leaks(split, frozenset({Tier.PICTURE})))] == ["picture"]


def test_what_a_person_called_distinct_is_no_leak(split: Studio) -> None:
    """Remembered here, too."""
    ids = sorted(split.desk.image(name) for name in ("train/a.png", "test/pixels.png"))
    split.desk.catalog.pairs.set_distinct([(ids[0], ids[1])])
    assert "pixels" not in [tier for tier, _, _ in told(leaks(split))]


@pytest.fixture
def second(tmp_path: Path, make_desk: Callable[[Path], Studio]) -> Iterator[Studio]:
    """Another empty library."""
    home = tmp_path / "second"
    home.mkdir()
    desk = make_desk(home)
    yield desk
    desk.close()


def test_two_libraries(split: Studio, second: Studio) -> None:
    """The same answer as within one, and nothing is written into either."""
    for name in ("a.png", "bytes.png"):
        (second.home / name).write_bytes((split.desk.home / "train" / name).read_bytes())
    second.index()
    before = split.desk.catalog.version(), second.catalog.version()
    report = find_shared(
        split.tools(), split.desk.encoder.info, second.catalog, second.reader(Role.COPY).space, ALL
    )
    assert sorted((tier, b) for tier, _, b in told(report)) == [
        ("bytes", "a.png"),
        ("bytes", "bytes.png"),
        ("picture", "a.png"),
        ("pixels", "a.png"),
    ]
    assert report.images == (5, 2)
    assert report.leaked == (4, 2)
    assert (split.desk.catalog.version(), second.catalog.version()) == before


def test_an_empty_library_shares_nothing(split: Studio, second: Studio) -> None:
    """Neither fails."""
    report = find_shared(
        split.tools(), split.desk.encoder.info, second.catalog, second.reader(Role.COPY).space, ALL
    )
    assert (report.pairs, report.images) == ((), (5, 0))


def test_two_encoders_cannot_be_compared(split: Studio, second: Studio) -> None:
    """Refused before any work, naming both."""
    second.encoder = type(second.encoder)("d" * 64)
    with pytest.raises(EncoderMismatchError, match=r"c{12}.*d{12}"):
        find_shared(
            split.tools(), split.desk.encoder.info, second.catalog, second.reader(Role.COPY).space, ALL
        )


def test_ids_are_not_mixed_up(split: Studio) -> None:
    """Sets that overlap wholly: every image is its own copy by bytes, once."""
    ids = split.desk.catalog.images.match(Filter())
    report = find_leaks(split.tools(), ids, ids, frozenset({Tier.BYTES}))
    assert [pair.a.id for pair in report.pairs] == np.sort(ids).tolist()
