"""Imports tables: matches rows to images, infers column types, reports errors line by line."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Literal

import numpy as np

from saccade.core.errors import InputError
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.stores import Column
from saccade.core.tables import Cell, RowProblem, Table, as_number, as_text, is_absent
from saccade.usecases.fields.rules import (
    IMPORT,
    KEYS,
    LABELS,
    PERSON,
    ImportedColumn,
    ImportReport,
    Key,
    as_labels,
    column_name,
)

_SHORTEST_ID = 8
_LONGEST_TEXT = 10_000
_LONGEST_NAME = 100
_LONGEST_LABEL = 500


@dataclass(slots=True)
class _Field:
    """One column of the table being imported.

    Attributes:
        place: index of its cell in a row.   header, name: as written, and as used in filters.
        cells: {image: (line, cell)}.
    """

    place: int
    header: str
    name: str
    cells: dict[int, tuple[int, str | float]] = field(default_factory=dict)

    @property
    def labels(self) -> bool:
        """Whether it holds labels."""
        return self.name in LABELS


@dataclass(frozen=True, slots=True, kw_only=True)
class _Names:
    """How rows identify their images: the column, and the kind of name."""

    column: int
    key: Key
    place: Callable[[str], str]

    def meant(self, catalog: Catalog, names: Sequence[str]) -> Mapping[str, Sequence[int]]:
        """{name: the images it may refer to}."""
        if self.key == "name":
            return catalog.images.by_names(names)
        if self.key == "id":
            return catalog.images.by_ids([name for name in names if len(name) >= _SHORTEST_ID])
        places = {name: self.place(name) for name in names}
        at = catalog.images.at_paths(list(places.values()))
        return {name: [at[path]] for name, path in places.items() if path in at}


def import_table(
    catalog: Catalog,
    table: Table,
    key: Key,
    *,
    place: Callable[[str], str],
    replace: bool = False,
    dry_run: bool = False,
) -> ImportReport:
    """Match the rows to images and store their columns; facts in one transaction, labels in another.

    Args:
        place: converts a path in the table to an absolute one.
        replace: delete earlier values of these columns, and labels people gave to the images of the table.

    Raises:
        InputError: nothing could be imported, or a pipeline owns a column of that name.
    """
    problems: list[RowProblem] = []
    names = _Names(column=_key_column(table.header, key), key=key, place=place)
    fields = list(_fields(table.header, names.column, problems))
    if not fields:
        raise InputError(
            "the table has no data about its images", hint="it needs a column for the images and one more"
        )
    rows: list[tuple[int, Sequence[Cell]]] = []
    count = 0
    for row in table.rows:
        count += 1
        if isinstance(row, RowProblem):
            problems.append(row)
        else:
            rows.append(row)
    images = _matched(catalog, rows, names, problems)
    for line, image, cells in images:
        _take(fields, image, line, cells, problems)
    if not images:
        below = [f"; line {one.line}: {one.reason}" for one in problems if one.line > 1]
        raise InputError(
            f"no row identifies an image of the library{below[0] if below else ''}",
            hint=f"images are looked up by the column {table.header[names.column]!r} as {key}; see --key",
        )
    targets = {image for _, image, _ in images}
    known = {column.name: column for column in catalog.columns.all()}
    facts = [
        _typed(one, None if replace else known.get(one.name), problems) for one in fields if not one.labels
    ]
    labels = _labels([one for one in fields if one.labels], problems)
    _check_origins(facts, known)
    if not dry_run:
        columns = {column.name: values for column, values in facts}
        with catalog.unit("importing fields"):
            catalog.columns.write_all(columns, origin=IMPORT, replace=replace)
            if labels or (replace and any(one.labels for one in fields)):
                _write_labels(catalog, labels, targets, replace=replace)
    return ImportReport(
        rows=count,
        images=len(targets),
        columns=tuple(column for column, _ in facts),
        labels=sum(map(len, labels.values())),
        problems=tuple(sorted(problems, key=lambda one: one.line)),
        dry_run=dry_run,
    )


def _key_column(header: Sequence[str], key: Key) -> int:
    """Find the column that identifies the images."""
    plain = [name.strip().casefold() for name in header]
    return next((plain.index(name) for name in KEYS[key] if name in plain), 0)


def _fields(header: Sequence[str], keys: int, problems: list[RowProblem]) -> Iterator[_Field]:
    """The columns that can be imported; a problem on line 1 for each that cannot."""
    seen: dict[str, str] = {}
    for place, written in enumerate(header):
        if place == keys:
            continue
        name = written.strip().casefold()
        if name not in LABELS:
            name = column_name(written)
        if not name or len(name) > _LONGEST_NAME:
            reason = f"column {place + 1} {'has no name' if not name else 'has too long a name'}"
            problems.append(RowProblem(line=1, reason=f"{reason} and is left out"))
        elif name in seen:
            reason = f"column {place + 1}, {written!r}, is called {name} like {seen[name]!r} and is left out"
            problems.append(RowProblem(line=1, reason=reason))
        else:
            seen[name] = written
            yield _Field(place=place, header=written, name=name)


def _matched(
    catalog: Catalog,
    rows: Sequence[tuple[int, Sequence[Cell]]],
    names: _Names,
    problems: list[RowProblem],
) -> list[tuple[int, int, Sequence[Cell]]]:
    """(line, image, cells) of the rows that identify an image; a problem for each of the others."""
    named: list[tuple[int, str, Sequence[Cell]]] = []
    for line, cells in rows:
        cell = cells[names.column]
        name = "" if cell is None or is_absent(cell) else as_text(cell).strip()
        if not name or "\0" in name:
            problems.append(RowProblem(line=line, reason="it has no image name"))
        else:
            named.append((line, name.lower() if names.key == "id" else name, cells))
    found = names.meant(catalog, list(dict.fromkeys(name for _, name, _ in named)))
    matched = []
    for line, name, cells in named:
        images = found.get(name, ())
        if len(images) == 1:
            matched.append((line, images[0], cells))
        else:
            problems.append(RowProblem(line=line, reason=_unmatched(names.key, name, len(images))))
    return matched


def _unmatched(key: Key, name: str, count: int) -> str:
    if count:
        return f"{count} images are called {name!r}" if key == "name" else f"several ids start with {name!r}"
    problem = {"path": "no image at", "name": "no image is called", "id": "no image id starts with"}
    return f"{problem[key]} {name!r}"


def _take(
    fields: Sequence[_Field],
    image: int,
    line: int,
    cells: Sequence[Cell],
    problems: list[RowProblem],
) -> None:
    """Record a row's values, unless an earlier row for its image had others."""
    for one in fields:
        cell = cells[one.place]
        if cell is None or is_absent(cell):
            continue
        if isinstance(cell, str) and not _is_unicode(cell):
            problems.append(RowProblem(line=line, reason=f"{one.header} is not UTF-8 text"))
            continue
        said = one.cells.setdefault(image, (line, cell))
        if said[1] != cell:
            reason = f"it is the same picture as line {said[0]}, which has another {one.header}"
            problems.append(RowProblem(line=line, reason=reason))


