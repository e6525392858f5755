"""Neighborhoods of rows: principal directions, nearest rows, and mean shift."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from saccade.core.types import Embeddings, Ids, Scores

EXACT = 12_000
"""Up to this many rows, every pair is compared."""
_BLOCK = 2048
_PER_CELL = 400
_CELLS_SEARCHED = 12
_SHORT = 1e-9


def principal(rows: Embeddings, dims: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean (d,) and the `dims` directions (d, dims) in which the rows vary most, widest first.

    Fewer directions if the rows have fewer; each direction's largest entry is positive, so that the
    same rows give the same signs.
    """
    mean = rows.mean(axis=0, dtype=np.float64)
    spread = np.zeros((rows.shape[1], rows.shape[1]))
    for start in range(0, len(rows), _BLOCK * 4):
        part = (rows[start : start + _BLOCK * 4] - mean).astype(np.float32)
        spread += part.T @ part
    directions = np.linalg.eigh(spread)[1][:, ::-1][:, : min(dims, len(rows), rows.shape[1])]
    largest = np.abs(directions).argmax(axis=0)
    directions = directions * np.where(directions[largest, np.arange(directions.shape[1])] < 0, -1.0, 1.0)
    return mean.astype(np.float32), np.ascontiguousarray(directions, np.float32)


def project(rows: Embeddings, mean: NDArray[np.float32], directions: NDArray[np.float32]) -> Embeddings:
    """(n, dims) unit rows: each row less the mean, in coordinates along the directions."""
    return unit(np.asarray((rows - mean) @ directions, np.float32))


def unit(rows: NDArray[np.floating]) -> Embeddings:
    """Rows of length 1; a row of (almost) zero length has no direction and points along the first axis."""
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    zero = norms[:, 0] < _SHORT
    made = (rows / np.where(norms < _SHORT, 1.0, norms)).astype(np.float32)
    if zero.any():
        made[zero] = 0.0
        made[zero, 0] = 1.0
    return np.ascontiguousarray(made)


def neighbors(
    rows: Embeddings,
    k: int,
    *,
    centers: Embeddings | None = None,
    report: Callable[[int], None] | None = None,
) -> tuple[Ids, Scores]:
    """The k rows nearest to each row, itself first, and their cosines, best first; k <= n.

    Args:
        rows: (n, d) unit rows.
        centers: (c, d) unit rows: compare only rows of nearby cells (a cell is the rows nearest to one
            center); neighbors in distant cells are missed. None: every pair.
        report: called with the number of rows done.
    Returns:
        (n, k) row numbers and scores.
    """
    count = len(rows)
    found, scores = np.empty((count, k), np.int64), np.empty((count, k), np.float32)
    done = 0
    for members, candidates in _blocks(rows, k, centers):
        part = rows[members] @ rows[candidates].T
        # Each row comes first among equals, so that copies of a picture have neighbors like any other.
        itself = np.searchsorted(candidates, members)
        part[np.arange(len(members)), itself] = 2.0
        if k < len(candidates):
            top = np.argpartition(-part, k - 1, axis=1)[:, :k]
        else:
            top = np.broadcast_to(np.arange(len(candidates)), part.shape)
        top_scores = np.take_along_axis(part, top, axis=1)
        order = np.lexsort((top, -top_scores), axis=1)
        found[members] = candidates[np.take_along_axis(top, order, axis=1)]
        scores[members] = np.clip(np.take_along_axis(top_scores, order, axis=1), -1.0, 1.0)
        done += len(members)
        if report is not None:
            report(done)
    return found, scores


def _blocks(rows: Embeddings, k: int, centers: Embeddings | None) -> list[tuple[Ids, Ids]]:
    """(members, sorted candidates) to compare with each other; each row is a member once."""
    every = np.arange(len(rows), dtype=np.int64)
    if centers is None:
        return [(every[start : start + _BLOCK], every) for start in range(0, len(rows), _BLOCK)]
    cell = nearest_center(rows, centers)
    order = np.argsort(cell, kind="stable")
    bounds = np.searchsorted(cell[order], np.arange(len(centers) + 1))
    members = [order[bounds[one] : bounds[one + 1]] for one in range(len(centers))]
    near = np.argsort(-(centers @ centers.T), axis=1, kind="stable")
    blocks = []
    for one, mine in enumerate(members):
        if not len(mine):
            continue
        # The nearest cells, and more of them while these hold fewer than k rows.
        wanted, held = [one], len(mine)
        for other in near[one].tolist():
            if len(wanted) >= _CELLS_SEARCHED and held >= k:
                break
            if other != one:
                wanted.append(other)
                held += len(members[other])
        candidates = np.sort(np.concatenate([members[other] for other in wanted]))
        blocks += [(mine[start : start + _BLOCK], candidates) for start in range(0, len(mine), _BLOCK)]
    return blocks


def cells_for(count: int) -> int:
    """How many cells `neighbors` needs for this many rows."""
    return max(1, count // _PER_CELL)


def nearest_center(rows: Embeddings, centers: Embeddings) -> Ids:
    """(n,) the center with the best cosine for each row; the first among equals."""
    found = np.empty(len(rows), np.int64)
    for start in range(0, len(rows), _BLOCK * 4):
        found[start : start + _BLOCK * 4] = (rows[start : start + _BLOCK * 4] @ centers.T).argmax(axis=1)
    return found


def pulled(rows: Embeddings, near: Ids, passes: int) -> Embeddings:
    """Each row moved to the mean direction of its neighbors, `passes` times, with fixed neighbors.

    A blurring mean shift ("Mean Shift, Mode Seeking, and Clustering", Cheng 1995) over a fixed neighborhood
    graph: dense places get denser and the gaps between them emptier, as needed to cluster high-dimensional
    embeddings with loose clusters.

    Args:
        rows: (n, d) unit rows.   near: (n, k) row numbers, as `neighbors` gives them.
    """
    now = rows
    for _ in range(passes):
        moved = np.empty_like(now)
        for start in range(0, len(now), _BLOCK):
            moved[start : start + _BLOCK] = now[near[start : start + _BLOCK]].mean(axis=1)
        now = unit(moved)
    return now
