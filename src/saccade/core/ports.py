"""What the parts expect of each other: structural types, so that any class of the right shape fits.

Each states shapes, order and errors; `tests/contracts` runs one suite over every implementation.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from saccade.core.filters import Filter
from saccade.core.stores import Columns, Feedback, Pairs, Results, Tags
from saccade.core.types import (
    Counts,
    DecodeOutcome,
    DecodeTask,
    Embeddings,
    EncoderInfo,
    Failure,
    FileEntry,
    FileStamp,
    Ids,
    ImageInfo,
    ImageRecord,
    Pixels,
    Progress,
    Role,
    Scores,
    SpaceInfo,
)

ReportProgress: TypeAlias = Callable[[Progress], None]
"""Called from the thread that does the work, a few times per second at most."""


class Encoder(Protocol):
    """Images and text to embeddings. Thread-safe once made."""

    @property
    def info(self) -> EncoderInfo:
        """What it is."""

    def encode_pixels(self, pixels: Pixels) -> Mapping[Role, Embeddings]:
        """(n, size, size, 3) by `info.recipe` -> (n, d) unit rows for each role, in one pass."""

    def encode_texts(self, texts: Sequence[str]) -> Embeddings:
        """The n texts as (n, d) unit rows of the semantic space; InvalidQueryError if it reads no text."""


class Decoder(Protocol):
    """Untrusted files to pixels, in guarded worker processes. Close it (or use `with`) to end them."""

    def decode(self, tasks: Iterable[DecodeTask]) -> Iterator[DecodeOutcome]:
        """One outcome per task, in order. Tasks are taken lazily, a bounded number ahead."""

    def list_archive(self, entry: FileEntry) -> Iterator[FileEntry | Failure]:
        """Members of an archive that may be pictures, as entries, in the archive's order.

        A broken archive gives what could be listed and then one Failure with the archive's own path.
        """

    def close(self) -> None:
        """End the workers."""


class Index(Protocol):
    """Nearest-neighbor search over one space, as it stood when the index was built.

    Attributes:
        kind: "flat", "ivf" or "hnsw".
        sequence: highest sequence number of the embeddings it holds (see Catalog); later ones are absent.
        size: number of embeddings.
    """

    kind: str
    sequence: int
    size: int

    def search(
        self, queries: Embeddings, k: int, *, only: Ids | None = None, exclude: Ids | None = None
    ) -> tuple[Ids, Scores]:
        """Nearest images of each query.

        Args:
            queries: (q, d) unit rows.   k: at least 1.
            only: sorted ids to search among; the rest do not exist for this search.
            exclude: sorted ids that do not exist for this search.
        Returns:
            ids and scores, both (q, m), best first, ties by lower id; m = min(k, number of matching ids):
            filters act before k. Scores are exact; an approximate index may miss images.
        """

    def close(self) -> None:
        """Release files and memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoIndex:
    """There is no index to search: why, and whether one is there but damaged or not of this space.

    Nothing is lost by it: search the catalog's embeddings exactly, and build again.
    """

    reason: str
    damaged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSummary:
    """What was built.

    Attributes:
        kind: "flat", "ivf" or "hnsw".
        size: number of embeddings.
        sequence: highest sequence number among them, 0 when empty.
        recall: ANN recall@10 measured against exact search before it was published; 1.0 for flat.
        note: why it is flat although another kind was wanted; or empty.
        size_bytes: length of its files.
    """

    kind: str
    size: int
    sequence: int
    recall: float
    note: str
    size_bytes: int


class IndexStore(Protocol):
    """The indexes of a library, one for each space. Any number of processes read while one builds."""

    def open(self, space: SpaceInfo) -> Index | NoIndex:
        """The index of the space as last built; whatever is wrong with its files is a NoIndex."""

    def build(
        self,
        space: SpaceInfo,
        batches: Iterable[tuple[int, Ids, Embeddings]],
        *,
        kind: str = "auto",
        queries: Embeddings | None = None,
        count: int | None = None,
        report: ReportProgress | None = None,
    ) -> IndexSummary:
        """Replace the index of the space. The caller holds the write lock; readers go on undisturbed.

        Args:
            batches: (last sequence, ids, (m, dim) rows) as `Catalog.embeddings_after` gives them.
            kind: "auto", "flat", "ivf" or "hnsw".
            queries: (q, dim) rows like those that will be searched for (texts, above all), to tune it by.
            count: number of embeddings, if known, for the progress reports.
        Raises:
            InvalidVectorError; DiskFullError, ReadOnlyError or StorageError. The old index then still stands.
        """

    def verify(self, space: SpaceInfo) -> Sequence[str]:
        """One line for each thing wrong with its files, every byte of them read; none when none is built."""

    def remove(self, space: SpaceInfo) -> None:
        """Delete the files of the space's index; open readers go on undisturbed."""


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


