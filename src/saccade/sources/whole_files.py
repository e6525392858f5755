"""Writes files atomically: to a temporary file next to the target, synced, renamed."""

import errno
import os
import shutil
from collections.abc import Iterable
from contextlib import suppress

from saccade.core.errors import DiskFullError, PathNotFoundError, ReadOnlyError, SaccadeError, StorageError


def write_whole(path: str, parts: Iterable[bytes], *, like: str | None = None) -> None:
    """Write a file, replacing an older one.

    Args:
        like: a file whose permissions and extended attributes it gets, if the system allows it.
    Raises:
        PathNotFoundError, ReadOnlyError, DiskFullError or StorageError; the older file is then unchanged.
    """
    scratch = f"{path}.{os.getpid()}.saccade-tmp"
    try:
        with open(scratch, "xb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        if like is not None:
            shutil.copymode(like, scratch)
        os.replace(scratch, path)
        _sync_folder(os.path.dirname(path) or os.curdir)
    except OSError as error:
        raise write_error(error, path) from error
    finally:
        with suppress(OSError):
            os.unlink(scratch)


def append_line(path: str, line: str) -> None:
    """Append a line to a file, created if missing; on disk, including its name, when it returns.

    Raises:
        PathNotFoundError, ReadOnlyError, DiskFullError or StorageError.
    """
    try:
        made = not os.path.exists(path)
        with open(path, "ab") as file:
            file.write(f"{line}\n".encode())
            file.flush()
            os.fsync(file.fileno())
        if made:
            _sync_folder(os.path.dirname(path) or os.curdir)
    except OSError as error:
        raise write_error(error, path) from error


def write_error(error: OSError, path: str) -> SaccadeError:
    """The error to raise when a file could not be written."""
    if error.errno == errno.ENOENT:
        return PathNotFoundError(f"no such folder: {os.path.dirname(path)}", hint="create it first")
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return ReadOnlyError(f"no permission to write {path}", hint="choose another place")
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return DiskFullError(
            f"no space left to write {path}", hint="free some space, or choose another place"
        )
    return StorageError(f"cannot write {path}: {error.strerror}", hint="choose another place")


def _sync_folder(folder: str) -> None:
    """Make the new name durable, if the system supports it."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
