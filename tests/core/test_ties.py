"""Ties: equal scores go by SHA-256, and digests are read only where scores tie."""

from collections.abc import Mapping

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
    """Digests of images, counting how many were looked up."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, ids: Ids) -> Mapping[int, bytes]:
        self.count += len(ids)
        return {int(image): digest(int(image)) for image in ids}


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


def test_ties_of_very_many_images_go_by_id(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library of black frames is not read whole for their order."""
    monkeypatch.setattr(ties, "MOST", 3)
    asked = Asked()
    ids = np.array([7, 5, 9, 1], np.int64)
    assert ranked(asked, ids, np.ones(4)).tolist() == [3, 1, 0, 2]
    assert asked.count == 0
