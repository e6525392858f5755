"""`SqlResults`: versions of models and results: facts as JSON, numbers as an .npz file, nothing pickled.

What a result holds about single images is stored separately, one row per image; see `result_rows.py`.
"""

import io
import json
import zipfile
import zlib
from collections.abc import Mapping

import numpy as np
from sqlalchemy import Connection, Select, delete, func, insert, select, update

from saccade.catalog import result_rows as rows_of
from saccade.catalog.bulk import checked_name
from saccade.catalog.curation_tables import result_rows, results
from saccade.catalog.lists import among
from saccade.catalog.runs import now
from saccade.catalog.session import Transactions
from saccade.core.errors import CorruptLibraryError, InputError, NotFoundError
from saccade.core.ports.results import Arrays, ImageRows, Result

_LONGEST = 200
_MOST_BYTES = 900_000_000
_NUMBERS = "biufc"


class SqlResults:
    """See `core.ports.results.Results`."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def save(
        self,
        kind: str,
        name: str,
        facts: Mapping[str, object],
        arrays: Arrays,
        *,
        rows: ImageRows | None = None,
        keep: int = 10,
    ) -> int:
        """Keep a new version, and of the older ones the newest `keep` - 1; its version number.

        Raises:
            InputError: facts that JSON cannot hold, arrays of anything but numbers, more than 900 MB, or a
                `keep` below 1.
            ImageNotFoundError: a row of an unknown image.
        """
        if keep < 1:
            raise InputError(f"keep is {keep}; it must be at least 1")
        kind, name = checked_name(kind, "the kind of a result", _LONGEST), checked_name(name, "it", _LONGEST)
        text, data = _json(facts), _packed(arrays)
        layout = None if rows is None else rows_of.layout_of(rows)
        here = (results.c.kind == kind, results.c.name == name)
        with self._transactions.storing() as connection:
            newest = connection.execute(select(func.max(results.c.version)).where(*here)).scalar() or 0
            row = {"kind": kind, "name": name, "version": newest + 1, "created": now(), "facts": text}
            row |= {"arrays": data, "checksum": _checksum(text, data), "layout": layout}
            made = connection.execute(insert(results).returning(results.c.id), row).scalar_one()
            if rows is not None and layout is not None:
                rows_of.add(connection, made, layout, rows)
            older = select(results.c.id).where(*here).order_by(results.c.version.desc()).offset(keep)
            _delete(connection, older)
        return int(newest) + 1

    def extend(self, kind: str, name: str, rows: ImageRows) -> None:
        """Add rows to the newest version.

        Raises:
            NotFoundError: there is none.
            InputError: its rows have other arrays, or of other shapes or types.
            ImageNotFoundError: a row of an unknown image.
        """
        query = select(results.c.id, results.c.layout).where(results.c.kind == kind, results.c.name == name)
        with self._transactions.storing() as connection:
            found = connection.execute(query.order_by(results.c.version.desc()).limit(1)).first()
            if found is None:
                raise NotFoundError(f"no {kind} is called {name!r}", hint="save it first")
            if found.layout is None or rows_of.layout_of(rows) != found.layout:
                raise InputError(f"these rows do not have the layout of the {kind} {name!r}")
            rows_of.add(connection, found.id, found.layout, rows)

    def load(self, kind: str, name: str, version: int | None = None) -> Result | None:
        """The version asked for, or the newest; None if there is none.

        Raises:
            CorruptLibraryError: it is not what was stored.
        """
        query = select(results).where(results.c.kind == kind, results.c.name == name)
        if version is not None:
            query = query.where(results.c.version == version)
        with self._transactions.reading() as connection:
            row = connection.execute(query.order_by(results.c.version.desc()).limit(1)).first()
            if row is None:
                return None
            rows = rows_of.load(connection, row.id, row.layout)
        if _checksum(row.facts, row.arrays) != row.checksum:
            raise CorruptLibraryError(
                f"version {row.version} of the {row.kind} {row.name!r} is damaged",
                hint="compute it again, or load another version",
            )
        with np.load(io.BytesIO(row.arrays), allow_pickle=False) as held:
            arrays = {key: held[key] for key in held.files}
        return Result(
            kind=row.kind,
            name=row.name,
            version=row.version,
            created=row.created,
            facts=json.loads(row.facts),
            arrays=arrays,
            rows=rows,
        )

    def versions(self, kind: str, name: str | None = None) -> list[Result]:
        """Every version kept, newest first (names in order), with facts and without arrays and rows."""
        wanted = (results.c.kind, results.c.name, results.c.version, results.c.created, results.c.facts)
        query = select(*wanted).where(results.c.kind == kind)
        if name is not None:
            query = query.where(results.c.name == name)
        with self._transactions.reading() as connection:
            rows = connection.execute(query.order_by(results.c.name, results.c.version.desc())).all()
            return [
                Result(
                    kind=row.kind,
                    name=row.name,
                    version=row.version,
                    created=row.created,
                    facts=json.loads(row.facts),
                    arrays={},
                    rows=ImageRows(),
                )
                for row in rows
            ]

    def remove(self, kind: str, name: str) -> int:
        """Forget all versions; number removed."""
        with self._transactions.storing() as connection:
            return _delete(
                connection,
                select(results.c.id).where(results.c.kind == kind, results.c.name == name),
            )


def _delete(connection: Connection, gone: Select[int]) -> int:
    """Delete these results, rows first; number of results."""
    ids = list(connection.execute(gone).scalars())
    connection.execute(delete(result_rows).where(among(result_rows.c.result_id, ids)))
    return connection.execute(delete(results).where(among(results.c.id, ids))).rowcount


def rewrite_facts(connection: Connection, number: int, facts: object) -> None:
    """Change the facts of a stored result, and nothing else of it."""
    text = json.dumps(facts, sort_keys=True)
    arrays = connection.execute(select(results.c.arrays).where(results.c.id == number)).scalar_one()
    change = update(results).where(results.c.id == number)
    connection.execute(change.values(facts=text, checksum=_checksum(text, arrays)))


def damaged(connection: Connection) -> list[str]:
    """One line for each result that is not what was stored; reads all of them."""
    wanted = (results.c.id, results.c.kind, results.c.name, results.c.version)
    lines = []
    for number, kind, name, version in connection.execute(select(*wanted)).all():
        row = connection.execute(select(results).where(results.c.id == number)).one()
        whole = _checksum(row.facts, row.arrays) == row.checksum
        try:
            rows_of.load(connection, number, row.layout)
        except CorruptLibraryError:
            whole = False
        if not whole:
            lines.append(f"version {version} of the {kind} {name!r} is not what was stored; compute it again")
    return lines


def _json(facts: Mapping[str, object]) -> str:
    try:
        return json.dumps(dict(facts), allow_nan=False, sort_keys=True)
    except (TypeError, ValueError) as error:
        raise InputError(f"the facts of a result must be JSON values: {error}") from error


def _packed(arrays: Arrays) -> bytes:
    """The arrays as an .npz file. Not `numpy.savez`: it has no way to refuse objects, and reserves names."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, given in arrays.items():
            array = np.asarray(given)
            if array.dtype.kind not in _NUMBERS:
                raise InputError(f"the array {name!r} holds {array.dtype}, not numbers")
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
    if buffer.tell() > _MOST_BYTES:
        raise InputError(f"the arrays of a result take {buffer.tell():,} bytes; the most is {_MOST_BYTES:,}")
    return buffer.getvalue()


def _checksum(facts: str, arrays: bytes) -> int:
    return zlib.crc32(arrays, zlib.crc32(facts.encode()))
