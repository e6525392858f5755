"""What the pairs and hashes of every catalog must do."""

import numpy as np
import pytest

from saccade.core.errors import InputError
from tests.contracts.stores.shelf import Shelf


def test_pairs_come_back_in_order(shelf: Shelf) -> None:
    """Of one method, both images present and asked for; saved again, the newer holds."""
    pairs = shelf.catalog.pairs
    first = [shelf.pair(2, 3), shelf.pair(0, 5), shelf.pair(0, 1, tier="different", evidence="")]
    pairs.save("m/1", first)
    pairs.save("m/2", [shelf.pair(0, 1)])
    pairs.save("m/1", [shelf.pair(0, 5, tier="burst", verdict=1.0)])
    shelf.reopen()
    pairs = shelf.catalog.pairs
    wanted = [first[2], shelf.pair(0, 5, tier="burst", verdict=1.0), first[0]]
    assert list(pairs.load("m/1")) == wanted
    assert list(pairs.load("m/1", shelf.some(0, 1, 2, 5))) == wanted[:2]
    assert list(pairs.load("m/3")) == []
    shelf.lose(5)
    assert list(pairs.load("m/1")) == [wanted[0], wanted[2]]
    shelf.find(5)
    assert list(pairs.load("m/1")) == wanted


def test_known_tells_which_pairs_were_examined(shelf: Shelf) -> None:
    """By that method, in the order asked, also of lost images."""
    pairs = shelf.catalog.pairs
    pairs.save("m", [shelf.pair(0, 1), shelf.pair(2, 7)])
    shelf.lose(0)
    asked = np.array([[shelf.ids[a], shelf.ids[b]] for a, b in ((2, 7), (0, 2), (0, 1), (2, 7))])
    assert pairs.known("m", asked).tolist() == [True, False, True, True]
    assert pairs.known("other", asked).tolist() == [False] * 4
    assert pairs.known("m", np.zeros((0, 2), np.int64)).shape == (0,)


def test_forgetting_pairs_keeps_what_people_said(shelf: Shelf) -> None:
    """Of one method, or of all."""
    pairs = shelf.catalog.pairs
    pairs.save("m", [shelf.pair(0, 1), shelf.pair(0, 2)])
    pairs.save("n", [shelf.pair(0, 1)])
    pairs.set_distinct([(shelf.ids[0], shelf.ids[1])])
    assert pairs.forget("m") == 2
    assert len(list(pairs.load("n"))) == 1
    assert pairs.forget("m") == 0
    assert pairs.forget() == 1
    assert list(pairs.load("n")) == []
    assert pairs.distinct().tolist() == [shelf.ids[:2]]


def test_distinct_pairs_are_said_once_and_can_be_taken_back(shelf: Shelf) -> None:
    """(n, 2), sorted; the number is of what changed."""
    pairs = shelf.catalog.pairs
    a, b, c = shelf.ids[:3]
    assert pairs.distinct().shape == (0, 2)
    assert pairs.set_distinct([(b, c), (a, b), (a, b)]) == 2
    assert pairs.set_distinct([(a, b)]) == 0
    shelf.reopen()
    pairs = shelf.catalog.pairs
    assert pairs.distinct().tolist() == [[a, b], [b, c]]
    assert pairs.set_distinct([(a, b), (a, c)], distinct=False) == 1
    assert pairs.distinct().tolist() == [[b, c]]


@pytest.mark.parametrize(
    "facts", [{"a": 5, "b": 5}, {"a": 6, "b": 5}, {"score": float("nan")}, {"verdict": float("inf")}]
)
def test_pairs_refuse_what_is_no_pair(shelf: Shelf, facts: dict[str, float]) -> None:
    """And nothing of the call is kept."""
    with pytest.raises(InputError):
        shelf.catalog.pairs.save("m", [shelf.pair(0, 1), shelf.pair(0, 2, **facts)])
    assert list(shelf.catalog.pairs.load("m")) == []
    with pytest.raises(InputError):
        shelf.catalog.pairs.set_distinct([(shelf.ids[1], shelf.ids[0])])


def test_pairs_can_be_written_while_they_are_read(shelf: Shelf) -> None:
    """A slow reader holds nobody back."""
    pairs = shelf.catalog.pairs
    many = [shelf.pair(0, 1), shelf.pair(0, 2), shelf.pair(3, 4)]
    pairs.save("m", many)
    reading = pairs.load("m")
    first = next(reading)
    pairs.save("n", [shelf.pair(0, 9)])
    assert [first, *reading] == many


def test_hashes_keep_all_64_bits(shelf: Shelf) -> None:
    """Those there are, sorted by id; absent until saved; saved again, the newer holds."""
    a, b, c = shelf.ids[:3]
    assert shelf.catalog.hashes.get()[0].shape == (0,)
    shelf.catalog.hashes.save({c: 2**64 - 1, a: 2**63})
    shelf.catalog.hashes.save({b: 2**63 - 1, a: 0})
    shelf.reopen()
    ids, hashes = shelf.catalog.hashes.get()
    assert (ids.dtype, hashes.dtype) == (np.int64, np.uint64)
    assert (ids.tolist(), hashes.tolist()) == ([a, b, c], [0, 2**63 - 1, 2**64 - 1])
    assert shelf.catalog.hashes.get(shelf.some(1, 4))[0].tolist() == [b]
    shelf.lose(9)
    assert shelf.catalog.hashes.missing().tolist() == shelf.ids[3:9]


@pytest.mark.parametrize("bits", [-1, 2**64])
def test_hashes_refuse_other_numbers(shelf: Shelf, bits: int) -> None:
    """They would come back as others."""
    with pytest.raises(InputError, match="64 bits"):
        shelf.catalog.hashes.save({shelf.ids[0]: bits})
