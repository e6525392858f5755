"""`SqlErasing`: images are forgotten with everything that refers to them, and no trace stays in the file."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress

import numpy as np
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Table,
    and_,
    delete,
    func,
    or_,
    select,
)

from saccade.catalog import documents, places, results
from saccade.catalog.curation_tables import EVERY_TABLE, forgotten
from saccade.catalog.curation_tables import results as result_table
from saccade.catalog.dialect import dialect_of
from saccade.catalog.lists import among
from saccade.catalog.places import batches
from saccade.catalog.session import Transactions
from saccade.catalog.tables import files, folders, former_files, images, items
from saccade.core.paths import relative
from saccade.core.ports.erasing import Leaving
from saccade.core.types import Ids

_BATCH = 5000
_WIPE = "DELETE FROM {table} WHERE {column} IN (SELECT {chosen} FROM forgotten)"
_ORPHANS = (
    "DELETE FROM texts WHERE id NOT IN (SELECT text_id FROM image_texts)",
    "DELETE FROM sets WHERE id NOT IN (SELECT set_id FROM set_images)",
    "DELETE FROM labels WHERE id NOT IN (SELECT label_id FROM tags)",
)
"""What only forgotten images gave a reason to keep."""


class SqlErasing:
    """See `core.ports.erasing.Erasing`."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def plan(self, images: Ids, places: Sequence[str]) -> Leaving:
        """What `forget` would do. Changes nothing."""
        with self._transactions.reading() as connection:
            return _Departure(connection, self._transactions, images, places).counted()

    def forget(self, images: Ids, places: Sequence[str]) -> Leaving:
        """Let go of files and images, in one durable transaction; see the port."""
        with self._transactions.storing() as connection:
            return _Departure(connection, self._transactions, images, places).carried_out()

    def pending(self) -> Ids:
        """Sorted ids of the forgotten items that are not yet wiped, or may still be in an index."""
        with self._transactions.reading() as connection:
            found = connection.execute(select(forgotten.c.item_id).order_by(forgotten.c.item_id)).scalars()
            return np.array(found.all(), dtype=np.int64)

    def wipe(self) -> None:
        """Delete everything about the forgotten images; see the port."""
        with self._transactions.rewriting() as connection:
            for table, column in _references():
                chosen = "image_id" if column.references(images.c.id) else "item_id"
                connection.execute(_WIPE.format(table=table.name, column=column.name, chosen=chosen))
            connection.execute(_WIPE.format(table="images", column="id", chosen="image_id"))
            for statement in _ORPHANS:
                connection.execute(statement)
            self._transactions.dialect.words.wipe_forgotten(connection)

    def purged(self) -> None:
        """Note that no index holds a forgotten image anymore."""
        with self._transactions.storing() as connection:
            connection.execute(delete(forgotten))


def _references() -> Iterator[tuple[Table, "Column[object]"]]:
    """Every column of the catalog that refers to an image or an item; items after what refers to them."""
    for table in reversed(EVERY_TABLE.sorted_tables):
        for column in table.columns:
            if column.references(images.c.id) or column.references(items.c.id):
                yield table, column


