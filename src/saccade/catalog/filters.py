"""Filters of `saccade.core.filters` as SQL: each condition gives a set of image ids that an index answers.

An image that lacks a fact satisfies only `!=`, which is always the exact opposite of `=`.
"""

import os
from collections.abc import Sequence

import numpy as np
from sqlalchemy import ColumnElement, Connection, and_, func, not_, or_, select

from saccade.catalog.places import below, locate, relative
from saccade.catalog.tables import INDEXED, files, image_texts, images, texts
from saccade.catalog.text import fold
from saccade.core.errors import InvalidFilterError
from saccade.core.filters import FIELDS, Condition, Filter, Kind
from saccade.core.ports import Folder
from saccade.core.types import Ids

_LONGEST = 10_000
_END = "\uffff"
_COLUMNS = {
    "taken": images.c.taken_at,
    "width": images.c.width,
    "height": images.c.height,
    "size": images.c.size_bytes,
    "latitude": images.c.latitude,
    "longitude": images.c.longitude,
}


def match(connection: Connection, filter: Filter, known: Sequence[Folder]) -> Ids:
    """See `Catalog.match`; `known` are the indexed folders at their present places."""
    clauses = [_clause(condition) for condition in filter.conditions]
    if filter.folders:
        clauses.append(_in_folders(filter.folders, known))
    query = select(images.c.id).where(images.c.present == 1, *clauses)
    rows = connection.execute(query).all()
    found = np.fromiter((row[0] for row in rows), dtype=np.int64, count=len(rows))
    found.sort()
    return found


def _clause(condition: Condition) -> ColumnElement[bool]:
    if condition.op == "!=":
        opposite = Condition(field=condition.field, op="=", value=condition.value)
        # NULL = 3 is unknown, and so is its opposite: an absent fact must be made to count as different.
        return not_(func.coalesce(_clause(opposite), False))
    match FIELDS[condition.field]:
        case Kind.TEXT:
            return _text(condition)
        case Kind.NUMBER:
            return _number(condition)
        case Kind.TIME:
            return _time(condition)


def _text(condition: Condition) -> ColumnElement[bool]:
    value = fold(str(condition.value))
    if len(value) > _LONGEST:
        raise InvalidFilterError(
            f"{condition.field} is compared with {len(value)} characters", hint=f"at most {_LONGEST} are"
        )
    if condition.field == "name":
        named = select(files.c.image_id).where(_holds(files.c.name, condition.op, value))
        return images.c.id.in_(named.where(files.c.state == INDEXED))
    meant = select(texts.c.id).where(
        texts.c.field == condition.field, _holds(texts.c.folded, condition.op, value)
    )
    return images.c.id.in_(select(image_texts.c.image_id).where(image_texts.c.text_id.in_(meant)))


def _holds(column: ColumnElement[str], op: str, value: str) -> ColumnElement[bool]:
    return column == value if op == "==" else column.contains(value, autoescape=True)


def _number(condition: Condition) -> ColumnElement[bool]:
    column, value = _COLUMNS[condition.field], float(condition.value)
    match condition.op:
        case "<":
            return column < value
        case "<=":
            return column <= value
        case ">":
            return column > value
        case ">=":
            return column >= value
    return column == value


def _time(condition: Condition) -> ColumnElement[bool]:
    """Times are ISO 8601 text, so a year, month or day is the range of texts that begin with it."""
    column, first = _COLUMNS[condition.field], str(condition.value)
    last = first + _END
    match condition.op:
        case "<":
            return column < first
        case "<=":
            return column < last
        case ">":
            return column >= last
        case ">=":
            return column >= first
    return and_(column >= first, column < last)


def _in_folders(wanted: Sequence[str], known: Sequence[Folder]) -> ColumnElement[bool]:
    """Images with a present file below one of the absolute paths."""
    places: list[ColumnElement[bool]] = []
    for path in wanted:
        inside = locate(known, path)
        if inside is not None:
            folder, rest = inside
            places.append(and_(files.c.folder_id == folder.id, below(os.fsencode(rest))))
        places.extend(files.c.folder_id == folder.id for folder in known if relative(folder.path, path))
    if not places:
        return images.c.id.in_([])
    return images.c.id.in_(select(files.c.image_id).where(or_(*places), files.c.state == INDEXED))
