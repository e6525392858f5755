"""Stores patches of good pictures, and measures the distance of another picture's patches from them.

After PatchCore (Roth et al. 2022, https://arxiv.org/abs/2106.08265): a bank of patch features, thinned out so
that every kind of good patch remains, and the distance to the nearest of them. The calibration differs: each
good picture is judged by the bank without its patches.
"""

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from saccade.usecases.outliers.rules.reports import Spot

Rows = NDArray[np.float32]
"""(n, d) float32."""

DIM = 64
_TOP_SHARE = 0.01
_BLOCK = 4096
_HALF = 0.5
_SUSPECT = 6.0
"""Median absolute deviations above the median beyond which a good picture is suspect."""
_TO_DEVIATION = 1.4826
"""Median absolute deviation to standard deviation, for a normal distribution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    """Patches of good pictures.

    Attributes:
        mean: (c,) of the features.   axes: (c, d) their main directions.
        rows: (m, d) patches.   owners: (m,) number of the good picture each comes from.
    """

    mean: NDArray[np.float32]
    axes: NDArray[np.float32]
    rows: Rows
    owners: NDArray[np.int32]

    def project(self, features: NDArray[np.float32]) -> Rows:
        """(n, rows, columns, c) features as (n, rows * columns, d)."""
        patches: Rows = project(features, self.mean, self.axes)
        return patches

    def distances(self, patches: Rows, without: int | None = None) -> NDArray[np.float32]:
        """(p,) Euclidean distance of each of (p, d) patches to the nearest in the bank.

        Args:
            without: leave out the patches of this good picture.
        """
        rows = self.rows if without is None else self.rows[self.owners != without]
        own = np.einsum("ij,ij->i", rows, rows)
        found = np.empty(len(patches), np.float32)
        for start in range(0, len(patches), _BLOCK):
            block = patches[start : start + _BLOCK]
            closest = (own - 2.0 * (block @ rows.T)).min(axis=1)
            found[start : start + _BLOCK] = np.sqrt(
                np.maximum(closest + np.einsum("ij,ij->i", block, block), 0.0)
            )
        return found


def smoothed(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, rows, columns, c) features, each averaged over its 3 x 3 neighborhood, with edges repeated."""
    if features.shape[1] == 1 and features.shape[2] == 1:
        return features
    rows, columns = features.shape[1:3]
    padded = np.pad(features, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    tall = padded[:, :rows] + padded[:, 1 : rows + 1] + padded[:, 2:]
    wide = tall[:, :, :columns] + tall[:, :, 1 : columns + 1] + tall[:, :, 2:]
    return np.asarray(wide / 9.0, np.float32)


def main_directions(rows: Rows, dim: int = DIM) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean (c,) and axes (c, d) of (n, c) rows, the most varied d <= dim directions first."""
    mean = rows.mean(axis=0, dtype=np.float64)
    centered = rows - mean
    _, axes = np.linalg.eigh(centered.T @ centered)
    return mean.astype(np.float32), np.ascontiguousarray(axes[:, ::-1][:, :dim], np.float32)


def project(
    features: NDArray[np.float32], mean: NDArray[np.float32], axes: NDArray[np.float32]
) -> NDArray[np.float32]:
    """(n, rows, columns, c) features as (n, rows * columns, d) along the axes."""
    flat = features.reshape(-1, features.shape[-1]) - mean
    along = np.asarray(flat @ axes, np.float32)
    return along.reshape(len(features), -1, axes.shape[1])


def thin_out(rows: Rows, count: int, seed: int) -> NDArray[np.int64]:
    """Positions of `count` rows such that no row is far from all of them (greedy k-center).

    It repeatedly takes the row farthest from those taken: Gonzalez 1985, https://doi.org/10.1016/0304-3975(85)90224-5.
    """
    if count >= len(rows):
        return np.arange(len(rows))
    own = np.einsum("ij,ij->i", rows, rows)
    taken = np.empty(count, np.int64)
    taken[0] = np.random.default_rng(seed).integers(len(rows))
    far = np.full(len(rows), np.inf, np.float32)
    for number in range(count):
        place = taken[number]
        np.minimum(far, own + own[place] - 2.0 * (rows @ rows[place]), out=far)
        if number + 1 < count:
            taken[number + 1] = int(far.argmax())
    return np.sort(taken)


def picture_value(distances: NDArray[np.float32]) -> float:
    """One number for a picture's patches: the mean of the farthest 1 %, so that no single patch decides."""
    top = max(1, ceil(len(distances) * _TOP_SHARE))
    return float(np.partition(distances, len(distances) - top)[-top:].mean())


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """The value above which a picture is bad, and the share of good pictures above it."""

    value: float
    false_alarms: float


def limit_for(good: NDArray[np.float64], false_alarms: float) -> Limit:
    """The limit that a new good picture exceeds with at most this probability.

    The ceil((n + 1) (1 - rate))-th smallest of n good values, as in conformal prediction (Vovk et al. 2005,
    https://doi.org/10.1007/b106715); with fewer than 1 / rate - 1 values the largest, and then the rate is
    1 / (n + 1).
    """
    ordered = np.sort(good)
    rank = ceil((len(good) + 1) * (1.0 - false_alarms) - 1e-9)
    if rank > len(good):
        return Limit(value=float(ordered[-1]), false_alarms=1.0 / (len(good) + 1))
    return Limit(value=float(ordered[rank - 1]), false_alarms=false_alarms)


def share_below(good: NDArray[np.float64], value: float) -> float:
    """Share of the good values below `value`."""
    return float((good < value).mean())


def suspects(good: NDArray[np.float64]) -> NDArray[np.int64]:
    """Positions of values far above the rest, highest first: perhaps bad pictures among the good."""
    median = np.median(good)
    spread = np.median(np.abs(good - median)) * _TO_DEVIATION
    far = (
        np.flatnonzero(good > median + _SUSPECT * spread) if spread > 0 else np.flatnonzero(good > 2 * median)
    )
    ordered: NDArray[np.int64] = far[np.argsort(-good[far], kind="stable")]
    return ordered


def heat_of(distances: NDArray[np.float32], limit: float) -> NDArray[np.float32]:
    """Distances as heat in [0, 1]; the limit is 0.5."""
    if limit <= 0.0:
        return (distances > 0.0).astype(np.float32)
    return np.asarray(np.clip(distances * (_HALF / limit), 0.0, 1.0), np.float32)


def hottest(heat: NDArray[np.float32]) -> Spot:
    """The connected region of (rows, columns) around the hottest cell that is at least 3/4 as hot."""
    rows, columns = heat.shape
    peak = divmod(int(heat.argmax()), columns)
    floor = 0.75 * heat[peak]
    region, edge = {peak}, [peak]
    while edge:
        row, column = edge.pop()
        for near in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
            inside = 0 <= near[0] < rows and 0 <= near[1] < columns
            if inside and near not in region and heat[near] >= floor:
                region.add(near)
                edge.append(near)
    down, across = [row for row, _ in region], [column for _, column in region]
    return Spot(
        left=min(across) / columns,
        top=min(down) / rows,
        right=(max(across) + 1) / columns,
        bottom=(max(down) + 1) / rows,
        heat=float(heat[peak]),
    )
