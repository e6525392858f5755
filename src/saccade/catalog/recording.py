"""Writing what a run saw: a batch is one transaction, and a batch that says nothing new writes nothing."""

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, LargeBinary, RowMapping, bindparam, insert, select, update
from sqlalchemy import delete as delete_from

from saccade.catalog import documents, pictures
from saccade.catalog.dialect import dialect_of
from saccade.catalog.lists import among
from saccade.catalog.places import batches
from saccade.catalog.tables import (
    ARCHIVE,
    EXCLUDED,
    FAILED,
    INDEXED,
    MISSING,
    files,
    former_files,
    images,
)
from saccade.catalog.text import file_name, fold, storable
from saccade.core.errors import ImageNotFoundError, InputError
from saccade.core.paths import relative
from saccade.core.ports.files import Folder, SeenFile

_Key = tuple[bytes, bytes]
_BATCH = 500
_MOST = 2**63 - 1
_COMPARED = ("size", "mtime_ns", "state", "image_id", "code", "reason")


def record(connection: Connection, run: int, folder: Folder, seen: Sequence[SeenFile]) -> list[int | None]:
    """See `Catalog.record`."""
    known = pictures.store(connection, run, [one.image for one in seen if one.image is not None])
    _require(connection, {one.image_id for one in seen if one.image_id is not None})
    ids = [known[one.image.sha256] if one.image is not None else one.image_id for one in seen]
    # The last word on a file holds, should a batch name it twice.
    rows = {key(folder, one): _row(run, folder, one, image) for one, image in zip(seen, ids, strict=True)}
    touched = _store_files(connection, folder.id, rows)
    documents.refresh(connection, touched)
    return ids


def mark_missing(connection: Connection, run: int, folder: Folder, gone: Iterable[tuple[str, str]]) -> int:
    """See `Catalog.mark_missing`. Files that held no image leave nothing to remember and are forgotten."""
    count = 0
    touched: set[int] = set()
    at = _at(folder.id)
    for batch in batches(((os.fsencode(path), os.fsencode(member)) for path, member in gone), _BATCH):
        old = _stored(connection, folder.id, batch)
        there = {place: row for place, row in old.items() if row["state"] != MISSING}
        kept = [place for place, row in there.items() if row["image_id"] is not None]
        dropped = [place for place, row in there.items() if row["image_id"] is None]
        if kept:
            change = update(files).where(*at).values(state=MISSING, run_id=run)
            connection.execute(change, [_place(place) for place in kept])
        if dropped:
            connection.execute(delete_from(files).where(*at), [_place(place) for place in dropped])
        touched.update(there[place]["image_id"] for place in kept)
        count += len(there)
    documents.refresh(connection, touched)
    return count


def key(folder: Folder, one: SeenFile) -> _Key:
    """(path relative to the folder, member) of a file as stored.

    Raises:
        InputError: it is not in the folder.
    """
    rest = relative(one.entry.path, folder.path)
    if not rest:
        raise InputError(f"{one.entry.path!r} is not in {folder.path!r}")
    return os.fsencode(rest), os.fsencode(one.entry.member)


def _row(run: int, folder: Folder, one: SeenFile, image: int | None) -> dict[str, Any]:
    path, member = key(folder, one)
    failure = one.failure
    state = INDEXED if image is not None else FAILED if failure else ARCHIVE if one.archive else EXCLUDED
    return {
        "folder_id": folder.id,
        "path": path,
        "member": member,
        "size": min(one.entry.stamp.size, _MOST),
        # A time that no signed 64-bit number holds (after the year 2262) just looks changed every time.
        "mtime_ns": max(-_MOST, min(one.entry.stamp.mtime_ns, _MOST)),
        "state": state,
        "image_id": image,
        "code": storable(failure.code) if state == FAILED and failure else None,
        "reason": storable(failure.reason) if state == FAILED and failure else None,
        "name": fold(file_name(path, member)),
        "run_id": run,
    }


def _stored(connection: Connection, folder: int, places: Iterable[_Key]) -> dict[_Key, RowMapping]:
    """The rows there are of these files."""
    wanted = set(places)
    found: dict[_Key, RowMapping] = {}
    for paths in batches({path for path, _ in wanted}, _BATCH):
        query = select(files).where(files.c.folder_id == folder, files.c.path.in_(paths))
        for row in connection.execute(query).mappings():
            place = (row["path"], row["member"])
            if place in wanted:
                found[place] = row
    return found


def _store_files(connection: Connection, folder: int, rows: Mapping[_Key, dict[str, Any]]) -> set[int]:
    """Insert or change the rows that differ; the images whose files changed."""
    old = _stored(connection, folder, rows)
    fresh = [row for place, row in rows.items() if place not in old]
    changed = [
        (old[place], row)
        for place, row in rows.items()
        if place in old and any(old[place][name] != row[name] for name in _COMPARED)
    ]
    if fresh:
        connection.execute(insert(files), fresh)
    if changed:
        _remember(connection, changed)
        values = {name: bindparam(f"new_{name}", type_=files.c[name].type) for name in (*_COMPARED, "run_id")}
        change = update(files).where(*_at(folder)).values(values)
        connection.execute(
            change,
            [
                _place((row["path"], row["member"])) | {f"new_{name}": row[name] for name in values}
                for _, row in changed
            ],
        )
    touched = {row["image_id"] for row in fresh}
    for was, row in changed:
        if (was["image_id"], was["state"]) != (row["image_id"], row["state"]):
            touched |= {was["image_id"], row["image_id"]}
    return {image for image in touched if image is not None}


def _remember(connection: Connection, changed: Sequence[tuple[RowMapping, dict[str, Any]]]) -> None:
    """Note where images were whose files now contain something else."""
    former = [
        {name: was[name] for name in ("folder_id", "path", "member", "image_id")}
        for was, row in changed
        if was["image_id"] is not None and was["image_id"] != row["image_id"]
    ]
    if former:
        connection.execute(dialect_of(connection).insert_missing(former_files), former)


def _at(folder: int) -> tuple[Any, ...]:
    return (
        files.c.folder_id == folder,
        files.c.path == bindparam("at_path", type_=LargeBinary),
        files.c.member == bindparam("at_member", type_=LargeBinary),
    )


def _place(place: _Key) -> dict[str, Any]:
    return {"at_path": place[0], "at_member": place[1]}


def _require(connection: Connection, ids: set[int]) -> None:
    if not ids:
        return
    found = connection.execute(select(images.c.id).where(among(images.c.id, sorted(ids)))).scalars()
    absent = ids.difference(found)
    if absent:
        raise ImageNotFoundError(f"the library has no image {min(absent)}")
