"""The answers of indexing for `--json`, HTTP and MCP."""

from collections.abc import Mapping
from dataclasses import dataclass

from saccade.core.status import (
    Counts,
    DoctorReport,
    ForgetReport,
    IndexReport,
    JobRecord,
    JobState,
    LibraryStatus,
    Problem,
)
from saccade.core.types import Failure, Progress
from saccade.core.wire import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexAnswer:
    """The result of an indexing run.

    Attributes:
        files: picture files and archive members found.
        added: new images.
        unchanged: files unchanged since the last run.
        moved: files recognized at another path.
        removed: files that are gone.
        excluded: files that are not images.
        embedded: images that were encoded.
        failed: files that could not be read, with the reason.
        seconds: wall time.
        images_per_s: images encoded per second.
        library: the library's own folder.
    """

    files: int
    added: int
    unchanged: int
    moved: int
    removed: int
    excluded: int
    embedded: int
    failed: tuple[Failure, ...]
    seconds: float
    images_per_s: float
    library: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CountsAnswer:
    """The number of items in a library.

    Attributes:
        images: images with at least one file present.
        files: image files and archive members present.
        failed: files present that could not be read.
        excluded: files present that are not images.
        missing: files that are gone.
    """

    images: int
    files: int
    failed: int
    excluded: int
    missing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceAnswer:
    """One space: all embeddings of one encoder for one role.

    Attributes:
        role: purpose of the embeddings: "semantic", "copy".
        encoder: name of the encoder.
        fingerprint: of everything that affects the embeddings.
        dim: dimensions.
        active: whether searches use it.
        embeddings: rows.
        index: kind of the search index, and how many newer rows are searched separately.
    """

    role: str
    encoder: str
    fingerprint: str
    dim: int
    active: bool
    embeddings: int
    index: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobAnswer:
    """A job, running or ended.

    Attributes:
        id: number, ascending; `saccade status --cancel ID` cancels it.
        kind: what it does: "index", "duplicates", ...
        who: the caller.
        state: an "interrupted" job's process was stopped or killed.
        code: of the error of a failed job, or empty.
        started, finished: UTC, ISO 8601.
        progress: as last reported.
        summary: what it did, in numbers.
    """

    id: int
    kind: str
    who: str
    state: JobState
    code: str
    started: str
    finished: str | None
    progress: Progress | None
    summary: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusAnswer:
    """A library's location and contents.

    Attributes:
        library: its own folder.
        folders: the folders it indexes.
        size_bytes: size of the library's own files.
        interrupted: whether the last indexing run was interrupted.
        jobs: those that run, and those that ended last; newest first.
    """

    library: str
    folders: tuple[str, ...]
    counts: CountsAnswer
    spaces: tuple[SpaceAnswer, ...]
    size_bytes: int
    interrupted: bool
    jobs: tuple[JobAnswer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorAnswer:
    """The result of a check.

    Attributes:
        healthy: whether nothing is wrong, or everything was repaired.
        unindexed: image files that are new or changed.
        failures: files that could not be read, with the reason.
        problems: what is wrong.
    """

    healthy: bool
    counts: CountsAnswer
    unindexed: int
    failures: tuple[Failure, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupAnswer:
    """A backup's location.

    Attributes:
        path: absolute.
        size_bytes: its length.
    """

    path: str
    size_bytes: int


def index_answer(report: IndexReport, library: str) -> IndexAnswer:
    """Convert a run."""
    return IndexAnswer(
        files=report.files,
        added=report.added,
        unchanged=report.unchanged,
        moved=report.moved,
        removed=report.removed,
        excluded=report.excluded,
        embedded=report.embedded,
        failed=report.failed,
        seconds=report.seconds,
        images_per_s=report.images_per_s,
        library=library,
    )


def status_answer(status: LibraryStatus) -> StatusAnswer:
    """Convert a library's status."""
    return StatusAnswer(
        library=status.library,
        folders=status.folders,
        counts=_counts(status.counts),
        spaces=tuple(
            SpaceAnswer(
                role=str(space.role),
                encoder=space.encoder,
                fingerprint=space.fingerprint,
                dim=space.dim,
                active=space.active,
                embeddings=status.counts.embeddings.get(space.id, 0),
                index=status.indexes.get(space.id),
            )
            for space in status.spaces
        ),
        size_bytes=status.size_bytes,
        interrupted=status.interrupted,
        jobs=tuple(map(_job, status.jobs)),
    )


def doctor_answer(report: DoctorReport) -> DoctorAnswer:
    """Convert a check."""
    return DoctorAnswer(
        healthy=report.healthy,
        counts=_counts(report.counts),
        unindexed=report.unindexed,
        failures=report.failures,
        problems=report.problems,
    )


def _job(job: JobRecord) -> JobAnswer:
    return JobAnswer(
        id=job.id,
        kind=job.kind,
        who=job.who,
        state=job.state,
        code=job.code,
        started=job.started,
        finished=job.finished,
        progress=job.progress,
        summary=job.summary,
    )


def _counts(counts: Counts) -> CountsAnswer:
    return CountsAnswer(
        images=counts.images,
        files=counts.files,
        failed=counts.failed,
        excluded=counts.excluded,
        missing=counts.missing,
    )


ANSWERS = (
    Answer(name="index", command="saccade index", kind=IndexAnswer),
    Answer(name="status", command="saccade status", kind=StatusAnswer),
    Answer(name="doctor", command="saccade doctor", kind=DoctorAnswer),
    Answer(name="forget", command="saccade forget", kind=ForgetReport),
    Answer(name="backup", command="saccade backup", kind=BackupAnswer),
)
