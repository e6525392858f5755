"""The rules of `saccade.core.ports.indexes.Retriever`: every kind of index, and one that asks for no ids."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saccade.core.errors import InvalidQueryError, InvalidVectorError, StorageError
from saccade.core.filters import Filter
from saccade.core.ports.indexes import NoIndex, Retriever, Selection
from saccade.core.types import Embeddings, Ids, Role, Scores, SpaceInfo
from saccade.core.vectors import normalize, top_k
from saccade.indexes import IndexFiles
from tests.contracts.remote import RemoteRetriever
from tests.helpers.properties import examples

KINDS = ["flat", "ivf", "hnsw", "remote"]
DIM = 24
SIZE = 9_000
SPACE = SpaceInfo(id=1, role=Role.SEMANTIC, encoder="fake", fingerprint="ab" * 32, dim=DIM, active=True)

Make = Callable[[Ids, Embeddings], Retriever]


def clustered(size: int, seed: int) -> Embeddings:
    """Unit rows in clusters that overlap."""
    rng = np.random.default_rng(seed)
    centers = rng.standard_normal((50, DIM))
    return normalize(centers[rng.integers(0, 50, size)] + 0.8 * rng.standard_normal((size, DIM)))


ROWS = clustered(SIZE, 1)
IDS = np.cumsum(np.random.default_rng(2).integers(1, 4, SIZE)).astype(np.int64)
"""Ascending, with gaps."""
QUERIES = np.concatenate([clustered(20, 3), normalize(np.random.default_rng(4).standard_normal((20, DIM)))])
"""Like the rows, and unlike them."""


def make(folder: Path, kind: str, ids: Ids, rows: Embeddings) -> Retriever:
    """An index built from these and opened again."""
    if kind == "remote":
        return RemoteRetriever(ids, rows, {}, sequence=1 + (len(ids) - 1) // 1000 * 1000 if len(ids) else 0)
    files = IndexFiles(str(folder))
    batches = [(at + 1, ids[at : at + 1000], rows[at : at + 1000]) for at in range(0, len(ids), 1000)]
    files.build(SPACE, batches, kind=kind)
    index = files.open(SPACE)
    assert not isinstance(index, NoIndex), index
    return index


def within(index: Retriever, only: Ids | None) -> Selection:
    """Among `only`, in the form that this retriever needs; the other form of it does not exist."""
    if only is None or not isinstance(index, RemoteRetriever):
        return Selection.of(only)
    return Selection(filter=Filter(conditions=(index.mark(only),)))


@pytest.fixture(scope="module", params=KINDS)
def index(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Retriever]:
    """All the rows."""
    opened = make(tmp_path_factory.mktemp(request.param), request.param, IDS, ROWS)
    assert opened.size == SIZE
    yield opened
    opened.close()


@pytest.fixture(params=KINDS)
def make_index(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """What makes a small index of each kind."""
    return lambda ids, rows: make(tmp_path, request.param, ids, rows)


def test_search_finds_what_exact_search_finds(index: Retriever) -> None:
    """ANN recall@10 against the oracle is at least 0.97, and each score is the cosine itself."""
    ids, scores = index.search(QUERIES, 10)
    expected, _ = top_k(QUERIES, ROWS, 10, IDS)
    recall = np.mean([len(np.intersect1d(*pair)) / 10 for pair in zip(ids, expected, strict=True)])
    assert recall >= 0.97
    found = ROWS[np.searchsorted(IDS, ids)]
    np.testing.assert_allclose(scores, np.einsum("qd,qkd->qk", QUERIES, found), atol=1e-6)


def test_hits_come_best_first_as_int64_and_float32(index: Retriever) -> None:
    """Scores fall within a row, ids are unique in it, and the dtypes are the contract's."""
    ids, scores = index.search(QUERIES, 50)
    assert (ids.dtype, scores.dtype, ids.shape) == (np.int64, np.float32, (40, 50))
    assert (np.diff(scores, axis=1) <= 0).all()
    assert all(len(np.unique(row)) == 50 for row in ids)
    assert (np.abs(scores) <= 1).all()


