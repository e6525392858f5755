"""`SqlFeedback`: what users did, per user, erasable without a trace; and what goes together."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import isfinite

from sqlalchemy import Connection, func, select

from saccade.catalog.bulk import checked_name, images_known, numbers_of, run_many
from saccade.catalog.curation_tables import events, set_images, sets, users
from saccade.catalog.session import Transactions
from saccade.core.errors import InputError
from saccade.core.ports.stores import Event

_LONGEST = 1000
_ADD = "INSERT INTO events (user_id, image_id, kind, at, value) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_JOIN = "INSERT INTO set_images (set_id, image_id) VALUES (?, ?) ON CONFLICT DO NOTHING"


class SqlFeedback:
    """See `core.ports.stores.Feedback`."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def add(self, events: Sequence[Event]) -> int:
        """Keep them; the same (user, image, kind, at) twice counts once; number that were new.

        Raises:
            InputError: no user or kind, or a number that is not finite.
            ImageNotFoundError: an unknown id.
        """
        for event in events:
            _check(event)
        names = [checked_name(event.user, "the user", _LONGEST) for event in events]
        with self._transactions.storing() as connection:
            numbers = numbers_of(connection, users, names)
            rows = [
                (numbers[name], int(event.image), event.kind, float(event.at), float(event.value))
                for name, event in zip(names, events, strict=True)
            ]
            with images_known(connection, (int(event.image) for event in events)):
                return run_many(connection, _ADD, rows)

    def events(self, user: str | None = None) -> list[Event]:
        """Events of one user, or all, oldest first."""
        query = select(users.c.name, events.c.image_id, events.c.kind, events.c.at, events.c.value)
        query = query.join_from(events, users, users.c.id == events.c.user_id)
        if user is not None:
            query = query.where(users.c.name == user)
        order = (events.c.at, users.c.name, events.c.image_id, events.c.kind)
        with self._transactions.reading() as connection:
            rows = connection.execute(query.order_by(*order)).all()
        return [
            Event(user=name, image=image, kind=kind, at=at, value=value)
            for name, image, kind, at, value in rows
        ]

    def users(self) -> dict[str, int]:
        """{user: events}, by name."""
        query = select(users.c.name, func.count()).join_from(events, users, users.c.id == events.c.user_id)
        with self._transactions.reading() as connection:
            return dict(connection.execute(query.group_by(users.c.id).order_by(users.c.name)).all())

    def erase(self, user: str) -> int:
        """Delete everything of a user, on the disk too; number of events erased.

        After this, neither the database nor its journal holds the name or the events. Earlier backups still
        do, and a disk may, below its file system.

        Raises:
            LibraryBusyError: erased, but others read the library and the journal could not be emptied.
        """
        with self._transactions.wiping() as connection:
            found = connection.execute("SELECT id FROM users WHERE name = ?", (user,)).fetchone()
            if found is None:
                return 0
            erased = connection.execute("DELETE FROM events WHERE user_id = ?", found).rowcount
            # A page keeps fragments of rows that were moved within it, so all names are rewritten.
            others = connection.execute("SELECT id, name FROM users WHERE id != ? ORDER BY id", found)
            kept = others.fetchall()
            connection.execute("DELETE FROM users")
            connection.executemany("INSERT INTO users (id, name) VALUES (?, ?)", kept)
            return erased

    def add_sets(self, sets: Mapping[str, Sequence[int]]) -> int:
        """Images that occurred together, {set name (an order, an outfit): image ids}; rows that were new."""
        wanted = {checked_name(name, "a set", _LONGEST): ids for name, ids in sets.items()}
        with self._transactions.storing() as connection:
            numbers = _set_numbers(connection, wanted)
            rows = [(numbers[name], int(image)) for name, ids in wanted.items() for image in ids]
            with images_known(connection, (image for _, image in rows)):
                return run_many(connection, _JOIN, rows)

    def sets(self) -> dict[str, list[int]]:
        """All of them, by name; ids sorted."""
        query = select(sets.c.name, set_images.c.image_id)
        query = query.join_from(set_images, sets, sets.c.id == set_images.c.set_id)
        found: defaultdict[str, list[int]] = defaultdict(list)
        with self._transactions.reading() as connection:
            for name, image in connection.execute(query.order_by(sets.c.name, set_images.c.image_id)):
                found[name].append(image)
        return dict(found)


def _check(event: Event) -> None:
    checked_name(event.kind, "the kind of an event", _LONGEST)
    if not isfinite(event.at) or not isfinite(event.value):
        raise InputError(f"time and value of an event must be finite numbers: {event.at}, {event.value}")


def _set_numbers(connection: Connection, names: Iterable[str]) -> dict[str, int]:
    return numbers_of(connection, sets, names)
