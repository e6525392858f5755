"""Outlier reports: images unlike all others, and pictures unlike the good ones a model learned from."""

from collections.abc import Sequence
from dataclasses import dataclass

from saccade.core.results import Listed
from saccade.core.types import Failure, ImageRecord

MODES = ("knn", "lof")
"""How images are measured: by the distance to the k-th neighbor, or by the local outlier factor."""
BY = ("look", "content")
"""Basis of comparison: how images look (patch features), or what they show (embeddings)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlier:
    """One image, and how unusual it is among the others.

    Attributes:
        rank: 1 is the most unusual.
        record: the image.
        value: its measure over the median of all; 1 is typical.
        stands_out: whether it is far from the rest (Tukey's outer fence: three interquartile ranges).
        nearest: a file of the most similar image.
        reason: why, in words.
    """

    rank: int
    record: ImageRecord
    value: float
    stands_out: bool
    nearest: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class OutlierReport(Listed[Outlier]):
    """The most unusual images; a sequence of them.

    Attributes:
        mode: "knn" or "lof".
        by: "look" or "content".
        k: neighbors.
        images: how many were compared.
        outliers: most unusual first, at most `top`.
        standing_out: how many of all images stand out.
        fence: the value above which an image stands out.
        column: the field that stores every image's value, "" if none: filters use `data.COLUMN>=1.5`.
        failed: files whose pixels were needed and could not be read.
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

    @property
    def listed(self) -> Sequence[Outlier]:
        """The outliers."""
        return self.outliers


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A region of a picture: a box, x and y in [0, 1] from left and top, and its heat in [0, 1]."""

    left: float
    top: float
    right: float
    bottom: float
    heat: float

    @property
    def words(self) -> str:
        """The part of the picture that contains its center: "upper left", "center"."""
        x, y = (self.left + self.right) / 2, (self.top + self.bottom) / 2
        across = "left" if x < 1 / 3 else "right" if x > 2 / 3 else ""
        down = "upper" if y < 1 / 3 else "lower" if y > 2 / 3 else ""
        if self.right - self.left > 0.75 and self.bottom - self.top > 0.75:
            return "all over"
        if not across and not down:
            return "center"
        return f"{down} {across}".strip() if across and down else across or f"{down} center"


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionModel:
    """What good pictures look like, learned from good ones only.

    Attributes:
        name, version: its name and version in the catalog.
        created: UTC, ISO 8601.
        method: "patches" (can locate anomalies) or "embeddings" (whole pictures).
        good: pictures it learned from.
        false_alarms: share of good pictures that it calls bad, as chosen, or 1 / (good + 1) if that is more.
        threshold: the anomaly above which a picture is called bad.
        suspects: good files that are unlike the rest, most suspect first: are they really good?
        failed: files and folders that could not be read.
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
        value: its anomaly over the model's threshold; above 1 it is called bad.
        score: share of the good pictures, each judged without itself, with a lower anomaly; in [0, 1].
        bad: whether the value is above 1.
        spot: where the picture differs most from good ones; None if the model cannot tell.
        reason: why, in words.
    """

    rank: int
    path: str
    value: float
    score: float
    bad: bool
    spot: Spot | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class InspectionReport(Listed[Inspection]):
    """Pictures judged by a model; a sequence of inspections.

    Attributes:
        model: the model.
        images: how many were judged.
        bad: how many of them are called bad.
        inspections: worst first, at most `top`.
        column: the field that stores the values of the library's own images; "" if none.
        failed: files that could not be judged: unreadable, gone, or changed since they were indexed; and
            folders that could not be read.
        seconds: wall time.
    """

    model: InspectionModel
    images: int
    bad: int
    inspections: tuple[Inspection, ...]
    column: str
    failed: tuple[Failure, ...]
    seconds: float

    @property
    def listed(self) -> Sequence[Inspection]:
        """The inspections."""
        return self.inspections
