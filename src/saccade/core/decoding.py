"""Files to decode, and what comes of them."""

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from saccade.core.types import Failure, ImageInfo, Pixels


class FileStamp(NamedTuple):
    """How a changed file is detected: by equality of size and time, never their order (clocks go back).

    A tuple, because a run over 100,000 unchanged files creates 200,000 of them.
    """

    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    """One file found by a walk.

    Attributes:
        path: path in the operating system's spelling (undecodable bytes as surrogate escapes), absolute.
        stamp: size and modification time.
        kind: "file", or "archive" for a zip or tar whose members are images to be listed.
        member: name inside the archive at `path`, or "".
    """

    path: str
    stamp: FileStamp
    kind: Literal["file", "archive"] = "file"
    member: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodeTask:
    """One picture to read: a file, a member of an archive, or bytes in memory.

    Attributes:
        path: file in the operating system's spelling; with `data`, only a name for messages.
        member: name inside the archive at `path`, or "".
        data: the encoded bytes themselves instead of a file.
        hash_only: return `Hashed` without decoding (to recognize a moved file).
    """

    path: str
    member: str = ""
    data: bytes | None = None
    hash_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """A picture prepared for the encoder.

    Attributes:
        sha256: 32 bytes, digest of the encoded bytes: the image's identity.
        info: what the file says about it.
        pixels: (size, size, 3) uint8 by the recipe.
        stamp: the file as it was when read; None for bytes in memory.
    """

    sha256: bytes
    info: ImageInfo
    pixels: Pixels
    stamp: FileStamp | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hashed:
    """Only the identity, for a task with `hash_only`."""

    sha256: bytes
    stamp: FileStamp | None = None


DecodeOutcome: TypeAlias = Decoded | Hashed | Failure