class Catalog(Protocol):
    """The system of record. What a method that writes has returned from is durable.

    Every embedding row gets a sequence number, higher than all before it in the catalog. Image ids are
    positive and never used again. A path is (folder, path relative to it, member).
    Methods that write raise LibraryBusyError, DiskFullError, ReadOnlyError or StorageError.
    """

    # --- spaces
    def spaces(self) -> Sequence[SpaceInfo]:
        """Every space, active or not."""

    def ensure_space(self, encoder: EncoderInfo, role: Role) -> SpaceInfo:
        """The space of this fingerprint and role; made, and active if its role has none active."""

    # --- writing: one process at a time
    def writing(self, doing: str = ...) -> AbstractContextManager[None]:
        """Hold the library's write lock. Raises LibraryBusyError naming the holder and what it is doing."""

    def start_run(self, kind: str) -> int:
        """Note that a run began; a run without an end was interrupted."""

    def finish_run(self, run: int, summary: Mapping[str, object]) -> None:
        """Note that it ended, with what it did."""

    def ensure_folder(self, path: str) -> tuple[Folder, str]:
        """The folder that holds `path`, made if none does, and `path` relative to it ("" = itself)."""

    def known_files(self, folder: Folder, below: str = "") -> Mapping[tuple[str, str], KnownFile]:
        """Return {(relative path, member): what is remembered} at or below the relative path `below`."""

    def record(self, run: int, folder: Folder, seen: Sequence[SeenFile]) -> Sequence[int | None]:
        """Store a batch in one durable transaction; image id of each, None where it has none.

        A sha256 already held keeps its image and embeddings (missing spaces are added). Seeing a missing
        file again revives it. The same batch twice changes nothing.
        """

    def mark_missing(self, run: int, folder: Folder, files: Iterable[tuple[str, str]]) -> int:
        """These (relative path, member) are gone; number that were present. Images and embeddings stay."""

    def find_images(self, sha256s: Sequence[bytes], spaces: Sequence[int]) -> Mapping[bytes, int]:
        """Image ids of those that the catalog holds with an embedding in every one of `spaces`."""

    def known_sizes(self) -> set[int]:
        """Byte lengths of all images held (a file of another length cannot be one of them)."""

    # --- reading: any number of processes
    def folders(self) -> Sequence[Folder]:
        """Every place the library indexes."""

    def unfinished_runs(self) -> Sequence[int]:
        """Runs that started after the last one that finished, and did not."""

    def counts(self) -> Counts:
        """How much it holds."""

    def version(self) -> int:
        """A number that changes whenever anything in the catalog did, by any process."""

    def missing_images(self, space: int) -> Ids:
        """Sorted ids with an embedding in the space and no file present."""

    def match(self, filter: Filter) -> Ids:
        """Sorted ids of the images with a file present that satisfy it."""

    def match_words(self, words: Sequence[str], limit: int, among: Ids | None = None) -> Ids:
        """Images whose names, titles, captions, keywords or labels hold all the words, best first."""

    def images(self, ids: Sequence[int]) -> Sequence[ImageRecord]:
        """The records, in the order asked. Raises ImageNotFoundError."""

    def image_by_sha256(self, prefix: str) -> ImageRecord:
        """The image whose hexadecimal id starts so. Raises ImageNotFoundError (none, or several)."""

    def image_by_path(self, path: str) -> ImageRecord | None:
        """The image a file held when last seen."""

    def find_paths(self, paths: Sequence[str]) -> Mapping[str, int]:
        """{absolute path: image it held when last seen}, of those that held one."""

    def find_names(self, names: Sequence[str]) -> Mapping[str, Sequence[int]]:
        """{file name: images with a present file called so, whatever its case}, of those there are."""

    def find_ids(self, starts: Sequence[str]) -> Mapping[str, Sequence[int]]:
        """{start of a hexadecimal id: images it fits, two at most}, of those there are."""

    def failures(self, limit: int | None = None) -> Sequence[Failure]:
        """Files that gave no image and are still there."""

    def embeddings(self, space: int, ids: Ids) -> Embeddings:
        """(n, d) rows as asked. Raises ImageNotFoundError; CorruptLibraryError on a bad checksum."""

    def embeddings_after(
        self, space: int, sequence: int, batch: int = 4096
    ) -> Iterator[tuple[int, Ids, Embeddings]]:
        """Rows newer than `sequence`, oldest first: (last sequence, ids, (m, d) rows), m <= batch."""

    def sample_ids(self, space: int, count: int) -> Ids:
        """Sorted ids of at most `count` images with an embedding in the space, spread evenly over it."""

    def note(self, key: str) -> str | None:
        """A small text kept under a key (a calibration, say), None if there is none."""

    def save_note(self, key: str, text: str) -> None:
        """Keep a small text under a key, durably, in the place of what was there."""

    def last_sequence(self, space: int) -> int:
        """Highest sequence number in the space, 0 when empty."""

    # --- what people and pipelines say about images
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

    def hashes(self, ids: Ids | None = None) -> tuple[Ids, NDArray[np.uint64]]:
        """Sorted ids of the images that have a perceptual hash (among `ids`, if given), and the hashes."""

    def save_hashes(self, hashes: Mapping[int, int]) -> None:
        """Keep {image id: 64 bits}, 0 to 2**64 - 1. Raises ImageNotFoundError."""

    def unhashed_images(self) -> Ids:
        """Sorted ids of the images with a file present and no perceptual hash."""

    # --- keeping it sound
    def problems(self) -> Sequence[str]:
        """What is wrong with the stored data itself, a line each; reads all of it."""

    def corrupt_embeddings(self, space: int) -> Ids:
        """Sorted ids of the images whose stored vector was altered; reads all of the space."""

    def unembedded_images(self, space: int) -> Ids:
        """Sorted ids of the images with a file present and no embedding in the space."""

    def remove_embeddings(self, space: int, ids: Iterable[int]) -> int:
        """Delete these images' embeddings in the space, so that they are made again; number deleted."""

    def stale_images(self) -> Ids:
        """Sorted ids of the images of which what derives from their files (words, presence) is wrong."""

    def rebuild_derived(self) -> None:
        """Make what derives from the files again."""

    def backup(self, path: str, *, overwrite: bool = False) -> None:
        """Write a consistent copy while others read and write; the file appears whole or not at all.

        Raises InputError if the file exists and `overwrite` is false; DiskFullError, ReadOnlyError.
        """

    def close(self) -> None:
        """Release it."""
