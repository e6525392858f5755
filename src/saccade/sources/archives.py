"""Lists and reads members of zip and tar archives; never writes. Runs in the worker.

Members are read from an archive that stays open, so that a compressed tar read in order is decompressed only
once.
"""

import calendar
import io
import os
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple, Protocol

from saccade.sources.files import open_regular
from saccade.sources.names import is_archive_name, is_hidden_member
from saccade.sources.wire import Limits, RefusedError

MAX_NAME = 4096
"""Longest member name, characters."""

_ENCRYPTED = 0x1
_COMPRESSED_TARS = {b"\x1f\x8b": "gz", b"BZ": "bz2", b"\xfd7": "xz"}


class Member(NamedTuple):
    """A file in an archive: its name, length in bytes, and modification time, both from the archive.

    `mtime_ns` is nanoseconds since 1970; for zip, which keeps seconds, the checksum is added to it.
    """

    name: str
    size: int
    mtime_ns: int


class Archive(Protocol):
    """An open archive."""

    def members(self) -> Iterator[Member]:
        """Every regular file, in the archive's order."""
        ...

    def read(self, name: str, most: int) -> tuple[bytes, Member]:
        """Return the content of a member and its entry."""
        ...

    def close(self) -> None:
        """Close the file."""
        ...


class Shelf:
    """Opens archives and keeps the last one open.

    Args:
        limits: bounds on members and their bytes.
        beat: called during a long read, so that the parent knows work is being done.
    """

    def __init__(self, limits: Limits, beat: Callable[[], None]) -> None:
        self._limits = limits
        self._beat = beat
        self._open: tuple[tuple[bytes, int, int], Archive] | None = None

    def list(self, path: bytes) -> Iterator[Member]:
        """Members that may be pictures: no hidden ones, no archives. At most `limits.max_members`.

        Raises:
            RefusedError: broken_archive (after the members that could be read), or an unreadable file.
        """
        with _explained():
            archive = self._archive(path)
            for number, member in enumerate(archive.members()):
                if number >= self._limits.max_members:
                    raise RefusedError(
                        "broken_archive", f"it holds more than {self._limits.max_members:,} files, the limit"
                    )
                if not is_hidden_member(member.name) and not is_archive_name(member.name):
                    yield member

    def read(self, path: bytes, name: str) -> tuple[bytes, Member]:
        """Content of one member, whole.

        Raises:
            RefusedError: broken_archive, encrypted_archive, too_large_bytes, file_vanished, unreadable_file.
        """
        with _explained():
            return self._archive(path).read(name, self._limits.max_bytes)

    def close(self) -> None:
        """Close the archive that is open."""
        if self._open is not None:
            self._open[1].close()
            self._open = None

    def _archive(self, path: bytes) -> Archive:
        """The archive at a path, the open one if it is the same and unchanged."""
        descriptor, found = open_regular(path)
        key = (path, found.st_size, found.st_mtime_ns)
        if self._open is not None and self._open[0] == key:
            os.close(descriptor)
            return self._open[1]
        self.close()
        source = _Source(descriptor, self._beat)
        try:
            archive = _open_archive(source)
        except BaseException:
            source.close()
            raise
        self._open = (key, archive)
        self._beat()
        return archive


class _Source(io.FileIO):
    """The archive's file, which calls `beat` at every read."""

    def __init__(self, descriptor: int, beat: Callable[[], None]) -> None:
        super().__init__(descriptor, "rb")
        self._beat = beat

    def read(self, size: int | None = -1, /) -> bytes:
        self._beat()
        return super().read(-1 if size is None else size) or b""


class _Zip:
    """A zip archive, members in any order."""

    def __init__(self, source: _Source) -> None:
        self._source = source
        self._zip = zipfile.ZipFile(source)

    def members(self) -> Iterator[Member]:
        for info in self._zip.infolist():
            # Of two members with one name, the last one counts.
            if not info.is_dir() and self._zip.NameToInfo.get(info.filename) is info:
                yield _zip_member(info)

    def read(self, name: str, most: int) -> tuple[bytes, Member]:
        info = self._zip.NameToInfo.get(name)
        if info is None:
            raise _vanished()
        if info.flag_bits & _ENCRYPTED:
            raise RefusedError("encrypted_archive", "it is encrypted with a password")
        _check_length(info.file_size, most)
        with self._zip.open(info) as stream:
            data = stream.read(most + 1)
        _check_length(len(data), most)
        return data, _zip_member(info)

    def close(self) -> None:
        self._zip.close()
        self._source.close()


