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


@pytest.fixture
def done(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is done to indexes from here on, with three rows few and a few more many."""
    monkeypatch.setattr(refreshing, "_STALE_ROWS", 3)
    calls: list[str] = []

    def watch(name: str) -> None:
        real = getattr(desk.store, name)

        def noted(*given: Any, **named: Any) -> Any:
            calls.append(name)
            return real(*given, **named)

        monkeypatch.setattr(desk.store, name, noted)

    for name in ("build", "upsert", "delete"):
        watch(name)
    return calls


def test_some_newer_rows_are_added_and_many_make_it_build_again(desk: Desk, done: list[str]) -> None:
    """Few wait; up to a fifth are added; more are a reason to build."""
    fill(desk, 0, 40)
    for more, expected in ((0, ["build"] * 2), (3, []), (1, ["upsert"] * 2), (3, []), (9, ["build"] * 2)):
        fill(desk, desk.catalog.health.counts().images, more)
        done.clear()
        desk.refresh()
        assert done == expected, more
        assert len(desk.found(k=100)) == desk.catalog.health.counts().images
        assert (size(desk) == desk.catalog.health.counts().images) == bool(expected)


def test_missing_images_are_no_reason_to_build(desk: Desk, done: list[str]) -> None:
    """An index holds them on, for their files may come back; building it again would change nothing."""
    fill(desk, 0, 20)
    desk.refresh()
    done.clear()
    for number in range(10):
        (desk.home / f"{number:03}.png").unlink()
    desk.index()
    desk.refresh()
    assert done == []
    assert len(desk.found()) == 10
    for number in range(10):
        desk.picture(f"{number:03}.png", (255, number, 9))
    desk.index()
    assert len(desk.found()) == 20


def test_rows_that_left_the_catalog_are_a_reason_to_build(desk: Desk, done: list[str]) -> None:
    """As many as newer ones would be."""
    fill(desk, 0, 20)
    desk.refresh()
    done.clear()
    for reader in desk.all_readers():
        desk.catalog.embeddings.remove(reader.space.id, range(1, 6))
    desk.refresh()
    assert done == ["build"] * 2
    assert size(desk) == 15


def test_a_graph_waits_for_many_newer_rows(desk: Desk, done: list[str]) -> None:
    """Nothing can be added to it faster than it is built."""
    fill(desk, 0, 40)
    with desk.catalog.writing():
        for reader in desk.all_readers():
            desk.store.build(reader.space, desk.catalog.embeddings.after(reader.space.id, 0), kind="hnsw")
    fill(desk, 40, 5)
    done.clear()
    desk.refresh()
    assert done == []


def test_a_damaged_index_is_built_where_rows_should_be_added(desk: Desk, done: list[str]) -> None:
    """Damage that opening does not see."""
    fill(desk, 0, 40)
    desk.refresh()
    fill(desk, 40, 5)
    for file in desk.home.glob(".saccade/indexes/*/gen-*/ids.i64"):
        content = file.read_bytes()
        file.write_bytes(content[:-3] + b"\x01" + content[-2:])
    done.clear()
    desk.refresh()
    assert done == ["build"] * 2
    assert len(desk.found()) == 45


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