class _Departure:
    """What leaves, found but not yet taken out."""

    def __init__(
        self, connection: Connection, transactions: Transactions, given: Ids, leaving: Sequence[str]
    ) -> None:
        self._connection = connection
        self._whole: list[int] = []
        self._parts: list[tuple[int, bytes]] = []
        known = transactions.folders(connection)
        for place in map(places.plain, leaving):
            for folder in known:
                if relative(folder.path, place) is not None:
                    self._whole.append(folder.id)
                rest = relative(place, folder.path)
                if rest:
                    self._parts.append((folder.id, os.fsencode(rest)))
        self._whole = sorted(set(self._whole))
        self._paths = {folder.id: folder.path for folder in known}
        at = {
            *self._images(files, self._inside(files)),
            *self._images(former_files, self._inside(former_files)),
        }
        if len(self._whole) == len(known):
            at.update(self._nowhere())
        elsewhere: set[int] = set()
        for batch in batches(sorted(at), _BATCH):
            elsewhere.update(self._images(files, and_(among(files.c.image_id, batch), ~self._inside(files))))
        self._gone = sorted((at - elsewhere) | set(given.tolist()))
        self._changed = at & elsewhere - set(self._gone)

    def counted(self) -> Leaving:
        """How much it is."""
        count = select(func.count()).select_from(files)
        inside = self._inside(files)
        number = self._connection.execute(count.where(inside)).scalar_one()
        for batch in batches(self._gone, _BATCH):
            more = and_(among(files.c.image_id, batch), ~inside)
            number += self._connection.execute(count.where(more)).scalar_one()
        return Leaving(images=len(self._gone), files=number, folders=len(self._whole))

    def carried_out(self) -> Leaving:
        """Take it out; what is to be wiped is noted."""
        leaving = self.counted()
        self._strike()
        for table in (files, former_files):
            self._connection.execute(delete(table).where(self._inside(table)))
        for batch in batches(self._gone, _BATCH):
            of = among(items.c.image_id, batch)
            for table in (files, former_files):
                self._connection.execute(delete(table).where(among(table.c.image_id, batch)))
            fresh = select(items.c.id, items.c.image_id).where(of)
            self._connection.execute(
                dialect_of(self._connection)
                .insert_missing(forgotten)
                .from_select(["item_id", "image_id"], fresh)
            )
        self._connection.execute(delete(folders).where(folders.c.id.in_(self._whole)))
        documents.refresh(self._connection, {*self._gone, *self._changed})
        return leaving

    def _inside(self, table: Table) -> ColumnElement[bool]:
        """Whether a file, or former file, is at or below what leaves."""
        parts = (
            and_(table.c.folder_id == folder, or_(*places.below(path, table))) for folder, path in self._parts
        )
        return or_(table.c.folder_id.in_(self._whole), *parts)

    def _images(self, table: Table, condition: ColumnElement[bool]) -> list[int]:
        query = select(table.c.image_id).where(condition, table.c.image_id.is_not(None)).distinct()
        return list(self._connection.execute(query).scalars())

    def _nowhere(self) -> list[int]:
        """Images of which no file is known, not even a former one: they lost it before that was noted."""
        known = (
            select(table.c.image_id).where(table.c.image_id == images.c.id) for table in (files, former_files)
        )
        query = select(images.c.id).where(*(~one.exists() for one in known))
        return list(self._connection.execute(query).scalars())

    def _strike(self) -> None:
        """Take the ids and paths of what is forgotten out of the facts of stored results."""
        names: set[str] = set()
        for batch in batches(self._gone, _BATCH):
            digests = select(images.c.sha256).where(among(images.c.id, batch))
            names.update(digest.hex() for digest in self._connection.execute(digests).scalars())
            for table in (files, former_files):
                wanted = select(table.c.folder_id, table.c.path, table.c.member)
                for folder, path, member in self._connection.execute(
                    wanted.where(among(table.c.image_id, batch))
                ):
                    whole = places.absolute(self._paths[folder], path, member)
                    names.add(whole.encode("utf-8", "replace").decode())
        for number, stored in self._connection.execute(select(result_table.c.id, result_table.c.facts)).all():
            with suppress(ValueError):
                facts = json.loads(stored)
                kept = _without(facts, names)
                if kept != facts:
                    results.rewrite_facts(self._connection, number, kept)


def _without(value: object, names: set[str]) -> object:
    """A JSON value without those texts: taken out of lists, empty elsewhere."""
    if isinstance(value, dict):
        return {key: _without(one, names) for key, one in value.items() if key not in names}
    if isinstance(value, list):
        return [_without(one, names) for one in value if not (isinstance(one, str) and one in names)]
    return "" if isinstance(value, str) and value in names else value
