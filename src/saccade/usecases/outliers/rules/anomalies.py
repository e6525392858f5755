"""How far rows are from each other: nearest neighbors, local outlier factors, and how pictures look.

Distances here are Euclidean. A row may have a remainder (last column): the length of the omitted part. Two
different pictures do not share that part, so it adds to their squared distance (see `Look`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from saccade.core.types import Ids

Rows = NDArray[np.float32]
"""(n, d) float32."""

LOOK_DIM = 64
"""Dimensions of a look: 16, 64 and 128 gave the same results for the groups of unrelated images tested."""
_SHRINK = 0.05
"""Share of the mean variance added to each direction, so that the rarest do not dominate."""
_SHRINK_SEARCH = 1.0
_CORE, _FINAL = 0.9, 0.98
_ENOUGH = 2
_PARTS = ("mean", "spread", "axes", "scales", "rest")
_BLOCK = 1024
_EPSILON = 1e-10
_NOTHING = 1e-8
"""Mean variance that is only rounding; for photos it is about 0.1."""
_STRONG_FENCE = 3.0


def nearest(rows: Rows, k: int, among: Ids, *, remainder: bool = False) -> tuple[Ids, Rows]:
    """The k nearest other rows of each.

    Args:
        rows: (n, d).
        k: at least 1; at most the number of others.
        among: (m,) sorted positions of the rows that may be neighbors (all, or a sample of them).
        remainder: whether the last column is a remainder.
    Returns:
        (n, k) positions in `rows` and distances, nearest first; equal distances by lower position.
    """
    places, distances = np.empty((len(rows), k), np.int64), np.empty((len(rows), k), np.float32)
    axes = rows[:, :-1] if remainder else rows
    own = np.einsum("ij,ij->i", axes, axes)
    extra = rows[:, -1] ** 2 if remainder else np.zeros(len(rows), np.float32)
    field, field_own = axes[among], own[among] + extra[among]
    position_in_field = np.full(len(rows), -1, np.int64)
    position_in_field[among] = np.arange(len(among))
    for start in range(0, len(rows), _BLOCK):
        block = slice(start, start + _BLOCK)
        squared = field_own - 2.0 * (axes[block] @ field.T)
        squared += (own[block] + extra[block])[:, np.newaxis]
        own_place = position_in_field[block]
        inside = np.flatnonzero(own_place >= 0)
        squared[inside, own_place[inside]] = np.inf  # no row is its own neighbor
        best = np.argpartition(squared, k - 1, axis=1)[:, :k]
        best.sort(axis=1)
        found = np.take_along_axis(squared, best, axis=1)
        order = np.argsort(found, axis=1, kind="stable")
        places[block] = among[np.take_along_axis(best, order, axis=1)]
        distances[block] = np.sqrt(np.maximum(np.take_along_axis(found, order, axis=1), 0.0))
    return places, distances


def local_outlier_factors(places: Ids, distances: Rows) -> NDArray[np.float64]:
    """How much less dense the surroundings of each row are than those of its neighbors; about 1 in a cluster.

    Breunig et al. 2000, https://doi.org/10.1145/342009.335388; coinciding rows are kept apart by
    1e-10, as in scikit-learn.

    Args:
        places: (n, k) positions of the neighbors of each row.   distances: (n, k), nearest first.
    """
    reach = np.maximum(distances[places, -1], distances).astype(np.float64)
    density = 1.0 / (reach.mean(axis=1) + _EPSILON)
    factors: NDArray[np.float64] = density[places].mean(axis=1) / density
    return factors


def over_typical(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """The values over their median; over the median of the positive ones if more than half are zero."""
    typical = float(np.median(values))
    if typical <= 0.0:
        positive = values[values > 0.0]
        typical = float(np.median(positive)) if len(positive) else 1.0
    return np.asarray(values, np.float64) / typical


def outer_fence(values: NDArray[np.floating]) -> float:
    """The value above which a row stands out: upper quartile + 3 interquartile ranges (Tukey 1977)."""
    low, high = np.quantile(values, (0.25, 0.75))
    return float(high + _STRONG_FENCE * (high - low))


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A scale for appearance, computed from the pictures of one library.

    Directions in which these pictures hardly differ count as much as those in which they differ most
    (whitening): that is where unrelated images show. The first coordinates are kept; of the others, only
    their length, the remainder.

    Attributes:
        mean, spread: (c,) subtracted and divided by first.
        axes: (c, r) orthonormal directions, most varied first; r = c unless pictures were few.
        scales: (r,) one over the spread along each.   rest: the same for all directions not among them.
    """

    mean: NDArray[np.float32]
    spread: NDArray[np.float32]
    axes: NDArray[np.float32]
    scales: NDArray[np.float32]
    rest: float

    def rows(self, appearances: Rows) -> Rows:
        """(n, LOOK_DIM + 1) rows; the last column is the remainder."""
        centered = (appearances - self.mean) / self.spread
        along = centered @ self.axes
        unseen = np.einsum("ij,ij->i", centered, centered) - np.einsum("ij,ij->i", along, along)
        whole = along * self.scales
        left_out = (whole[:, LOOK_DIM:] ** 2).sum(axis=1) + np.maximum(unseen, 0.0) * self.rest**2
        kept = np.zeros((len(whole), LOOK_DIM + 1), np.float32)
        kept[:, : min(LOOK_DIM, whole.shape[1])] = whole[:, :LOOK_DIM]
        kept[:, -1] = np.sqrt(left_out)
        return kept

    def distances(self, appearances: Rows) -> NDArray[np.float32]:
        """(n,) distance of each from the mean (Mahalanobis, with shrinkage)."""
        return np.asarray(np.linalg.norm(self.rows(appearances), axis=1), np.float32)


