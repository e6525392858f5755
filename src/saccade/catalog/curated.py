"""Filters over what people and pipelines say of images: `tag=beach`, `data.price<20`."""

from sqlalchemy import ColumnElement, Connection, Subquery, select

from saccade.catalog.columns import column_row
from saccade.catalog.curation_tables import column_numbers, column_texts, labels, tags
from saccade.catalog.text import fold
from saccade.core.errors import InvalidFilterError
from saccade.core.filters import DATA, Condition, Kind, of_kind

_LONGEST = 10_000


def is_data(condition: Condition) -> bool:
    """Whether it is about an imported column."""
    return condition.field.startswith(DATA)


def resolved(connection: Connection, condition: Condition) -> Condition:
    """The condition as the kind of its column compares; others as they are.

    Raises:
        InvalidFilterError: no such column, or one that is not compared so.
    """
    if not is_data(condition):
        return condition
    return of_kind(condition, Kind(column_row(connection, condition.field.removeprefix(DATA)).kind))


def with_fact(connection: Connection, condition: Condition) -> Subquery:
    """Ids of the images whose value in a column is as the (resolved) condition says."""
    column = column_row(connection, condition.field.removeprefix(DATA))
    table = column_numbers if column.kind == "number" else column_texts
    if column.kind == "number":
        fits = compared(table.c.value, condition)
    else:
        fits = holds(table.c.folded, condition.op, folded_value(condition))
    return select(table.c.image_id).where(table.c.column_id == column.id, fits).subquery()


def with_label(op: str, folded: str) -> Subquery:
    """Ids of the images with a label that equals or contains the text."""
    meant = select(labels.c.id).where(holds(labels.c.folded, op, folded))
    return select(tags.c.image_id).where(tags.c.label_id.in_(meant)).subquery()


def folded_value(condition: Condition) -> str:
    """The text a condition compares with. Raises InvalidFilterError when it is too long to be one."""
    value = fold(str(condition.value))
    if len(value) > _LONGEST:
        raise InvalidFilterError(
            f"the value for {condition.field} has {len(value)} characters",
            hint=f"at most {_LONGEST} are compared",
        )
    return value


def holds(column: ColumnElement[str], op: str, value: str) -> ColumnElement[bool]:
    """Whether a folded text equals (`==`) or contains (`=`) a value."""
    return column == value if op == "==" else column.contains(value, autoescape=True)


def compared(column: ColumnElement[float], condition: Condition) -> ColumnElement[bool]:
    """Whether a number compares with the condition's value so."""
    value = float(condition.value)
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
