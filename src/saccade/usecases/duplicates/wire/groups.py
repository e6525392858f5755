"""Groups of duplicates, and what putting the spare files away does, as the outside sees them."""

from collections.abc import Mapping
from dataclasses import dataclass

from saccade.core.quarantine import QuarantineRun, Restored, UndoReport
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
        tier: how it is the same as the keeper; null for the keeper itself.
        probability: that it is.
        reason: why it is, or is not, the keeper.
        width, height: pixels, upright.
        format: by content.
        size_bytes: length of the file.
        taken_at: local time, ISO 8601.
        evidence: null for the keeper and for the same bytes.
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
    """Files that are the same.

    Attributes:
        tier: the loosest tier among the others.
        spare_bytes: freed if only the keeper stays.
        keeper: the file worth keeping.
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
        path: where it lies.
        place: where it goes; null in a dry run.
        keeper: the file that stays.
        tier: how they are the same.
        probability: that they are.
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
    """What putting files away does, or would do.

    Attributes:
        run: name of the run, for `undo`; empty if nothing was put away.
        applied: whether it was done.
        quarantine: the folder where the files lie, or would lie.
        moves: the files.
        skipped: duplicates that stay where they are, and why.
        merges: what the keepers take over.
        savings: what that frees once the quarantine is emptied.
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
    """The groups, and what putting the others away does or would do.

    Attributes:
        images: images looked through.
        candidates: pairs looked at.
        verified: pairs whose pixels were compared now.
        failed: files that could not be read.
        seconds: wall time.
        groups: strictest tier first, then most spare bytes.
        apply: what becomes of the others.
    """

    images: int
    candidates: int
    verified: int
    failed: tuple[Failure, ...]
    seconds: float
    groups: tuple[GroupAnswer, ...]
    apply: ApplyAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoAnswer:
    """What an undo put back.

    Attributes:
        run: its name.
        restored: files put back, and where.
        unmoved: files that were there already.
        failed: files that could not be put back.
        unmerged: keepers that gave back what they had taken over.
        seconds: wall time.
    """

    run: str
    restored: tuple[Restored, ...]
    unmoved: int
    failed: tuple[Failure, ...]
    unmerged: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunList:
    """Every run that put files away.

    Attributes:
        runs: oldest first.
    """

    runs: tuple[QuarantineRun, ...]


def duplicates_answer(found: DuplicateReport, applied: ApplyReport) -> DuplicatesAnswer:
    """A report as the outside sees it."""
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


def undo_answer(report: UndoReport) -> UndoAnswer:
    """An undo as the outside sees it."""
    return UndoAnswer(
        run=report.run,
        restored=report.restored,
        unmoved=report.unmoved,
        failed=report.failed,
        unmerged=report.unmerged,
        seconds=report.seconds,
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
