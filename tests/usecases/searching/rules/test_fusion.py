"""Fusion: reciprocal ranks computed by hand, and groups that do not chain."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saccade.core.vectors import normalize
from saccade.usecases.searching.rules.fusion import collapse, reciprocal_rank_fusion


def ranking(*ids: int) -> np.ndarray:
    return np.array(ids, np.int64)


def test_fusion_of_two_rankings_by_hand() -> None:
    """7: 1/63 + 1/61 = 0.03227; 5: 1/61 = 0.01639; 9: 1/62 + 0 = 0.01613; 8: 0 + 1/62, after 9."""
    fused = reciprocal_rank_fusion([ranking(5, 9, 7), ranking(7, 8)])
    assert (fused.tolist(), fused.dtype) == ([7, 5, 9, 8], np.int64)


def test_fusion_of_equals_keeps_the_first_rankings_order() -> None:
    """Two mirrored rankings tie throughout (1 with 2), so the first decides."""
    assert reciprocal_rank_fusion([ranking(2, 1), ranking(1, 2)]).tolist() == [2, 1]


def test_fusion_of_one_ranking_is_that_ranking() -> None:
    """Fusing with nothing changes nothing."""
    assert reciprocal_rank_fusion([ranking(4, 2, 9)]).tolist() == [4, 2, 9]
    assert reciprocal_rank_fusion([ranking(4, 2, 9), ranking()]).tolist() == [4, 2, 9]
    assert reciprocal_rank_fusion([]).tolist() == []


@given(st.lists(st.lists(st.integers(0, 20), unique=True, max_size=8), max_size=4))
def test_fusion_holds_every_id_once_by_its_sum(rankings: list[list[int]]) -> None:
    """Against the definition, summed in the same order."""
    sums: dict[int, float] = {}
    for one in rankings:
        for rank, identifier in enumerate(one, start=1):
            sums[identifier] = sums.get(identifier, 0.0) + 1 / (60 + rank)
    fused = reciprocal_rank_fusion([ranking(*one) for one in rankings]).tolist()
    assert sorted(fused) == sorted(sums)
    values = [sums[identifier] for identifier in fused]
    assert values == sorted(values, reverse=True)


def _at(*degrees: float) -> np.ndarray:
    angles = np.radians(degrees)
    return normalize(np.stack([np.cos(angles), np.sin(angles)], axis=1))


def test_collapse_does_not_chain() -> None:
    """0, 10, 20 degrees at a threshold of 15: the last is near the second, but not near the group's first."""
    assert collapse(_at(0, 10, 20), float(np.cos(np.radians(15)))) == [[0, 1], [2]]


def test_collapse_joins_the_first_group_that_fits() -> None:
    """In the order of rank, not the nearest: 12 is nearer to 20 and yet joins 0."""
    assert collapse(_at(0, 20, 12), float(np.cos(np.radians(15)))) == [[0, 2], [1]]


def test_collapse_counts_the_threshold_itself() -> None:
    """Inclusive: exactly at the threshold is near enough, the next float above is not."""
    rows = np.array([[1, 0], [0.5, np.sqrt(0.75)]], np.float32)
    score = (rows @ rows.T)[0, 1]
    assert collapse(rows, float(score)) == [[0, 1]]
    assert collapse(rows, float(np.nextafter(score, np.float32(1)))) == [[0], [1]]


def test_collapse_of_nothing_is_nothing() -> None:
    """No rows, no groups."""
    assert collapse(np.zeros((0, 3), np.float32), 0.5) == []


@given(st.lists(st.floats(0, 360), max_size=12), st.floats(0, 1))
def test_collapse_keeps_every_row_once_in_order(degrees: list[float], threshold: float) -> None:
    """Groups are in the order of their first rows, which are not near each other."""
    rows = _at(*degrees) if degrees else np.zeros((0, 2), np.float32)
    groups = collapse(rows, threshold)
    assert sorted(row for group in groups for row in group) == list(range(len(rows)))
    heads = [group[0] for group in groups]
    assert heads == sorted(heads)
    scores = rows @ rows.T
    assert all(scores[a, b] < threshold for a in heads for b in heads if a < b)
    assert all(
        scores[group[0], row] == pytest.approx(1, abs=1 - threshold + 1e-6)
        for group in groups
        for row in group
    )
