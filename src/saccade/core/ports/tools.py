"""Tools that some use-cases need, such as heavy engines and file operations; each is loaded on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # a search has these ports, but none of the values
    from collections.abc import Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from saccade.core.decoding import FileEntry
    from saccade.core.ports.engines import KMeans, SelfJoin, Verifier
    from saccade.core.quarantine import FileFacts, Merge, Move, RunEntries, Whereabouts
    from saccade.core.tables import Cell, Table
    from saccade.core.types import Failure, Pixels


class Walk(Protocol):
    """Finds the files of a folder, or a single file; see `saccade.sources.walk`."""

    def __call__(self, root: str, *, exclude: Sequence[str] = ()) -> Iterator[FileEntry | Failure]:
        """Entries in a fixed order; a Failure for each folder that cannot be read."""


class PictureCodec(Protocol):
    """Encodes pictures in memory as files."""

    def to_png(self, picture: object) -> bytes:
        """A PIL image or (H, W, 3) uint8 pixels as PNG. Raises InvalidQueryError: it is neither."""

    def to_jpeg(self, pixels: Pixels) -> bytes:
        """Pixels as JPEG, without metadata."""


class Tables(Protocol):
    """CSV files."""

    def read(self, path: str) -> AbstractContextManager[Table]:
        """The table in a file, read row by row. Raises PathNotFoundError, InputError."""

    def write(
        self, path: str, header: Sequence[str], rows: Iterable[Sequence[Cell]], *, overwrite: bool
    ) -> int:
        """Write a table atomically; number of rows."""


class WholeFiles(Protocol):
    """Writes files atomically and durably."""

    def __call__(self, path: str, parts: Iterable[bytes], *, like: str | None = None) -> None:
        """Write the parts; with the permissions of the file `like`. Raises the storage errors."""


class KeywordFiles(Protocol):
    """Keywords in JPEG files and in XMP sidecars; bytes in, bytes out."""

    def tagged_jpeg(self, data: bytes, labels: Sequence[str]) -> bytes:
        """The JPEG with these keywords. Raises ValueError with the reason if it cannot take any."""

    def picture_data(self, data: bytes) -> bytes:
        """The bytes of a JPEG that determine its pixels."""

    def sidecar_of(self, path: str) -> str:
        """The path of a picture's sidecar."""

    def with_keywords(self, packet: bytes | None, labels: Sequence[str]) -> bytes:
        """An XMP packet with these keywords, otherwise unchanged. Raises ValueError: it cannot be read."""


class QuarantineFiles(Protocol):
    """Moves single files; see `saccade.sources.quarantine`."""

    def look(self, path: str) -> FileFacts | None:
        """The current state of a name."""

    def digest(self, path: str) -> str:
        """SHA-256 of a file, hexadecimal."""

    def set_aside(self, move: Move) -> None:
        """Move it to its place in the quarantine."""

    def state(self, move: Move) -> Whereabouts:
        """Where it is."""

    def put_back(self, move: Move, at: str) -> None:
        """Move it out of the quarantine."""

    def drop_copy(self, move: Move) -> None:
        """Take the second of two copies out of the quarantine."""

    def free_name(self, path: str, mark: str) -> str:
        """An unused name next to it."""

    def sync_folders(self, paths: Sequence[str]) -> None:
        """Sync the changes to these names to disk."""


class QuarantineRuns(Protocol):
    """The manifests of the quarantine; see `saccade.sources.journal`."""

    @property
    def folder(self) -> str:
        """The folder of the manifests."""

    def runs(self) -> Sequence[str]:
        """Names of all runs, oldest first."""

    def next_place(self, to: str | None) -> str:
        """Where the next run's files will be put."""

    def begin(self, created: str, place: str) -> str:
        """Start a run."""

    def write(self, run: str, moves: Sequence[Move], merges: Sequence[Merge]) -> None:
        """Record a move before it happens."""

    def resume(self, run: str) -> None:
        """Record that the run resumes."""

    def end(self, run: str) -> None:
        """Record that the run has ended."""

    def unmerge(self, run: str, merges: Sequence[int]) -> None:
        """Record that these merges were undone."""

    def load(self, run: str) -> RunEntries:
        """Read the manifest."""

    def tidy(self, entries: RunEntries) -> None:
        """Remove what is empty."""


class Tools(Protocol):
    """The tools of a library, for its use-cases."""

    @property
    def walk(self) -> Walk:
        """Finds files."""

    @property
    def pictures(self) -> PictureCodec:
        """Encodes pictures."""

    @property
    def tables(self) -> Tables:
        """CSV files."""

    @property
    def write_whole(self) -> WholeFiles:
        """Writes files atomically."""

    def clear_scratch(self, folders: Iterable[str]) -> None:
        """Remove the temporary files that killed writers left in these folders."""

    def append_line(self, path: str, line: str) -> None:
        """Append a line to a file, created if missing; durable when it returns."""

    @property
    def keywords(self) -> KeywordFiles:
        """Keywords in files."""

    @property
    def quarantine(self) -> QuarantineFiles:
        """Moves files away and back."""

    def journal(self, folder: str) -> QuarantineRuns:
        """The manifests of the quarantine of the library in `folder`."""

    def kmeans(self) -> KMeans:
        """k-means."""

    def self_join(self) -> SelfJoin:
        """All pairs that score high."""

    def verifier(self, name: str) -> Verifier:
        """The one called "base", or "sift" (extra `verify`). Raises InputError, MissingExtraError."""
