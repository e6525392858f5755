"""Moving single files away and back so that a power cut or a kill at any moment loses nothing.

On one disk a file is renamed. To another disk it is copied under a temporary name, synced, read again and
compared, given its name, and only then taken from where it was. At every moment at least one whole copy has
a name, and which moment it was can be told from what lies where (see `state`).
"""

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Sequence
from contextlib import suppress

from saccade.core.quarantine import FileFacts, Move, Whereabouts
from saccade.core.types import FileStamp

_CHUNK = 1 << 20
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES}
PARTIAL = ".saccade-partial"
"""End of the name of a copy that is not complete."""


class AlteredError(OSError):
    """The bytes are not those that were expected."""


def look(path: str) -> FileFacts | None:
    """What a name in a folder is now, links not followed; None if there is nothing or it cannot be seen."""
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
    """Move the file from `move.path` to `move.place`, which nothing has yet.

    Not durable before `sync_folders` of both; a copy to another disk is.

    Raises:
        AlteredError: the copy or the file is not what was expected; the file is where it was.
        OSError: it cannot be done; the file is where it was.
    """
    os.makedirs(os.path.dirname(move.place), exist_ok=True)
    if os.path.lexists(move.place):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), move.place)
    try:
        os.rename(move.path, move.place)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _carry(move.path, move.place, move)


def state(move: Move) -> Whereabouts:
    """Where the file of a move is; what an interrupted copy left is removed first. Raises OSError."""
    for partial in (move.place + PARTIAL, _partial_beside(move.path)):
        with suppress(OSError):
            os.unlink(partial)  # a copy that was never completed; the original is whole
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
    """Move the file from the quarantine to `at`, with the time and permissions it had; never over anything.

    Durable as `set_aside` is.

    Raises:
        FileExistsError: something lies at `at`.
        AlteredError, OSError: it cannot be done; the file is in the quarantine.
    """
    os.makedirs(os.path.dirname(at), exist_ok=True)
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
    """Take the second of two names or copies of the same bytes out of the quarantine; `state` said "both"."""
    os.unlink(move.place)
    _restore_facts(move.path, move)


def free_name(path: str, mark: str) -> str:
    """A name beside `path` that nothing has: "photo.restored-0001.jpg"."""
    base, end = os.path.splitext(path)
    number, name = 1, f"{base}.{mark}{end}"
    while os.path.lexists(name):
        number += 1
        name = f"{base}.{mark}-{number}{end}"
    return name


def sync_folders(paths: Sequence[str]) -> None:
    """Make what happened to these names durable."""
    for folder in dict.fromkeys(os.path.dirname(path) for path in paths):
        with suppress(FileNotFoundError):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def remove_empty(folder: str) -> None:
    """Remove the folders at and below `folder` that hold nothing."""
    for place, _, _ in os.walk(folder, topdown=False):
        with suppress(OSError):
            os.rmdir(place)


def _rename_to_new(source: str, target: str) -> None:
    """Rename without replacing anything; where a file cannot get a second name, checked just before."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target) from None
        os.rename(source, target)
        return
    os.unlink(source)


def _carry(source: str, target: str, move: Move) -> None:
    """Move to another disk: copy, sync, compare, name, and only then unlink the source."""
    partial = _partial_beside(target) if source == move.place else target + PARTIAL
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
    """A durable copy that was read again, with what the other disk keeps of times and permissions."""
    with open(source, "rb") as original, open(partial, "xb") as copy:
        shutil.copyfileobj(original, copy, _CHUNK)
        copy.flush()
        os.fsync(copy.fileno())
        if hasattr(os, "posix_fadvise"):  # so that comparing reads what the disk has, not what memory has
            os.posix_fadvise(copy.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    if digest(partial) != move.sha256:
        raise AlteredError(errno.EIO, "the copy differs from what was expected", source)
    with suppress(OSError):  # some disks keep less; `put_back` sets what the manifest says
        shutil.copystat(source, partial)
        _restore_facts(partial, move)


def _partial_beside(path: str) -> str:
    """The hidden name of an incomplete copy of `path` in its own folder, where indexing sees none."""
    name = hashlib.sha256(os.fsencode(os.path.basename(path))).hexdigest()[:16]
    return os.path.join(os.path.dirname(path), f".{name}{PARTIAL}")


def _restore_facts(path: str, move: Move) -> None:
    """Give back time and permissions where a disk in between could not keep them."""
    now = os.lstat(path)
    if stat.S_IMODE(now.st_mode) != move.mode:
        os.chmod(path, move.mode)
    if now.st_mtime_ns != move.stamp.mtime_ns:
        os.utime(path, ns=(now.st_atime_ns, move.stamp.mtime_ns))
