"""Moves single files away and back, so that a power cut or a kill at any moment loses nothing.

On one disk a file is renamed. To another disk it is copied under a temporary name, synced, read again and
compared, renamed, and only then removed from its old path. At every moment at least one complete copy has a
name, and the existing files show the current step (see `state`).
"""

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Sequence
from contextlib import suppress

from saccade.core.decoding import FileStamp
from saccade.core.quarantine import FileFacts, Move, Whereabouts
from saccade.sources.names import hidden_beside

_CHUNK = 1 << 20
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES}
PARTIAL = ".saccade-partial"
"""Suffix of an incomplete copy."""


class AlteredError(OSError):
    """The bytes are not as expected."""


def look(path: str) -> FileFacts | None:
    """The state of a name in a folder, links not followed; None if it does not exist or is not accessible."""
    try:
        found = os.lstat(path)
    except (OSError, ValueError):
        return None
    mode = found.st_mode
    target = os.path.split(os.path.realpath(path)) if stat.S_ISLNK(mode) else None
    return FileFacts(
        kind="file" if stat.S_ISREG(mode) else "link" if stat.S_ISLNK(mode) else "other",
        stamp=FileStamp(size=found.st_size, mtime_ns=found.st_mtime_ns),
        mode=stat.S_IMODE(mode),
        identity=(found.st_dev, found.st_ino),
        links=found.st_nlink,
        entry=(os.path.realpath(os.path.dirname(path)), os.path.basename(path)),
        target=target,
    )


def digest(path: str) -> str:
    """SHA-256 of a regular file's bytes, hexadecimal; a link is not followed. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    with open(descriptor, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def set_aside(move: Move) -> None:
    """Move the file from `move.path` to `move.place`, which must not exist.

    Not durable before `sync_folders` of both; a copy to another disk is.

    Raises:
        AlteredError: the copy or the file is not as expected; the file is not moved.
        OSError: it failed; the file is not moved.
    """
    _make_folders(os.path.dirname(move.place))
    if os.path.lexists(move.place):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), move.place)
    try:
        os.rename(move.path, move.place)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _carry(move.path, move.place, move)


def state(move: Move) -> Whereabouts:
    """Where the file of a move is; leftovers of an interrupted copy are removed first. Raises OSError."""
    for partial in (move.place + PARTIAL, hidden_beside(move.path, PARTIAL)):
        with suppress(OSError):
            os.unlink(partial)  # an incomplete copy; the original is intact
    away, there = look(move.place), look(move.path)
    if away is None:
        return "there" if there is not None else "lost"
    if there is not None and there.identity == away.identity:
        return "both"
    if away.kind != "file" or away.stamp.size != move.stamp.size or digest(move.place) != move.sha256:
        return "altered"
    if there is None:
        return "away"
    same = there.kind == "file" and there.stamp == move.stamp and digest(move.path) == move.sha256
    return "both" if same else "replaced"


def put_back(move: Move, at: str) -> None:
    """Move the file from the quarantine to `at`, with its time and permissions; never overwrites.

    Durable as `set_aside` is.

    Raises:
        FileExistsError: `at` exists.
        AlteredError, OSError: it failed; the file is still in the quarantine.
    """
    _make_folders(os.path.dirname(at))
    if os.path.lexists(at):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), at)
    try:
        _rename_to_new(move.place, at)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _carry(move.place, at, move)
    _restore_facts(at, move)


def drop_copy(move: Move) -> None:
    """Remove the second of two names or copies from the quarantine; `state` said "both"."""
    sync_folders([move.path])  # its name may be no older than the kill that left both
    os.unlink(move.place)
    _restore_facts(move.path, move)


def free_name(path: str, mark: str) -> str:
    """An unused name next to `path`: "photo.restored-0001.jpg"."""
    base, end = os.path.splitext(path)
    number, name = 1, f"{base}.{mark}{end}"
    while os.path.lexists(name):
        number += 1
        name = f"{base}.{mark}-{number}{end}"
    return name


def sync_folders(paths: Sequence[str]) -> None:
    """Sync the changes to these names to disk."""
    for folder in dict.fromkeys(os.path.dirname(path) for path in paths):
        with suppress(FileNotFoundError):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def remove_empty(folder: str) -> None:
    """Remove empty folders at and below `folder`."""
    for place, _, _ in os.walk(folder, topdown=False):
        with suppress(OSError):
            os.rmdir(place)


def _make_folders(folder: str) -> None:
    """Make a folder and those above it, durably: the name of a file in a lost folder is lost."""
    missing = []
    while not os.path.isdir(folder):
        missing.append(folder)
        folder = os.path.dirname(folder)
    if missing:
        os.makedirs(missing[0], exist_ok=True)
        sync_folders(missing)


def _rename_to_new(source: str, target: str) -> None:
    """Rename without replacing anything; where hard links are not supported, checked just before."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target) from None
        os.rename(source, target)
        return
    sync_folders([target])
    os.unlink(source)


def _carry(source: str, target: str, move: Move) -> None:
    """Move to another disk: copy, sync, compare, name, and only then unlink the source."""
    partial = hidden_beside(target, PARTIAL) if source == move.place else target + PARTIAL
    try:
        _copy(source, partial, move)
        _rename_to_new(partial, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(partial)
        raise
    sync_folders([target])
    os.unlink(source)
    sync_folders([source])


def _copy(source: str, partial: str, move: Move) -> None:
    """A durable, verified copy, with times and permissions as far as the other disk supports them."""
    with open(source, "rb") as original, open(partial, "xb") as copy:
        shutil.copyfileobj(original, copy, _CHUNK)
        copy.flush()
        with suppress(OSError):  # some disks store less; `put_back` restores it from the manifest
            shutil.copystat(source, partial)
            _restore_facts(partial, move)
        os.fsync(copy.fileno())
        if hasattr(os, "posix_fadvise"):  # so that comparing reads from the disk, not the cache
            os.posix_fadvise(copy.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    if digest(partial) != move.sha256:
        raise AlteredError(errno.EIO, "the copy is not as expected", source)


def _restore_facts(path: str, move: Move) -> None:
    """Restore time and permissions if a disk could not store them."""
    now = os.lstat(path)
    if stat.S_IMODE(now.st_mode) != move.mode:
        os.chmod(path, move.mode)
    if now.st_mtime_ns != move.stamp.mtime_ns:
        os.utime(path, ns=(now.st_atime_ns, move.stamp.mtime_ns))
