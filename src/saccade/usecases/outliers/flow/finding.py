"""Finds the most unusual images of a library: far from their neighbors, or in less dense regions."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from saccade.core.errors import InputError
from saccade.core.ports.catalog import Catalog
from saccade.core.ties import ranked
from saccade.core.types import Failure, ImageRecord
from saccade.usecases.outliers.rules.anomalies import (
    local_outlier_factors,
    nearest,
    outer_fence,
    over_typical,
)
from saccade.usecases.outliers.rules.reports import BY, MODES, Outlier, OutlierReport

COLUMNS = {"knn": "outlier", "lof": "outlier_lof"}
"""The field that stores the values of each mode."""
ORIGIN = "outliers"
_SAME = 2e-3
"""Distance of unit rows that float32 cannot distinguish from zero."""
_FIELD = 20_000
"""Maximum number of images used as neighbors: an even sample of a larger library."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlierQuery:
    """The options of a search.

    Attributes:
        mode: "knn" or "lof".
        by: "look" or "content".
        k: neighbors; groups of up to k unrelated images are found, a larger group is a cluster.
        top: maximum number of outliers in the report.
        store: whether to store every image's value as a field.
    """

    mode: str
    by: str
    k: int
    top: int
    store: bool

    def check(self) -> None:
        """Raise InputError for values out of range."""
        if self.mode not in MODES:
            raise InputError(f"unknown mode {self.mode!r}", hint=f"one of: {', '.join(MODES)}")
        if self.by not in BY:
            raise InputError(f"images cannot be compared by {self.by!r}", hint=f"one of: {', '.join(BY)}")
        if self.k < 1:
            raise InputError(f"k is {self.k}; it must be at least 1", hint="leave it out, or use -k 30")
        if self.top < 0:
            raise InputError(f"top is {self.top}; it must not be negative", hint="e.g. --top 50")

    def check_count(self, count: int) -> None:
        """Raise InputError if there are too few images to compare each with k others."""
        if count < self.k + 1:
            raise InputError(
                f"{count} images are too few to compare each with {self.k} others",
                hint=f"at least {self.k + 1} are needed; choose a smaller -k"
                if count > 1
                else "index more images",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows to compare.

    Attributes:
        ids: (n,) sorted.
        rows: (n, d).
        remainder: whether the last column is a remainder, see `rules.anomalies`.
        failed: files that could not be read.
    """

    ids: NDArray[np.int64]
    rows: NDArray[np.float32]
    remainder: bool
    failed: tuple[Failure, ...] = ()


def find_outliers(catalog: Catalog, given: Rows, query: OutlierQuery, *, started: float) -> OutlierReport:
    """The most unusual of the given images. Takes the write lock to store the values, after all computing.

    Args:
        started: start time, by `time.perf_counter`.
    Raises:
        InputError: fewer than k + 1 images, or all of them the same.
    """
    query.check()
    count = len(given.ids)
    query.check_count(count)
    field = np.unique(np.linspace(0, count - 1, min(count, max(_FIELD, query.k + 1)), dtype=np.int64))
    places, distances = nearest(given.rows, query.k, field, remainder=given.remainder)
    if distances.max() < _SAME:
        raise InputError(f"the {count:,} images are all the same", hint="nothing can stand out")
    if query.mode == "lof":
        values = local_outlier_factors(places, distances)
    else:
        values = over_typical(distances[:, -1])
    fence = outer_fence(values)
    order = ranked(catalog.images.digests, given.ids, values, query.top)
    column = COLUMNS[query.mode] if query.store else ""
    if column:
        by_image = dict(zip(given.ids.tolist(), values.tolist(), strict=True))
        with catalog.unit("storing outliers"):
            catalog.columns.write(column, by_image, origin=ORIGIN, replace=True)
    found = _outliers(
        catalog, given, query, order, values=values, fence=fence, places=places, distances=distances
    )
    return OutlierReport(
        mode=query.mode,
        by=query.by,
        k=query.k,
        images=count,
        outliers=tuple(found),
        standing_out=int((values > fence).sum()),
        fence=fence,
        column=column,
        failed=given.failed,
        seconds=time.perf_counter() - started,
    )


def _outliers(
    catalog: Catalog,
    given: Rows,
    query: OutlierQuery,
    order: NDArray[np.int64],
    *,
    values: NDArray[np.float64],
    fence: float,
    places: NDArray[np.int64],
    distances: NDArray[np.float32],
) -> list[Outlier]:
    """The outliers with their reasons."""
    typical = float(np.median(distances[:, 0]))
    records = _records(catalog, given.ids[order].tolist())
    neighbors = _records(catalog, given.ids[places[order, 0]].tolist())
    found = []
    for rank, (place, record, neighbor) in enumerate(zip(order.tolist(), records, neighbors, strict=True), 1):
        why = _reason(query, values[place], float(distances[place, 0]), typical)
        path = neighbor.paths[0] if neighbor.paths else ""
        found.append(
            Outlier(
                rank=rank,
                record=record,
                value=float(values[place]),
                stands_out=bool(values[place] > fence),
                nearest=path,
                reason=why,
            )
        )
    return found


def _reason(query: OutlierQuery, value: float, closest: float, typical: float) -> str:
    """Why an image is unusual, in words and numbers."""
    if query.mode == "lof":
        first = (
            f"its surroundings are {value:.2f} times less dense than those of its {query.k} nearest images"
        )
    else:
        nearest_ones = "nearest image is" if query.k == 1 else f"{query.k} nearest images reach"
        first = f"its {nearest_ones} {value:.2f} times as far as is typical here"
    if query.by == "content":
        return f"{first}; nearest image scores {_cosine(closest):.2f}, typical here {_cosine(typical):.2f}"
    ratio = (
        f"{closest / typical:.2f} times as far as is typical"
        if typical > 0
        else "identical images are typical"
    )
    return f"{first}; the nearest one: {ratio}"


def _cosine(distance: float) -> float:
    """The cosine of two unit rows at that distance."""
    return 1.0 - distance * distance / 2.0


def _records(catalog: Catalog, ids: Sequence[int]) -> list[ImageRecord]:
    """The records in the given order, which may contain an image twice."""
    known = {record.id: record for record in catalog.images.get(sorted(set(ids)))}
    return [known[image] for image in ids]
