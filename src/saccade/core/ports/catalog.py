"""The system of record: files, images, embeddings, and facts about images, one small port each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # a search has these ports, but few of the values
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

    from saccade.core.ports.erasing import Erasing
    from saccade.core.ports.files import Files
    from saccade.core.ports.images import EmbeddingStore, Hashes, Images
    from saccade.core.ports.items import Items
    from saccade.core.ports.jobs import JobHistory
    from saccade.core.ports.results import Results
    from saccade.core.ports.stores import Columns, Feedback, Pairs, Tags
    from saccade.core.status import Counts
    from saccade.core.types import EncoderInfo, Ids, Role, SpaceInfo


class Spaces(Protocol):
    """The spaces of a library."""

    def all(self) -> Sequence[SpaceInfo]:
        """Every space, active or not."""

    def ensure(self, encoder: EncoderInfo, role: Role) -> SpaceInfo:
        """The space of this encoder and role; created if missing, and active if its role has none.

        A space of a fingerprint in `encoder.same_as` is this encoder's: nothing in it is embedded again.
        """

    def activate(self, space: int) -> SpaceInfo:
        """Let a space answer for its role, in the place of the one that does, in one transaction.

        Nothing else changes, so going back is the same call with the earlier space. Raises InputError.
        """


class Runs(Protocol):
    """Runs on the library, finished or interrupted."""

    def start(self, kind: str) -> int:
        """Record the start of a run; a run without an end was interrupted."""

    def finish(self, run: int, summary: Mapping[str, object]) -> None:
        """Record the end of a run, with its result."""

    def unfinished(self) -> Sequence[int]:
        """Runs that read files and never ended, and after which none of their kind or of indexing did.

        Ascending. Files may be left to read. Runs that move duplicates recover by themselves.
        """


class Notes(Protocol):
    """Small texts by key: a calibration, the indexed folders."""

    def get(self, key: str) -> str | None:
        """The text stored under a key, None if there is none."""

    def save(self, key: str, text: str) -> None:
        """Store a small text under a key, durably, replacing any earlier one."""


class Health(Protocol):
    """Integrity checks and repairs of the catalog."""

    def counts(self) -> Counts:
        """The number of its items."""

    def problems(self) -> Sequence[str]:
        """Problems of the stored data, a line each; reads all of it."""

    def stale_images(self) -> Ids:
        """Sorted ids of the images whose derived data (words, presence) is wrong."""

    def rebuild_derived(self) -> None:
        """Rebuild the data derived from files."""

    def backup(self, path: str, *, overwrite: bool = False) -> None:
        """Write a consistent copy atomically, while others read and write.

        Raises InputError if the file exists and `overwrite` is false; DiskFullError, ReadOnlyError.
        """


class Catalog(Protocol):
    """The system of record. Once a method that writes returns, its data is durable.

    Image ids are positive and never reused. Any number of processes can read, one at a time can write.
    Methods that write raise LibraryBusyError, DiskFullError, ReadOnlyError or StorageError.
    """

    @property
    def spaces(self) -> Spaces:
        """The spaces."""

    @property
    def runs(self) -> Runs:
        """Runs."""

    @property
    def jobs(self) -> JobHistory:
        """Jobs, running and ended."""

    @property
    def files(self) -> Files:
        """Files on disk."""

    @property
    def images(self) -> Images:
        """Images."""

    @property
    def items(self) -> Items:
        """Whole images and parts of images."""

    @property
    def embeddings(self) -> EmbeddingStore:
        """Embeddings of record."""

    @property
    def notes(self) -> Notes:
        """Small texts."""

    @property
    def erasing(self) -> Erasing:
        """Forgetting images."""

    @property
    def hashes(self) -> Hashes:
        """Perceptual hashes."""

    @property
    def columns(self) -> Columns:
        """Facts, one value per image and name."""

    @property
    def tags(self) -> Tags:
        """Labels."""

    @property
    def pairs(self) -> Pairs:
        """Compared pairs, and people's verdicts on them."""

    @property
    def results(self) -> Results:
        """Versions of models and results."""

    @property
    def feedback(self) -> Feedback:
        """User events, and sets of images that go together."""

    @property
    def health(self) -> Health:
        """Integrity checks."""

    def reading(self) -> AbstractContextManager[None]:
        """Everything this thread reads inside is as of one moment; faster than many short reads.

        `version()` is then that of the moment. Never write inside, and be brief: a database cannot tidy up
        what others write meanwhile.
        """

    def writing(self, doing: str = ..., *, wait_s: float | None = None) -> AbstractContextManager[None]:
        """Hold the library's write lock, which others wait for; reentrant within a thread.

        Args:
            doing: completes the sentence "process 123 is ..." that others see.
            wait_s: maximum wait in seconds; None for the library's setting.
        Raises:
            LibraryBusyError: it was not free in time; the message names the holder and what it is doing.
        """

    def unit(self, doing: str = ..., *, wait_s: float | None = None) -> AbstractContextManager[None]:
        """The write lock, and one transaction over all stores: the block's writes are atomic."""

    def version(self) -> int:
        """A number that changes whenever any process changes the catalog."""

    def close(self) -> None:
        """Release it."""
