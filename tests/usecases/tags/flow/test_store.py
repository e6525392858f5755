"""Storing tags: what is written takes the place of what an earlier run said of the same labels."""

from typing import Any

import numpy as np
import pytest

from saccade.usecases.tags.flow.store import TagRows, store
from saccade.usecases.tags.rules.reports import PERSON, ZERO_SHOT


@pytest.fixture
def tagged(desk: Any) -> Any:
    """Two pictures; both are `red` and `round` by the encoder, and the first is `mine`."""
    for number, color in enumerate(("red", "blue")):
        desk.picture(f"{number}.png", color)
    desk.index()
    desk.ids = np.array([desk.image("0.png"), desk.image("1.png")], np.int64)
    desk.catalog.tags.write(PERSON, {"mine": (desk.ids[:1], np.ones(1))}, replace=True)
    store_rows(desk, ("red", "round"), [(0, 0), (0, 1), (1, 0), (1, 1)], keep=False)
    return desk


def store_rows(desk: Any, names: tuple[str, ...], found: list[tuple[int, int]], *, keep: bool) -> None:
    """Store (picture, label) pairs."""
    pictures, labels = np.array(sorted(found), np.int64).reshape(-1, 2).T
    rows = TagRows(
        ids=desk.ids[pictures],
        labels=labels.astype(np.int32),
        confidences=np.full(len(labels), 0.9, np.float32),
        images=2,
    )
    store(desk.catalog, ZERO_SHOT, names, rows, among=None, keep=keep)


def labels(desk: Any, origin: str = ZERO_SHOT) -> list[list[str]]:
    """The labels of each picture from that origin."""
    tags = desk.catalog.tags.of(desk.ids.tolist())
    return [
        sorted(tag.label for tag in tags.get(one, ()) if tag.origin == origin) for one in desk.ids.tolist()
    ]


def test_keeping_others_still_replaces_what_is_said_again(tagged: Any) -> None:
    """`red` is no longer found on the second picture; `round` was not asked for and stays."""
    store_rows(tagged, ("red",), [(0, 0)], keep=True)
    assert labels(tagged) == [["red", "round"], ["round"]]
    store_rows(tagged, ("red",), [], keep=True)
    assert labels(tagged) == [["round"], ["round"]]


def test_without_keeping_only_the_new_ones_are_left(tagged: Any) -> None:
    """Those of people are never touched."""
    store_rows(tagged, ("red",), [(1, 0)], keep=False)
    assert labels(tagged) == [[], ["red"]]
    assert labels(tagged, PERSON) == [["mine"], []]