def fit_look(appearances: Rows) -> Look | None:
    """The yardstick of these (n, c) appearances; None if they are all the same.

    A group of unrelated images adds variance along its direction and so hides itself. Therefore the most
    distant tenth is left out (as the concentration steps of Rousseeuw & Van Driessen 1999 do,
    https://doi.org/10.1080/00401706.1999.10485670, with strong shrinkage so that no direction dominates), and
    of the final fit the most distant fiftieth.
    """
    count, size = appearances.shape
    if count < _ENOUGH * size:
        return _standardized(appearances)
    used = appearances
    for share in (_CORE, _FINAL):
        look = _whitened(used, _SHRINK_SEARCH)
        if look is None:
            return None
        far = look.distances(appearances)
        kept = max(2, int(share * len(appearances)))
        used = appearances[np.sort(np.argsort(far, kind="stable")[:kept])]
    look = _whitened(used, _SHRINK) or _whitened(appearances, _SHRINK)
    # Use half precision from the start: current and later measurements must be on one scale.
    return None if look is None else look_from(arrays_of(look))


def _standardized(appearances: Rows) -> Look | None:
    """Channels divided by their spread, main directions first; None if nothing varies."""
    spread = appearances.std(axis=0)
    if float((spread**2).mean()) < _NOTHING:
        return None
    spread += spread.mean() * _SHRINK  # with few pictures, a channel that hardly varies says little
    look = _whitened(appearances / spread, _SHRINK)
    if look is None:
        return None
    even = replace(look, mean=look.mean * spread, spread=spread, scales=np.ones_like(look.scales), rest=1.0)
    return look_from(arrays_of(even))


def _whitened(appearances: Rows, shrink: float) -> Look | None:
    """Main directions and their spread; None if nothing varies."""
    count, size = appearances.shape
    mean = appearances.mean(axis=0, dtype=np.float64).astype(np.float32)
    centered = appearances - mean
    if count > size:
        variances, axes = np.linalg.eigh((centered.T @ centered).astype(np.float64) / count)
    else:  # few pictures: the same directions from the smaller Gram matrix
        variances, mixtures = np.linalg.eigh((centered @ centered.T).astype(np.float64) / count)
        varied = variances > max(float(variances[-1]), 0.0) * 1e-5  # the rest is rounding
        variances, axes = variances[varied], centered.T @ mixtures[:, varied]
        axes = axes / np.sqrt(variances * count)
    variances, axes = np.maximum(variances[::-1], 0.0), axes[:, ::-1]
    typical = float(variances.sum()) / size
    if typical < _NOTHING:
        return None
    return Look(
        mean=mean,
        spread=np.ones(size, np.float32),
        axes=np.ascontiguousarray(axes, np.float32),
        scales=(1.0 / np.sqrt(variances + shrink * typical)).astype(np.float32),
        rest=float(1.0 / np.sqrt(shrink * typical)),
    )


def look_from(arrays: Mapping[str, NDArray[np.generic]]) -> Look:
    """The yardstick as `arrays_of` gives it."""
    mean, spread, axes, scales, rest = (np.asarray(arrays[name], np.float32) for name in _PARTS)
    return Look(mean=mean, spread=spread, axes=axes, scales=scales, rest=float(rest[0]))


def arrays_of(look: Look) -> dict[str, NDArray[np.generic]]:
    """The yardstick as named arrays, the directions in half precision."""
    rest = np.array([look.rest], np.float32)
    parts = (look.mean, look.spread, look.axes.astype(np.float16), look.scales, rest)
    return dict(zip(_PARTS, parts, strict=True))
