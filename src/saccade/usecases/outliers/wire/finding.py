"""Outliers and technical issues for `--json`, HTTP and MCP."""

from collections.abc import Mapping
from dataclasses import dataclass

from saccade.core.types import Failure, ImageRecord
from saccade.usecases.outliers.rules.quality import QualityReport
from saccade.usecases.outliers.rules.reports import OutlierReport


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlierAnswer:
    """One unusual image.

    Attributes:
        rank: 1 is the most unusual.
        id: SHA-256 of the file's bytes, hexadecimal.
        path: one of its files; empty if it is gone.
        value: its measure over the median of all; 1 is typical.
        stands_out: whether it is far from the rest.
        nearest: a file of the most similar image.
        reason: why, in words.
    """

    rank: int
    id: str
    path: str
    value: float
    stands_out: bool
    nearest: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutliersAnswer:
    """The most unusual images.

    Attributes:
        mode: "knn" or "lof".
        by: basis of the comparison, "look" or "content".
        k: neighbors each is compared with.
        images: how many were compared.
        standing_out: how many of them stand out.
        fence: the value above which an image stands out.
        column: the field that stores every image's value; empty if none.
        outliers: most unusual first.
        failed: files that could not be read.
        seconds: wall time.
    """

    mode: str
    by: str
    k: int
    images: int
    standing_out: int
    fence: float
    column: str
    outliers: tuple[OutlierAnswer, ...]
    failed: tuple[Failure, ...]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueAnswer:
    """One issue of one image.

    Attributes:
        issue: "blur", "dark", "overexposed", "low_contrast", "near_empty", "tiny", "odd_aspect" or
            "screenshot".
        id: SHA-256 of the file's bytes, hexadecimal.
        path: one of its files; empty if it is gone.
        score: in [0.5, 1]; 0.5 is the threshold.
        reason: why, in words.
    """

    issue: str
    id: str
    path: str
    score: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityAnswer:
    """Technical issues of images.

    Attributes:
        images: how many were measured, now or before.
        measured: how many of them in this run.
        counts: images that have an issue, by issue.
        stored: whether the scores are stored as fields.
        issues: the worst images of each issue, worst first.
        failed: files that could not be read.
        seconds: wall time.
    """

    images: int
    measured: int
    counts: Mapping[str, int]
    stored: bool
    issues: tuple[IssueAnswer, ...]
    failed: tuple[Failure, ...]
    seconds: float


def outliers_answer(report: OutlierReport) -> OutliersAnswer:
    """Convert outliers."""
    return OutliersAnswer(
        mode=report.mode,
        by=report.by,
        k=report.k,
        images=report.images,
        standing_out=report.standing_out,
        fence=report.fence,
        column=report.column,
        outliers=tuple(
            OutlierAnswer(
                rank=one.rank,
                id=one.record.image_id,
                path=_path(one.record),
                value=one.value,
                stands_out=one.stands_out,
                nearest=one.nearest,
                reason=one.reason,
            )
            for one in report.outliers
        ),
        failed=report.failed,
        seconds=report.seconds,
    )


def quality_answer(report: QualityReport) -> QualityAnswer:
    """Convert issues."""
    return QualityAnswer(
        images=report.images,
        measured=report.measured,
        counts=report.counts,
        stored=report.stored,
        issues=tuple(
            IssueAnswer(
                issue=one.issue,
                id=one.record.image_id,
                path=_path(one.record),
                score=one.score,
                reason=one.reason,
            )
            for issues in report.issues.values()
            for one in issues
        ),
        failed=report.failed,
        seconds=report.seconds,
    )


def _path(record: ImageRecord) -> str:
    return record.paths[0] if record.paths else ""
