"""Models of good pictures, and pictures judged by them, for `--json`, HTTP and MCP."""

from dataclasses import dataclass

from saccade.core.types import Failure
from saccade.usecases.outliers.rules.reports import Inspection, InspectionModel, InspectionReport


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAnswer:
    """What good pictures look like, learned from good ones only.

    Attributes:
        model: its name.
        version: 1, 2, ... of that name.
        created: UTC, ISO 8601.
        method: "patches" (can say where) or "embeddings" (whole pictures).
        good: pictures it learned from.
        false_alarms: share of good pictures that it calls bad.
        threshold: the anomaly above which a picture is called bad.
        suspects: good files that are unlike the rest, most suspect first.
        failed: files that could not be read.
    """

    model: str
    version: int
    created: str
    method: str
    good: int
    false_alarms: float
    threshold: float
    suspects: tuple[str, ...]
    failed: tuple[Failure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionAnswer:
    """One picture judged by a model.

    Attributes:
        rank: 1 is the worst.
        path: the file.
        value: its anomaly over the model's threshold; above 1 it is called bad.
        score: share of the good pictures with a lower anomaly, in [0, 1].
        bad: whether it is called bad.
        spot: left, top, right and bottom, in [0, 1], of where it differs most from good ones; null if the
            model cannot tell.
        reason: why, in words.
    """

    rank: int
    path: str
    value: float
    score: float
    bad: bool
    spot: tuple[float, float, float, float] | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionsAnswer:
    """Pictures judged by a model.

    Attributes:
        trained: the model.
        images: how many were judged.
        bad: how many of them are called bad.
        column: the field that stores the values of the library's own images; empty if none.
        inspections: worst first.
        failed: files that could not be judged.
        seconds: wall time.
    """

    trained: ModelAnswer
    images: int
    bad: int
    column: str
    inspections: tuple[InspectionAnswer, ...]
    failed: tuple[Failure, ...]
    seconds: float


def model_answer(model: InspectionModel) -> ModelAnswer:
    """Convert a model."""
    return ModelAnswer(
        model=model.name,
        version=model.version,
        created=model.created,
        method=model.method,
        good=model.good,
        false_alarms=model.false_alarms,
        threshold=model.threshold,
        suspects=model.suspects,
        failed=model.failed,
    )


def inspections_answer(report: InspectionReport) -> InspectionsAnswer:
    """Convert judged pictures."""
    return InspectionsAnswer(
        trained=model_answer(report.model),
        images=report.images,
        bad=report.bad,
        column=report.column,
        inspections=tuple(map(_inspection, report.inspections)),
        failed=report.failed,
        seconds=report.seconds,
    )


def _inspection(one: Inspection) -> InspectionAnswer:
    spot = one.spot
    return InspectionAnswer(
        rank=one.rank,
        path=one.path,
        value=one.value,
        score=one.score,
        bad=one.bad,
        spot=None if spot is None else (spot.left, spot.top, spot.right, spot.bottom),
        reason=one.reason,
    )
