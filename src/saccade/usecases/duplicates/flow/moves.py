"""File system and catalog operations for moving files, and recovery of interrupted runs."""

import errno
import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

from saccade.core.decoding import FileEntry, FileStamp
from saccade.core.errors import DiskFullError, ReadOnlyError, StorageError
from saccade.core.paths import relative
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.files import Folder, SeenFile
from saccade.core.ports.tools import QuarantineFiles, QuarantineRuns
from saccade.core.quarantine import RunEntries

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}
_BATCH = 256


class Places:
    """Paths as stored in the catalog: a folder, and a path relative to it."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._folders = sorted(catalog.files.folders(), key=lambda folder: -len(folder.path))

    def folder_of(self, path: str) -> tuple[Folder, str] | None:
        """The indexed folder of a file and its path relative to it."""
        for folder in self._folders:
            rest = relative(path, folder.path)
            if rest:
                return folder, rest
        return None

    def stamps(self, paths: Collection[str]) -> dict[str, FileStamp]:
        """Size and time when indexed of those files that are images in the catalog."""
        stamps: dict[str, FileStamp] = {}
        for folder, inside in self._by_folder(paths):
            known = self._catalog.files.known(folder)
            for rest in inside:
                file = known.get((rest, ""))
                if file is not None and file.state == "indexed":
                    stamps[os.path.join(folder.path, rest)] = file.stamp
        return stamps

    def mark_missing(self, run: int, paths: Collection[str]) -> None:
        """Record that these files are gone."""
        for folder, inside in self._by_folder(paths):
            self._catalog.files.mark_missing(run, folder, [(rest, "") for rest in inside])

    def record(self, run: int, back: Sequence[tuple[str, FileStamp, str]]) -> None:
        """Record that files are present (again): path, stamp and hexadecimal SHA-256 of known images."""
        digests = [bytes.fromhex(sha256) for _, _, sha256 in back]
        ids = self._catalog.images.find(digests, [])
        seen: dict[int, list[SeenFile]] = {}
        folders: dict[int, Folder] = {}
        for (path, stamp, _), digest in zip(back, digests, strict=True):
            place = self.folder_of(path)
            if place is not None and digest in ids:
                folders[place[0].id] = place[0]
                entry = FileEntry(path=path, stamp=stamp)
                seen.setdefault(place[0].id, []).append(SeenFile(entry=entry, image_id=ids[digest]))
        for number, files in seen.items():
            for start in range(0, len(files), _BATCH):
                self._catalog.files.record(run, folders[number], files[start : start + _BATCH])

    def _by_folder(self, paths: Collection[str]) -> list[tuple[Folder, list[str]]]:
        found: dict[int, tuple[Folder, list[str]]] = {}
        for path in paths:
            place = self.folder_of(path)
            if place is not None:
                found.setdefault(place[0].id, (place[0], []))[1].append(place[1])
        return list(found.values())


def settle(
    catalog: Catalog, files: QuarantineFiles, runs: QuarantineRuns, to: str | None
) -> RunEntries | None:
    """Update the catalog for interrupted runs; return the one that can be resumed, if any.

    A copy whose original is still there is dropped. Call it while `writing()`.

    Args:
        to: the folder for the next files; a run with another one is closed.
    """
    resumable: RunEntries | None = None
    for run in runs.runs():
        entries = runs.load(run)
        if entries.finished:
            continue
        with storage_errors(entries.place):
            away: list[str] = []
            for move in entries.moves:
                where = files.state(move)
                if where == "both":
                    files.drop_copy(move)
                elif where in {"away", "altered"}:
                    away.append(move.path)
            if away:
                number = catalog.runs.start("apply")
                Places(catalog).mark_missing(number, away)
                catalog.runs.finish(number, {"moved": len(away)})
            if resumable is not None:
                runs.end(resumable.run)
            resumable = entries if _goes_to(entries, runs, to) else None
            if resumable is None:
                runs.end(run)
    return resumable


def _goes_to(entries: RunEntries, runs: QuarantineRuns, to: str | None) -> bool:
    if to is None:
        return entries.place.startswith(os.path.join(runs.folder, entries.run, ""))
    return os.path.dirname(entries.place) == to


@contextmanager
def storage_errors(place: str) -> Iterator[None]:
    """Convert file system errors to saccade's."""
    try:
        yield
    except OSError as error:
        raise storage_error(error, place) from error


def storage_error(error: OSError, place: str) -> StorageError:
    """The error to raise for the quarantine at `place`."""
    hint = "moves are recorded; `saccade undo` puts files back, the same command resumes"
    if error.errno in FULL:
        return DiskFullError(f"no space left for the quarantine in {place}", hint=hint)
    if error.errno in _REFUSED:
        return ReadOnlyError(f"no permission to write to the quarantine in {place}", hint=hint)
    return StorageError(f"the quarantine in {place} failed: {error.strerror or error}", hint=hint)
