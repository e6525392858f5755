"""Writes files atomically: to a hidden temporary file next to the target, synced, renamed."""

import errno
import fcntl
import os
import shutil
from collections.abc import Iterable
from contextlib import suppress

from saccade.core.errors import DiskFullError, PathNotFoundError, ReadOnlyError, SaccadeError, StorageError
from saccade.sources.names import hidden_beside

_SCRATCH = ".saccade-tmp"


def write_whole(path: str, parts: Iterable[bytes], *, like: str | None = None) -> None:
    """Write a file, replacing an older one.

    Args:
        like: a file whose permissions it gets.
    Raises:
        PathNotFoundError, ReadOnlyError, DiskFullError or StorageError; the older file is then unchanged.
    """
    scratch = hidden_beside(path, f".{os.getpid()}{_SCRATCH}")
    try:
        with open(scratch, "xb") as file:
            with suppress(OSError):  # without locks, `clear_scratch` removes nothing
                fcntl.flock(file, fcntl.LOCK_EX)
            if like is not None:  # first, so that nobody else can read what is private
                shutil.copymode(like, scratch)
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        os.replace(scratch, path)
        _sync_folder(os.path.dirname(path) or os.curdir)
    except OSError as error:
        raise write_error(error, path) from error
    finally:
        with suppress(OSError):
            os.unlink(scratch)


def clear_scratch(folders: Iterable[str]) -> None:
    """Remove the temporary files that killed writers left in these folders; those in use are locked."""
    for folder in dict.fromkeys(folders):
        with suppress(OSError):
            for name in os.listdir(folder):
                if name.startswith(".") and name.endswith(_SCRATCH):
                    _remove_unlocked(os.path.join(folder, name))


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


def _remove_unlocked(path: str) -> None:
    with suppress(OSError), open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(path)


def _sync_folder(folder: str) -> None:
    """Make the new name durable, if the system supports it."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
