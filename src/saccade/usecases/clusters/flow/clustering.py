"""Labels for rows: reduced, pulled together, then cut by density or by k-means."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from saccade.core.errors import InvalidQueryError
from saccade.core.ports.engines import KMeans
from saccade.core.types import Embeddings, Ids, Scores
from saccade.usecases.clusters.flow.density import density_labels
from saccade.usecases.clusters.rules.clustering import NOISE, relabel_by_size
from saccade.usecases.clusters.rules.neighborhoods import (
    EXACT,
    cells_for,
    nearest_center,
    neighbors,
    principal,
    project,
    pulled,
    unit,
)

Method: TypeAlias = Literal["auto", "density", "kmeans"]
METHODS: tuple[Method, ...] = ("auto", "density", "kmeans")

DIMS = 32
NEAR = 20
PASSES = 4
"""Chosen on flickr8k's train split; see docs/explanation/themes.md."""
_MIN_SAMPLES = 30
_SMALLEST = 5
_FEW = 3000
"""Below it k-means is what "auto" means: too few images to tell dense places from empty ones well."""
_LOOSE = 0.02
"""Rows outside a dense core join it if they lie no farther from its middle than its loosest 2 %."""
_SAMPLE = 20_000
"""About so many rows are enough to place centers among any number of them."""
_ROUNDS = 10
_RESTARTS = 3
_SEPARATE = 1e-3
"""Rows whose coordinates differ by less are the same to k-means."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """How rows were cut into clusters.

    Attributes:
        labels: (n,) 0 for the largest cluster and so on, -1 for none.
        method: "density" or "kmeans".
        settings: the numbers that were used.
    """

    labels: Ids
    method: str
    settings: dict[str, int]


def cut(
    rows: Embeddings,
    kmeans: KMeans,
    *,
    method: Method = "auto",
    k: int | None = None,
    min_size: int | None = None,
    seed: int = 0,
    report: Callable[[str, int], None] | None = None,
) -> Cut:
    """Clusters of (n, d) unit rows; the same for the same rows, settings and seed.

    Args:
        method: "auto" is density from 3,000 images on; k-means below, where a `k` is given, and where no
            place is denser than another.
        k: number of clusters for k-means; default: sqrt(n) / 4, from 8 to 64, and at most n / 4.
        min_size: least rows of a cluster of density; default: sqrt(n) / 2, at least 5. Smaller clusters
            of k-means are dissolved only if it is given.
        report: called with a stage and the rows done.
    Raises:
        InvalidQueryError: an unknown method, k or min_size out of range, or k asked of density.
    """
    count = len(rows)
    _check(count, method, k, min_size)
    if count < 2:
        return Cut(labels=np.zeros(count, np.int64), method="kmeans", settings={"k": count})
    tell = report or (lambda _stage, _done: None)
    reduced = project(rows, *principal(rows, DIMS))
    tell("comparing", 0)
    near, _ = _graph(reduced, min(NEAR + 1, max(3, count // 15), count), kmeans, seed, tell)
    close = pulled(reduced, near, PASSES)
    if method == "kmeans" or (method == "auto" and (k is not None or count < _FEW)):
        return _by_kmeans(close, kmeans, k, min_size, seed)
    least = min_size or max(_SMALLEST, round(count**0.5 / 2))
    samples = max(2, min(_MIN_SAMPLES, least, count))
    tell("finding dense places", 0)
    near, _ = _graph(close, min(count, max(NEAR, samples) + 1), kmeans, seed, tell)
    labels = _attached(close, density_labels(close, near, min_size=least, min_samples=samples))
    if method == "auto" and not (labels != NOISE).any():
        return _by_kmeans(close, kmeans, k, min_size, seed)
    return Cut(labels=relabel_by_size(labels), method="density", settings={"min_size": least})


def _check(count: int, method: str, k: int | None, min_size: int | None) -> None:
    if method not in METHODS:
        raise InvalidQueryError(
            f"no method of clustering is called {method!r}", hint=f"one of: {', '.join(METHODS)}"
        )
    if k is not None and method == "density":
        raise InvalidQueryError(
            "density finds the number of themes itself; it takes no k",
            hint="leave k out, or use the method kmeans",
        )
    if k is not None and not 1 <= k <= count:
        raise InvalidQueryError(
            f"k is {k}; the number of themes must be from 1 to {count:,}, the images there are",
            hint="choose a k in between",
        )
    if min_size is not None and not 2 <= min_size <= max(count, 2):
        raise InvalidQueryError(
            f"the least size of a theme is {min_size}; it must be from 2 to {max(count, 2):,}, the images"
            " there are",
            hint="choose a size in between",
        )


def _graph(
    rows: Embeddings, k: int, kmeans: KMeans, seed: int, tell: Callable[[str, int], None]
) -> tuple[Ids, Scores]:
    """Nearest rows: of all while they are few, else of cells that k-means on a sample makes."""
    centers = None
    if len(rows) > EXACT:
        centers = kmeans.fit(_sample(rows), cells_for(len(rows)), seed=seed, iterations=_ROUNDS)
    return neighbors(rows, k, centers=centers, report=lambda done: tell("comparing", done))


def _by_kmeans(rows: Embeddings, kmeans: KMeans, k: int | None, min_size: int | None, seed: int) -> Cut:
    """k-means, the best of a few seeds; never more clusters than there are different rows."""
    usual = min(int(np.clip(round(len(rows) ** 0.5 / 4), 8, 64)), max(1, round(len(rows) / 4)))
    wanted = min(k or usual, _different(rows))
    sample = _sample(rows) if wanted * 10 <= _SAMPLE else rows
    best_labels, best_sum = np.zeros(len(rows), np.int64), -np.inf
    for restart in range(_RESTARTS):
        centers = kmeans.fit(sample, wanted, seed=seed * _RESTARTS + restart)
        labels = nearest_center(rows, centers)
        total = float(np.einsum("nd,nd->n", rows, centers[labels]).sum(dtype=np.float64))
        if total > best_sum:
            best_labels, best_sum = labels, total
    if min_size is not None:
        small = np.flatnonzero(np.bincount(best_labels, minlength=wanted) < min_size)
        best_labels = np.where(np.isin(best_labels, small), NOISE, best_labels)
    return Cut(labels=relabel_by_size(best_labels), method="kmeans", settings={"k": wanted})


def _sample(rows: Embeddings) -> Embeddings:
    """Every so-many-th row."""
    return np.ascontiguousarray(rows[:: max(1, len(rows) // _SAMPLE)])


def _different(rows: Embeddings) -> int:
    """How many different rows there are: rounded and added up with odd factors, one number for each."""
    factors = np.random.default_rng(0).integers(1, 2**62, rows.shape[1]) | 1
    return len(np.unique(np.round(rows / _SEPARATE).astype(np.int64) @ factors))


def _attached(rows: Embeddings, labels: Ids) -> Ids:
    """Rows outside the dense cores given to the nearest core, if hardly farther from it than its own."""
    count = int(labels.max(initial=NOISE)) + 1
    if not count:
        return labels
    middles = unit(np.array([rows[labels == one].mean(axis=0) for one in range(count)], np.float32))
    own = np.einsum("nd,nd->n", rows, middles[np.maximum(labels, 0)])
    least = np.array([np.quantile(own[labels == one], _LOOSE) for one in range(count)])
    nearest = nearest_center(rows, middles)
    score = np.einsum("nd,nd->n", rows, middles[nearest])
    return np.where((labels == NOISE) & (score >= least[nearest]), nearest, labels)
