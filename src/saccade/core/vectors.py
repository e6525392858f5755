"""The only place that checks, normalizes and exactly compares embeddings.

`top_k` is the reference: every index must return the same, or measure how often it differs.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saccade.core.errors import InvalidVectorError
from saccade.core.types import Embeddings, Ids, Scores

_UNIT_TOLERANCE = 1e-3
_SMALL, _LARGE = 1e-15, 1e15
"""Norms between which the squares of a row neither vanish nor overflow in float32."""

_MARGIN = 1e-5  # a matrix product and `dot` differ by less, at any dimension in use
_PAIRS = 1 << 14  # scored at a time: 25 MB at 384 dimensions
_NO_ID = np.iinfo(np.int64).max


def normalize(vectors: ArrayLike) -> Embeddings:
    """Unit rows of (n, d) numbers; the argument is not changed.

    Raises:
        InvalidVectorError: not two-dimensional, not finite, or a row of zeros.
    """
    array = np.array(vectors, dtype=np.float32, order="C", ndmin=1)
    if array.ndim != 2:
        raise InvalidVectorError(f"expected vectors of shape (n, d), got {array.shape}")
    norms = np.linalg.norm(array, axis=1, keepdims=True)
    if not ((norms > _SMALL) & (norms < _LARGE)).all():
        _scale_extremes(array, norms)
    array /= norms
    return array


def _scale_extremes(array: NDArray[np.float32], norms: NDArray[np.float32]) -> None:
    """Scale the rows whose squares do not fit a float32, and set their norms."""
    rows = ~((norms > _SMALL) & (norms < _LARGE))[:, 0]
    peaks = np.abs(array[rows]).max(axis=1, keepdims=True, initial=0)
    if not np.isfinite(peaks).all():
        raise InvalidVectorError("a vector contains numbers that are not finite")
    if not peaks.all():
        raise InvalidVectorError("a vector is all zeros, so it has no direction")
    array[rows] /= peaks
    norms[rows] = np.linalg.norm(array[rows], axis=1, keepdims=True)


def distinct(ids: Ids) -> Ids:
    """The ids, each once, ascending; unlike `numpy.unique` without importing `numpy.ma` (8 ms)."""
    ordered: Ids = np.sort(ids, axis=None)
    first = np.ones(len(ordered), np.bool_)
    first[1:] = ordered[1:] != ordered[:-1]
    return ordered[first]


def check_embeddings(vectors: NDArray[np.float32], dim: int) -> Embeddings:
    """The argument itself, after checking that it is (n, dim) float32 C order, finite, unit rows.

    Raises:
        InvalidVectorError: it is not; the message says what was expected and given.
    """
    if vectors.dtype != np.float32 or not vectors.flags.c_contiguous:
        raise InvalidVectorError(f"expected C-ordered float32, got {vectors.dtype}")
    if vectors.ndim != 2 or vectors.shape[1] != dim:
        raise InvalidVectorError(f"expected shape (n, {dim}), got {vectors.shape}")
    off = np.abs(np.einsum("ij,ij->i", vectors, vectors) - 1.0)
    if not (off <= _UNIT_TOLERANCE).all():  # also false for NaN
        raise InvalidVectorError("expected unit rows; a row is not of length 1 or not finite")
    return vectors


def top_k(queries: Embeddings, corpus: Embeddings, k: int, ids: Ids | None = None) -> tuple[Ids, Scores]:
    """Exact nearest rows by cosine.

    Args:
        queries: (q, d) unit rows.
        corpus: (n, d) unit rows.
        k: at least 1.
        ids: (n,) the id of each row; the row number when absent.
    Returns:
        ids and scores, both (q, min(k, n)), best first; equal scores by lower id.
    Raises:
        InvalidVectorError: the dimensions differ.
    """
    if queries.shape[1] != corpus.shape[1]:
        raise InvalidVectorError(
            f"queries have dimension {queries.shape[1]}, the corpus has {corpus.shape[1]}"
        )
    labels = np.arange(len(corpus), dtype=np.int64) if ids is None else ids
    return best(queries @ corpus.T, np.broadcast_to(labels, (len(queries), len(labels))), k)


def best(scores: Scores, ids: Ids, k: int) -> tuple[Ids, Scores]:
    """The k best of each row of (q, n) scores with their (q, n) ids: best first, ties by lower id."""
    scores = np.clip(scores, -1.0, 1.0)
    keep = min(k, scores.shape[1])
    if keep < scores.shape[1]:
        # Keep everything at or above the k-th best score, so that a tie there goes to the lower id.
        kth = -np.partition(-scores, keep - 1, axis=1)[:, keep - 1 : keep]
        scores = np.where(scores >= kth, scores, -np.inf)
        width = max(keep, int(np.isfinite(scores).sum(axis=1).max(initial=0)))
        chosen = np.argpartition(-scores, min(width, scores.shape[1]) - 1, axis=1)[:, :width]
        scores = np.take_along_axis(scores, chosen, axis=1)
        ids = np.take_along_axis(ids, chosen, axis=1)
    order = np.lexsort((ids, -scores), axis=1)[:, :keep]
    top = np.take_along_axis(scores, order, axis=1).astype(np.float32)
    return np.take_along_axis(ids, order, axis=1).astype(np.int64), top


def dot(left: Embeddings, right: Embeddings) -> Scores:
    """The (n,) inner products of the rows of two (n, d) arrays.

    The same two rows always give the same bits, which a matrix product does not guarantee: equal rows tie,
    and a query scores the same alone and in a batch.
    """
    return np.asarray(np.einsum("ij,ij->i", left, right), dtype=np.float32)


def exact_best(queries: Embeddings, block: Embeddings, ids: Ids, k: int) -> tuple[Ids, Scores]:
    """(q, min(k, m)) ids and scores of the best of an (m, d) block for each query, scored by `dot`."""
    if len(block) == 0:
        return np.zeros((len(queries), 0), np.int64), np.zeros((len(queries), 0), np.float32)
    rough = queries @ block.T
    if k >= len(block):
        at, column = np.indices(rough.shape).reshape(2, -1)
    else:
        kth = np.partition(rough, -k, axis=1)[:, -k]
        at, column = np.nonzero(rough >= kth[:, None] - _MARGIN)
    pieces = [slice(start, start + _PAIRS) for start in range(0, len(at), _PAIRS)]
    exact = np.concatenate([dot(queries[at[part]], block[column[part]]) for part in pieces])
    counts = np.bincount(at, minlength=len(queries))
    place = np.arange(len(at)) - np.repeat(np.cumsum(counts) - counts, counts)
    scores = np.full((len(queries), int(counts.max())), -1.0, np.float32)
    labels = np.full(scores.shape, _NO_ID, np.int64)
    scores[at, place] = exact
    labels[at, place] = ids[column]
    return best(scores, labels, k)
