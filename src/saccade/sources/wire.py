"""What crosses between the parent and a decoding worker, in a form that needs neither numpy nor pickle.

A message is two big-endian 32-bit lengths, a JSON header and raw bytes. Paths cross as the file system's
bytes, spelled as Latin-1 text. The worker imports this module, so it must stay cheap to import.
"""

import json
import struct
from collections.abc import Callable
from typing import BinaryIO, Literal, NamedTuple, TypeAlias

Header: TypeAlias = dict[str, object]

HEAD = struct.Struct(">II")
MAX_HEADER = 1 << 20
"""Longest JSON header accepted, bytes."""


MAX_SIDE = 4096
"""Longest side of the pixels of a recipe."""


class Limits(NamedTuple):
    """What one picture may cost before it is given up.

    Attributes:
        max_bytes: length of an encoded picture.
        max_pixels: width x height; formats that need more memory per pixel are stopped earlier.
        max_frames: frames or pages in one file.
        memory_bytes: address space of a worker, where the operating system can limit it.
        wall_s: seconds for one picture, reading included.
        archive_s: seconds for listing an archive, or for skipping to one member in it.
        max_members: files in one archive.
    """

    max_bytes: int = 200_000_000
    max_pixels: int = 250_000_000
    max_frames: int = 10_000
    memory_bytes: int = 1 << 30
    wall_s: float = 10.0
    archive_s: float = 600.0
    max_members: int = 1_000_000


class Cut(NamedTuple):
    """The encoder's PixelRecipe, as the worker sees it."""

    size: int
    fit: Literal["squash", "crop", "contain"]
    resample: Literal["bilinear", "bicubic"]
    resize: int


def check_cut(value: object) -> Cut:
    """The recipe a request names. Raises ValueError: it gives no picture."""
    match value:
        case [
            int(size), "squash" | "crop" | "contain" as fit, "bilinear" | "bicubic" as resample, int(resize),
        ] if 1 <= size <= MAX_SIDE and (fit != "crop" or size <= resize <= 2 * MAX_SIDE):  # fmt: skip
            return Cut(size, fit, resample, resize)
        case _:
            raise ValueError(f"not a usable recipe: {value}")


class RefusedError(Exception):
    """One input gives no picture; becomes a Failure in the parent.

    Args:
        code: stable code.   reason: one sentence a person understands.
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def pack(header: Header, payload: bytes = b"") -> bytes:
    """One message, ready to write."""
    text = json.dumps(header).encode("ascii")
    return HEAD.pack(len(text), len(payload)) + text + payload


def receive(stream: BinaryIO, allowed: Callable[[int], bool]) -> tuple[Header, bytes] | None:
    """Return the next message, None at the end of the stream.

    Args:
        allowed: whether a payload of this many bytes is acceptable.
    Raises:
        ValueError: not a message, or a length that is not acceptable; nothing of that length is read.
    """
    head = _exactly(stream, HEAD.size)
    if head is None:
        return None
    header_size, payload_size = HEAD.unpack(head)
    if header_size > MAX_HEADER or not allowed(payload_size):
        raise ValueError("a message of an unacceptable length")
    text = _exactly(stream, header_size)
    payload = _exactly(stream, payload_size)
    if text is None or payload is None:
        return None
    try:
        header = json.loads(text)
    except RecursionError:
        raise ValueError("a header nested too deep") from None
    if not isinstance(header, dict):
        raise ValueError("a header that is not an object")  # noqa: TRY004 - the peer's fault, not the caller's
    return header, payload


def _exactly(stream: BinaryIO, size: int) -> bytes | None:
    """`size` bytes, None when the stream ends before."""
    data = stream.read(size)
    if len(data) == size:
        return data
    return None
