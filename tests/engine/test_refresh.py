"""Refresh: when an index is built anew, and that chance is measured once and kept."""

from typing import Any, TypeAlias

import pytest

from saccade.core.calibration import Calibration
from saccade.core.ports.indexes import NoIndex
from saccade.core.types import Role
from saccade.engine import refresh as refreshing
from saccade.engine.refresh import load_calibration, measure, save_calibration

Desk: TypeAlias = Any


def fill(desk: Desk, first: int, count: int) -> None:
    for number in range(first, first + count):
        desk.picture(f"{number:03}.png", (255, number, 9))
    desk.index()


def size(desk: Desk) -> int:
    index = desk.store.open(desk.reader().space)
    assert not isinstance(index, NoIndex)
    return index.size


def known(desk: Desk, role: Role = Role.SEMANTIC) -> Calibration | None:
    return load_calibration(desk.catalog, desk.reader(role).space)


def test_a_first_refresh_builds_and_measures_every_space(desk: Desk) -> None:
    """Both roles; texts reach the semantic space only."""
    fill(desk, 0, 5)
    assert known(desk) is None
    desk.refresh()
    assert size(desk) == 5
    semantic, copy = known(desk), known(desk, Role.COPY)
    assert semantic is not None
    assert copy is not None
    assert (semantic.images, copy.images) == (5, 5)
    assert (semantic.location is None, copy.location is None) == (False, True)


def test_an_empty_library_is_refreshed_without_an_index(desk: Desk) -> None:
    """There is nothing to search, and nothing to fail on."""
    desk.refresh()
    assert isinstance(desk.store.open(desk.reader().space), NoIndex)


def test_few_newer_rows_wait(desk: Desk) -> None:
    """They are searched beside the index; building for each picture would cost more."""
    fill(desk, 0, 5)
    desk.refresh()
    fill(desk, 5, 20)
    desk.refresh()
    assert size(desk) == 5
    assert len(desk.found(k=100)) == 25


@pytest.mark.parametrize("gone", [False, True], ids=["newer", "gone"])
def test_many_newer_or_gone_rows_make_the_index_stale(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, *, gone: bool
) -> None:
    """More than the fixed number and more than a fifth of the rows."""
    monkeypatch.setattr(refreshing, "_STALE_ROWS", 3)
    fill(desk, 0, 20)
    desk.refresh()
    first = desk.store.open(desk.reader().space).sequence

    def change(numbers: range) -> None:
        if gone:
            for number in numbers:
                (desk.home / f"{number:03}.png").unlink()
            desk.index()
        else:
            fill(desk, numbers.start + 20, len(numbers))
        desk.refresh()

    built = desk.home / ".saccade" / "indexes" / f"space-{desk.reader().space.id}" / "current.json"
    before = built.read_bytes()
    change(range(4))
    assert built.read_bytes() == before
    change(range(4, 8))
    assert built.read_bytes() != before
    assert desk.store.open(desk.reader().space).sequence >= first


def test_force_builds_again(desk: Desk) -> None:
    """Whatever stands there."""
    fill(desk, 0, 5)
    desk.refresh()
    fill(desk, 5, 2)
    desk.refresh(force=True)
    assert size(desk) == 7


def test_a_calibration_is_kept_as_it_was_measured(desk: Desk) -> None:
    """Saved and loaded, it is equal, quantiles and all."""
    fill(desk, 0, 8)
    reader = desk.reader()
    measured = measure(desk.catalog, desk.encoder, reader)
    save_calibration(desk.catalog, reader.space, measured)
    desk.reopen()
    assert load_calibration(desk.catalog, reader.space) == measured


def test_a_calibration_is_measured_again_when_the_library_has_changed_much(desk: Desk) -> None:
    """By more than a fifth; less keeps the old one."""
    fill(desk, 0, 10)
    desk.refresh()
    first = known(desk)
    fill(desk, 10, 2)
    desk.refresh()
    assert known(desk) == first
    fill(desk, 12, 1)
    desk.refresh()
    again = known(desk)
    assert again is not None
    assert again.images == 13


def test_a_library_that_shrank_is_measured_once(desk: Desk) -> None:
    """Half of the images gone: measured for those left, and then left alone."""
    fill(desk, 0, 10)
    desk.refresh()
    for number in range(5):
        (desk.home / f"{number:03}.png").unlink()
    desk.index()
    desk.refresh()
    found = known(desk)
    assert found is not None
    assert found.images == 5
    version = desk.catalog.version()
    desk.index()
    desk.refresh()
    assert desk.catalog.version() == version


@pytest.mark.parametrize("count", [1, 2, 3])
def test_tiny_libraries_can_be_measured_and_searched(desk: Desk, count: int) -> None:
    """One image has no neighbor."""
    fill(desk, 0, count)
    desk.refresh()
    assert len(desk.ask("red")) == count
    assert len(desk.ask("000.png")) == count
