"""What indexing answers to the outside: `--json`, HTTP and MCP."""

from dataclasses import dataclass

from saccade.core.types import Counts, DoctorReport, Failure, IndexReport, LibraryStatus, Problem
from saccade.core.wire import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexAnswer:
    """What one indexing run did.

    Attributes:
        files: picture files and archive members met.
        added: new images.
        unchanged: files as they were last time.
        moved: files recognized at another place.
        removed: files that are gone.
        excluded: files that hold no image.
        embedded: images that were encoded.
        failed: files that gave no image, with the reason.
        seconds: wall time.
        images_per_s: images encoded per second of it.
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
    """How much a library holds.

    Attributes:
        images: images with at least one file present.
        files: files and archive members present that hold an image.
        failed: files present that gave none.
        excluded: files present that are no images.
        missing: files that are gone.
    """

    images: int
    files: int
    failed: int
    excluded: int
    missing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceAnswer:
    """One space: all embeddings that one encoder makes for one role.

    Attributes:
        role: what they are for: "semantic", "copy".
        encoder: name of the encoder.
        fingerprint: of everything that decides its numbers.
        dim: dimensions.
        active: whether searches use it.
        embeddings: rows.
        index: kind of the search index, and how many newer rows are searched beside it.
    """

    role: str
    encoder: str
    fingerprint: str
    dim: int
    active: bool
    embeddings: int
    index: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusAnswer:
    """What a library is and holds.

    Attributes:
        library: its own folder.
        folders: the folders it indexes.
        size_bytes: of its own files.
        interrupted: whether the last indexing run was stopped early.
    """

    library: str
    folders: tuple[str, ...]
    counts: CountsAnswer
    spaces: tuple[SpaceAnswer, ...]
    size_bytes: int
    interrupted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorAnswer:
    """What a check found.

    Attributes:
        healthy: whether nothing is wrong, or all that was is repaired.
        unindexed: image files that are new or changed.
        failures: files that gave no image, with the reason.
        problems: what is wrong.
    """

    healthy: bool
    counts: CountsAnswer
    unindexed: int
    failures: tuple[Failure, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupAnswer:
    """Where a backup lies.

    Attributes:
        path: absolute.
        size_bytes: its length.
    """

    path: str
    size_bytes: int


def index_answer(report: IndexReport, library: str) -> IndexAnswer:
    """A run as the outside sees it."""
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
    """A library as the outside sees it."""
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
    )


def doctor_answer(report: DoctorReport) -> DoctorAnswer:
    """A check as the outside sees it."""
    return DoctorAnswer(
        healthy=report.healthy,
        counts=_counts(report.counts),
        unindexed=report.unindexed,
        failures=report.failures,
        problems=report.problems,
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
    Answer(name="backup", command="saccade backup", kind=BackupAnswer),
)
