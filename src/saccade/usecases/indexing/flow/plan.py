"""Plans a run: compares the files on disk with the catalog."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from saccade.core.decoding import FileEntry
from saccade.core.errors import NoImagesError
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.decoders import Decoder
from saccade.core.ports.files import Folder, KnownFile
from saccade.core.ports.tools import Walk
from saccade.core.types import Failure

_GONE_FOR_GOOD = "if it was emptied on purpose, use --allow-empty (allow_empty=True)"


@dataclass(slots=True, kw_only=True)
class Plan:
    """The work in one folder.

    Attributes:
        folder: the indexed folder; `below` the part of it that was scanned, relative to it.
        found: files and folders found, whatever they contain.
        changed: files and archive members to read.
        back: missing files that are back unchanged, with their image.
        archives: changed archives; recorded after all their members, so that a kill loses none.
        unchanged: files with the same picture as in the last run.
        gone: files with content that no longer exist.
        failures: folders and archives that could not be read; nothing below them counts as gone.
    """

    folder: Folder
    below: str
    found: int = 0
    changed: list[FileEntry] = field(default_factory=list)
    back: list[tuple[FileEntry, int]] = field(default_factory=list)
    archives: list[FileEntry] = field(default_factory=list)
    unchanged: int = 0
    excluded: int = 0
    gone: dict[tuple[str, str], KnownFile] = field(default_factory=dict)
    failures: list[tuple[FileEntry | None, Failure]] = field(default_factory=list)


def make_plan(
    catalog: Catalog, walk: Walk, decoder: Decoder, path: str, *, exclude: Sequence[str], allow_empty: bool
) -> Plan:
    """The work at or below an absolute path.

    Raises:
        PathNotFoundError: it does not exist; a missing folder counts as an unmounted disk, never as deleted.
        NoImagesError: it has no files, though the catalog has some: treated the same way.
    """
    entries = walk(path, exclude=exclude)
    first = next(entries, None)  # a missing path raises here, before anything is written
    folder, below = catalog.files.ensure_folder(path)
    plan = Plan(folder=folder, below=below)
    remembered = _Remembered(catalog.files.known(folder, below), len(folder.path.rstrip(os.sep)) + 1)
    if first is None and remembered.present and not allow_empty:
        raise NoImagesError(
            f"{path} is empty, but {remembered.present:,} files were indexed there; nothing was changed",
            hint=f"mount the disk; {_GONE_FOR_GOOD}",
        )
    unreadable: list[str] = []
    while first is not None:
        plan.found += 1
        if isinstance(first, Failure):
            plan.failures.append((None, first))
            unreadable.append(first.path)
        elif first.kind == "archive":
            _plan_archive(plan, remembered, decoder, first)
        else:
            _plan_file(plan, first, remembered.take(first))
        first = next(entries, None)
    plan.gone = remembered.rest(unreadable)
    return plan


def _plan_file(plan: Plan, entry: FileEntry, known: KnownFile | None) -> None:
    """Sort a file or member into the plan."""
    if known is None or known.stamp != entry.stamp:
        plan.changed.append(entry)
    elif known.state == "missing":
        if known.image_id is None:
            plan.changed.append(entry)
        else:
            plan.back.append((entry, known.image_id))
    elif known.state == "indexed":
        plan.unchanged += 1
    elif known.state == "excluded":
        plan.excluded += 1


def _plan_archive(plan: Plan, remembered: "_Remembered", decoder: Decoder, entry: FileEntry) -> None:
    """An unchanged archive costs one stat; a changed one is listed and its members are planned one by one."""
    known = remembered.take(entry)
    if known is not None and known.stamp == entry.stamp and known.state in {"archive", "failed"}:
        for member in remembered.take_members(entry):
            if member.state == "indexed":
                plan.unchanged += 1
            elif member.state == "excluded":
                plan.excluded += 1
        return
    broken = False
    for item in decoder.list_archive(entry):
        if isinstance(item, Failure):
            plan.failures.append((entry, item))
            broken = True
        else:
            _plan_file(plan, item, remembered.take(item))
    if broken:
        remembered.take_members(entry)  # members that could not be listed are not gone
    else:
        plan.archives.append(entry)


class _Remembered:
    """The catalog's files at or below a path, removed one by one as they are found on disk."""

    def __init__(self, known: Mapping[tuple[str, str], KnownFile], prefix: int) -> None:
        self._known = dict(known)
        self._prefix = prefix
        self._members: dict[str, list[tuple[str, str]]] = {}
        for key in self._known:
            if key[1]:
                self._members.setdefault(key[0], []).append(key)
        self.present = sum(file.state != "missing" for file in self._known.values())

    def take(self, entry: FileEntry) -> KnownFile | None:
        return self._known.pop((entry.path[self._prefix :], entry.member), None)

    def take_members(self, entry: FileEntry) -> list[KnownFile]:
        keys = self._members.get(entry.path[self._prefix :], ())
        return [self._known.pop(key) for key in keys if key in self._known]

    def rest(self, unreadable: Sequence[str]) -> dict[tuple[str, str], KnownFile]:
        """Files that were not found, except those in folders that could not be read."""
        hidden = tuple(path[self._prefix :].rstrip(os.sep) + os.sep for path in unreadable)
        return {
            key: file
            for key, file in self._known.items()
            if file.state != "missing" and not (hidden and (key[0].startswith(hidden) or os.sep in hidden))
        }
