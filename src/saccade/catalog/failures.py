"""What happened to a library, in saccade's own errors, whichever database says it."""

import errno
from enum import Enum, auto
from pathlib import Path

from saccade.core.errors import (
    CorruptLibraryError,
    DiskFullError,
    LibraryBusyError,
    ReadOnlyError,
    StorageError,
)

_DISK_FULL_ERRNO = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_READ_ONLY_ERRNO = {errno.EACCES, errno.EPERM, errno.EROFS}


class Trouble(Enum):
    """What an error of a database comes down to."""

    FULL = auto()
    READ_ONLY = auto()
    UNREACHABLE = auto()
    DAMAGED = auto()
    BUSY = auto()
    OTHER = auto()


def storage_error(
    error: BaseException, path: Path, trouble: Trouble | None = None
) -> StorageError | LibraryBusyError:
    """The error of saccade's tree that says what happened to the library at `path`, and what to do.

    Args:
        trouble: what it comes down to; None to tell by an error of the file system.
    """
    match trouble or _trouble(error):
        case Trouble.FULL:
            return DiskFullError(
                f"no space left to write to {str(path)!r}",
                hint="free some space (or raise the quota) and run the same command again: it resumes",
            )
        case Trouble.READ_ONLY:
            return ReadOnlyError(
                f"no permission to write to {str(path)!r}",
                hint="change its permissions, or name another --library",
            )
        case Trouble.UNREACHABLE:
            return ReadOnlyError(
                f"the library in {str(path)!r} cannot be opened",
                hint="check the permissions of the folder and of catalog.db in it",
            )
        case Trouble.DAMAGED:
            return CorruptLibraryError(
                f"the catalog in {str(path)!r} is damaged: {error}",
                hint="put a backup in its place, or move it out of the folder and index again",
            )
        case Trouble.BUSY:
            return LibraryBusyError(
                f"the library in {str(path)!r} is locked by another process",
                hint="try again when it is done",
            )
        case Trouble.OTHER:
            return StorageError(f"the library in {str(path)!r} failed: {error}", hint="run `saccade doctor`")


def _trouble(error: BaseException) -> Trouble:
    number = error.errno if isinstance(error, OSError) else None
    if number in _DISK_FULL_ERRNO:
        return Trouble.FULL
    if number in _READ_ONLY_ERRNO:
        return Trouble.READ_ONLY
    return Trouble.DAMAGED if isinstance(error, ValueError) else Trouble.OTHER