def _is_unicode(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= one <= "\udfff" for one in text)


def _typed(
    one: _Field, known: Column | None, problems: list[RowProblem]
) -> tuple[ImportedColumn, dict[int, float] | dict[int, str]]:
    """The column and its values by image: numbers if all are (or must be), else text."""
    numbers = {image: as_number(cell) for image, (_, cell) in one.cells.items()}
    odd = next((image for image, number in numbers.items() if number is None), None)
    kind: Literal["number", "text"] = known.kind if known else "number" if odd is None else "text"
    why = ""
    if kind == "text":
        if odd is not None and any(number is not None for number in numbers.values()):
            why = f"line {one.cells[odd][0]} has {_short(as_text(one.cells[odd][1]))}"
        texts = {image: as_text(cell) for image, (_, cell) in one.cells.items()}
        long = [image for image, text in texts.items() if len(text) > _LONGEST_TEXT]
        for image in long:
            reason = (
                f"{one.header} has {len(texts.pop(image)):,} characters; the maximum is {_LONGEST_TEXT:,}"
            )
            problems.append(RowProblem(line=one.cells[image][0], reason=reason))
        return ImportedColumn(name=one.name, header=one.header, kind=kind, values=len(texts), why=why), texts
    values: dict[int, float] = {}
    for image, number in numbers.items():
        line, cell = one.cells[image]
        if number is not None and isfinite(number):
            values[image] = number
        else:
            wrong = (
                "is not a number like the rest of the column" if number is None else "is too large a number"
            )
            problems.append(RowProblem(line=line, reason=f"{one.header} {_short(as_text(cell))} {wrong}"))
    return ImportedColumn(name=one.name, header=one.header, kind=kind, values=len(values)), values


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:40]}...")


def _check_origins(facts: Sequence[tuple[ImportedColumn, object]], known: Mapping[str, Column]) -> None:
    """Reject a table that would overwrite a pipeline's column, before anything is written."""
    for column, _ in facts:
        there = known.get(column.name)
        if there is not None and there.origin != IMPORT:
            raise InputError(
                f"the column {column.name!r} already exists, written by {there.origin!r}",
                hint=f"rename it in the table, or remove it first: saccade fields remove {column.name}",
            )


def _labels(fields: Sequence[_Field], problems: list[RowProblem]) -> dict[str, set[int]]:
    """{label: images that get it}."""
    labeled: dict[str, set[int]] = {}
    for one in fields:
        for image, (line, cell) in one.cells.items():
            for label in as_labels(cell):
                if len(label) > _LONGEST_LABEL:
                    reason = f"a label has {len(label):,} characters; the maximum is {_LONGEST_LABEL}"
                    problems.append(RowProblem(line=line, reason=reason))
                else:
                    labeled.setdefault(label, set()).add(image)
    return labeled


def _write_labels(
    catalog: Catalog, labels: Mapping[str, set[int]], images: set[int], *, replace: bool
) -> None:
    rows = {label: (np.array(sorted(ids), np.int64), np.ones(len(ids))) for label, ids in labels.items()}
    among = np.array(sorted(images), np.int64) if replace else None
    catalog.tags.write(PERSON, rows, replace=replace, among=among)
