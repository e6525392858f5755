"""Forgetting images: everything known of them and derived from them leaves the catalog and the disk."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from saccade.core.types import Ids


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """What forgetting would take out of a library: numbers of images, of files, and of whole folders."""

    images: int
    files: int
    folders: int


class Erasing(Protocol):
    """Erases images for good. The caller holds the write lock, and calls `forget`, `wipe`, `purged` in turn.

    A process that dies between them leaves something `pending`; whoever calls `wipe` and `purged` next
    finishes what was begun. Forgotten images are in no answer from the moment `forget` returns.
    """

    def plan(self, images: Ids, places: Sequence[str]) -> Leaving:
        """What `forget` would do. Changes nothing."""

    def forget(self, images: Ids, places: Sequence[str]) -> Leaving:
        """Let go of files and images, in one durable transaction.

        Args:
            images: with every file of each.
            places: absolute paths of folders, archives or files, present or not: all indexed files at or
                below them go, and every image that has no other file, also one that was there before the
                file was replaced. With all folders go the images whose file was never known.
        """

    def pending(self) -> Ids:
        """Sorted ids of the forgotten items that are not yet wiped, or may still be in an index."""

    def wipe(self) -> None:
        """Delete everything about the forgotten images, so that no trace of it stays in the catalog's files.

        Raises:
            LibraryBusyError: it is deleted, but another process reads and keeps traces in the journal.
            DiskFullError: it is deleted, but traces stay, because there is no room to rewrite the catalog.
        """

    def purged(self) -> None:
        """Note that no index holds a forgotten image anymore."""
