"""Metadata filters: `taken>=2024-01-01`, `camera=Canon`, `tag=beach`, `data.price<20`. Parsed and checked
here, compiled to a query by the catalog, which knows the imported columns. All conditions must hold.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite, nan
from typing import TypeAlias

from saccade.core.errors import InvalidFilterError


class Kind(StrEnum):
    """How a field is compared."""

    TEXT = "text"
    """`=` contains, `==` equals, both without regard to case; `!=` does not contain."""
    NUMBER = "number"
    """`=`, `!=`, `<`, `<=`, `>`, `>=`."""
    TIME = "time"
    """ISO 8601 to any precision: `taken=2024-05` is that month, `taken<=2024` includes that year."""


FIELDS: dict[str, Kind] = {
    "taken": Kind.TIME,
    "camera": Kind.TEXT,
    "lens": Kind.TEXT,
    "title": Kind.TEXT,
    "caption": Kind.TEXT,
    "keyword": Kind.TEXT,
    "creator": Kind.TEXT,
    "rights": Kind.TEXT,
    "format": Kind.TEXT,
    "name": Kind.TEXT,
    "tag": Kind.TEXT,
    "width": Kind.NUMBER,
    "height": Kind.NUMBER,
    "size": Kind.NUMBER,
    "latitude": Kind.NUMBER,
    "longitude": Kind.NUMBER,
}
"""Every field a filter can use, apart from imported columns. `name` is the file's name; `size` is in bytes;
`tag` is any label, whatever its origin."""
DATA = "data."
"""Prefix of the fields of imported columns: `data.price`."""

_OPS: dict[Kind, tuple[str, ...]] = {
    Kind.TEXT: ("=", "==", "!="),
    Kind.NUMBER: ("=", "!=", "<", "<=", ">", ">="),
    Kind.TIME: ("=", "!=", "<", "<=", ">", ">="),
}
_EXPRESSION = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_.]*)\s*(==|!=|<=|>=|=|<|>)\s*(.*?)\s*", re.DOTALL)
_COLUMN = re.compile(r"data\.[A-Za-z_][A-Za-z0-9_]*")
_MONTH, _DAY, _HOUR, _MINUTE = (
    "(0[1-9]|1[0-2])",
    "(0[1-9]|[12][0-9]|3[01])",
    "([01][0-9]|2[0-3])",
    "[0-5][0-9]",
)
_TIME = re.compile(f"[0-9]{{4}}(-{_MONTH}(-{_DAY}([T ]{_HOUR}(:{_MINUTE}(:{_MINUTE})?)?)?)?)?")

Value: TypeAlias = str | float
Where: TypeAlias = Mapping[str, Value | tuple[str, Value] | Sequence[tuple[str, Value]]]
"""`{"taken": (">=", "2024-01-01"), "camera": "Canon", "width": [(">", 100), ("<", 900)]}`"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One comparison: a field of FIELDS, an operator its kind has, and a value of its kind.

    The kind of an imported column (`data.NAME`) is not known here: see `of_kind`.
    """

    field: str
    op: str
    value: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What an image must satisfy: every condition, and to be in one of the folders (if any).

    Folders are absolute paths; an image is in a folder if one of its files is anywhere below it.
    """

    conditions: tuple[Condition, ...] = ()
    folders: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether it restricts anything."""
        return bool(self.conditions or self.folders)


def parse_condition(text: str) -> Condition:
    """`"taken>=2024-01-01"` as a condition.

    Raises:
        InvalidFilterError: no operator, an unknown field, or a value that does not fit the field.
    """
    match = _EXPRESSION.fullmatch(text)
    if match is None:
        raise InvalidFilterError(
            f"cannot read the filter {text!r}", hint="write FIELD=VALUE, e.g. taken>=2024-01-01"
        )
    return condition(match[1], match[2], match[3])


def condition(field: str, op: str, value: Value) -> Condition:
    """A checked condition.

    Raises:
        InvalidFilterError: an unknown field, an unsupported operator, or a value of another kind.
    """
    if _COLUMN.fullmatch(field):
        if not any(op in ops for ops in _OPS.values()):
            raise _no_operator(field, op, dict.fromkeys(one for ops in _OPS.values() for one in ops))
        checked = _checked(field, Kind.TEXT if isinstance(value, str) else Kind.NUMBER, value)
        # Keep a number as written: a column of text compares with "5", not with "5.0".
        return Condition(field=field, op=op, value=checked if isinstance(value, str) else value)
    if field not in FIELDS:
        raise InvalidFilterError(
            f"unknown filter field {field!r}",
            hint=f"known fields: {', '.join(sorted(FIELDS))}, and {DATA}NAME for imported columns",
        )
    return of_kind(Condition(field=field, op=op, value=value), FIELDS[field])


def of_kind(given: Condition, kind: Kind) -> Condition:
    """The condition with its value converted to the kind.

    Raises:
        InvalidFilterError: an unsupported operator, or a value of another kind.
    """
    if given.op not in _OPS[kind]:
        raise _no_operator(given.field, given.op, _OPS[kind])
    return Condition(field=given.field, op=given.op, value=_checked(given.field, kind, given.value))


def _no_operator(field: str, op: str, known: Iterable[str]) -> InvalidFilterError:
    return InvalidFilterError(f"{field} cannot be compared with {op!r}", hint=f"use one of {' '.join(known)}")


def parse_where(where: Where | Sequence[str] | None) -> tuple[Condition, ...]:
    """Conditions from the Python form (a mapping) or the command line's (expressions)."""
    if not where:
        return ()
    if isinstance(where, str):
        where = [where]
    if not isinstance(where, Mapping):
        return tuple(parse_condition(text) for text in where)
    conditions: list[Condition] = []
    for field, wanted in where.items():
        if isinstance(wanted, (str, int, float)):
            conditions.append(condition(field, "=", wanted))
        else:
            # Anything but a list of pairs is treated as one pair, and rejected if it is not.
            pairs = wanted if isinstance(wanted, list) else [wanted]
            conditions.extend(_pair(field, pair) for pair in pairs)
    return tuple(conditions)


def _pair(field: str, pair: object) -> Condition:
    """A condition from (operator, value); users' code may not be type-checked, so both are validated."""
    match pair:
        case (str(op), (str() | int() | float()) as value):
            return condition(field, op, value)
    raise InvalidFilterError(
        f"cannot read the filter for {field!r}: {pair!r}",
        hint='give a value, or an operator and a value: {"taken": (">=", "2024-01-01")}',
    )


def _checked(field: str, kind: Kind, value: Value) -> Value:
    """The value converted to its kind."""
    if kind is Kind.NUMBER:
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = nan
        if not isfinite(number):
            raise InvalidFilterError(f"{field} needs a number, got {value!r}", hint=f"e.g. {field}>=1000")
        return number
    text = str(value).strip()
    if not text:
        raise InvalidFilterError(f"{field} has no value to compare with", hint=f"e.g. {field}=VALUE")
    if kind is Kind.TIME:
        if _TIME.fullmatch(text) is None:
            raise InvalidFilterError(
                f"{field} needs a date, got {value!r}", hint="write YYYY, YYYY-MM or YYYY-MM-DD"
            )
        return text.replace(" ", "T")
    return text
