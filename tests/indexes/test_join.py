"""The self-join: each pair once, exact when small, nearly complete when large, never exploding."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from saccade.core.types import Embeddings
from saccade.core.vectors import normalize
from saccade.indexes import join as module
from saccade.indexes.crowds import Crowds, Quota
from saccade.indexes.join import CellJoin
from saccade.indexes.kmeans import SphericalKMeans
from tests.helpers.properties import examples

Scored = dict[tuple[int, int], float]


def joined(
    rows: Embeddings, threshold: float, new: NDArray[np.bool_] | None = None, *, at_most: int = 100
) -> Scored:
    """All pairs found, of ids 10, 13, 16 ...; asserts that each came once and in order."""
    ids = 10 + 3 * np.arange(len(rows))
    found: Scored = {}
    for a, b, scores in CellJoin(SphericalKMeans(), at_most=at_most).pairs(ids, rows, threshold, new=new):
        for pair, score in zip(zip(a.tolist(), b.tolist(), strict=True), scores.tolist(), strict=True):
            assert pair not in found
            assert pair[0] < pair[1]
            found[pair] = score
    return found


def brute(rows: Embeddings, threshold: float, new: NDArray[np.bool_] | None = None) -> Scored:
    """The same by comparing everything."""
    scores = rows @ rows.T
    return {
        (10 + 3 * a, 10 + 3 * b): float(scores[a, b])
        for a, b in combinations(range(len(rows)), 2)
        if scores[a, b] >= threshold and (new is None or new[a] or new[b])
    }


def clustered(count: int, seed: int) -> Embeddings:
    """Rows in 40 clusters, a tenth of them near-copies of others."""
    rng = np.random.default_rng(seed)
    centers = rng.standard_normal((40, 24))
    rows = centers[rng.integers(0, 40, count)] + 0.9 * rng.standard_normal((count, 24))
    rows[: count // 10] = rows[rng.integers(count // 10, count, count // 10)]
    rows[: count // 10] += 0.2 * rng.standard_normal((count // 10, 24))
    return normalize(rows)


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any number of rows counts as many."""
    monkeypatch.setattr(module, "_EXACT", 0.0)
    monkeypatch.setattr(module, "_BLOCK", 64)


@given(st.integers(0, 60), st.floats(-0.2, 0.9), st.integers(0, 5))
@examples(30)
def test_few_rows_are_joined_exactly(count: int, threshold: float, seed: int) -> None:
    """Every pair at or above the threshold with at least one new row, and no other."""
    rng = np.random.default_rng(seed)
    rows = normalize(rng.standard_normal((count, 6))) if count else np.zeros((0, 6), np.float32)
    new = rng.random(count) < 0.4
    for some in (None, new):
        found, truth = joined(rows, threshold, some), brute(rows, threshold, some)
        # A pair that scores the threshold but for rounding may be on either side.
        assert all(
            abs(truth.get(p, found.get(p, 9.0)) - threshold) < 1e-5 for p in found.keys() ^ truth.keys()
        )
        assert all(abs(found[p] - truth[p]) < 1e-5 for p in found.keys() & truth.keys())


def test_blocks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same pairs whatever is compared at a time."""
    rows = clustered(300, 1)
    whole = joined(rows, 0.8)
    monkeypatch.setattr(module, "_BLOCK", 7)
    assert joined(rows, 0.8).keys() == whole.keys() == brute(rows, 0.8).keys()


@pytest.mark.usefixtures("many")
def test_cells_find_almost_all() -> None:
    """At least 98 % of the pairs of 3,000 rows in 110 cells, exactly scored, and no pair that is none."""
    rows = clustered(3000, 2)
    found, truth = joined(rows, 0.7), brute(rows, 0.7)
    assert found.keys() <= truth.keys()
    assert len(found) >= 0.98 * len(truth) > 1000


@pytest.mark.usefixtures("many")
def test_cells_join_new_rows_with_old_ones() -> None:
    """Old pairs and then those with new rows are what one join of all gives."""
    rows = clustered(1500, 3)
    new = np.arange(1500) % 4 == 0
    fresh = joined(rows, 0.85, new)
    old = {pair: score for pair, score in joined(rows, 0.85).items() if pair not in fresh}
    numbers = {10 + 3 * int(place) for place in np.flatnonzero(new)}
    assert all(numbers & set(pair) for pair in fresh)
    assert not any(numbers & set(pair) for pair in old)


@pytest.mark.usefixtures("many")
def test_the_same_rows_give_the_same_pairs() -> None:
    """Twice the same."""
    rows = clustered(800, 4)
    assert joined(rows, 0.8) == joined(rows, 0.8)


def test_a_crowd_of_equal_rows_is_tied_to_its_first() -> None:
    """5,000 rows that are all the same, among others: every one is paired with the first, none with all."""
    rows = np.concatenate([np.tile(normalize(np.ones((1, 24))), (5000, 1)), clustered(200, 5)])
    found = joined(rows, 0.9, at_most=20)
    linked = {b for a, b in found if a == 10}
    assert linked >= {10 + 3 * place for place in range(1, 5000)}
    assert len(found) < 5000 + 5200 * 20


@pytest.mark.usefixtures("many")
def test_rows_that_are_all_the_same_are_joined_in_cells_too() -> None:
    """Nothing but one row, many times."""
    found = joined(np.tile(normalize(np.ones((1, 8))), (500, 1)), 0.5, at_most=30)
    assert {b for a, b in found if a == 10} == {10 + 3 * place for place in range(1, 500)}


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.floats(0, 1)), max_size=80), st.integers(1, 4)
)
def test_a_pair_is_left_out_only_if_both_rows_have_enough(
    pairs: list[tuple[int, int, float]], at_most: int
) -> None:
    """Of what a quota drops, both rows are in at least `at_most` pairs that it granted."""
    quota = Quota(10, at_most)
    granted: list[tuple[int, int, float]] = []
    for start in range(0, len(pairs), 30):
        part = pairs[start : start + 30]
        left, right = (np.array([pair[side] for pair in part], np.int64) for side in (0, 1))
        kept = quota.granted(left, right, np.array([pair[2] for pair in part], np.float32))
        granted += zip(*(one.tolist() for one in kept), strict=True)
    counts = np.bincount([row for a, b, _ in granted for row in (a, b)], minlength=10)
    left_out = len(pairs) - len(granted)
    for a, b, _ in pairs:
        if left_out and sum(p[:2] == (a, b) for p in pairs) > sum(p[:2] == (a, b) for p in granted):
            assert counts[a] >= at_most
            assert counts[b] >= at_most


def test_crowds_are_equal_rows_beyond_a_number() -> None:
    """Seven equal rows, three of them kept: four follow the first."""
    rows = normalize(np.random.default_rng(0).standard_normal((20, 4)))
    rows[[2, 3, 5, 7, 11, 13, 17]] = rows[2]
    crowds = Crowds.among(rows, 3)
    assert crowds.first.tolist() == [2, 2, 2, 2]
    assert crowds.followers.tolist() == [7, 11, 13, 17]
    assert crowds.kept.tolist() == [n for n in range(20) if n not in {7, 11, 13, 17}]
