"""Rows: ids to row numbers, filters, exact scores."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saccade.core.vectors import dot, normalize, top_k
from saccade.indexes.rows import IDS, VECTORS, Rows, RowSet

some_ids = st.sets(st.integers(-3, 60)).map(lambda ids: np.array(sorted(ids), dtype=np.int64))


def rows_of(ids: np.ndarray) -> Rows:
    return Rows(ids, normalize(np.random.default_rng(len(ids)).standard_normal((len(ids), 4)))
                if len(ids) else np.empty((0, 4), np.float32))  # fmt: skip


@given(held=some_ids, asked=some_ids)
def test_find_gives_the_rows_of_the_ids_that_are_here(held: np.ndarray, asked: np.ndarray) -> None:
    """With and without gaps in the ids; strangers are left out."""
    for ids in (held, np.arange(10, 10 + len(held))):
        expected = [row for row, id_ in enumerate(ids) if id_ in asked]
        assert rows_of(ids).find(asked).tolist() == expected


def test_find_gives_each_row_once() -> None:
    """Ids that are asked twice, or out of order, select once."""
    assert rows_of(np.arange(5)).find(np.array([3, 1, 1, 3])).tolist() == [1, 3]
    assert rows_of(np.array([1, 5, 9])).find(np.array([9, 9, 1])).tolist() == [0, 2]


@given(held=some_ids, only=st.none() | some_ids, exclude=st.none() | some_ids)
def test_select_is_set_arithmetic(
    held: np.ndarray, only: np.ndarray | None, exclude: np.ndarray | None
) -> None:
    """Those held, and allowed, and not excluded; None means all."""
    expected = [
        row
        for row, id_ in enumerate(held)
        if (only is None or id_ in only) and (exclude is None or id_ not in exclude)
    ]
    selection = rows_of(held).select(only, exclude)
    if selection is None:
        assert expected == list(range(len(held)))
    else:
        assert len(selection) == len(expected)
        assert selection.rows.tolist() == expected
        assert np.flatnonzero(selection.mask).tolist() == expected


def test_a_selection_is_the_same_by_rows_and_by_mask() -> None:
    """Each form gives the other."""
    by_rows = RowSet(5, rows=np.array([1, 4]))
    by_mask = RowSet(5, mask=np.array([False, True, False, False, True]))
    assert (len(by_rows), len(by_mask)) == (2, 2)
    assert by_rows.mask.tolist() == by_mask.mask.tolist()
    assert by_rows.rows.tolist() == by_mask.rows.tolist()


@pytest.mark.parametrize("dim", [1, 7, 384, 385])
def test_dot_gives_equal_bits_for_equal_rows(dim: int, rng: np.random.Generator) -> None:
    """Wherever they stand among others."""
    row, query = normalize(rng.standard_normal((2, dim)))
    block = normalize(rng.standard_normal((101, dim)))
    block[::3] = row
    scores = dot(np.broadcast_to(query, block.shape), block)
    assert len(np.unique(scores[::3])) == 1
    np.testing.assert_allclose(scores, block @ query, atol=1e-6)


@pytest.mark.parametrize("k", [1, 10, 4096, 5000, 9999])
def test_nearest_is_the_oracle_across_blocks(k: int, rng: np.random.Generator) -> None:
    """More rows than one block, more queries than one slab would need, any k."""
    vectors = normalize(rng.standard_normal((9000, 4)))
    ids = np.arange(9000) * 2
    queries = normalize(rng.standard_normal((300 if k <= 10 else 3, 4)))
    found, scores = Rows(ids, vectors).nearest(queries, k)
    expected, expected_scores = top_k(queries, vectors, k, ids)
    assert found.shape == expected.shape
    np.testing.assert_allclose(scores, expected_scores, atol=1e-6)
    assert (found == expected).mean() > 0.99  # scores equal to the last bit but one may change places


def test_opposite_rows_are_hits_too() -> None:
    """A cosine of -1 is a score, not the absence of one."""
    vectors = np.array([[1, 0], [-1, 0]], np.float32)
    ids, scores = Rows(np.array([4, 8]), vectors).nearest(vectors[:1], 5)
    assert ids.tolist() == [[4, 8]]
    assert scores.tolist() == [[1.0, -1.0]]


def test_files_too_short_do_not_open(tmp_path: Path) -> None:
    """Rather than give rows that are not there."""
    (tmp_path / IDS).write_bytes(bytes(16))
    (tmp_path / VECTORS).write_bytes(bytes(31))
    with pytest.raises(ValueError, match="mmap"):
        Rows.open(tmp_path, 2, 4)
