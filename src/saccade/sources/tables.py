"""Reads CSV files from spreadsheets and scripts row by row, and writes them atomically."""

import csv
import io
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

from saccade.core.errors import InputError, PathNotFoundError
from saccade.core.tables import Cell, RowProblem, Table, as_text, disarmed, rearmed
from saccade.sources.whole_files import write_whole

_DELIMITERS = ",;\t"
_LONGEST_LINE = 1 << 20
_CHUNK = 1 << 20
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@contextmanager
def read(path: str) -> Iterator[Table]:
    """The table in a file; rows are read lazily.

    UTF-8 with or without a byte order mark, or UTF-16 with one; separated by comma, semicolon or tab,
    whichever is most frequent in the header. A cell that is not UTF-8 comes with surrogate escapes, as paths
    do.

    Raises:
        PathNotFoundError: no such file.
        InputError: it cannot be read, or is not a CSV file.
    """
    if not os.path.lexists(path):
        raise PathNotFoundError(f"no such file: {path}", hint="check the spelling; quote names with spaces")
    try:
        with open(path, "rb") as start:
            encoding = "utf-16" if start.read(2) in _UTF16 else "utf-8-sig"
        errors = "surrogateescape" if encoding == "utf-8-sig" else "replace"
        with open(path, encoding=encoding, errors=errors, newline="") as file:
            yield _table(file, path)
    except (OSError, UnicodeError) as error:
        raise InputError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error


def _table(file: TextIO, path: str) -> Table:
    first = file.readline(_LONGEST_LINE)
    if any(one == "\0" or "\udc80" <= one <= "\udcff" for one in first):
        raise InputError(f"{path} is not a CSV file", hint="save the table as CSV, in UTF-8")
    delimiter = max(_DELIMITERS, key=first.count)
    records = _records(file, first, delimiter)
    header = next(records, None)
    if header is None or isinstance(header, RowProblem):
        reason = f": {header.reason}" if isinstance(header, RowProblem) else ""
        raise InputError(f"{path} has no header{reason}", hint="the first line names the columns")
    return Table(header=header[1], rows=_rows(records, len(header[1])))


def _rows(
    records: Iterator[tuple[int, list[str]] | RowProblem], width: int
) -> Iterator[tuple[int, Sequence[Cell]] | RowProblem]:
    """Records as wide as the header; missing cells at the end are absent."""
    for record in records:
        if isinstance(record, RowProblem):
            yield record
            continue
        line, cells = record
        if len(cells) > width:
            yield RowProblem(line=line, reason=f"it has {len(cells)} cells; the header has {width}")
        else:
            yield line, [*map(rearmed, cells), *[None] * (width - len(cells))]


def _records(file: TextIO, first: str, delimiter: str) -> Iterator[tuple[int, list[str]] | RowProblem]:
    """(line, cells) of each record, blank lines left out.

    A record that does not end or cannot be parsed costs only its first line: reading continues with the next,
    so that one forgotten quote does not swallow the rest of the file.
    """
    waiting = deque([first])
    line = 0
    while True:
        taken: list[str] = []
        reader = csv.reader(_taking(file, waiting, taken), delimiter=delimiter, strict=True)
        try:
            cells = next(reader, None)
        except csv.Error as error:
            reason = f"it cannot be read: {error}; is a quote not closed?"
            waiting.extendleft(reversed(taken[1:]))
            line += 1
            yield RowProblem(line=line, reason=reason)
            continue
        if cells is None:
            return
        if cells:
            yield line + 1, cells
        line += len(taken)


def _taking(file: TextIO, waiting: "deque[str]", taken: list[str]) -> Iterator[str]:
    """Lines for one record, collected in `taken`."""
    while True:
        text = waiting.popleft() if waiting else file.readline(_LONGEST_LINE)
        if not text:
            return
        taken.append(text)
        yield text


def write(path: str, header: Sequence[str], rows: Iterable[Sequence[Cell]], *, overwrite: bool) -> int:
    """Write a table atomically; number of rows.

    Text that a spreadsheet would run as a formula is written with ' before it.

    Raises:
        InputError: the file exists and `overwrite` is false, or is a folder.
        PathNotFoundError: no such folder to write it to.
        DiskFullError, ReadOnlyError, StorageError.
    """
    if os.path.isdir(path) or (os.path.lexists(path) and not overwrite):
        raise InputError(f"{path} already exists", hint="choose a new file, or use --overwrite")
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        raise PathNotFoundError(f"no such folder: {folder}", hint="create it first, or choose another")
    count = 0

    def lines() -> Iterator[bytes]:
        nonlocal count
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow(header)
        for row in rows:
            writer.writerow([_written(cell) for cell in row])
            count += 1
            if text.tell() > _CHUNK:
                yield _taken(text)
        yield _taken(text)

    write_whole(path, lines())
    return count


def _taken(text: io.StringIO) -> bytes:
    """Everything written so far, as bytes; names that are not UTF-8 keep their bytes."""
    data = text.getvalue().encode("utf-8", "surrogateescape")
    text.seek(0)
    text.truncate()
    return data


def _written(cell: Cell) -> str:
    if cell is None:
        return ""
    return disarmed(cell) if isinstance(cell, str) else as_text(cell)
