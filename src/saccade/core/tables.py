"""Table cells, and how they convert to numbers and text."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isfinite, isnan
from typing import TypeAlias

Cell: TypeAlias = str | float | None
"""One cell; None, blank text and NaN are absent."""
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_CODE = re.compile(r"[+-]?0[0-9]")
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_QUOTED_FORMULA = re.compile(r"'+[=+\-@\t\r]")
_EXACT = 2**53


@dataclass(frozen=True, slots=True, kw_only=True)
class RowProblem:
    """Why a row, or a cell of it, was left out; line 1 is the header."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table as read.

    Attributes:
        header: names of the columns as written.
        rows: (line, cells), as many cells as the header has; or the problem in place of the row.
    """

    header: Sequence[str]
    rows: Iterable[tuple[int, Sequence[Cell]] | RowProblem]


def is_absent(cell: Cell) -> bool:
    """Whether the cell is empty."""
    if isinstance(cell, str):
        return not cell.strip()
    return cell is None or isnan(cell)


def as_number(cell: str | float) -> float | None:
    """The cell as a number; None if it is text. Infinite if it is too large.

    Digits that would change as a number are text: "007", and whole numbers beyond 2^53.
    """
    if not isinstance(cell, str):
        return float(cell)
    text = cell.strip()
    if not _NUMBER.fullmatch(text) or _CODE.match(text):
        return None
    value = float(text)
    if isfinite(value) and text.lstrip("+-").isdigit() and abs(int(text)) > _EXACT:
        return None
    return value


def as_text(cell: str | float) -> str:
    """The cell as text; a whole number without its fraction."""
    if isinstance(cell, str):
        return cell
    whole = isfinite(cell) and float(cell).is_integer() and abs(cell) <= _EXACT
    return str(int(cell)) if whole else repr(float(cell))


def disarmed(text: str) -> str:
    """The text, with ' in front if a spreadsheet would run it as a formula (OWASP: CSV injection)."""
    return f"'{text}" if _FORMULA.match(text) else text


def rearmed(text: str) -> str:
    """The text as it was before `disarmed`."""
    return text[1:] if _QUOTED_FORMULA.match(text) else text
