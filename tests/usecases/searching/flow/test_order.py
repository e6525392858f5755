"""Answers do not depend on the order in which the pictures were indexed."""

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from saccade.catalog import pictures
from saccade.catalog.sqlite import words
from saccade.core import ties
from saccade.core.filters import Filter, parse_where
from saccade.engine import space
from saccade.usecases.searching.flow import search
from tests.desk import Desk
from tests.helpers.properties import examples

PICTURES = st.lists(
    st.tuples(st.sampled_from(["red", "orange", "blue"]), st.sampled_from(["boat", "red boat", "car"])),
    min_size=2,
    max_size=30,
)

MANY_RED = [("red", "boat")] * 20 + [("blue", "car")] * 5
MANY_BLUE = [("blue", "red boat")] * 20 + [("red", "boat")] * 9


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds that a few pictures pass."""
    monkeypatch.setattr(space, "_TIES", 4)
    monkeypatch.setattr(space, "_BEHIND", 1)
    monkeypatch.setattr(ties, "_MANY", 3)
    monkeypatch.setattr(pictures, "_AT_ONCE", 5)
    monkeypatch.setattr(words, "_RANKED", 6)
    monkeypatch.setattr(search, "_WORD_MATCHES", 8)


def answers(desk: Desk, k: int) -> list[list[str]]:
    """Ids of the images of several answers."""
    queries = desk.encoder.encode_texts(["red", "blue", "orange"])
    reader = desk.reader()
    some = desk.catalog.images.match(Filter(conditions=parse_where(["name=boat"])))
    found = [reader.candidates(query[np.newaxis], k)[0] for query in queries]
    found += [reader.candidates(query[np.newaxis], k, only=some)[0] for query in queries if len(some)]
    found += list(reader.each_nearest(queries, k)[0])
    named = [[one.image_id for one in desk.catalog.images.get(images.tolist())] for images in found]
    asked = [desk.ask(*parts, k=k) for parts in (["red"], ["boat"], ["blue boat"], ["car"])]
    asked.append(desk.ask("red boat", k=k, where=["name=boat"]))
    return named + [[hit.image_id for hit in one] for one in asked]


@pytest.fixture
def indexed(
    small: None, tmp_path_factory: pytest.TempPathFactory, make_desk: Callable[[Path], Desk]
) -> Callable[..., list[list[str]]]:
    """Answers of a new library of these pictures, indexed in two goes."""

    def made(pictures: Sequence[tuple[int, tuple[str, str]]], k: int, *, built: bool) -> list[list[str]]:
        desk = make_desk(tmp_path_factory.mktemp("order"))
        for batch in (pictures[::2], pictures[1::2]):
            for number, (color, name) in batch:
                desk.picture(f"{number}/{name}.png", color, mark=str(number))
            desk.index()
        if built:
            desk.refresh(force=True)
        found = answers(desk, k)
        desk.close()
        return found

    return made


@examples(8)
@example(given_pictures=MANY_RED, k=2, rng=random.Random(1), built=True)
@example(given_pictures=MANY_BLUE, k=1, rng=random.Random(2), built=False)
@given(
    given_pictures=PICTURES,
    k=st.integers(1, 12),
    rng=st.randoms(use_true_random=False),
    built=st.booleans(),
)
def test_two_orders_of_indexing_give_one_answer(
    indexed: Callable[..., list[list[str]]],
    given_pictures: list[tuple[str, str]],
    k: int,
    rng: random.Random,
    built: bool,
) -> None:
    """However many tie, and however common the words are."""
    numbered = list(enumerate(given_pictures))
    other = rng.sample(numbered, len(numbered))
    assert indexed(numbered, k, built=built) == indexed(other, k, built=built)
