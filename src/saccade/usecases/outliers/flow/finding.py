"""Finds the most unusual images of a library: far from their neighbors, or in less dense regions."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from saccade.core.errors import InputError
from saccade.core.ports.catalog import Catalog
from saccade.core.ties import ranked
from saccade.core.types import Failure, Ids
from saccade.engine.inputs import check_k
from saccade.engine.surviving import surviving
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
_PAGE = 2048
"""Number of outliers whose records are read together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlierQuery:
    """The options of a search.

    Attributes:
        mode: "knn" or "lof".
        by: "look" or "content".
        k: neighbors; groups of up to k unrelated images are found, a larger group is a cluster.
        top: maximum number of outliers; None for all images.
        store: whether to store every image's value as a field.
    """

    mode: str
    by: str
    k: int
    top: int | None
    store: bool

    def check(self) -> None:
        """Raise InputError for values out of range."""
        if self.mode not in MODES:
            raise InputError(f"unknown mode {self.mode!r}", hint=f"one of: {', '.join(MODES)}")
        if self.by not in BY:
            raise InputError(f"images cannot be compared by {self.by!r}", hint=f"one of: {', '.join(BY)}")
        check_k(self.k)
        if self.top is not None and self.top < 0:
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

    ids: Ids
    rows: NDArray[np.float32]
    remainder: bool
    failed: tuple[Failure, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Images compared with each other, and the most unusual of them: at most `query.top`, in order.

    Attributes:
        query: the options.
        images: how many were compared.
        ids, values: (m,) the most unusual images, most unusual first, and their values.
        nearest, distances: (m,) the nearest image of each, and the distance to it.
        typical: median distance of all images to their nearest one.
        standing_out, fence, column, failed: see `OutlierReport`.
    """

    query: OutlierQuery
    images: int
    ids: Ids
    values: NDArray[np.float64]
    nearest: Ids
    distances: NDArray[np.float32]
    typical: float
    standing_out: int
    fence: float
    column: str
    failed: tuple[Failure, ...]


def compare(catalog: Catalog, given: Rows, query: OutlierQuery) -> Compared:
    """Compare the given images. Takes the write lock to store the values, after all computing.

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
    order = ranked(catalog.images, given.ids, values, query.top)
    column = COLUMNS[query.mode] if query.store else ""
    if column:
        by_image = dict(zip(given.ids.tolist(), values.tolist(), strict=True))
        with catalog.unit("storing outliers"):
            catalog.columns.write(column, by_image, origin=ORIGIN, replace=True)
    return Compared(
        query=query,
        images=count,
        ids=given.ids[order],
        values=values[order],
        nearest=given.ids[places[order, 0]],
        distances=distances[order, 0],
        typical=float(np.median(distances[:, 0])),
        standing_out=int((values > fence).sum()),
        fence=fence,
        column=column,
        failed=given.failed,
    )


def report_of(catalog: Catalog, compared: Compared, *, started: float) -> OutlierReport:
    """The report of a comparison that started at that time, by `time.perf_counter`."""
    query = compared.query
    return OutlierReport(
        mode=query.mode,
        by=query.by,
        k=query.k,
        images=compared.images,
        outliers=tuple(outliers_of(catalog, compared)),
        standing_out=compared.standing_out,
        fence=compared.fence,
        column=compared.column,
        failed=compared.failed,
        seconds=time.perf_counter() - started,
    )


def outliers_of(catalog: Catalog, compared: Compared) -> Iterator[Outlier]:
    """The most unusual images with their reasons, read page by page; without those erased since."""
    for start in range(0, len(compared.ids), _PAGE):
        yield from _page(catalog, compared, range(start, min(start + _PAGE, len(compared.ids))))


def _page(catalog: Catalog, compared: Compared, places: range) -> Iterator[Outlier]:
    """The outliers at these places."""
    span = slice(places.start, places.stop)
    wanted = np.union1d(compared.ids[span], compared.nearest[span])
    records = {record.id: record for record in surviving(catalog, wanted.tolist())}
    for place in places:
        record = records.get(int(compared.ids[place]))
        if record is None:
            continue
        neighbor = records.get(int(compared.nearest[place]))
        value = float(compared.values[place])
        yield Outlier(
            rank=place + 1,
            record=record,
            value=value,
            stands_out=value > compared.fence,
            nearest=neighbor.paths[0] if neighbor is not None and neighbor.paths else "",
            reason=_reason(compared.query, value, float(compared.distances[place]), compared.typical),
        )


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
