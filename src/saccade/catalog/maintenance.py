"""Keeping a catalog: runs, notes, checks and repairs, backup."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from sqlalchemy import delete, func, insert, select, update

from saccade.catalog import documents, places, search, sqlite, vectors
from saccade.catalog.session import SqlSession
from saccade.catalog.tables import images, notes, runs
from saccade.core.types import Ids

_CHECKED = 4096


class SqlMaintenance(SqlSession):
    """The part of `SqlCatalog` that keeps it sound."""

    def start_run(self, kind: str) -> int:
        """Note that a run began; a run without an end was interrupted."""
        with self._storing() as connection:
            made = connection.execute(insert(runs).returning(runs.c.id), {"kind": kind, "started": now()})
            return int(made.scalar_one())

    def finish_run(self, run: int, summary: Mapping[str, object]) -> None:
        """Note that it ended, with what it did (anything JSON holds)."""
        text = json.dumps(dict(summary), sort_keys=True)
        with self._storing() as connection:
            connection.execute(update(runs).where(runs.c.id == run).values(finished=now(), summary=text))

    def unfinished_runs(self) -> list[int]:
        """Runs that began and never ended, and after which none of their kind did; ascending."""
        later = runs.alias("later")
        ended = select(func.max(later.c.id)).where(later.c.kind == runs.c.kind, later.c.finished.is_not(None))
        query = select(runs.c.id).where(
            runs.c.finished.is_(None), runs.c.id > func.coalesce(ended.scalar_subquery(), 0)
        )
        with self._reading() as connection:
            return list(connection.execute(query.order_by(runs.c.id)).scalars())

    def note(self, key: str) -> str | None:
        """A small text kept under a key, None if there is none."""
        with self._reading() as connection:
            return connection.execute(select(notes.c.text).where(notes.c.key == key)).scalar()

    def save_note(self, key: str, text: str) -> None:
        """Keep a small text under a key, durably, in the place of what was there."""
        with self._storing() as connection:
            connection.execute(delete(notes).where(notes.c.key == key))
            connection.execute(insert(notes).values(key=key, text=text))

    def problems(self) -> list[str]:
        """What is wrong with the database file itself and its references, at most 100; reads all of it."""
        with self._reading() as connection:
            return sqlite.problems(connection)

    def corrupt_embeddings(self, space: int) -> Ids:
        """Sorted ids of the images whose vector in the space is not what was stored; reads all of them."""
        found: list[int] = []
        last = 0
        while True:
            with self._reading() as connection:
                rows = vectors.damaged(connection, space, last, _CHECKED)
            if rows is None:
                return np.array(sorted(found), dtype=np.int64)
            last = rows[0]
            found += rows[1]

    def unembedded_images(self, space: int) -> Ids:
        """Sorted ids of the images with a file present and no embedding in the space."""
        with self._reading() as connection:
            return vectors.without(connection, space)

    def remove_embeddings(self, space: int, ids: Iterable[int]) -> int:
        """Delete these images' embeddings in the space, so that they are made again; number deleted."""
        with self._storing() as connection:
            return vectors.remove(connection, space, [int(image) for image in ids])

    def stale_images(self) -> Ids:
        """Sorted ids of the images whose full-text row or presence is not what their files say.

        All images, if the full-text table contradicts itself (not looked at when opened for reading only).
        """
        if not self._read_only:
            with self._storing() as connection:
                if not search.sound(connection):
                    query = select(images.c.id).order_by(images.c.id)
                    return np.array(connection.execute(query).scalars().all(), dtype=np.int64)
        with self._reading() as connection:
            return np.array(documents.stale(connection), dtype=np.int64)

    def rebuild_derived(self) -> None:
        """Make the full-text table and every image's presence again from the files."""
        with self._storing() as connection:
            documents.rebuild(connection)

    def backup(self, path: str, *, overwrite: bool = False) -> None:
        """Write a consistent copy while others read and write; the file appears whole or not at all.

        To restore it, put the file as `catalog.db` into an empty library folder.

        Raises:
            InputError: `path` exists and `overwrite` is false.
            DiskFullError, ReadOnlyError: it cannot be written there.
        """
        target = Path(places.plain(path))
        with sqlite.translated(target.parent):
            sqlite.copy_database(self._path, target, overwrite=overwrite)


def now() -> str:
    """This moment, UTC, as the catalog writes it."""
    return datetime.now(UTC).isoformat(timespec="seconds")