class _Tar:
    """A tar archive, plain or compressed, read forward; going back starts again."""

    def __init__(self, source: _Source, compression: str) -> None:
        self._source = source
        self._compression = compression
        self._tar = self._start()

    def _start(self) -> tarfile.TarFile:
        self._source.seek(0)
        if self._compression == "gz":
            return tarfile.open(fileobj=self._source, mode="r:gz")
        if self._compression == "bz2":
            return tarfile.open(fileobj=self._source, mode="r:bz2")
        if self._compression == "xz":
            return tarfile.open(fileobj=self._source, mode="r:xz")
        return tarfile.open(fileobj=self._source, mode="r:")

    def _restart(self) -> None:
        self._tar.close()
        self._tar = self._start()

    def _forward(self) -> Iterator[tarfile.TarInfo]:
        """Regular files from here to the end."""
        while True:
            info = self._tar.next()
            self._tar.members.clear()  # type: ignore[attr-defined]  # kept for random access, without bound
            if info is None:
                self._check_end()
                return
            if info.isreg():
                yield info

    def _check_end(self) -> None:
        """Reject an archive whose last block is not the end marker: tarfile just stops at damage."""
        stream = self._tar.fileobj
        if stream is not None:
            stream.seek(self._tar.offset)
            if stream.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
                raise RefusedError("broken_archive", "the archive is damaged or cut off before its end")

    def members(self) -> Iterator[Member]:
        self._restart()
        seen: set[str] = set()
        for info in self._forward():
            if info.name not in seen:  # reading finds the first of two members with one name
                seen.add(info.name)
                yield _tar_member(info)
        self._restart()

    def read(self, name: str, most: int) -> tuple[bytes, Member]:
        for attempt in range(2):
            if attempt:
                self._restart()
            for info in self._forward():
                if info.name == name:
                    _check_length(info.size, most)
                    stream = self._tar.extractfile(info)
                    data = stream.read(most + 1) if stream is not None else b""
                    if len(data) != info.size:
                        raise RefusedError("truncated", "the archive ends in the middle of this file")
                    return data, _tar_member(info)
        raise _vanished()

    def close(self) -> None:
        self._tar.close()
        self._source.close()


def _open_archive(source: _Source) -> Archive:
    head = source.read(512)
    source.seek(0)
    if head[:4] in {b"PK\3\4", b"PK\5\6", b"PK\7\10"}:
        return _Zip(source)
    compression = _COMPRESSED_TARS.get(head[:2], "")
    if not compression and head[257:262] != b"ustar" and not _old_tar(head):
        raise RefusedError("broken_archive", "the content is neither a zip nor a tar archive")
    return _Tar(source, compression)


def _old_tar(head: bytes) -> bool:
    """Whether a header without the "ustar" mark still has a valid checksum."""
    try:
        tarfile.TarInfo.frombuf(head, "utf-8", "surrogateescape")
    except tarfile.TarError:
        return False
    return True


@contextmanager
def _explained() -> Iterator[None]:
    """Convert any error of the archive libraries to RefusedError."""
    try:
        yield
    except (RefusedError, MemoryError):
        raise
    except Exception as error:  # zlib, lzma, bz2, tarfile and zipfile raise anything on hostile bytes
        said = " ".join(str(error).split())[:200] or type(error).__name__
        raise RefusedError("broken_archive", f"the archive is damaged ({said})") from error


def _zip_member(info: zipfile.ZipInfo) -> Member:
    try:
        seconds = calendar.timegm((*info.date_time, 0, 0, 0))
    except (ValueError, OverflowError):
        seconds = 0
    return Member(info.filename, info.file_size, seconds * 1_000_000_000 + info.CRC)


def _tar_member(info: tarfile.TarInfo) -> Member:
    seconds = min(max(float(info.mtime), -9e9), 9e9)
    return Member(info.name, info.size, int(seconds * 1_000_000_000))


def _check_length(size: int, most: int) -> None:
    if size > most:
        raise RefusedError("too_large_bytes", f"{size:,} bytes unpacked, over the limit of {most:,} bytes")


def _vanished() -> RefusedError:
    return RefusedError("file_vanished", "it is no longer in the archive")
