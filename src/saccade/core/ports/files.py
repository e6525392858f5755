"""The folders and files that a catalog knows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from saccade.core.decoding import FileEntry, FileStamp
from saccade.core.ports.images import NewImage
from saccade.core.types import Failure


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
