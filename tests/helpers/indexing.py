"""What tests of indexing runs share: counts of a report, and files that fail."""

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

from saccade.core.decoding import DecodeTask, FileEntry
from saccade.core.status import IndexReport
from saccade.core.types import Failure
from saccade.sources.walk import walk

Desk: TypeAlias = Any
Png: TypeAlias = Callable[..., bytes]

COUNTS = ("files", "added", "unchanged", "moved", "removed", "excluded", "embedded")


def told(report: IndexReport) -> dict[str, int]:
    """The counts that are not 0."""
    counts = {name: getattr(report, name) for name in COUNTS} | {"failed": len(report.failed)}
    return {name: count for name, count in counts.items() if count}


def touch(path: os.PathLike[str], mtime_ns: int) -> None:
    os.utime(path, ns=(mtime_ns, mtime_ns))


class Spoiled:
    """The real decoder, whose outcome for some files is replaced."""

    def __init__(self, decoder: Any, change: Callable[[DecodeTask, Any], Any]) -> None:
        self._decoder, self._change = decoder, change

    def decode(self, tasks: Any) -> Iterator[Any]:
        kept = list(tasks)
        for task, outcome in zip(kept, self._decoder.decode(kept), strict=True):
            yield self._change(task, outcome)

    def list_archive(self, entry: FileEntry) -> Iterator[Any]:
        return self._decoder.list_archive(entry)

    def close(self) -> None:
        """Nothing of its own to close."""


def blocked(folder: os.PathLike[str]) -> Callable[..., Iterator[FileEntry | Failure]]:
    """A walk for which one folder is unreadable (tests may run as root, whom no permission stops)."""
    name = os.fspath(folder)

    def walking(root: str, *, exclude: Sequence[str] = ()) -> Iterator[FileEntry | Failure]:
        failed = False
        for entry in walk(root, exclude=exclude):
            if not (entry.path + os.sep).startswith(name + os.sep):
                yield entry
            elif not failed:
                failed = True
                yield Failure(path=name, code="unreadable_folder", reason="the folder cannot be read")

    return walking
