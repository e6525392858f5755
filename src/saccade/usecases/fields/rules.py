"""Imported fields: how a table identifies images and columns, and import reports."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal, TypeAlias

from saccade.core.errors import InputError
from saccade.core.tables import RowProblem, as_text

Key: TypeAlias = Literal["path", "id", "name"]
"""How a row identifies its image: by file path, by (the start of) its id, or by file name."""

KEYS: dict[Key, tuple[str, ...]] = {
    "path": ("path", "file", "filepath", "file_path", "filename", "file_name", "image"),
    "id": ("id", "image_id", "sha256"),
    "name": ("name", "filename", "file_name", "file", "image"),
}
"""Names of the column that identifies images, in order of preference; else the first column."""
LABELS = ("tags", "keywords")
"""Columns of labels, several per cell, separated by ;."""
IMPORT = "import"
"""The origin of imported columns."""
PERSON = "person"
"""The origin of labels given by people."""

_NO_NAME = re.compile(r"[^A-Za-z0-9_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedColumn:
    """The result for one column.

    Attributes:
        name: as used in filters, after `data.`.
        header: as in the table.
        kind: "number" or "text".
        values: images that got one.
        why: for text that also contains numbers: the first value that is not one; else empty.
    """

    name: str
    header: str
    kind: Literal["number", "text"]
    values: int
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """The result, or dry run, of an import.

    Attributes:
        rows: rows below the header, good and bad.
        images: images with imported values.
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
    """The header as a valid field name: "Unit price (€)" gives "Unit_price"; may be empty."""
    plain = unicodedata.normalize("NFKD", header)
    name = _NO_NAME.sub("_", "".join(one for one in plain if not unicodedata.combining(one))).strip("_")
    return f"_{name}" if name[:1].isdigit() else name


def as_labels(cell: str | float) -> list[str]:
    """The labels of a cell, each once."""
    return list(dict.fromkeys(label for part in as_text(cell).split(";") if (label := part.strip())))


def checked_key(key: str) -> Key:
    """A key by name. Raises InputError."""
    for known in KEYS:
        if key == known:
            return known
    raise InputError(f"unknown key {key!r}", hint=f"one of: {', '.join(KEYS)}")
