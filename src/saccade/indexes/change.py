"""Changes a faiss structure of lists to that of other rows, without k-means over all of them."""

from collections.abc import Callable, Mapping
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from saccade.core.types import Ids
from saccade.indexes.rows import Rows

_OUTGROWN = 2
"""How many times as many rows as lists were made for they may hold, before they are too long."""

_WORTH = 1000
"""Fewer rows are quickly rebuilt, and ranges over so few would give too much of each away."""

_CHUNK = 65_536  # rows read at a time: 100 MB at 384 dimensions
_SHORT = 1e-6


def changeable(kind: str, parameters: Mapping[str, int], size: int) -> bool:
    """Whether a structure can become one of `size` rows: no row can be taken out of a graph, and n rows are
    given 2 * sqrt(n) lists (see `saccade.indexes.build`).
    """
    return kind == "ivf" and _WORTH <= size <= _OUTGROWN * (parameters["lists"] / 2) ** 2


def changed(
    old: faiss.Index, ids: Ids, kept: NDArray[np.bool_], rows: Rows, advance: Callable[[int], None]
) -> faiss.Index:
    """A structure of `rows`, made from that of the rows with `ids`.

    A list that loses a row gets a new center, and new codes relative to it: its old center is the mean of its
    rows, which together with the others gives the lost one away. All that may remain of that is a number in
    the ranges of the codes, which are the extremes of each dimension over all rows.

    Args:
        old: of lists, in memory, intact; it is used up.
        ids: (n,) ascending; `old` knows them by their position.
        kept: (n,) which of them are in `rows` with the same vector.
        advance: called with the number of rows done so far.
    """
    structure: Any = old  # faiss's type stubs are incomplete
    flat: Any = faiss.downcast_index(structure.quantizer)
    centers = faiss.rev_swig_ptr(flat.get_xb(), structure.nlist * structure.d).reshape(-1, structure.d)
    numbers = np.searchsorted(rows.ids, ids)
    lists = structure.invlists
    homeless = np.ones(len(rows), dtype=np.bool_)
    for one in range(structure.nlist):
        size = lists.list_size(one)
        held = faiss.rev_swig_ptr(lists.get_ids(one), size) if size else np.empty(0, np.int64)
        rest = numbers[held[kept[held]]]
        if len(rest) == size:
            held[:] = rest
            homeless[rest] = False
        else:
            lists.resize(one, 0)
            centers[one] = _center(rows, rest)
    left = np.flatnonzero(homeless)
    structure.ntotal = len(rows) - len(left)
    for start in range(0, len(left), _CHUNK):
        some = left[start : start + _CHUNK]
        structure.add_with_ids(rows.vectors[some], some)
        advance(structure.ntotal)
    return old


def _center(rows: Rows, numbers: NDArray[np.int64]) -> NDArray[np.float32]:
    """(d,) direction of the mean of these rows; zero, which attracts nothing, if there is none."""
    mean = rows.vectors[np.sort(numbers)].sum(axis=0)
    length = np.linalg.norm(mean)
    return mean / length if length > _SHORT else np.zeros_like(mean)
