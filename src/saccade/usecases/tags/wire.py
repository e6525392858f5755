"""What `--json` of `saccade tag` and `saccade teach` prints; see `payloads`."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from saccade.doors.terminal.payloads import Payload

if TYPE_CHECKING:
    from saccade.core.ports.stores import Tag
    from saccade.usecases.tags.rules.classifying import ClassifierVersion, Interval, Measured, TaughtReport
    from saccade.usecases.tags.rules.reports import ExportReport, Shown, TaggingReport


def of_tagging(report: "TaggingReport") -> Payload:
    """What one tagging run did."""
    return {
        "origin": report.origin,
        "images": report.images,
        "tagged": report.tagged,
        "tags": report.tags,
        "written": report.written,
        "notes": list(report.notes),
        "seconds": report.seconds,
        "labels": [
            {
                "label": label.label,
                "images": label.images,
                "share": label.share,
                "least": label.least,
                "best": _shown(label.best),
                "borderline": _shown(label.borderline),
            }
            for label in report.labels
        ],
    }


def of_labels(labels: Mapping[str, int], *, written: int, removed: int) -> Payload:
    """All labels of a library, and what a command by hand changed."""
    return {
        "labels": [{"label": label, "images": count} for label, count in labels.items()],
        "set": written,
        "removed": removed,
    }


def of_tags(tags: "Mapping[str, Sequence[Tag]]") -> Payload:
    """The tags of some images."""
    return {
        "by_image": [
            {
                "path": path,
                "tags": [{"label": tag.label, "origin": tag.origin, "score": tag.score} for tag in borne],
            }
            for path, borne in tags.items()
        ]
    }


def of_export(report: "ExportReport") -> Payload:
    """What an export wrote."""
    return {
        "format": report.format,
        "images": report.images,
        "files": list(report.written),
        "unchanged": report.unchanged,
        "skipped": [{"path": item.path, "code": item.code, "reason": item.reason} for item in report.skipped],
        "kept": report.kept,
        "applied": report.applied,
    }


def of_taught(report: "TaughtReport") -> Payload:
    """What one lesson did."""
    return {
        "name": report.name,
        "version": report.version,
        "examples": dict(report.examples),
        "random_images": report.random_images,
        "measured": None if report.measured is None else _measured(report.measured),
        "why_not_measured": report.why_not,
        "shares": dict(report.shares),
        "images": report.images,
        "tags": dict(report.tags),
        "suggestions": [
            {"path": item.path, "image_id": item.image_id, "confidence": item.confidence, "why": item.why}
            for item in report.suggestions
        ],
        "written": report.written,
        "notes": list(report.notes),
        "seconds": report.seconds,
    }


def of_versions(versions: "Sequence[ClassifierVersion]") -> Payload:
    """The versions of classifiers that are kept."""
    return {
        "versions": [
            {
                "name": item.name,
                "version": item.version,
                "created": item.created,
                "active": item.active,
                "examples": dict(item.examples),
                "accuracy": item.accuracy,
            }
            for item in versions
        ]
    }


def _measured(measured: "Measured") -> Payload:
    return {
        "examples": measured.examples,
        "folds": measured.folds,
        "accuracy": _interval(measured.accuracy),
        "precision": {name: _interval(one) for name, one in measured.precision.items()},
        "recall": {name: _interval(one) for name, one in measured.recall.items()},
        "calibration_error": measured.calibration_error,
    }


def _interval(interval: "Interval") -> Payload:
    return {"value": interval.value, "low": interval.low, "high": interval.high}


def _shown(examples: "Sequence[Shown]") -> list[Payload]:
    return [{"path": one.path, "image_id": one.image_id, "confidence": one.confidence} for one in examples]
