"""Imports feedback and sets from CSV files, line by line; bad lines are reported and left out."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from math import isfinite

from saccade.core.errors import ImageNotFoundError, InputError
from saccade.core.ports.stores import Event
from saccade.core.ports.tools import Tables
from saccade.core.tables import RowProblem, as_text
from saccade.core.types import Failure
from saccade.usecases.recommendations.rules.preference import EVENT_WEIGHTS
from saccade.usecases.recommendations.rules.reports import FeedbackImport

_BATCH = 5000
_LATEST = 32_503_680_000.0  # the year 3000: a larger number is in milliseconds, or not a time

FindImage = Callable[[str], int]
"""The catalog's id of an image named by file or id; ImageNotFoundError if there is none."""


def read_events(tables: Tables, path: str, find: FindImage, *, now: float) -> Iterator[Event | Failure]:
    """An event for each line of a CSV file with the columns user, image, kind, and optionally at and value.

    Args:
        find: looks up the image; each name is looked up once.
        now: the time of events without one.
    Raises:
        PathNotFoundError: no such file.   InputError: a column is missing, or it is not text.
    """
    lookup = _remembering(find)
    for one in _rows(tables, path, {"user", "image", "kind"}):
        if isinstance(one, Failure):
            yield one
            continue
        line, row = one
        try:
            yield checked_event(
                row["user"],
                lookup(row["image"]),
                row["kind"].strip().lower(),
                at=parse_time(row["at"]) if row.get("at", "").strip() else now,
                value=_number(row["value"]) if row.get("value", "").strip() else 1.0,
            )
        except (InputError, ImageNotFoundError) as error:
            yield Failure(path=f"{path}:{line}", code=error.code, reason=error.message)


def read_sets(tables: Tables, path: str, find: FindImage) -> Iterator[tuple[str, int] | Failure]:
    """(set, image id) for each line of a CSV file with the columns set and image."""
    lookup = _remembering(find)
    for one in _rows(tables, path, {"set", "image"}):
        if isinstance(one, Failure):
            yield one
            continue
        line, row = one
        try:
            yield _named(row["set"], "set"), lookup(row["image"])
        except (InputError, ImageNotFoundError) as error:
            yield Failure(path=f"{path}:{line}", code=error.code, reason=error.message)


def keep_all(read: Iterator[Event | Failure], keep: Callable[[Sequence[Event]], int]) -> FeedbackImport:
    """Pass events to `keep` in batches, each durable once kept; returns the outcome of all lines."""
    rows = added = 0
    failed: list[Failure] = []
    batch: list[Event] = []
    for one in read:
        rows += 1
        if isinstance(one, Failure):
            failed.append(one)
            continue
        batch.append(one)
        if len(batch) == _BATCH:
            added += keep(batch)
            batch = []
    return FeedbackImport(rows=rows, added=added + (keep(batch) if batch else 0), failed=tuple(failed))


def keep_sets(
    read: Iterator[tuple[str, int] | Failure], keep: Callable[[Mapping[str, Sequence[int]]], int]
) -> FeedbackImport:
    """Pass sets to `keep`, all at once; returns the outcome of all lines."""
    sets: dict[str, list[int]] = {}
    failed: list[Failure] = []
    rows = 0
    for one in read:
        rows += 1
        if isinstance(one, Failure):
            failed.append(one)
        else:
            sets.setdefault(one[0], []).append(one[1])
    return FeedbackImport(rows=rows, added=keep(sets) if sets else 0, failed=tuple(failed))


def checked_event(user: str, image: int, kind: str, *, at: float, value: float) -> Event:
    """A valid event. Raises InputError."""
    if kind not in EVENT_WEIGHTS:
        raise InputError(f"{kind!r} is not a kind of event", hint=f"one of: {', '.join(EVENT_WEIGHTS)}")
    if not isfinite(value) or value < 0:
        raise InputError(f"the value {value} must be a number, 0 or more", hint="use kind dislike to dislike")
    return Event(user=_named(user, "user"), image=image, kind=kind, at=at, value=value)


def parse_time(said: float | str) -> float:
    """UTC seconds since 1970 of a number of seconds or an ISO 8601 time (UTC if it has no time zone)."""
    try:
        seconds = float(said)
    except ValueError:
        try:
            when = datetime.fromisoformat(str(said).strip())
        except ValueError:
            raise InputError(
                f"{said!r} is not a time", hint="seconds since 1970, or 2024-05-01T12:00:00"
            ) from None
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    if not 0 <= seconds < _LATEST:
        raise InputError(f"{said} is not a time in seconds since 1970", hint="are these milliseconds?")
    return seconds


def shown_time(at: float) -> str:
    """ISO 8601 in UTC, to the microsecond, as `parse_time` reads it."""
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")


def _named(name: str, what: str) -> str:
    """The name without spaces around it. Raises InputError if it is empty."""
    if not name.strip():
        raise InputError(f"the {what} has no name", hint="any text will do")
    return name.strip()


def _number(said: str) -> float:
    try:
        return float(said)
    except ValueError:
        raise InputError(f"{said!r} is not a number") from None


def _rows(tables: Tables, path: str, wanted: set[str]) -> Iterator[tuple[int, dict[str, str]] | Failure]:
    """(line number, {column: text}) of each row; a Failure for one that cannot be read."""
    with tables.read(path) as table:
        header = [name.strip().lower() for name in table.header]
        missing = wanted - set(header)
        if missing:
            raise InputError(
                f"{path} has no column {', '.join(sorted(missing))}",
                hint=f"its first line must have the columns {', '.join(sorted(wanted))}",
            )
        for row in table.rows:
            if isinstance(row, RowProblem):
                yield Failure(path=f"{path}:{row.line}", code=InputError.code, reason=row.reason)
            else:
                line, cells = row
                texts = ("" if cell is None else as_text(cell) for cell in cells)
                yield line, dict(zip(header, texts, strict=False))


def _remembering(find: FindImage) -> FindImage:
    """The lookup, each name once."""
    known: dict[str, int | ImageNotFoundError] = {}

    def lookup(name: str) -> int:
        if name not in known:
            try:
                known[name] = find(os.path.expanduser(name))
            except ImageNotFoundError as error:
                known[name] = error
        found = known[name]
        if isinstance(found, ImageNotFoundError):
            raise found
        return found

    return lookup
