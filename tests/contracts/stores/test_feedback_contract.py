"""What feedback must do in every catalog, and what all stores have in common."""

import tempfile
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saccade.core.errors import ImageNotFoundError, InputError
from saccade.core.ports.stores import Event
from tests.contracts.stores.shelf import IMPLEMENTATIONS, Shelf
from tests.helpers.properties import examples

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def _events(shelf: Shelf) -> list[Event]:
    a, b = shelf.ids[:2]
    return [
        Event(user="anna", image=a, kind="like", at=2.5),
        Event(user="anna", image=b, kind="view", at=1.0, value=12.5),
        Event(user="ben é", image=a, kind="like", at=2.0),
    ]


def test_events_come_back_oldest_first(shelf: Shelf) -> None:
    """Of all, or of one user; the same event counts once."""
    events = _events(shelf)
    feedback = shelf.catalog.feedback
    assert feedback.add(events) == 3
    assert feedback.add([events[0], replace(events[0], at=3.5)]) == 1
    shelf.reopen()
    feedback = shelf.catalog.feedback
    newest = replace(events[0], at=3.5)
    assert feedback.events() == [events[1], events[2], events[0], newest]
    assert feedback.events("anna") == [events[1], events[0], newest]
    assert feedback.events("nobody") == []
    assert list(feedback.users().items()) == [("anna", 3), ("ben é", 1)]


def test_erasing_a_user_leaves_the_others(shelf: Shelf) -> None:
    """And may be asked twice."""
    feedback = shelf.catalog.feedback
    feedback.add(_events(shelf))
    assert feedback.erase("anna") == 2
    assert feedback.erase("anna") == 0
    assert feedback.users() == {"ben é": 1}
    assert feedback.events() == [_events(shelf)[2]]
    assert feedback.add(_events(shelf)) == 2


@pytest.mark.parametrize(
    "facts",
    [{"user": " "}, {"kind": ""}, {"at": float("nan")}, {"value": float("inf")}, {"user": "x" * 1001}],
)
def test_feedback_refuses_what_is_no_event(shelf: Shelf, facts: dict[str, object]) -> None:
    """And nothing of the call is kept."""
    good, bad = _events(shelf)[0], replace(_events(shelf)[1], **facts)
    with pytest.raises(InputError):
        shelf.catalog.feedback.add([good, bad])
    assert shelf.catalog.feedback.users() == {}


def test_sets_come_back_and_grow(shelf: Shelf) -> None:
    """The same image in a set counts once."""
    a, b, c = shelf.ids[:3]
    feedback = shelf.catalog.feedback
    assert feedback.add_sets({"order 1": [b, a, a], "order 2": [c]}) == 3
    assert feedback.add_sets({"order 2": [c, a]}) == 1
    shelf.reopen()
    assert shelf.catalog.feedback.sets() == {"order 1": [a, b], "order 2": [a, c]}


@pytest.mark.parametrize("store", ["columns", "tags", "pairs", "distinct", "feedback", "sets", "hashes"])
def test_an_unknown_image_is_named_and_nothing_is_kept(shelf: Shelf, store: str) -> None:
    """By every store, with the first unknown id."""
    catalog, known = shelf.catalog, shelf.ids[0]
    event = _events(shelf)[0]
    write: Mapping[str, Callable[[], object]] = {
        "columns": lambda: catalog.columns.write("x", {known: 1, 98: 1, 99: 1}, origin="i", replace=False),
        "tags": lambda: catalog.tags.write(
            "i", {"x": (np.array([99, 98, known]), np.ones(3))}, replace=False
        ),
        "pairs": lambda: catalog.pairs.save("m", [shelf.pair(0, 1), shelf.pair(0, 1, b=98)]),
        "distinct": lambda: catalog.pairs.set_distinct([(known, shelf.ids[1]), (known, 98)]),
        "feedback": lambda: catalog.feedback.add([event, replace(event, image=98)]),
        "sets": lambda: catalog.feedback.add_sets({"o": [known, 98]}),
        "hashes": lambda: catalog.hashes.save({known: 1, 98: 1}),
    }
    with pytest.raises(ImageNotFoundError, match="98"):
        write[store]()
    assert catalog.columns.all() == []
    assert catalog.tags.labels() == {}
    assert list(catalog.pairs.load("m")) == []
    assert catalog.pairs.distinct().tolist() == []
    assert catalog.feedback.users() == {}
    assert catalog.feedback.sets() == {}
    assert catalog.hashes.get()[0].tolist() == []
    assert catalog.health.problems() == []


VALUES = st.dictionaries(st.integers(0, 9), st.floats(allow_nan=False, allow_infinity=False), max_size=6)


@examples(12)
@given(
    writes=st.lists(st.tuples(st.sampled_from("ab"), VALUES, st.booleans()), max_size=6),
    value=st.floats(-10, 10),
    lost=st.sets(st.integers(0, 9), max_size=4),
)
@pytest.mark.parametrize("name", sorted(IMPLEMENTATIONS))
def test_columns_and_their_filters_agree_with_a_dict(
    name: str, writes: list[tuple[str, dict[int, float], bool]], value: float, lost: set[int]
) -> None:
    """Whatever is written in whatever order."""
    with tempfile.TemporaryDirectory() as home:
        shelf = Shelf(IMPLEMENTATIONS[name], home)
        expected: dict[str, dict[int, float]] = {}
        for column, values, whole in writes:
            given_ids = {shelf.ids[number]: one for number, one in values.items()}
            shelf.catalog.columns.write(column, given_ids, origin="import", replace=whole)
            expected[column] = {**({} if whole else expected.get(column, {})), **values}
        shelf.lose(*lost)
        here = {
            column: {number: one for number, one in values.items() if number not in lost}
            for column, values in expected.items()
            if values
        }
        assert {one.name: one.count for one in shelf.catalog.columns.all()} == {
            column: len(values) for column, values in here.items()
        }
        for column, values in here.items():
            assert shelf.numbers(column) == values
            least = {number for number, one in values.items() if one >= value}
            assert set(shelf.where([f"data.{column}>={value!r}"])) == least
            assert set(shelf.where({f"data.{column}": ("!=", value)})) == {
                number for number in range(10) if number not in lost and values.get(number) != value
            }
        shelf.catalog.close()
