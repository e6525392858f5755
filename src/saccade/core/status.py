"""What a library reports of itself: a run of indexing, what it holds, and what is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from saccade.core.types import Failure, Progress, SpaceInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexReport:
    """The result of an indexing run.

    Attributes:
        files: image files found (new, unchanged, moved and failed; not the excluded).
        added: files whose picture was read in this run. `unchanged`: the same as last time. `moved`: a known
            picture at a new path. `removed`: files that are gone. `excluded`: files that are not images.
        embedded: images encoded in this run.
        failed: one Failure for each image file that could not be read.
        seconds: wall time.
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

    @property
    def images_per_s(self) -> float:
        """Images encoded per second of wall time."""
        return self.embedded / self.seconds if self.seconds > 0 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetReport:
    """What was forgotten, or would be.

    Attributes:
        images: number of images erased with everything known about them.
        files: number of files no longer known; they stay on the disk.
        folders: number of folders no longer indexed.
        copies: copies of the catalog made before an upgrade, which held the images and were deleted.
        originals: the folder where `tag --write-files` kept pictures as they were, if any; it is not deleted.
        resumed: whether this finished what an interrupted forgetting had begun; the images it had erased
            are not counted again.
        done: whether it was forgotten, not only listed.
    """

    images: int
    files: int
    folders: int
    copies: tuple[str, ...]
    originals: str | None
    resumed: bool
    done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """The number of items in a catalog.

    Attributes:
        images: images with at least one file present.
        files: image files and archive members present.
        failed: files present that could not be read, `excluded`: files present that are not images.
        missing: files that are gone.
        embeddings: {space id: rows}.
    """

    images: int
    files: int
    failed: int
    excluded: int
    missing: int
    embeddings: Mapping[int, int] = field(default_factory=dict)


JobState: TypeAlias = Literal["running", "done", "failed", "canceled", "interrupted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """A job on a library, running or ended.

    Attributes:
        id: number, ascending.
        kind: the name of its slice or method, such as "duplicates" or "leaks".
        who: the caller.
        process: host, process id, and when the process began.
        state: "interrupted" is a job whose process was stopped or killed.
        code: of the error of a failed job, or empty.
        started, updated, finished: UTC, ISO 8601.
        progress: as last reported.
        summary: what it did, in numbers.
    """

    id: int
    kind: str
    who: str
    process: str
    state: JobState
    code: str
    started: str
    updated: str
    finished: str | None
    progress: Progress | None
    summary: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryStatus:
    """A library's location and contents.

    Attributes:
        library: the library's own folder (".saccade").
        folders: absolute paths it indexes.
        counts: numbers of its items.
        spaces: every space.
        indexes: {space id: "flat", "ivf" or "hnsw" and how many newer rows are searched separately}.
        size_bytes: size of the library's own files.
        interrupted: whether the last indexing run did not finish.
        jobs: those that run, and those that ended last; newest first.
    """

    library: str
    folders: tuple[str, ...]
    counts: Counts
    spaces: tuple[SpaceInfo, ...]
    indexes: Mapping[int, str]
    size_bytes: int
    interrupted: bool
    jobs: tuple[JobRecord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A problem found by a check: a stable code, a message, the items affected, and if it was repaired."""

    code: str
    message: str
    count: int
    repaired: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorReport:
    """Whether every file is indexed, failed with a reason, or excluded, and all stored data is intact.

    Attributes:
        counts: numbers of items in the catalog.
        unindexed: image files that are new or changed.
        failures: files that could not be read, with reasons.
        problems: what is wrong; failed files are listed in `failures` instead.
    """

    counts: Counts
    unindexed: int
    failures: tuple[Failure, ...]
    problems: tuple[Problem, ...]

    @property
    def healthy(self) -> bool:
        """Whether nothing is wrong, or everything was repaired."""
        return all(problem.repaired for problem in self.problems)
