"""`SqlPairs`: pairs of images that were compared, and what people said of them."""

from collections.abc import Iterator, Sequence
from math import isfinite

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Select, delete, exists, select, tuple_

from saccade.catalog.bulk import absent_ids, checked_name, images_known, numbers_of, run_many
from saccade.catalog.curation_tables import distinct_pairs, pair_methods, pairs
from saccade.catalog.dialect import dialect_of
from saccade.catalog.lists import plain_rows
from saccade.catalog.session import Transactions
from saccade.core.errors import InputError
from saccade.core.ports.stores import StoredPair
from saccade.core.types import Ids

_LONGEST = 200
_READ = 10_000
_SET = (
    "INSERT INTO pairs (method_id, a, b, tier, score, verdict, evidence) VALUES (?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (method_id, a, b) DO UPDATE SET tier = excluded.tier, score = excluded.score,"
    " verdict = excluded.verdict, evidence = excluded.evidence"
)
_CALL_DISTINCT = "INSERT INTO distinct_pairs (a, b) VALUES (?, ?) ON CONFLICT DO NOTHING"
_TAKE_BACK = "DELETE FROM distinct_pairs WHERE a = ? AND b = ?"


class SqlPairs:
    """See `core.ports.stores.Pairs`."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def save(self, method: str, pairs: Sequence[StoredPair]) -> None:
        """Keep pairs examined by a method (verifier and its version); an older entry is replaced.

        Raises:
            InputError: a pair whose `a` is not below its `b`, or a number that is not finite.
            ImageNotFoundError: an unknown id.
        """
        method = checked_name(method, "the method of comparison", _LONGEST)
        for pair in pairs:
            _check_order(pair.a, pair.b)
            if not isfinite(pair.score) or not isfinite(pair.verdict):
                raise InputError(f"score and verdict of {pair.a} and {pair.b} must be finite numbers")
        with self._transactions.storing() as connection:
            number = numbers_of(connection, pair_methods, [method])[method]
            with images_known(connection, (int(image) for pair in pairs for image in (pair.a, pair.b))):
                run_many(connection, _SET, (_row(number, pair) for pair in sorted(pairs, key=_key)))

    def load(self, method: str, among: Ids | None = None) -> Iterator[StoredPair]:
        """Pairs the method examined of which both images are present (and among sorted ids), by (a, b).

        Each 10,000 are read in a separate transaction, so a slow reader blocks nobody and fills no memory.
        """
        with self._transactions.reading() as connection:
            number = _method(connection, method)
            absent = absent_ids(connection)
        last = (0, 0)
        while number is not None:
            with self._transactions.reading() as connection:
                rows = _after(connection, number, last)
            if not rows:
                return
            last = (rows[-1][0], rows[-1][1])
            yield from _kept(rows, absent, among)

    def known(self, method: str, pairs: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of (n, 2) pairs (a < b) the method has examined."""
        found = np.zeros(len(pairs), np.bool_)
        with self._transactions.reading() as connection:
            number = _method(connection, method)
            if number is None:
                return found
            for start in range(0, len(pairs), _READ):
                asked = pairs[start : start + _READ].tolist()
                for position in connection.execute(_known(connection, number, asked)).scalars():
                    found[start + int(position)] = True
        return found

    def forget(self, method: str | None = None) -> int:
        """Forget what was found out (never what people said); all methods when None."""
        with self._transactions.storing() as connection:
            if method is None:
                forgotten = connection.execute(delete(pairs)).rowcount
                connection.execute(delete(pair_methods))
                return forgotten
            number = _method(connection, method)
            if number is None:
                return 0
            forgotten = connection.execute(delete(pairs).where(pairs.c.method_id == number)).rowcount
            connection.execute(delete(pair_methods).where(pair_methods.c.id == number))
            return forgotten

    def set_distinct(self, pairs: Sequence[tuple[int, int]], *, distinct: bool = True) -> int:
        """A person says these are not duplicates (or takes that back); number changed.

        Raises:
            InputError: a pair whose first is not below its second.
            ImageNotFoundError: an unknown id.
        """
        wanted = [(int(a), int(b)) for a, b in pairs]
        for a, b in wanted:
            _check_order(a, b)
        with (
            self._transactions.storing() as connection,
            images_known(connection, (image for pair in wanted for image in pair)),
        ):
            return run_many(connection, _CALL_DISTINCT if distinct else _TAKE_BACK, wanted)

    def distinct(self) -> NDArray[np.int64]:
        """(n, 2) pairs that a person called no duplicates, a < b, sorted."""
        query = select(distinct_pairs.c.a, distinct_pairs.c.b).order_by(
            distinct_pairs.c.a, distinct_pairs.c.b
        )
        with self._transactions.reading() as connection:
            rows = plain_rows(connection, query)
        return np.array(rows, np.int64).reshape(len(rows), 2)


def _check_order(a: int, b: int) -> None:
    if not a < b:
        raise InputError(f"the pair ({a}, {b}) is not in order", hint="give the lower image id first")


def _key(pair: StoredPair) -> tuple[int, int]:
    return pair.a, pair.b


def _row(method: int, pair: StoredPair) -> tuple[int | float | str, ...]:
    facts = (pair.tier, float(pair.score), float(pair.verdict), pair.evidence)
    return method, int(pair.a), int(pair.b), *facts


def _method(connection: Connection, name: str) -> int | None:
    return connection.execute(select(pair_methods.c.id).where(pair_methods.c.name == name)).scalar()


def _after(
    connection: Connection, method: int, last: tuple[int, int]
) -> list[tuple[int, int, str, float, float, str]]:
    """At most 10,000 rows that follow the pair `last`."""
    wanted = (pairs.c.a, pairs.c.b, pairs.c.tier, pairs.c.score, pairs.c.verdict, pairs.c.evidence)
    query = select(*wanted).where(pairs.c.method_id == method, tuple_(pairs.c.a, pairs.c.b) > tuple_(*last))
    return plain_rows(connection, query.order_by(pairs.c.a, pairs.c.b).limit(_READ))


def _kept(
    rows: Sequence[tuple[int, int, str, float, float, str]], absent: Ids, among: Ids | None
) -> Iterator[StoredPair]:
    ends = np.array([row[:2] for row in rows], np.int64)
    kept = ~np.isin(ends, absent)
    if among is not None:
        kept &= np.isin(ends, among)
    for row, keep in zip(rows, (kept[:, 0] & kept[:, 1]).tolist(), strict=True):
        if keep:
            a, b, tier, score, verdict, evidence = row
            yield StoredPair(a=a, b=b, tier=tier, score=score, verdict=verdict, evidence=evidence)


def _known(connection: Connection, method: int, wanted: Sequence[tuple[int, int]]) -> Select[*tuple[int]]:
    """The positions in `wanted` of the pairs that the method examined."""
    asked = dialect_of(connection).numbered_pairs(wanted)
    same = (pairs.c.method_id == method, pairs.c.a == asked.c.a, pairs.c.b == asked.c.b)
    return select(asked.c.position).where(exists().where(*same))
