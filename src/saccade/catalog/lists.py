"""Long lists as one parameter, and rows as the driver gives them, in any dialect."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, select
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.selectable import TableValuedAlias


class each(FunctionElement[Any]):  # noqa: N801 - named like SQLAlchemy's own functions
    """A table of the entries of a JSON list, in a column `value`; a dialect says how it is written."""

    name = "each"
    inherit_cache = True


def listed(ids: Sequence[int]) -> TableValuedAlias:
    """A table whose column `value` holds these numbers, given as one parameter however many there are."""
    return each(bindparam(None, f"[{','.join(map(str, ids))}]")).table_valued("value")


def among(column: ColumnElement[int], ids: Sequence[int]) -> ColumnElement[bool]:
    """`column IN ids`, however many there are."""
    return column.in_(select(listed(ids).c.value))


def among_texts(column: ColumnElement[str], texts: Sequence[str]) -> ColumnElement[bool]:
    """`column IN texts`, however many there are."""
    return column.in_(select(each(bindparam(None, json.dumps(texts))).table_valued("value").c.value))


def plain_rows(connection: Connection, query: Select[*tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The rows as the driver gives them, twice as fast for long answers; for columns of plain types only."""
    cursor = connection.execute(query).cursor
    assert cursor is not None
    return list(cursor.fetchall())
