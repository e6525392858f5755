"""What outliers are: images unlike all others here, and pictures unlike the good ones a model was shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from saccade.core.types import Failure, ImageRecord, Pixels

MODES = ("knn", "lof")
"""How images without a model are judged: distance to the k-th neighbor, or local outlier factor."""
BY = ("look", "content")
"""What they are compared by: how they look (patch features), or what they show (semantic embeddings)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlier:
    """One image and how unusual it is among the others.

    Attributes:
        rank: 1 is the most unusual.
        record: the image.
        value: its measure over the typical (median) one here; 1 is typical.
        stands_out: whether it is far beyond the bulk (Tukey's outer fence: three interquartile ranges).
        nearest: a file of the image most like it.
        reason: why, in words.
    """

    rank: int
    record: ImageRecord
    value: float
    stands_out: bool
    nearest: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlierReport:
    """The most unusual images.

    Attributes:
        mode: "knn" or "lof".   by: "look" or "content".   k: neighbors.
        images: how many were compared.
        outliers: most unusual first, at most as many as wanted.
        standing_out: how many of all images are far beyond the bulk.
        fence: the value from which an image stands out.
        column: where every image's value is kept ("" if it is not): filters say `data.COLUMN>=1.5`.
        failed: files whose pixels were wanted and could not be read.
        seconds: wall time.
    """

    mode: str
    by: str
    k: int
    images: int
    outliers: tuple[Outlier, ...]
    standing_out: int
    fence: float
    column: str
    failed: tuple[Failure, ...]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where in a picture something is: a box, x and y in [0, 1] from left and top, and its heat in [0, 1]."""

    left: float
    top: float
    right: float
    bottom: float
    heat: float

    @property
    def words(self) -> str:
        """The part of the picture its middle lies in: "upper left", "middle"."""
        x, y = (self.left + self.right) / 2, (self.top + self.bottom) / 2
        across = "left" if x < 1 / 3 else "right" if x > 2 / 3 else ""
        down = "upper" if y < 1 / 3 else "lower" if y > 2 / 3 else ""
        if self.right - self.left > 0.75 and self.bottom - self.top > 0.75:
            return "all over"
        if not across and not down:
            return "middle"
        return f"{down} {across}".strip() if across and down else across or f"{down} middle"


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionModel:
    """What good pictures look like, learned from good ones only.

    Attributes:
        name, version: under which it is kept.   created: UTC, ISO 8601.
        method: "patches" (sees where) or "embeddings" (whole pictures).
        good: pictures it learned from.
        false_alarms: share of good pictures that it calls bad, as chosen, or 1 / (good + 1) if that is more.
        threshold: the measure from which a picture is called bad.
        suspects: files among the good ones that are unlike the rest: look at them, most suspect first.
        failed: files that gave no picture.
        encoder: fingerprint of the encoder it needs.
    """

    name: str
    version: int
    created: str
    method: str
    good: int
    false_alarms: float
    threshold: float
    suspects: tuple[str, ...]
    failed: tuple[Failure, ...] = ()
    encoder: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """One picture judged by a model.

    Attributes:
        rank: 1 is the worst.
        path: the file.
        value: its measure over the model's threshold; above 1 it is called bad.
        score: share of the good pictures, each judged without itself, whose measure is lower; in [0, 1].
        bad: whether the value is above 1.
        spot: where the picture is most unlike good ones; None if the model cannot say.
        reason: why, in words.
    """

    rank: int
    path: str
    value: float
    score: float
    bad: bool
    spot: Spot | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionReport:
    """Pictures judged by a model.

    Attributes:
        model: the model.
        images: how many were judged.
        bad: how many of them are called bad.
        inspections: worst first, at most as many as wanted.
        column: where the value of the library's own images is kept ("" if it is not).
        failed: files that could not be judged: unreadable, gone, or changed since they were indexed.
        seconds: wall time.
    """

    model: InspectionModel
    images: int
    bad: int
    inspections: tuple[Inspection, ...]
    column: str
    failed: tuple[Failure, ...]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatMap:
    """Where a picture is unlike good ones.

    Attributes:
        heat: (h, w) float32 in [0, 1]; from 0.5 on it is as hot as the hottest place of the few good
            pictures that the model calls bad.
        pixels: (h, w, 3) the picture, in the same size.
        facts: numbers beside it: "value" and "score", see `Inspection`.
    """

    heat: NDArray[np.float32]
    pixels: Pixels
    facts: Mapping[str, float] = field(default_factory=dict)
