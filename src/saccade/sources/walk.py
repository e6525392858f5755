"""The files below a folder, in a fixed order, at one `stat` each."""

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from fnmatch import translate
from re import compile as compile_pattern
from typing import BinaryIO, Protocol

from saccade.core import paths
from saccade.core.decoding import FileEntry, FileStamp
from saccade.core.errors import PathNotFoundError
from saccade.core.types import Failure
from saccade.sources.names import SYSTEM_FOLDERS, is_archive_name

_LIST_CHUNK = 1 << 16


class _Excluded(Protocol):
    """Whether an entry is excluded."""

    def __call__(self, name: str, below: str, *, is_folder: bool) -> bool:
        """Decide by an entry's name and its path relative to the root."""
        ...


def walk(root: str, *, exclude: Sequence[str] = ()) -> Iterator[FileEntry | Failure]:
    """Every file at or below `root` that may hold a picture, folder by folder, names sorted.

    Hidden and system folders and hidden files are left out, as are special files (pipes, sockets, devices).
    A link to a file counts as the file while its target is inside the root; a link to a folder is never
    entered. Anything unreadable is a Failure: "unreadable_folder" for a folder, whose content is then
    unknown, and "unreadable_file" for a file.

    Args:
        root: a folder or a single file (then included whatever its name).
        exclude: shell patterns, matched against the name and against the path relative to the
            root ("drafts", "*.gif", "2019/raw/"); a trailing slash matches folders only.
    Raises:
        PathNotFoundError: nothing at `root`. Raised by the call, not by the first step.
    """
    path = os.path.abspath(root)
    try:
        found = os.stat(path)
    except (OSError, ValueError) as error:
        raise PathNotFoundError(
            f"cannot find {path!r}", hint="check the spelling, and that the disk is connected"
        ) from error
    if stat.S_ISDIR(found.st_mode):
        return _walk_folder(path, _matcher(exclude))
    if stat.S_ISREG(found.st_mode):
        return iter([_entry(path, found)])
    raise PathNotFoundError(f"{path!r} is neither a file nor a folder", hint="give a folder or an image file")


def read_list(stream: BinaryIO) -> Iterator[str]:
    """Paths from a stream, one per line, or separated by NUL if the stream contains one; empty ones skipped.

    The separator is decided by the first 64 KiB: NUL if there is one (`find -print0`), else newline.
    """
    rest = stream.read(_LIST_CHUNK)
    separator = b"\0" if b"\0" in rest else b"\n"
    more = True
    while more:
        *whole, rest = rest.split(separator)
        for name in whole:
            yield from _listed(name, separator)
        chunk = stream.read(_LIST_CHUNK)
        more = bool(chunk)
        rest += chunk
    for name in rest.split(separator):
        yield from _listed(name, separator)


def _listed(name: bytes, separator: bytes) -> Iterator[str]:
    if separator == b"\n":
        name = name.removesuffix(b"\r")
    if name:
        yield os.fsdecode(name)


def _walk_folder(root: str, excluded: _Excluded) -> Iterator[FileEntry | Failure]:
    real_root = os.path.realpath(root)
    pending = [(root, "")]
    while pending:
        folder, relative = pending.pop()
        entries = _scan(folder)
        if isinstance(entries, Failure):
            yield entries
            continue
        folders: list[tuple[str, str]] = []
        for entry in entries:
            name = entry.name
            if name[0] == ".":
                continue
            below = f"{relative}/{name}" if relative else name
            try:
                if not entry.is_dir(follow_symlinks=False):
                    if not excluded(name, below, is_folder=False) and (file := _regular(entry, real_root)):
                        yield file
                elif name.lower() not in SYSTEM_FOLDERS and not excluded(name, below, is_folder=True):
                    folders.append((entry.path, below))
            except OSError as error:
                if not isinstance(error, FileNotFoundError):
                    reason = f"the file cannot be read: {error.strerror}"
                    yield Failure(path=entry.path, code="unreadable_file", reason=reason)
        folders.reverse()
        pending.extend(folders)


def _scan(folder: str) -> "list[os.DirEntry[str]] | Failure":
    """The content of a folder, by name."""
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=_name)
    except OSError as error:
        reason = f"the folder cannot be read: {error.strerror}"
        return Failure(path=folder, code="unreadable_folder", reason=reason)


def _regular(entry: "os.DirEntry[str]", real_root: str) -> FileEntry | None:
    """The entry of a regular file, or of a link to one inside the root; None for anything else."""
    if entry.is_symlink() and not _lies_in(os.path.realpath(entry.path), real_root):
        return None
    found = entry.stat()
    return _entry(entry.path, found) if stat.S_ISREG(found.st_mode) else None


def _lies_in(path: str, folder: str) -> bool:
    return paths.relative(path, folder) is not None


def _name(entry: "os.DirEntry[str]") -> str:
    return entry.name


def _entry(path: str, found: os.stat_result) -> FileEntry:
    return FileEntry(
        path=path,
        stamp=FileStamp(size=found.st_size, mtime_ns=found.st_mtime_ns),
        kind="archive" if is_archive_name(path) else "file",
    )


def _matcher(patterns: Sequence[str]) -> _Excluded:
    """Whether any pattern matches an entry's name or its path relative to the root."""
    usual = [p.removeprefix("./") for p in patterns if not p.endswith("/")]
    folder_only = [p.rstrip("/").removeprefix("./") for p in patterns if p.endswith("/")]
    any_kind, folders = _union(usual), _union(usual + folder_only)

    def excluded(name: str, below: str, *, is_folder: bool) -> bool:
        match = folders if is_folder else any_kind
        return match is not None and bool(match(name) or match(below))

    return excluded


def _union(patterns: Sequence[str]) -> Callable[[str], object] | None:
    """One matcher for all of them; None if there are none."""
    expressions = [translate(pattern) for pattern in patterns if pattern]
    return compile_pattern("|".join(expressions)).match if expressions else None
