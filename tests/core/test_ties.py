"""Ties: equal scores go by SHA-256, and digests are read only where scores tie."""

from collections.abc import Collection, Iterator, Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saccade.core import ties
from saccade.core.ties import ranked, tie_keys
from saccade.core.types import Ids


def digest(image: int) -> bytes:
    """Descending as ids ascend, so that the two orders differ."""
    return bytes([255 - image]) + bytes(31)


class Asked:
    """Digests of 255 images, counting how many were looked up."""

    def __init__(self, gone: Collection[int] = ()) -> None:
        self.count = 0
        self._gone = gone

    def digests(self, ids: Ids) -> Mapping[int, bytes]:
        self.count += len(ids)
        return {int(image): digest(int(image)) for image in ids if image not in self._gone}

    def by_digest(self) -> Iterator[Ids]:
        for last in range(255, 0, -64):
            images = [image for image in range(last, max(0, last - 64), -1) if image not in self._gone]
            self.count += len(images)
            yield np.array(images, np.int64)


@given(st.lists(st.integers(0, 3), max_size=20), st.integers(0, 25))
def test_ranked_is_what_sorting_by_score_and_digest_gives(scores: list[int], most: int) -> None:
    """The best `most`, also where the last one ties with others."""
    ids = np.arange(1, len(scores) + 1, dtype=np.int64)
    expected = sorted(range(len(scores)), key=lambda place: (-scores[place], digest(place + 1)))[:most]
    assert ranked(Asked(), ids, np.array(scores, np.float64), most).tolist() == expected


def test_ranked_looks_up_nothing_without_ties() -> None:
    """As in nearly every search."""
    asked = Asked()
    ids = np.arange(9, dtype=np.int64)
    assert ranked(asked, ids, np.arange(9.0)).tolist() == list(range(8, -1, -1))
    assert asked.count == 0


def test_ranked_looks_up_only_those_that_may_be_kept() -> None:
    """Ties further down do not matter."""
    asked = Asked()
    scores = np.array([5.0, 4.0, 4.0, 1.0, 1.0, 1.0])
    assert ranked(asked, np.arange(6, dtype=np.int64), scores, 2).tolist() == [0, 2]
    assert asked.count == 2


def test_tie_keys_compare_within_each_row() -> None:
    """A (q, m) ranking; what ties with nothing has key 0."""
    ids = np.array([[1, 2, 3], [3, 1, 2]], np.int64)
    scores = np.array([[0.5, 0.5, 0.1], [0.9, 0.8, 0.7]], np.float32)
    keys = tie_keys(Asked(), ids, scores)
    assert keys[0, 1] < keys[0, 0]
    assert keys[0, 2] == 0
    assert keys[1].tolist() == [0, 0, 0]


@given(st.lists(st.integers(0, 2), max_size=30), st.integers(0, 35), st.sets(st.integers(0, 30)))
def test_many_ties_are_read_in_order_of_digest(scores: list[int], most: int, gone: set[int]) -> None:
    """The answer is the same; images that are gone come last among their equals."""
    ids = np.arange(1, len(scores) + 1, dtype=np.int64)
    expected = sorted(
        range(len(scores)),
        key=lambda place: (-scores[place], place + 1 in gone, 0 if place + 1 in gone else -place),
    )[:most]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ties, "_MANY", 2)
        chosen = ranked(Asked(gone), ids, np.array(scores, np.float64), most).tolist()
    assert [place for place in chosen if place + 1 not in gone] == [
        place for place in expected if place + 1 not in gone
    ]
    assert [scores[place] for place in chosen] == [scores[place] for place in expected]


def test_a_few_of_many_ties_cost_one_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library of black frames is not read whole for the first few."""
    monkeypatch.setattr(ties, "_MANY", 3)
    asked = Asked()
    assert ranked(asked, np.arange(1, 201, dtype=np.int64), np.ones(200), 5).tolist() == [
        199,
        198,
        197,
        196,
        195,
    ]
    assert asked.count <= 64 + 5
