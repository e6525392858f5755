"""Clusters rows: reduces dimensions, contracts neighborhoods, then applies density clustering or k-means."""

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
"""Chosen on flickr8k's train split; see `docs/explanation/clusters.md`."""
_MIN_SAMPLES = 30
_SMALLEST = 5
_FEW = 3000
"""Below this, "auto" means k-means: too few images to tell dense regions from empty ones."""
_LOOSE = 0.02
"""Rows outside a dense core join it if they are no farther from its centroid than its loosest 2 %."""
_SAMPLE = 20_000
"""A sample of about this many rows is enough to place centers."""
_ROUNDS = 10
_RESTARTS = 3
_SEPARATE = 1e-3
"""Rows whose coordinates differ by less count as equal for k-means."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """The clusters of rows.

    Attributes:
        labels: (n,) 0 for the largest cluster and so on, -1 for none.
        method: "density" or "kmeans".
        settings: the numbers used.
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
    """Clusters of (n, d) unit rows; deterministic in rows, settings and seed.

    Args:
        method: "auto" is density from 3,000 images on; k-means below, if `k` is given, and if no region is
            denser than another.
        k: number of clusters for k-means; default: sqrt(n) / 4, from 8 to 64, and at most n / 4.
        min_size: minimum rows of a density cluster; default: sqrt(n) / 2, at least 5. Smaller k-means
            clusters are dissolved only if it is given.
        report: called with a stage and the rows done.
    Raises:
        InvalidQueryError: an unknown method, k or min_size out of range, or k given to density.
    """
    count = len(rows)
    _check(count, method, k, min_size)
    if count < 2:
        return Cut(labels=np.zeros(count, np.int64), method="kmeans", settings={"k": count})
    notify = report or (lambda _stage, _done: None)
    reduced = project(rows, *principal(rows, DIMS))
    notify("comparing", 0)
    near, _ = _graph(reduced, min(NEAR + 1, max(3, count // 15), count), kmeans, seed, notify)
    close = pulled(reduced, near, PASSES)
    if method == "kmeans" or (method == "auto" and (k is not None or count < _FEW)):
        return _by_kmeans(close, kmeans, k, min_size, seed)
    smallest = min_size or max(_SMALLEST, round(count**0.5 / 2))
    samples = max(2, min(_MIN_SAMPLES, smallest, count))
    notify("finding dense regions", 0)
    near, _ = _graph(close, min(count, max(NEAR, samples) + 1), kmeans, seed, notify)
    labels = _attached(close, density_labels(close, near, min_size=smallest, min_samples=samples))
    if method == "auto" and not (labels != NOISE).any():
        return _by_kmeans(close, kmeans, k, min_size, seed)
    return Cut(labels=relabel_by_size(labels), method="density", settings={"min_size": smallest})


def _check(count: int, method: str, k: int | None, min_size: int | None) -> None:
    if method not in METHODS:
        raise InvalidQueryError(f"unknown clustering method {method!r}", hint=f"one of: {', '.join(METHODS)}")
    if k is not None and method == "density":
        raise InvalidQueryError(
            "density finds the number of clusters itself and takes no k",
            hint="leave out k, or use the method kmeans",
        )
    if k is not None and not 1 <= k <= count:
        raise InvalidQueryError(
            f"k is {k}; the number of clusters must be from 1 to {count:,}, the number of images",
            hint="choose a k in that range",
        )
    if min_size is not None and not 2 <= min_size <= max(count, 2):
        raise InvalidQueryError(
            f"the minimum size of a cluster is {min_size}; it must be from 2 to {max(count, 2):,}, the images"
            " there are",
            hint="choose a size in that range",
        )


def _graph(
    rows: Embeddings, k: int, kmeans: KMeans, seed: int, notify: Callable[[str, int], None]
) -> tuple[Ids, Scores]:
    """Nearest rows: among all if they are few, else among cells from k-means on a sample."""
    centers = None
    if len(rows) > EXACT:
        centers = kmeans.fit(_sample(rows), cells_for(len(rows)), seed=seed, iterations=_ROUNDS)
    return neighbors(rows, k, centers=centers, report=lambda done: notify("comparing", done))


def _by_kmeans(rows: Embeddings, kmeans: KMeans, k: int | None, min_size: int | None, seed: int) -> Cut:
    """k-means, the best of a few seeds; never more clusters than there are distinct rows."""
    usual = min(int(np.clip(round(len(rows) ** 0.5 / 4), 8, 64)), max(1, round(len(rows) / 4)))
    wanted = min(k or usual, _distinct(rows))
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
    """Evenly spaced rows, about `_SAMPLE` of them."""
    return np.ascontiguousarray(rows[:: max(1, len(rows) // _SAMPLE)])


def _distinct(rows: Embeddings) -> int:
    """The number of distinct rows: each is rounded and hashed to one number with odd factors."""
    factors = np.random.default_rng(0).integers(1, 2**62, rows.shape[1]) | 1
    return len(np.unique(np.round(rows / _SEPARATE).astype(np.int64) @ factors))


def _attached(rows: Embeddings, labels: Ids) -> Ids:
    """Rows outside the dense cores join the nearest core if hardly farther from it than its own rows."""
    count = int(labels.max(initial=NOISE)) + 1
    if not count:
        return labels
    centroids = unit(np.array([rows[labels == one].mean(axis=0) for one in range(count)], np.float32))
    own = np.einsum("nd,nd->n", rows, centroids[np.maximum(labels, 0)])
    limits = np.array([np.quantile(own[labels == one], _LOOSE) for one in range(count)])
    nearest = nearest_center(rows, centroids)
    score = np.einsum("nd,nd->n", rows, centroids[nearest])
    return np.where((labels == NOISE) & (score >= limits[nearest]), nearest, labels)
