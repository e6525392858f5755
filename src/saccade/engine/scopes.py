"""The folders a library indexes and the exclusions of each; stored in the catalog."""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from saccade.core.errors import CorruptLibraryError, InputError, PathNotFoundError
from saccade.core.paths import relative
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.files import Folder
from saccade.core.types import Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """An indexed folder (absolute path) and its exclusion patterns."""

    path: str
    exclude: tuple[str, ...]


def scopes(catalog: Catalog) -> list[Scope]:
    """Every folder ever indexed, outermost only, by path."""
    found = [
        Scope(path=os.path.join(folder.path, below) if below else folder.path, exclude=tuple(exclude))
        for folder in catalog.files.folders()
        for below, exclude in _load(catalog, folder).items()
    ]
    return sorted(found, key=lambda scope: scope.path)


def in_force(catalog: Catalog, folder: Folder, below: str, exclude: Sequence[str]) -> tuple[str, ...]:
    """The exclusion patterns for `below` of a folder.

    New patterns replace the earlier ones; none keeps them; one empty pattern clears them.
    """
    known = _load(catalog, folder)
    wider = next((scope for scope in known if _holds(scope, below)), None)
    if not exclude and wider is not None:
        inside = os.path.relpath(below, wider or os.curdir) if below != wider else ""
        return tuple(one for pattern in known[wider] for one in _seen_from(pattern, inside))
    return tuple(pattern for pattern in exclude if pattern)


def known_folders(catalog: Catalog) -> tuple[list[str], tuple[Failure, ...]]:
    """The available indexed folders, and a Failure for each unavailable one: its images are kept.

    Raises:
        PathNotFoundError: none is available.   InputError: none was ever indexed.
    """
    paths = [scope.path for scope in scopes(catalog)]
    there = [path for path in paths if os.path.isdir(path)]
    away = [path for path in paths if path not in there]
    if away and not there:
        raise PathNotFoundError(f"not found: {', '.join(away)}", hint="mount the disk; nothing was changed")
    if not there:
        raise InputError("nothing to index", hint="give a folder: saccade index FOLDER")
    reason = "the folder is not there; nothing was removed"
    return there, tuple(Failure(path=path, code="folder_away", reason=reason) for path in away)


def remember(catalog: Catalog, folder: Folder, below: str, exclude: Sequence[str]) -> None:
    """Record that `below` of a folder is indexed, and with which patterns; see `in_force`."""
    known = _load(catalog, folder)
    wider = next((scope for scope in known if _holds(scope, below)), None)
    if not exclude and wider is not None:
        return
    patterns = in_force(catalog, folder, below, exclude)
    kept = {scope: old for scope, old in known.items() if not _holds(below, scope)}
    if wider is None or wider == below or patterns:
        kept[below] = list(patterns)
    if kept != known:
        catalog.notes.save(_key(folder), json.dumps(kept))


def drop(catalog: Catalog, place: str) -> None:
    """Stop indexing what is at or below an absolute path, unless a wider folder covers it."""
    for folder in catalog.files.folders():
        known = _load(catalog, folder)
        kept = {
            scope: patterns
            for scope, patterns in known.items()
            if not _holds(place, os.path.join(folder.path, scope) if scope else folder.path)
        }
        if kept != known:
            catalog.notes.save(_key(folder), json.dumps(kept))


def _seen_from(pattern: str, inside: str) -> Iterator[str]:
    """A folder's pattern translated to its subfolder `inside`: "trip/raw/*" is "raw/*" in "trip" as well."""
    yield pattern
    for place, character in enumerate(pattern):
        if inside and character == os.sep and fnmatchcase(inside, pattern[:place]) and pattern[place + 1 :]:
            yield pattern[place + 1 :]


def _holds(wide: str, narrow: str) -> bool:
    """Whether one path is the other or above it; a relative "" is the folder itself."""
    return relative(narrow, wide) is not None


def _load(catalog: Catalog, folder: Folder) -> dict[str, list[str]]:
    note = catalog.notes.get(_key(folder))
    try:
        loaded: dict[str, list[str]] = json.loads(note) if note else {}
    except ValueError as error:
        raise CorruptLibraryError(
            f"the library's record of indexed folders in {folder.path} is damaged",
            hint="put a backup in its place, or remove the library's folder and index again",
        ) from error
    return loaded


def _key(folder: Folder) -> str:
    return f"scopes:{folder.id}"