def test_a_batch_gives_what_its_queries_give_one_by_one(index: Retriever) -> None:
    """Bit for bit, filtered or not."""
    for only in (None, IDS[::2], IDS[:100]):
        among = within(index, only)
        ids, scores = index.search(QUERIES, 7, within=among)
        for number in range(len(QUERIES)):
            one_ids, one_scores = index.search(QUERIES[number : number + 1], 7, within=among)
            np.testing.assert_array_equal(ids[number], one_ids[0])
            np.testing.assert_array_equal(scores[number], one_scores[0])


def test_k_beyond_the_matches_gives_all_of_them(index: Retriever) -> None:
    """There are min(k, matches) hits, without a filter and with one."""
    ids, _ = index.search(QUERIES[:2], SIZE + 5)
    assert ids.shape == (2, SIZE)
    np.testing.assert_array_equal(np.sort(ids, axis=1), np.stack([IDS, IDS]))
    ids, _ = index.search(QUERIES[:2], 50, within=within(index, IDS[10:30]))
    np.testing.assert_array_equal(np.sort(ids, axis=1), np.stack([IDS[10:30]] * 2))


def test_filters_act_before_k(index: Retriever) -> None:
    """Hits are as good as exact search among the rows the filter leaves, also when those lie far away."""
    far = IDS[np.sort(np.argsort(ROWS @ QUERIES[0])[:5000])]
    for only in (far, far[::50], IDS[::2], IDS[:3000]):
        chosen = np.searchsorted(IDS, only)
        _, expected = top_k(QUERIES[:1], ROWS[chosen], 10, only)
        ids, scores = index.search(QUERIES[:1], 10, within=within(index, only))
        assert np.isin(ids, only).all()
        np.testing.assert_allclose(scores, expected, atol=1e-3)


def test_an_empty_selection_gives_no_hits(index: Retriever) -> None:
    """Nothing allowed, everything excluded, and only strangers allowed: (q, 0)."""
    nothing, strangers = np.empty(0, np.int64), np.setdiff1d(np.arange(IDS[-1]), IDS)
    for only, exclude in [(nothing, None), (None, IDS), (strangers, None), (IDS[:5], IDS)]:
        ids, scores = index.search(QUERIES[:3], 4, within=within(index, only), exclude=exclude)
        assert ids.shape == scores.shape == (3, 0)


def test_empty_and_foreign_exclusions_change_nothing(index: Retriever) -> None:
    """Ids that the index does not hold are ignored, negative and huge ones too."""
    ids, scores = index.search(QUERIES, 5)
    strange = np.array([-5, 0, IDS[-1] + 1, np.iinfo(np.int64).max])
    for exclude in (np.empty(0, np.int64), strange):
        again, again_scores = index.search(QUERIES, 5, exclude=exclude)
        np.testing.assert_array_equal(again, ids)
        np.testing.assert_array_equal(again_scores, scores)


def test_the_best_hit_excluded_the_second_is_best(index: Retriever) -> None:
    """Excluding what was found gives what came after it."""
    ids, _ = index.search(QUERIES[:1], 20)
    rest, _ = index.search(QUERIES[:1], 10, exclude=np.sort(ids[0, :10]))
    assert not np.isin(rest, ids[0, :10]).any()
    assert len(np.intersect1d(rest, ids[0, 10:])) >= 9


@examples(60)
@given(data=st.data())
def test_any_filter_gives_min_k_matches_hits_that_satisfy_it(index: Retriever, data: st.DataObject) -> None:
    """Exactly min(k, matches) unique hits, each allowed, each with its own cosine."""
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    top = int(IDS[-1]) + 10

    def some() -> Ids | None:
        share = data.draw(st.sampled_from([None, 0.0, 0.0005, 0.01, 0.3, 0.6, 0.95, 1.0]))
        return None if share is None else np.flatnonzero(rng.random(top) <= share).astype(np.int64)

    only, exclude = some(), some()
    k = data.draw(st.sampled_from([1, 3, 10, 200, 20_000]))
    allowed = IDS if only is None else np.intersect1d(IDS, only)
    if exclude is not None:
        allowed = np.setdiff1d(allowed, exclude)
    query = QUERIES[rng.integers(len(QUERIES))][None]
    ids, scores = index.search(query, k, within=within(index, only), exclude=exclude)
    assert ids.shape == (1, min(k, len(allowed)))
    assert len(np.unique(ids)) == ids.shape[1]
    assert np.isin(ids, allowed).all()
    np.testing.assert_allclose(scores[0], ROWS[np.searchsorted(IDS, ids[0])] @ query[0], atol=1e-6)


