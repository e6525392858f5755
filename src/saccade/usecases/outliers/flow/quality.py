"""Measures technical issues of images, once each, and stores them as fields."""

import time
from collections.abc import Mapping

import numpy as np

from saccade.core.errors import InvalidFilterError
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.decoders import Decoder, ReportProgress
from saccade.core.ties import ranked
from saccade.core.types import Failure, Ids, Progress
from saccade.usecases.outliers.flow.patches import image_batches
from saccade.usecases.outliers.rules.quality import (
    ISSUES,
    THRESHOLD,
    VERSION,
    QualityIssue,
    QualityReport,
    measure,
    reason,
)

ORIGIN = "quality"
_NOTE = "quality:version"
_STORE_EVERY = 512


def check_quality(
    catalog: Catalog, decoder: Decoder, ids: Ids, *, top: int, store: bool, report: ReportProgress
) -> QualityReport:
    """The technical issues of these images (sorted ids); stored measurements are reused.

    Takes the write lock, for a moment each time, to store the scores: all issues of an image, or none.

    Args:
        decoder: "contain", `saccade.usecases.outliers.rules.quality.SIZE` pixels.
        top: maximum number of images listed for each issue.
        store: whether to store the scores.
    """
    started = time.perf_counter()
    known = _known(catalog, ids)
    measured_before = set.intersection(*(set(scores) for scores in known.values()))
    missing = np.array([image for image in ids.tolist() if image not in measured_before], np.int64)
    failed: list[Failure] = []
    done = 0
    fresh: dict[str, dict[int, float]] = {issue: {} for issue in ISSUES}
    for pictures, failures in image_batches(catalog, decoder, missing, size=64):
        failed += failures
        done += len(pictures) + len(failures)
        for image, picture in pictures:
            for issue, score in measure(picture.pixels, picture.info).items():
                fresh[issue][image] = known[issue][image] = score
        if store and len(fresh["blur"]) >= _STORE_EVERY:  # an interrupted run loses little
            _store(catalog, fresh)
        report(Progress(stage="quality", done=done, total=len(missing), failed=len(failed)))
    if store:
        _store(catalog, fresh)
    found = {issue: _worst_first(catalog, scores) for issue, scores in known.items()}
    return QualityReport(
        images=len(known["blur"]),
        measured=done - len(failed),
        counts={issue: len(pairs) for issue, pairs in found.items()},
        issues={issue: _issues(catalog, issue, pairs[: max(top, 0)]) for issue, pairs in found.items()},
        failed=tuple(failed),
        stored=store,
        seconds=time.perf_counter() - started,
    )


def _worst_first(catalog: Catalog, scores: Mapping[int, float]) -> list[tuple[float, int]]:
    """(score, image) of those that have the issue; ties by SHA-256."""
    having = {image: score for image, score in scores.items() if score >= THRESHOLD}
    ids = np.array(list(having), np.int64)
    values = np.array(list(having.values()), np.float64)
    order = ranked(catalog.images, ids, values)
    return list(zip(values[order].tolist(), ids[order].tolist(), strict=True))


def _known(catalog: Catalog, ids: Ids) -> dict[str, dict[int, float]]:
    """Stored {issue: {image: score}} from the same formulas."""
    known: dict[str, dict[int, float]] = {issue: {} for issue in ISSUES}
    if catalog.notes.get(_NOTE) != VERSION:
        return known
    for issue in ISSUES:
        try:
            images, scores = catalog.columns.numbers(issue, ids)
        except InvalidFilterError:  # never measured, or removed by the user
            continue
        known[issue] = dict(zip(images.tolist(), scores.tolist(), strict=True))
    return known


def _store(catalog: Catalog, fresh: dict[str, dict[int, float]]) -> None:
    """Store and clear the measurements; scores of other formulas are dropped."""
    with catalog.unit("storing quality"):
        replace = catalog.notes.get(_NOTE) != VERSION
        if replace or fresh["blur"]:
            catalog.columns.write_all(fresh, origin=ORIGIN, replace=replace)
        if replace:
            catalog.notes.save(_NOTE, VERSION)
    for scores in fresh.values():
        scores.clear()


def _issues(catalog: Catalog, issue: str, pairs: list[tuple[float, int]]) -> tuple[QualityIssue, ...]:
    """The images with their reasons."""
    records = catalog.images.get([image for _, image in pairs])
    return tuple(
        QualityIssue(record=record, issue=issue, score=score, reason=reason(issue, score, record.info))
        for (score, _), record in zip(pairs, records, strict=True)
    )
