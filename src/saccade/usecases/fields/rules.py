"""Fields that people import: how a table names images and columns, and what became of each row."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal, TypeAlias

from saccade.core.errors import InputError
from saccade.core.tables import RowProblem, as_text

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

_NO_NAME = re.compile(r"[^A-Za-z0-9_]+")


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


def as_labels(cell: str | float) -> list[str]:
    """The labels of a cell, each once."""
    return list(dict.fromkeys(label for part in as_text(cell).split(";") if (label := part.strip())))


def checked_key(key: str) -> Key:
    """The key of that name. Raises InputError."""
    for known in KEYS:
        if key == known:
            return known
    raise InputError(f"images are not looked up by {key!r}", hint=f"one of: {', '.join(KEYS)}")
