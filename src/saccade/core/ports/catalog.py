"""The system of record: files, images, embeddings, and what is said about images, one small port each."""

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
    """A place a library indexes: its row and its absolute path in the operating system's spelling."""

    id: int
    path: str


class KnownFile(NamedTuple):
    """What the catalog remembers of a file.

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
    """What became of one file in this run.

    Exactly one of: `image` (a picture, new or not), `image_id` (a picture the catalog already holds),
    `failure`, `archive` (its members are entries of their own), or none of them (excluded: no image).
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
        """The space of this fingerprint and role; made, and active if its role has none active."""


class Runs(Protocol):
    """What was done to the library, and what was cut short."""

    def start(self, kind: str) -> int:
        """Note that a run began; a run without an end was interrupted."""

    def finish(self, run: int, summary: Mapping[str, object]) -> None:
        """Note that it ended, with what it did."""

    def unfinished(self) -> Sequence[int]:
        """Runs that started after the last one that finished, and did not."""


class Files(Protocol):
    """Files on disk and what became of them. A path is (folder, path relative to it, member)."""

    def folders(self) -> Sequence[Folder]:
        """Every place the library indexes."""

    def ensure_folder(self, path: str) -> tuple[Folder, str]:
        """The folder that holds `path`, made if none does, and `path` relative to it ("" = itself)."""

    def known(self, folder: Folder, below: str = "") -> Mapping[tuple[str, str], KnownFile]:
        """Return {(relative path, member): what is remembered} at or below the relative path `below`."""

    def record(self, run: int, folder: Folder, seen: Sequence[SeenFile]) -> Sequence[int | None]:
        """Store a batch in one durable transaction; image id of each, None where it has none.

        A sha256 already held keeps its image and embeddings (missing spaces are added). Seeing a missing
        file again revives it. The same batch twice changes nothing.
        """

    def mark_missing(self, run: int, folder: Folder, files: Iterable[tuple[str, str]]) -> int:
        """These (relative path, member) are gone; number that were present. Images and embeddings stay."""

    def failures(self, limit: int | None = None) -> Sequence[Failure]:
        """Files that gave no image and are still there."""


class Images(Protocol):
    """Images, looked up by what identifies them, by filter and by words."""

    def get(self, ids: Sequence[int]) -> Sequence[ImageRecord]:
        """The records, in the order asked. Raises ImageNotFoundError."""

    def find(self, sha256s: Sequence[bytes], spaces: Sequence[int]) -> Mapping[bytes, int]:
        """Image ids of those that the catalog holds with an embedding in every one of `spaces`."""

    def sizes(self) -> set[int]:
        """Byte lengths of all images held (a file of another length cannot be one of them)."""

    def by_sha256(self, prefix: str) -> ImageRecord:
        """The image whose hexadecimal id starts so. Raises ImageNotFoundError (none, or several)."""

    def by_path(self, path: str) -> ImageRecord | None:
        """The image a file held when last seen."""

    def at_paths(self, paths: Sequence[str]) -> Mapping[str, int]:
        """{absolute path: image it held when last seen}, of those that held one."""

    def by_names(self, names: Sequence[str]) -> Mapping[str, Sequence[int]]:
        """{file name: images with a present file called so, whatever its case}, of those there are."""

    def by_ids(self, starts: Sequence[str]) -> Mapping[str, Sequence[int]]:
        """{start of a hexadecimal id: images it fits, two at most}, of those there are."""

    def match(self, filter: Filter) -> Ids:
        """Sorted ids of the images with a file present that satisfy it."""

    def match_words(self, words: Sequence[str], limit: int, among: Ids | None = None) -> Ids:
        """Images whose names, titles, captions, keywords or labels hold all the words, best first."""


class EmbeddingStore(Protocol):
    """Embeddings of record.

    Every row gets a sequence number, higher than all before it in the catalog, and in the order of commits:
    whoever has seen n has seen everything below n.
    """

    def get(self, space: int, ids: Ids) -> Embeddings:
        """(n, d) rows as asked. Raises ImageNotFoundError; CorruptLibraryError on a bad checksum."""

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
        """Delete these images' embeddings in the space, so that they are made again; number deleted."""


class Notes(Protocol):
    """Small texts under a key: a calibration, the folders in force."""

    def get(self, key: str) -> str | None:
        """The text kept under a key, None if there is none."""

    def save(self, key: str, text: str) -> None:
        """Keep a small text under a key, durably, in the place of what was there."""


class Hashes(Protocol):
    """Perceptual hashes of images, 64 bits each."""

    def get(self, ids: Ids | None = None) -> tuple[Ids, NDArray[np.uint64]]:
        """Sorted ids of the images that have one (among `ids`, if given), and the hashes."""

    def save(self, hashes: Mapping[int, int]) -> None:
        """Keep {image id: 64 bits}, 0 to 2**64 - 1. Raises ImageNotFoundError."""

    def missing(self) -> Ids:
        """Sorted ids of the images with a file present and no perceptual hash."""


class Health(Protocol):
    """Whether the catalog is whole, and how to keep it so."""

    def counts(self) -> Counts:
        """How much it holds."""

    def problems(self) -> Sequence[str]:
        """What is wrong with the stored data itself, a line each; reads all of it."""

    def stale_images(self) -> Ids:
        """Sorted ids of the images of which what derives from their files (words, presence) is wrong."""

    def rebuild_derived(self) -> None:
        """Make what derives from the files again."""

    def backup(self, path: str, *, overwrite: bool = False) -> None:
        """Write a consistent copy while others read and write; the file appears whole or not at all.

        Raises InputError if the file exists and `overwrite` is false; DiskFullError, ReadOnlyError.
        """


class Catalog(Protocol):
    """The system of record. What a method that writes has returned from is durable.

    Image ids are positive and never used again. Any number of processes read, one at a time writes.
    Methods that write raise LibraryBusyError, DiskFullError, ReadOnlyError or StorageError.
    """

    @property
    def spaces(self) -> Spaces:
        """The spaces."""

    @property
    def runs(self) -> Runs:
        """What was done."""

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
        """Pairs that were compared, and what people said of them."""

    @property
    def results(self) -> Results:
        """Versions of models and results."""

    @property
    def feedback(self) -> Feedback:
        """What users did, and what goes together."""

    @property
    def health(self) -> Health:
        """Whether it is whole."""

    def writing(self, doing: str = ..., *, wait_s: float | None = None) -> AbstractContextManager[None]:
        """Hold the library's write lock, which others wait for; the same thread may take it again.

        Args:
            doing: completes the sentence "process 123 is ..." that others are told.
            wait_s: longest wait for it, seconds; None for the library's own setting.
        Raises:
            LibraryBusyError: it was not free in time; names the holder and what it is doing.
        """

    def unit(self, doing: str = ..., *, wait_s: float | None = None) -> AbstractContextManager[None]:
        """The write lock, and one transaction over all stores: what the block writes happens whole or not."""

    def version(self) -> int:
        """A number that changes whenever anything in the catalog did, by any process."""

    def close(self) -> None:
        """Release it."""
