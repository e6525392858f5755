"""Where files are: indexed folders, and paths relative to them as bytes."""

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    LargeBinary,
    Table,
    and_,
    bindparam,
    delete,
    insert,
    select,
    true,
    update,
)

from saccade.catalog.tables import files, folders, former_files
from saccade.catalog.text import AlteredError
from saccade.core import paths
from saccade.core.ports.files import Folder

HOME = b"."

T = TypeVar("T")


def absolute(folder: str, path: bytes, member: bytes = b"") -> str:
    """The path of a stored file as users see it. Raises AlteredError: a part is not bytes."""
    if not isinstance(path, bytes) or not isinstance(member, bytes):
        raise AlteredError("a stored path is not bytes")
    return paths.join(paths.below(folder, os.fsdecode(path)), os.fsdecode(member))


def known_folders(connection: Connection, home: str) -> list[Folder]:
    """Every indexed folder, at its present place."""
    rows = connection.execute(select(folders.c.id, folders.c.path).order_by(folders.c.id))
    return [Folder(id=row.id, path=home if row.path == HOME else os.fsdecode(row.path)) for row in rows]


def locate(folder_list: Iterable[Folder], path: str) -> tuple[Folder, str] | None:
    """The folder that holds the absolute `path`, also when one is spelled through a link, and the rest."""
    for spelled in (plain, os.path.realpath):
        for folder in folder_list:
            rest = paths.relative(spelled(path), spelled(folder.path))
            if rest is not None:
                return folder, rest
    return None


def plain(path: str) -> str:
    """The absolute path without "." and "..", links left as they are."""
    return os.path.abspath(path)


def ensure_folder(connection: Connection, home: str, path: str, *, relative_home: bool) -> tuple[Folder, str]:
    """See `Catalog.ensure_folder`. Narrower folders that a new one holds become part of it."""
    existing = known_folders(connection, home)
    found = locate(existing, path)
    if found is not None:
        return found
    inside = locate([Folder(id=0, path=home)], path) if relative_home else None
    if inside is not None:
        return _add(connection, inside[0].path, HOME, existing), inside[1]
    place = str(Path(path).parent) if Path(path).is_file() else path
    return _add(connection, place, os.fsencode(place), existing), paths.relative(path, place) or ""


def _add(connection: Connection, path: str, stored: bytes, existing: Sequence[Folder]) -> Folder:
    """A new folder, which takes over the files of those it holds."""
    made = connection.execute(insert(folders).returning(folders.c.id), {"path": stored})
    new = Folder(id=made.scalar_one(), path=path)
    for inner in existing:
        rest = paths.relative(inner.path, path)
        if rest:
            _move_files(connection, inner.id, new.id, os.fsencode(rest))
            connection.execute(delete(folders).where(folders.c.id == inner.id))
    return new


def _move_files(connection: Connection, old: int, new: int, prefix: bytes) -> None:
    for table in (files, former_files):
        rows = connection.execute(select(table.c.path).where(table.c.folder_id == old).distinct()).scalars()
        moves = [{"was": path, "now": prefix + b"/" + path} for path in rows]
        if moves:
            change = update(table).where(
                table.c.folder_id == old, table.c.path == bindparam("was", type_=LargeBinary)
            )
            connection.execute(change.values(folder_id=new, path=bindparam("now", type_=LargeBinary)), moves)


def below(path: bytes, table: Table = files) -> list[ColumnElement[bool]]:
    """Alternatives on the `path` of a table that together mean at or below it; each one key range."""
    if not path:
        return [true()]
    return [table.c.path == path, and_(table.c.path >= path + b"/", table.c.path < path + b"0")]


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of `size`, the last one shorter."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
