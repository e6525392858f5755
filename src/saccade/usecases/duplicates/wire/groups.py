"""Groups of duplicates, and the result of putting spare files away, for `--json`, HTTP and MCP."""

from collections.abc import Mapping
from dataclasses import dataclass

from saccade.core.quarantine import QuarantineRun
from saccade.core.types import Failure
from saccade.usecases.duplicates.rules.applying import ApplyReport
from saccade.usecases.duplicates.rules.reports import DuplicateFile, DuplicateReport, Evidence, Tier
from saccade.usecases.duplicates.rules.savings import Savings


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAnswer:
    """One file of a group.

    Attributes:
        path: archive members as "ARCHIVE!/MEMBER".
        image_id: SHA-256 of its bytes, hexadecimal.
        tier: how it matches the keeper; null for the keeper itself.
        probability: probability of that.
        reason: why it is, or is not, the keeper.
        width, height: pixels, upright.
        format: by content.
        size_bytes: length of the file.
        taken_at: local time, ISO 8601.
        evidence: null for the keeper and for identical bytes.
    """

    path: str
    image_id: str
    tier: Tier | None
    probability: float
    reason: str
    width: int
    height: int
    format: str
    size_bytes: int
    taken_at: str | None
    evidence: Evidence | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupAnswer:
    """Duplicate files.

    Attributes:
        tier: the loosest tier among the others.
        spare_bytes: freed if only the keeper is kept.
        keeper: the file to keep.
        others: strictest tier first.
    """

    tier: Tier
    spare_bytes: int
    keeper: FileAnswer
    others: tuple[FileAnswer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveAnswer:
    """A file that is put away.

    Attributes:
        path: its path.
        place: where it goes; null in a dry run.
        keeper: the file that is kept.
        tier: how they match.
        probability: probability of that.
        size_bytes: its length.
        sha256: of its bytes, hexadecimal.
        reason: why it is not the keeper.
    """

    path: str
    place: str | None
    keeper: str
    tier: str
    probability: float
    size_bytes: int
    sha256: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeAnswer:
    """What a keeper takes over.

    Attributes:
        keeper: the file.
        labels: {label: confidence}.
        facts: {column: value}.
    """

    keeper: str
    labels: Mapping[str, float]
    facts: Mapping[str, float | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyAnswer:
    """The result, or dry run, of putting files away.

    Attributes:
        run: name of the run, for `undo`; empty if nothing was put away.
        applied: whether it was done.
        quarantine: the folder where the files are, or would be.
        moves: the files.
        skipped: duplicates that are not moved, and why.
        merges: what the keepers take over.
        savings: the space freed once the quarantine is emptied.
        seconds: wall time.
    """

    run: str
    applied: bool
    quarantine: str
    moves: tuple[MoveAnswer, ...]
    skipped: tuple[Failure, ...]
    merges: tuple[MergeAnswer, ...]
    savings: Savings
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicatesAnswer:
    """The groups, and the result of putting the others away.

    Attributes:
        images: images examined.
        candidates: pairs considered.
        verified: pairs whose pixels were compared in this run.
        failed: files that could not be read.
        seconds: wall time.
        groups: strictest tier first, then most spare bytes.
        apply: what happens to the others.
    """

    images: int
    candidates: int
    verified: int
    failed: tuple[Failure, ...]
    seconds: float
    groups: tuple[GroupAnswer, ...]
    apply: ApplyAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class RunList:
    """Every run that put files away.

    Attributes:
        runs: oldest first.
    """

    runs: tuple[QuarantineRun, ...]


def duplicates_answer(found: DuplicateReport, applied: ApplyReport) -> DuplicatesAnswer:
    """Convert a report."""
    return DuplicatesAnswer(
        images=found.images,
        candidates=found.candidates,
        verified=found.verified,
        failed=found.failed,
        seconds=found.seconds,
        groups=tuple(
            GroupAnswer(
                tier=group.tier,
                spare_bytes=group.spare_bytes,
                keeper=_file(group.keeper),
                others=tuple(map(_file, group.others)),
            )
            for group in found.groups
        ),
        apply=_apply(applied),
    )


def _file(file: DuplicateFile) -> FileAnswer:
    info = file.record.info
    return FileAnswer(
        path=file.path,
        image_id=file.record.image_id,
        tier=file.tier,
        probability=file.probability,
        reason=file.reason,
        width=info.width,
        height=info.height,
        format=info.format,
        size_bytes=info.size_bytes,
        taken_at=info.taken_at,
        evidence=file.evidence,
    )


def _apply(report: ApplyReport) -> ApplyAnswer:
    return ApplyAnswer(
        run=report.run,
        applied=report.applied,
        quarantine=report.quarantine,
        moves=tuple(
            MoveAnswer(
                path=move.path,
                place=move.place or None,
                keeper=move.keeper,
                tier=move.tier,
                probability=move.probability,
                size_bytes=move.stamp.size,
                sha256=move.sha256,
                reason=move.reason,
            )
            for move in report.moves
        ),
        skipped=report.skipped,
        merges=tuple(
            MergeAnswer(keeper=merge.keeper, labels=merge.labels, facts=merge.facts)
            for merge in report.merges
        ),
        savings=report.savings,
        seconds=report.seconds,
    )
