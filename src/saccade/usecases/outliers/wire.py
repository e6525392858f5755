"""What `saccade outliers --json` prints; docs/schemas/outliers.json states it."""

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saccade.core.types import Failure
    from saccade.usecases.outliers.rules.quality import QualityReport
    from saccade.usecases.outliers.rules.reports import (
        Inspection,
        InspectionModel,
        InspectionReport,
        OutlierReport,
    )

Payload: TypeAlias = dict[str, object]


def of_outliers(report: "OutlierReport") -> Payload:
    """The most unusual images."""
    return {
        "mode": report.mode,
        "by": report.by,
        "k": report.k,
        "images": report.images,
        "standing_out": report.standing_out,
        "fence": report.fence,
        "column": report.column,
        "outliers": [
            {
                "rank": one.rank,
                "id": one.record.image_id,
                "path": one.record.paths[0] if one.record.paths else "",
                "value": one.value,
                "stands_out": one.stands_out,
                "nearest": one.nearest,
                "reason": one.reason,
            }
            for one in report.outliers
        ],
        "failed": _failures(report.failed),
        "seconds": report.seconds,
    }


def of_quality(report: "QualityReport") -> Payload:
    """Technical issues."""
    return {
        "images": report.images,
        "measured": report.measured,
        "counts": dict(report.counts),
        "stored": report.stored,
        "issues": [
            {
                "issue": one.issue,
                "id": one.record.image_id,
                "path": one.record.paths[0] if one.record.paths else "",
                "score": one.score,
                "reason": one.reason,
            }
            for issues in report.issues.values()
            for one in issues
        ],
        "failed": _failures(report.failed),
        "seconds": report.seconds,
    }


def of_model(model: "InspectionModel") -> Payload:
    """A trained model."""
    return {
        "model": model.name,
        "version": model.version,
        "created": model.created,
        "method": model.method,
        "good": model.good,
        "false_alarms": model.false_alarms,
        "threshold": model.threshold,
        "suspects": list(model.suspects),
        "failed": _failures(model.failed),
    }


def of_inspection(report: "InspectionReport") -> Payload:
    """Pictures judged by a model."""
    return {
        "trained": of_model(report.model),
        "images": report.images,
        "bad": report.bad,
        "column": report.column,
        "inspections": [_inspection(one) for one in report.inspections],
        "failed": _failures(report.failed),
        "seconds": report.seconds,
    }


def _inspection(one: "Inspection") -> Payload:
    spot = one.spot
    return {
        "rank": one.rank,
        "path": one.path,
        "value": one.value,
        "score": one.score,
        "bad": one.bad,
        "spot": None if spot is None else [spot.left, spot.top, spot.right, spot.bottom],
        "reason": one.reason,
    }


def _failures(failed: "Sequence[Failure]") -> list[Payload]:
    return [{"path": one.path, "code": one.code, "reason": one.reason} for one in failed]
