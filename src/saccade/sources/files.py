"""Reads one file that may be anything, may change, and may be huge. Runs in the worker."""

import hashlib
import os
import stat
from typing import NamedTuple

from saccade.sources.sniff import HEAD_BYTES, is_raw, refusal, sniff
from saccade.sources.wire import RefusedError

_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)  # a pipe instead of a file must not hang us
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_BINARY", 0)
)


class Content(NamedTuple):
    """Encoded bytes of a picture, their format and SHA-256 digest."""

    data: bytes
    format: str
    sha256: bytes


def open_regular(path: bytes) -> tuple[int, os.stat_result]:
    """An open descriptor of a regular file, and its status.

    Raises:
        RefusedError: file_vanished, or unreadable_file.
    """
    try:
        descriptor = os.open(path, _FLAGS)
    except FileNotFoundError:
        raise RefusedError("file_vanished", "the file is no longer there") from None
    except (OSError, ValueError) as error:
        raise _unreadable(error) from error
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        os.close(descriptor)
        raise RefusedError("unreadable_file", "it is not a regular file")
    return descriptor, found


def read_picture(path: bytes, most: int) -> tuple[Content, os.stat_result]:
    """The bytes of a picture file and its status when read; of other files only HEAD_BYTES are read.

    Raises:
        RefusedError: also file_changed, too_large_bytes, and what `identify` raises.
    """
    descriptor, before = open_regular(path)
    try:
        with open(descriptor, "rb", buffering=0) as file:
            head = file.read(HEAD_BYTES) or b""
            name = os.fsdecode(path)
            kind = identify(head, name)
            if before.st_size > most:
                raise _too_large(before.st_size, most)
            data = head
            if before.st_size > len(head):
                data += file.read(before.st_size - len(head) + 1) or b""
            while len(data) < before.st_size and (more := file.read(before.st_size - len(data))):
                data += more
            after = os.fstat(file.fileno())
    except OSError as error:
        raise _unreadable(error) from error
    if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns) or len(
        data
    ) != after.st_size:
        raise RefusedError("file_changed", "the file changed while it was being read")
    return Content(data, kind, hashlib.sha256(data).digest()), after


def check_bytes(data: bytes, name: str, most: int, *, claimed: bool) -> Content:
    """A picture in memory or from an archive.

    Args:
        claimed: the caller says it is a picture, whatever its name.
    """
    kind = identify(data[:HEAD_BYTES], name, claimed=claimed)
    if len(data) > most:
        raise _too_large(len(data), most)
    return Content(data, kind, hashlib.sha256(data).digest())


def identify(head: bytes, name: str, *, claimed: bool = False) -> str:
    """The format, by content.

    Raises:
        RefusedError: excluded, empty_file, not_an_image or unsupported_format.
    """
    kind = sniff(head)
    if kind is None:
        raise RefusedError(*refusal(head, name, claimed=claimed))
    if is_raw(head, name):
        raise RefusedError(*refusal(b"raw", name))
    return kind


def _unreadable(error: Exception) -> RefusedError:
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return RefusedError("unreadable_file", f"the file cannot be read: {said}")


def _too_large(size: int, most: int) -> RefusedError:
    return RefusedError("too_large_bytes", f"{size:,} bytes, over the limit of {most:,} bytes")
