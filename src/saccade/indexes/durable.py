"""Reading and writing an index's files so that a power cut leaves the old ones or the new ones."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from saccade.core.errors import DiskFullError, ReadOnlyError, StorageError


def read(path: Path) -> bytes | None:
    """The file's content, None if it does not exist or cannot be read."""
    try:
        return path.read_bytes()
    except OSError:
        return None


def write(path: Path, content: bytes) -> None:
    """Write a new file and wait until it is on the disk."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync(folder: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def storage_errors(place: Path) -> Iterator[None]:
    """Convert OSError to an error with a hint."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFullError(f"no space left for the index in {place}", hint="free some space") from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise ReadOnlyError(f"cannot write the index in {place}", hint="check its permissions") from error
        raise StorageError(f"writing the index in {place} failed: {error}") from error
