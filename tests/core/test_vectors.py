"""Embeddings: checked, normalized and compared exactly: the indexes' oracle, held to a plainer one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from saccade.core.errors import InvalidVectorError
from saccade.core.vectors import best, check_embeddings, distinct, normalize, top_k
from tests.helpers.properties import examples

SMALL = st.integers(1, 6)


def unit_rows(rng: np.random.Generator, rows: int, dim: int) -> np.ndarray:
    return normalize(rng.standard_normal((rows, dim)))


def naive_top_k(scores: np.ndarray, ids: np.ndarray, k: int) -> tuple[list[list[int]], list[list[float]]]:
    """The same by two loops and a sort that says what it means."""
    found_ids, found_scores = [], []
    for row_scores, row_ids in zip(scores.tolist(), ids.tolist(), strict=True):
        pairs = sorted(zip(row_scores, row_ids, strict=True), key=lambda pair: (-pair[0], pair[1]))[:k]
        found_ids.append([identifier for _, identifier in pairs])
        found_scores.append([score for score, _ in pairs])
    return found_ids, found_scores


# --- distinct


@given(st.lists(st.integers(-5, 5), max_size=12))
def test_distinct_is_numpys_unique(numbers: list[int]) -> None:
    """Ascending, each once, nothing for nothing."""
    ids = np.array(numbers, np.int64)
    np.testing.assert_array_equal(distinct(ids), np.unique(ids))


# --- normalize


def test_normalize_gives_unit_rows_in_the_same_direction() -> None:
    """Hand-computed: a 3-4-5 triangle."""
    rows = normalize([[3, 4], [0, -2]])
    assert (rows.dtype, rows.flags.c_contiguous) == (np.float32, True)
    np.testing.assert_allclose(rows, [[0.6, 0.8], [0, -1]], rtol=1e-6)


def test_normalize_leaves_its_argument_as_it_is() -> None:
    """Also when it is already float32 and could be changed in place."""
    given_rows = np.array([[3, 4]], np.float32)
    normalize(given_rows)
    np.testing.assert_array_equal(given_rows, [[3, 4]])


def test_normalize_of_no_rows_is_no_rows() -> None:
    """(0, d) stays (0, d)."""
    assert normalize(np.zeros((0, 5))).shape == (0, 5)


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        ([1.0, 2.0], r"shape \(n, d\)"),
        (np.ones((1, 2, 3)), r"shape \(n, d\)"),
        ([[1.0, np.nan]], "not finite"),
        ([[np.inf, 1.0]], "not finite"),
        ([[1.0, 0.0], [0.0, 0.0]], "all zeros"),
    ],
)
def test_normalize_refuses_what_has_no_direction(vectors: object, message: str) -> None:
    """Not two-dimensional, not finite, or zero."""
    with pytest.raises(InvalidVectorError, match=message):
        normalize(vectors)  # type: ignore[arg-type]


@given(hnp.arrays(np.float32, (3, 4), elements=st.floats(-1e3, 1e3, width=32)))
def test_normalized_rows_pass_the_check(vectors: np.ndarray) -> None:
    """What `normalize` makes, `check_embeddings` takes; or the row had no direction."""
    try:
        rows = normalize(vectors)
    except InvalidVectorError:
        assert (np.linalg.norm(vectors, axis=1) == 0).any()
        return
    assert check_embeddings(rows, 4) is rows


# --- check_embeddings


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows.astype(np.float64), "float32"),
        (np.asfortranarray, "C-ordered"),
        (lambda rows: rows[:, :3].copy(), r"\(n, 4\)"),
        (lambda rows: rows[0], r"\(n, 4\)"),
        (lambda rows: rows * np.float32(1.01), "length 1"),
        (lambda rows: rows * np.float32(np.nan), "length 1"),
        (lambda rows: rows * np.float32(0), "length 1"),
    ],
    ids=["float64", "fortran", "narrow", "flat", "long", "nan", "zero"],
)
def test_check_embeddings_says_what_is_wrong(change: object, message: str, rng: np.random.Generator) -> None:
    """Each rule of an embedding, broken alone."""
    rows = unit_rows(rng, 3, 4)
    with pytest.raises(InvalidVectorError, match=message):
        check_embeddings(change(rows), 4)  # type: ignore[operator]


# --- top_k and best


@examples()
@given(st.integers(0, 2**32 - 1), SMALL, st.integers(0, 20), SMALL, st.integers(1, 25))
def test_top_k_is_the_double_loop(seed: int, queries: int, rows: int, dim: int, k: int) -> None:
    """Scores are cosines, best first, ties by lower id, and k > n gives n."""
    rng = np.random.default_rng(seed)
    corpus, asked = unit_rows(rng, rows, dim), unit_rows(rng, queries, dim)
    labels = rng.permutation(1000)[:rows].astype(np.int64)
    ids, scores = top_k(asked, corpus, k, labels)
    products = asked @ corpus.T  # the same float32 products: order among near-ties is theirs
    expected_ids, expected_scores = naive_top_k(
        np.clip(products, -1, 1), np.broadcast_to(labels, (queries, rows)), k
    )
    assert ids.shape == scores.shape == (queries, min(k, rows))
    assert (ids.dtype, scores.dtype) == (np.int64, np.float32)
    assert ids.tolist() == expected_ids
    np.testing.assert_array_equal(scores, np.array(expected_scores, np.float32).reshape(scores.shape))
    for query, row_ids, row_scores in zip(asked, ids, scores, strict=True):
        for identifier, score in zip(row_ids, row_scores, strict=True):
            cosine = sum(
                float(a) * float(b) for a, b in zip(query, corpus[labels == identifier][0], strict=True)
            )
            assert score == pytest.approx(cosine, abs=1e-5)


def test_top_k_numbers_rows_when_no_ids_are_given() -> None:
    """And ties, at the cut too, go to the lower row."""
    corpus = normalize([[1, 0], [0, 1], [1, 0], [1, 0]])
    ids, scores = top_k(normalize([[1, 0]]), corpus, 2)
    assert (ids.tolist(), scores.tolist()) == ([[0, 2]], [[1.0, 1.0]])


def test_top_k_refuses_another_dimension() -> None:
    """The message has both."""
    with pytest.raises(InvalidVectorError, match=r"dimension 3.* 2"):
        top_k(normalize(np.ones((1, 3))), normalize(np.ones((1, 2))), 1)


@given(st.integers(0, 2**32 - 1), st.integers(1, 15), st.integers(1, 15))
def test_top_k_does_not_depend_on_the_order_of_rows(seed: int, rows: int, k: int) -> None:
    """Permuting rows with their ids changes nothing (whole numbers: products are exact)."""
    rng = np.random.default_rng(seed)
    corpus = rng.integers(-1, 2, (rows, 4)).astype(np.float32) / 2
    query = np.array([[1, -1, 1, -1]], np.float32) / 2
    labels = np.arange(rows, dtype=np.int64)
    mixed = rng.permutation(rows)
    plain, permuted = top_k(query, corpus, k, labels), top_k(query, corpus[mixed], k, labels[mixed])
    np.testing.assert_array_equal(plain[0], permuted[0])
    np.testing.assert_array_equal(plain[1], permuted[1])


@given(st.integers(0, 2**32 - 1), st.integers(1, 10))
def test_top_k_of_a_doubled_corpus_has_each_row_twice(seed: int, rows: int) -> None:
    """A copy under a higher id follows its original among equal scores."""
    rng = np.random.default_rng(seed)
    corpus = np.repeat(unit_rows(rng, rows, 4), 2, axis=0)
    scores = np.repeat(unit_rows(rng, 1, 4) @ corpus[::2].T, 2, axis=1)
    ids = np.concatenate([[number, number + 100] for number in range(rows)])[np.newaxis]
    found, values = best(scores, ids, 2 * rows)
    assert sorted(found[0].tolist()) == sorted(ids[0].tolist())
    place = {identifier: rank for rank, identifier in enumerate(found[0].tolist())}
    assert all(place[number] < place[number + 100] for number in range(rows))
    assert (np.diff(values[0]) <= 0).all()


@given(
    hnp.arrays(np.int64, (2, 12), elements=st.integers(-3, 3)),
    st.integers(1, 14),
)
def test_best_tells_near_ties_apart(steps: np.ndarray, k: int) -> None:
    """Scores one float32 step apart are ordered by score; equal ones by id."""
    scores = (np.float32(0.5) + steps.astype(np.float32) * np.float32(2**-24)).astype(np.float32)
    ids = np.tile(np.arange(12)[::-1], (2, 1))
    found, values = best(scores, ids, k)
    expected_ids, expected_scores = naive_top_k(scores, ids, k)
    assert found.tolist() == expected_ids
    assert values.tolist() == expected_scores


def test_best_clips_rounding_beyond_one() -> None:
    """A score lies in [-1, 1] whatever the sum of squares rounded to; the clipped ones tie by id."""
    scores = np.array([[1.0000001, 1.0, -1.0000001]], np.float32)
    found, values = best(scores, np.array([[9, 3, 1]]), 3)
    assert (found.tolist(), values.tolist()) == ([[3, 9, 1]], [[1.0, 1.0, -1.0]])


def test_best_leaves_its_arguments_as_they_are() -> None:
    """Neither scores nor ids are sorted in place."""
    scores, ids = np.array([[0.1, 0.3, 0.2]], np.float32), np.array([[5, 6, 7]])
    best(scores, ids, 2)
    assert scores.tolist() == np.array([[0.1, 0.3, 0.2]], np.float32).tolist()
    assert ids.tolist() == [[5, 6, 7]]
