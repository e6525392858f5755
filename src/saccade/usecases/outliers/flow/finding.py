"""The most unusual images of a library: far from their neighbors, or less dense around them."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from saccade.core.errors import InputError
from saccade.core.ports import Catalog
from saccade.core.types import Failure, ImageRecord
from saccade.usecases.outliers.rules.anomalies import (
    local_outlier_factors,
    nearest,
    outer_fence,
    over_typical,
)
from saccade.usecases.outliers.rules.reports import BY, MODES, Outlier, OutlierReport

COLUMNS = {"knn": "outlier", "lof": "outlier_lof"}
"""The column that keeps the values of each mode."""
ORIGIN = "outliers"
_SAME = 2e-3
"""Distance of unit rows that float32 cannot tell from none."""
_FIELD = 20_000
"""Images that serve as neighbors, at most: in a larger library a sample of them, spread evenly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked for.

    Attributes:
        mode: "knn" or "lof".   by: "look" or "content".
        k: neighbors; groups of strangers of up to k are found, larger ones are a theme of their own.
        top: most outliers wanted.
        keep: whether to store every image's value as a column.
    """

    mode: str
    by: str
    k: int
    top: int
    keep: bool

    def check(self) -> None:
        """Raise InputError for what has no meaning."""
        if self.mode not in MODES:
            raise InputError(f"no mode is called {self.mode!r}", hint=f"one of: {', '.join(MODES)}")
        if self.by not in BY:
            raise InputError(f"images cannot be compared by {self.by!r}", hint=f"one of: {', '.join(BY)}")
        if self.k < 1:
            raise InputError(f"k is {self.k}; it must be at least 1", hint="leave it out, or use -k 30")
        if self.top < 0:
            raise InputError(f"top is {self.top}; it must not be negative", hint="e.g. --top 50")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What is compared: sorted (n,) ids and (n, d) rows, the last column a remainder or not."""

    ids: NDArray[np.int64]
    rows: NDArray[np.float32]
    remainder: bool
    failed: tuple[Failure, ...] = ()


def find_outliers(catalog: Catalog, given: Rows, asked: Asked, *, started: float) -> OutlierReport:
    """The most unusual of the images given.

    Raises:
        InputError: fewer than k + 1 images, or all alike.
    """
    asked.check()
    count = len(given.ids)
    if count < asked.k + 1:
        raise InputError(
            f"{count} images are too few to compare each with {asked.k} others",
            hint=f"at least {asked.k + 1} are needed; choose a smaller -k"
            if count > 1
            else "index more images",
        )
    field = np.unique(np.linspace(0, count - 1, min(count, max(_FIELD, asked.k + 1)), dtype=np.int64))
    places, distances = nearest(given.rows, asked.k, field, remainder=given.remainder)
    if distances.max() < _SAME:
        raise InputError(f"the {count:,} images are all alike", hint="nothing can stand out here")
    if asked.mode == "lof":
        values = local_outlier_factors(places, distances)
    else:
        values = over_typical(distances[:, -1])
    fence = outer_fence(values)
    order = np.argsort(-values, kind="stable")[: asked.top]
    column = COLUMNS[asked.mode] if asked.keep else ""
    if column:
        kept = dict(zip(given.ids.tolist(), values.tolist(), strict=True))
        catalog.columns.write(column, kept, origin=ORIGIN, replace=True)
    told = _told(catalog, given, asked, order, values=values, fence=fence, places=places, distances=distances)
    return OutlierReport(
        mode=asked.mode,
        by=asked.by,
        k=asked.k,
        images=count,
        outliers=tuple(told),
        standing_out=int((values > fence).sum()),
        fence=fence,
        column=column,
        failed=given.failed,
        seconds=time.perf_counter() - started,
    )


def _told(
    catalog: Catalog,
    given: Rows,
    asked: Asked,
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
    told = []
    for rank, (place, record, neighbor) in enumerate(zip(order.tolist(), records, neighbors, strict=True), 1):
        why = _compared(asked, values[place], float(distances[place, 0]), typical)
        path = neighbor.paths[0] if neighbor.paths else ""
        told.append(
            Outlier(
                rank=rank,
                record=record,
                value=float(values[place]),
                stands_out=bool(values[place] > fence),
                nearest=path,
                reason=why,
            )
        )
    return told


def _compared(asked: Asked, value: float, closest: float, typical: float) -> str:
    """Why an image is unusual, in words and numbers."""
    if asked.mode == "lof":
        first = f"around its {asked.k} nearest images it is {value:.2f} times as dense as around it"
    else:
        nearest_ones = "nearest image is" if asked.k == 1 else f"{asked.k} nearest images reach"
        first = f"its {nearest_ones} {value:.2f} times as far as is typical here"
    if asked.by == "content":
        return f"{first}; nearest image scores {_cosine(closest):.2f}, typical here {_cosine(typical):.2f}"
    ratio = f"{closest / typical:.2f} times as far as is typical" if typical > 0 else "typically no distance"
    return f"{first}; the nearest one: {ratio}"


def _cosine(distance: float) -> float:
    """The cosine of two unit rows at that distance."""
    return 1.0 - distance * distance / 2.0


def _records(catalog: Catalog, ids: Sequence[int]) -> list[ImageRecord]:
    """The records in the order asked, also when an image is named twice."""
    known = {record.id: record for record in catalog.images.get(sorted(set(ids)))}
    return [known[image] for image in ids]
