"""Tables that people bring along: what a cell is, what a column is called, and what became of each row."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isfinite, isnan
from typing import Literal, TypeAlias

Cell: TypeAlias = str | float | None
"""One cell; None, blank text and NaN are absent."""
Key: TypeAlias = Literal["path", "id", "name"]
"""How a row names its image: by its file's path, by (the start of) its id, or by its file's name."""

KEYS: dict[Key, tuple[str, ...]] = {
    "path": ("path", "file", "filepath", "file_path", "filename", "file_name", "image"),
    "id": ("id", "image_id", "sha256"),
    "name": ("name", "filename", "file_name", "file", "image"),
}
"""What the column that names the images may be called, the first there is; else it is the first column."""
LABELS = ("tags", "keywords")
"""Columns of labels, several in a cell with ; between them."""
IMPORT = "import"
"""The origin of columns that people bring along."""
PERSON = "person"
"""The origin of labels that people give."""

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_CODE = re.compile(r"[+-]?0[0-9]")
_NO_NAME = re.compile(r"[^A-Za-z0-9_]+")
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
        rows: (line, cells), as many cells as the header has; or the problem that stands in the row's place.
    """

    header: Sequence[str]
    rows: Iterable[tuple[int, Sequence[Cell]] | RowProblem]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedColumn:
    """What became of one column.

    Attributes:
        name: as filters say it, after `data.`.
        header: as the table has it.
        kind: "number" or "text".
        values: images that got one.
        why: of text that holds numbers too: the first value that is none; else empty.
    """

    name: str
    header: str
    kind: Literal["number", "text"]
    values: int
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import did, or would do.

    Attributes:
        rows: rows below the header, good and bad.
        images: images that something was said of.
        columns: in the table's order.
        labels: labels put on images.
        problems: what was left out, by line; one row may have several.
        dry_run: nothing was written.
    """

    rows: int
    images: int
    columns: tuple[ImportedColumn, ...]
    labels: int
    problems: tuple[RowProblem, ...]
    dry_run: bool


def column_name(header: str) -> str:
    """The header as filters can say it: "Unit price (€)" gives "Unit_price"; empty if nothing is left."""
    plain = unicodedata.normalize("NFKD", header)
    name = _NO_NAME.sub("_", "".join(one for one in plain if not unicodedata.combining(one))).strip("_")
    return f"_{name}" if name[:1].isdigit() else name


def is_absent(cell: Cell) -> bool:
    """Whether the cell says nothing."""
    if isinstance(cell, str):
        return not cell.strip()
    return cell is None or isnan(cell)


def as_number(cell: str | float) -> float | None:
    """The number a cell is; None if it is text. Infinite when it is too large for one.

    Digits that a number would change are text: "007", and whole numbers beyond 2^53.
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


def as_labels(cell: str | float) -> list[str]:
    """The labels of a cell, each once."""
    return list(dict.fromkeys(label for part in as_text(cell).split(";") if (label := part.strip())))


def disarmed(text: str) -> str:
    """The text with ' before what a spreadsheet would run as a formula (OWASP's advice on CSV injection)."""
    return f"'{text}" if _FORMULA.match(text) else text


def rearmed(text: str) -> str:
    """The text as it was before `disarmed`."""
    return text[1:] if _QUOTED_FORMULA.match(text) else text
