"""The system of record: files, images, embeddings, and facts about images, one small port each."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from saccade.core.filters import Filter
from saccade.core.ports.stores import Columns, Feedback, Pairs, Results, Tags
from saccade.core.types import (
    Counts,
    Embeddings,
    EncoderInfo,
    Failure,
    FileEntry,
    FileStamp,
    Ids,
    ImageInfo,
    ImageRecord,
    Role,
    SpaceInfo,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A folder a library indexes: its row and its absolute path in the operating system's spelling."""

    id: int
    path: str


class KnownFile(NamedTuple):
    """The catalog's record of a file.

    `state`: "indexed", "failed", "excluded" (no image), "archive" or "missing".
    """

    stamp: FileStamp
    state: str
    image_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewImage:
    """A picture with its embeddings, {space id: (d,) unit float32}."""

    sha256: bytes
    info: ImageInfo
    embeddings: Mapping[int, Embeddings]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenFile:
    """The outcome of one file in a run.

    Exactly one of: `image` (a picture, new or not), `image_id` (a picture already in the catalog),
    `failure`, `archive` (its members are separate entries), or none of them (excluded: not an image).
    """

    entry: FileEntry
    image: NewImage | None = None
    image_id: int | None = None
    failure: Failure | None = None
    archive: bool = False


class Spaces(Protocol):
    """The spaces of a library."""

    def all(self) -> Sequence[SpaceInfo]:
        """Every space, active or not."""

    def ensure(self, encoder: EncoderInfo, role: Role) -> SpaceInfo:
        """The space of this fingerprint and role; created if missing, and active if its role has none."""


class Runs(Protocol):
    """Runs on the library, finished or interrupted."""

    def start(self, kind: str) -> int:
        """Record the start of a run; a run without an end was interrupted."""

    def finish(self, run: int, summary: Mapping[str, object]) -> None:
        """Record the end of a run, with its result."""

    def unfinished(self) -> Sequence[int]:
        """Runs that started after the last one that finished, and did not."""


class Files(Protocol):
    """Files on disk and their outcomes. A path is (folder, path relative to it, member)."""

    def folders(self) -> Sequence[Folder]:
        """Every folder the library indexes."""

    def ensure_folder(self, path: str) -> tuple[Folder, str]:
        """The folder that contains `path`, created if missing, and `path` relative to it ("" = itself)."""

    def known(self, folder: Folder, below: str = "") -> Mapping[tuple[str, str], KnownFile]:
        """Return {(relative path, member): record} at or below the relative path `below`."""

    def record(self, run: int, folder: Folder, seen: Sequence[SeenFile]) -> Sequence[int | None]:
        """Store a batch in one durable transaction; image id of each, or None.

        A known sha256 keeps its image and embeddings (missing spaces are added). A missing file that is found
        again is restored. The same batch twice changes nothing.
        """

    def mark_missing(self, run: int, folder: Folder, files: Iterable[tuple[str, str]]) -> int:
        """Mark these (relative path, member) as gone; number that were present. Images are kept."""

    def failures(self, limit: int | None = None) -> Sequence[Failure]:
        """Files without an image that still exist."""


class Images(Protocol):
    """Images, looked up by identity, by filter and by words."""

    def get(self, ids: Sequence[int]) -> Sequence[ImageRecord]:
        """The records, in the given order. Raises ImageNotFoundError."""

    def find(self, sha256s: Sequence[bytes], spaces: Sequence[int]) -> Mapping[bytes, int]:
        """Image ids of those in the catalog with an embedding in every one of `spaces`."""

    def sizes(self) -> set[int]:
        """Byte lengths of all images (a file of another length cannot be one of them)."""

    def by_sha256(self, prefix: str) -> ImageRecord:
        """The image whose hexadecimal id starts with it. Raises ImageNotFoundError (none, or several)."""

    def by_path(self, path: str) -> ImageRecord | None:
        """The image a file contained when last seen."""

    def at_paths(self, paths: Sequence[str]) -> Mapping[str, int]:
        """{absolute path: image it contained when last seen}, for those that contained one."""

    def by_names(self, names: Sequence[str]) -> Mapping[str, Sequence[int]]:
        """{file name: images with a present file of that name, ignoring case}, if any."""

    def by_ids(self, starts: Sequence[str]) -> Mapping[str, Sequence[int]]:
        """{start of a hexadecimal id: at most two matching images}, for existing ones."""

    def match(self, filter: Filter) -> Ids:
        """Sorted ids of the images with a file present that satisfy it."""

    def match_words(self, words: Sequence[str], limit: int, among: Ids | None = None) -> Ids:
        """Images whose names, titles, captions, keywords or labels contain all the words, best first."""


class EmbeddingStore(Protocol):
    """Embeddings of record.

    Every row gets a sequence number, higher than all before it in the catalog, in the order of commits: a
    reader that has seen n has seen everything below n.
    """

    def get(self, space: int, ids: Ids) -> Embeddings:
        """(n, d) rows in this order. Raises ImageNotFoundError; CorruptLibraryError on a bad checksum."""

    def after(self, space: int, sequence: int, batch: int = 4096) -> Iterator[tuple[int, Ids, Embeddings]]:
        """Rows newer than `sequence`, oldest first: (last sequence, ids, (m, d) rows), m <= batch."""

    def sample(self, space: int, count: int) -> Ids:
        """Sorted ids of at most `count` images with an embedding in the space, spread evenly over it."""

    def last_sequence(self, space: int) -> int:
        """Highest sequence number in the space, 0 when empty."""

    def absent(self, space: int) -> Ids:
        """Sorted ids with an embedding in the space and no file present."""

    def unembedded(self, space: int) -> Ids:
        """Sorted ids of the images with a file present and no embedding in the space."""

    def corrupt(self, space: int) -> Ids:
        """Sorted ids of the images whose stored vector was altered; reads all of the space."""

    def remove(self, space: int, ids: Iterable[int]) -> int:
        """Delete these images' embeddings in the space, to be recomputed; number deleted."""


class Notes(Protocol):
    """Small texts by key: a calibration, the indexed folders."""

    def get(self, key: str) -> str | None:
        """The text stored under a key, None if there is none."""

    def save(self, key: str, text: str) -> None:
        """Store a small text under a key, durably, replacing any earlier one."""


class Hashes(Protocol):
    """Perceptual hashes of images, 64 bits each."""

    def get(self, ids: Ids | None = None) -> tuple[Ids, NDArray[np.uint64]]:
        """Sorted ids of the images that have one (among `ids`, if given), and the hashes."""

    def save(self, hashes: Mapping[int, int]) -> None:
        """Store {image id: 64 bits}, 0 to 2**64 - 1. Raises ImageNotFoundError."""

    def missing(self) -> Ids:
        """Sorted ids of the images with a file present and no perceptual hash."""


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
    def files(self) -> Files:
        """Files on disk."""

    @property
    def images(self) -> Images:
        """Images."""

    @property
    def embeddings(self) -> EmbeddingStore:
        """Embeddings of record."""

    @property
    def notes(self) -> Notes:
        """Small texts."""

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
