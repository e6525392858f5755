"""Filters of `saccade.core.filters` as SQL: each condition gives a set of image ids that an index answers.

An image that lacks a fact satisfies only `!=`, which is always the exact opposite of `=`.
"""

import os
from collections.abc import Sequence

import numpy as np
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Subquery,
    and_,
    false,
    func,
    not_,
    select,
    union_all,
)

from saccade.catalog import curated
from saccade.catalog.curated import compared, folded_value, holds, is_data
from saccade.catalog.lists import plain_rows
from saccade.catalog.places import below, locate
from saccade.catalog.tables import ABSENT, INDEXED, files, image_texts, images, texts
from saccade.core.filters import FIELDS, Condition, Filter, Kind
from saccade.core.paths import relative
from saccade.core.ports.files import Folder
from saccade.core.types import Ids

_END = "\uffff"
_ABSENT = select(images.c.id).where(ABSENT)
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
    conditions = [curated.resolved(connection, one) for one in filter.conditions]
    sets = [_having(connection, one) for one in conditions if _is_set(one) and one.op != "!="]
    if filter.folders:
        sets.append(_in_folders(filter.folders, known))
    clauses = [_clause(connection, one) for one in conditions if not _is_set(one) or one.op == "!="]
    if sets and not clauses:
        # The sets alone answer; looking up 25,000 wide rows to see that they are present takes 100 ms.
        first, *others = sets
        query = select(first.c.image_id).where(*(first.c.image_id.in_(select(other)) for other in others))
        return np.setdiff1d(_ids(connection, query), _ids(connection, _ABSENT))
    kept = (images.c.id.in_(select(one)) for one in sets)
    return np.unique(_ids(connection, select(images.c.id).where(images.c.present == 1, *clauses, *kept)))


def _ids(connection: Connection, query: Select[int]) -> Ids:
    rows = plain_rows(connection, query)
    return np.fromiter((row[0] for row in rows), dtype=np.int64, count=len(rows))


def _is_set(condition: Condition) -> bool:
    """Whether a table other than `images` says which images satisfy it."""
    return condition.field not in _COLUMNS


def _clause(connection: Connection, condition: Condition) -> ColumnElement[bool]:
    """A condition on rows of images: of a number or a time, or not to be in a set."""
    if condition.op == "!=":
        opposite = Condition(field=condition.field, op="=", value=condition.value)
        if _is_set(condition):
            return images.c.id.not_in(select(_having(connection, opposite)))
        # NULL = 3 is unknown, and so is its opposite: an absent fact must be made to count as different.
        return not_(func.coalesce(_clause(connection, opposite), False))
    if FIELDS[condition.field] is Kind.TIME:
        return _time(condition)
    return compared(_COLUMNS[condition.field], condition)


def _having(connection: Connection, condition: Condition) -> Subquery:
    """Ids of the images that have a text, a label or an imported fact as the condition says."""
    if is_data(condition):
        return curated.with_fact(connection, condition)
    value = folded_value(condition)
    if condition.field == "tag":
        return curated.with_label(condition.op, value)
    if condition.field == "name":
        named = holds(files.c.name, condition.op, value)
        return select(files.c.image_id).where(named, files.c.state == INDEXED).subquery()
    meant = select(texts.c.id).where(
        texts.c.field == condition.field, holds(texts.c.folded, condition.op, value)
    )
    return select(image_texts.c.image_id).where(image_texts.c.text_id.in_(meant)).subquery()


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


def _in_folders(wanted: Sequence[str], known: Sequence[Folder]) -> Subquery:
    """Ids of the images with a file at or below one of the absolute paths."""
    places: list[ColumnElement[bool]] = []
    for path in wanted:
        inside = locate(known, path)
        if inside is not None:
            folder, rest = inside
            places.extend(and_(files.c.folder_id == folder.id, part) for part in below(os.fsencode(rest)))
        places.extend(files.c.folder_id == folder.id for folder in known if relative(folder.path, path))
    # One range of the primary key each: joined by OR they would be searched by another index, all of it.
    parts = [select(files.c.image_id).where(place, files.c.state == INDEXED) for place in places or [false()]]
    return union_all(*parts).subquery()
