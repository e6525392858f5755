"""Searches while the index and the catalog change: what is found is what is there now."""

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest
from sqlalchemy import Engine, event

from saccade.core.types import Role
from tests.helpers.searching import answer, brute_force, fill, many

Desk: TypeAlias = Any


def test_rows_newer_than_the_index_are_found_at_once_and_in_place(desk: Desk) -> None:
    """Merged by score, as if the index held them."""
    many(desk, 40)
    desk.refresh()
    for number in range(6):
        desk.picture(f"new{number}.png", (255, 40 * number + 3, 0))
    desk.index()
    assert isinstance(desk.store.open(desk.reader().space).size, int)
    query = desk.part("red").vector[np.newaxis]
    assert desk.store.open(desk.reader().space).size == 40
    expected = brute_force(desk, query, 30)
    ids, scores = desk.reader().candidates(query, 30)
    assert ids.tolist() == [identifier for identifier, _ in expected]
    assert scores.tolist() == pytest.approx([score for _, score in expected], abs=1e-6)


@pytest.mark.parametrize("damage", ["lost", "truncated", "garbage", "flipped"])
def test_a_lost_or_damaged_index_changes_no_answer(desk: Desk, damage: str) -> None:
    """It is derived; the catalog answers alone."""
    many(desk, 30)
    desk.refresh()
    before = answer(desk, "red", "green")
    desk.reopen()
    folder = desk.home / ".saccade" / "indexes"
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    assert files
    if damage == "lost":
        shutil.rmtree(folder)
    for file in files if damage != "lost" else []:
        content = bytearray(file.read_bytes())
        if damage == "flipped" and file.suffix == ".json":
            content[len(content) // 2] ^= 0x40
        elif damage == "truncated":
            del content[len(content) // 2 :]
        elif damage == "garbage":
            content[:] = b"garbage" * 9
        file.write_bytes(content)
    assert answer(desk, "red", "green") == before


def test_an_image_embedded_again_counts_once(desk: Desk) -> None:
    """Index and newer rows both hold it; the newer counts."""
    many(desk, 20)
    desk.refresh()
    before = answer(desk, "red")
    for role in (Role.SEMANTIC, Role.COPY):
        assert desk.catalog.embeddings.remove(desk.reader(role).space.id, [desk.image("m004.png")]) == 1
    file = desk.home / "m004.png"
    file.touch()
    assert desk.index().embedded == 1
    assert answer(desk, "red") == before
    assert desk.reader().count() == 20


def test_an_image_whose_embedding_is_gone_is_no_error(desk: Desk) -> None:
    """Deleted by a repair that was killed: neither index nor word match may fail on it."""
    fill(desk, "red", "green", "blue")
    desk.refresh()
    desk.picture("boat.png", "yellow")
    desk.index()
    gone = [desk.image("xred.png"), desk.image("boat.png")]
    for role in (Role.SEMANTIC, Role.COPY):
        desk.catalog.embeddings.remove(desk.reader(role).space.id, gone)
    for query in ("red", "boat"):
        assert sorted(desk.names(desk.ask(query, collapsed=True))) == ["xblue.png", "xgreen.png"]


def test_a_file_that_goes_away_in_the_middle_of_a_search_is_no_answer(
    desk: Desk, make_desk: Callable[[Path], Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process takes it away between finding it and showing it: the search is done anew."""
    fill(desk, "red", "green", "blue")
    desk.refresh()
    real = desk.catalog.reading

    def reading() -> AbstractContextManager[None]:
        if (desk.home / "xred.png").exists():
            (desk.home / "xred.png").unlink()
            other = make_desk(desk.home)
            other.index()
            other.close()
        return real()

    monkeypatch.setattr(desk.catalog, "reading", reading)
    assert sorted(desk.names(desk.ask("red", where=["name=x"]))) == ["xblue.png", "xgreen.png"]


def test_a_search_asks_little_of_the_catalog(desk: Desk) -> None:
    """One transaction of eight statements, however many hits: each costs more than finding them."""
    many(desk, 60)
    desk.refresh()
    desk.ask("red", "green", collapsed=True)
    asked: list[str] = []

    def note(*arguments: Any) -> None:
        asked.append(arguments[2])

    event.listen(Engine, "before_cursor_execute", note)
    try:
        assert len(desk.ask("red", "green", k=40)) == 40
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert asked.count("BEGIN") == 1 + 1  # the desk itself reads the calibration each time
    assert len(asked) <= 8 + 2


def test_an_image_embedded_again_while_being_searched_is_found_once(desk: Desk) -> None:
    """By its newest row, though the reader knows the row before as well."""
    fill(desk, "green")
    desk.refresh()
    fill(desk, "red")
    assert len(desk.ask("red")) == 2
    space, image = desk.reader().space.id, desk.image("xred.png")
    desk.catalog.embeddings.remove(space, [image])
    blue = desk.encoder.encode_texts(["blue"])
    desk.catalog.embeddings.save(space, np.array([image], np.int64), blue)
    ids, scores = desk.reader().candidates(blue, 9)
    assert ids.tolist() == [image, desk.image("xgreen.png")]
    assert scores[0] == pytest.approx(1.0)
    assert desk.reader().count() == 2


def test_a_missing_image_is_never_found_and_a_revived_one_is(desk: Desk) -> None:
    """Though the index holds it all the while."""
    fill(desk, "red", "green", "blue")
    desk.refresh()
    content = (desk.home / "xred.png").read_bytes()
    (desk.home / "xred.png").unlink()
    desk.index()
    assert desk.found() == {"xgreen.png", "xblue.png"}
    assert desk.reader().count() == 2
    assert sorted(desk.names(desk.ask("red", where=["name=png"]))) == ["xblue.png", "xgreen.png"]
    desk.write("xred.png", content)
    desk.index()
    assert desk.names(desk.ask("red"))[0] == "xred.png"


def test_what_another_process_writes_is_found_at_once(desk: Desk, make_desk: Callable[[Path], Desk]) -> None:
    """A reader that stays open follows."""
    fill(desk, "green")
    assert desk.names(desk.ask("red")) == ["xgreen.png"]
    other = make_desk(desk.home)
    other.picture("xred.png", "red")
    other.index()
    other.refresh(force=True)
    assert desk.names(desk.ask("red")) == ["xred.png", "xgreen.png"]
    other.close()


def test_each_nearest_is_that_of_a_single_search(desk: Desk) -> None:
    """Many queries at once, over index and newer rows."""
    many(desk, 15)
    desk.refresh()
    fill(desk, "blue")
    queries = desk.encoder.encode_texts(["red", "blue", "yellow"])
    ids, scores = desk.reader().each_nearest(queries, 4)
    assert desk.reader().best_scores(queries, 4).tolist() == scores.tolist()
    for row, query in enumerate(queries):
        one_ids, one_scores = desk.reader().candidates(query[np.newaxis], 4)
        assert ids[row].tolist() == one_ids.tolist()
        assert scores[row].tolist() == pytest.approx(one_scores.tolist(), abs=1e-6)


def test_everything_is_every_present_image_by_id(desk: Desk) -> None:
    """With its own row."""
    fill(desk, "red", "green", "blue")
    (desk.home / "xgreen.png").unlink()
    desk.index()
    ids, rows = desk.reader().everything()
    assert ids.tolist() == sorted([desk.image("xred.png"), desk.image("xblue.png")])
    np.testing.assert_array_equal(rows, desk.catalog.embeddings.get(desk.reader().space.id, ids))