def test_equal_rows_tie_and_come_by_lower_id(make_index: Make) -> None:
    """Every row five times, ids shuffled: equal scores, ids rising."""
    ids = np.random.default_rng(5).permutation(500).astype(np.int64) + 1
    index = make_index(ids, np.tile(clustered(100, 6), (5, 1)))
    found, scores = index.search(QUERIES, 20)
    for row, row_scores in zip(found, scores, strict=True):
        groups = [row[row_scores == score] for score in np.unique(row_scores)]
        assert [len(group) for group in groups] == [5] * 4
        assert all((np.diff(group) > 0).all() for group in groups)


def test_an_empty_index_finds_nothing(make_index: Make) -> None:
    """No rows at all is an index like any other."""
    index = make_index(np.empty(0, np.int64), np.empty((0, DIM), np.float32))
    ids, scores = index.search(QUERIES, 3, within=within(index, np.array([1])), exclude=np.array([2]))
    assert (index.size, index.sequence, ids.shape, scores.shape) == (0, 0, (40, 0), (40, 0))


def test_an_index_of_one_finds_it(make_index: Make) -> None:
    """One row is an index like any other."""
    index = make_index(np.array([7]), ROWS[:1])
    ids, scores = index.search(ROWS[:1], 3)
    assert ids.tolist() == [[7]]
    np.testing.assert_allclose(scores, [[1.0]], atol=1e-6)


def test_ids_in_any_order_are_searched_the_same(make_index: Make) -> None:
    """Rows that arrive out of the order of their ids are found under their own ids."""
    order = np.random.default_rng(8).permutation(2000)
    index = make_index(IDS[:2000][order], ROWS[:2000][order])
    ids, scores = index.search(ROWS[:50], 1)
    np.testing.assert_array_equal(ids[:, 0], IDS[:50])
    np.testing.assert_allclose(scores, 1.0, atol=1e-6)


def test_sequence_is_the_last_of_the_batches(index: Retriever) -> None:
    """So that the caller knows which rows are newer than the index."""
    assert index.sequence == SIZE - 1000 + 1


def test_bad_queries_are_refused(index: Retriever) -> None:
    """Refused: k below one, another dimension, rows that are not of length one, NaN."""
    with pytest.raises(InvalidQueryError):
        index.search(QUERIES, 0)
    for bad in (np.eye(3, DIM + 1), 2 * np.eye(3, DIM), np.full((1, DIM), np.nan)):
        with pytest.raises(InvalidVectorError):
            index.search(bad.astype(np.float32), 1)


def test_no_queries_give_no_rows(index: Retriever) -> None:
    """No queries, no lines."""
    ids, scores = index.search(QUERIES[:0], 3)
    assert len(ids) == len(scores) == 0


def test_a_closed_index_says_so(make_index: Make) -> None:
    """Searching it raises; closing it twice does not."""
    index = make_index(IDS[:10], ROWS[:10])
    index.close()
    index.close()
    with pytest.raises(StorageError, match="closed"):
        index.search(QUERIES, 1)


def test_searches_change_nothing_they_are_given(index: Retriever) -> None:
    """Queries and filters are left as they were."""
    queries, only, exclude = QUERIES.copy(), IDS[::2].copy(), IDS[::3].copy()
    for array in (queries, only, exclude):
        array.setflags(write=False)
    index.search(queries, 5, within=within(index, only), exclude=exclude)
    np.testing.assert_array_equal(queries, QUERIES)


def test_threads_search_at_once(index: Retriever) -> None:
    """What eight threads find together is what each finds alone."""
    half = within(index, IDS[::2])
    expected = [index.search(QUERIES[number : number + 1], 5, within=half) for number in range(40)]

    def search(number: int) -> tuple[Ids, Scores]:
        return index.search(QUERIES[number % 40][None], 5, within=half)

    with ThreadPoolExecutor(8) as pool:
        for number, (ids, scores) in enumerate(pool.map(search, range(400))):
            np.testing.assert_array_equal(ids, expected[number % 40][0])
            np.testing.assert_array_equal(scores, expected[number % 40][1])
