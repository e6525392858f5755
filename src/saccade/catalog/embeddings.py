"""`SqlEmbeddings`: the embeddings of record. Each method is one transaction, `after` one for each batch."""

from collections.abc import Iterable, Iterator

import numpy as np
from sqlalchemy.exc import IntegrityError

from saccade.catalog import vectors
from saccade.catalog.session import Transactions
from saccade.core.errors import ImageNotFoundError, InputError
from saccade.core.types import Embeddings, Ids

_CHECKED = 4096


class SqlEmbeddings:
    """See `core.ports.images.EmbeddingStore`."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def save(self, space: int, items: Ids, rows: Embeddings) -> int:
        """Store the (n, d) rows of items that have none in the space yet; number stored.

        Raises:
            ImageNotFoundError: an unknown item.   InputError: an unknown space, or items and rows differ.
            InvalidVectorError: a row that is not a unit vector of the space's dimension.
        """
        if len(items) != len(rows):
            raise InputError(f"{len(items)} items and {len(rows)} rows were given")
        given = {(int(item), space): row for item, row in zip(items, rows, strict=True)}
        with self._transactions.storing() as connection:
            for one in vectors.held(connection, given.keys()):
                del given[one]
            try:
                vectors.store(connection, given)
            except IntegrityError as error:
                raise ImageNotFoundError("the library does not have all of these items") from error
        return len(given)

    def held(self, space: int, items: Ids) -> Ids:
        """Sorted ids of those of the items that have an embedding in the space."""
        with self._transactions.reading() as connection:
            found = vectors.held(connection, [(int(item), space) for item in items])
        return np.array(sorted(item for item, _ in found), dtype=np.int64)

    def get(self, space: int, ids: Ids) -> Embeddings:
        """(n, d) rows as asked. Raises ImageNotFoundError; CorruptLibraryError on a bad checksum."""
        with self._transactions.reading() as connection:
            return vectors.read(connection, space, ids)

    def after(self, space: int, sequence: int, batch: int = 4096) -> Iterator[tuple[int, Ids, Embeddings]]:
        """Rows newer than `sequence`, oldest first: (last sequence, ids, (m, d) rows), m <= batch.

        Each batch is a separate transaction, so a slow reader blocks nobody.
        """
        last = sequence
        while True:
            with self._transactions.reading() as connection:
                rows = vectors.after(connection, space, last, batch)
            if rows is None:
                return
            last = rows[0]
            yield rows

    def sample(self, space: int, count: int) -> Ids:
        """Sorted ids of at most `count` images with an embedding in the space, spread evenly over it."""
        with self._transactions.reading() as connection:
            return vectors.sample(connection, space, count)

    def count(self, space: int) -> int:
        """Number of whole images with an embedding in the space, with a file present or not."""
        with self._transactions.reading() as connection:
            return vectors.count(connection, space)

    def newer(self, space: int, sequence: int) -> int:
        """Number of rows of the space that are newer than `sequence`, of whole images and of parts."""
        with self._transactions.reading() as connection:
            return vectors.newer(connection, space, sequence)

    def last_sequence(self, space: int, *, upto: int | None = None) -> int:
        """Highest sequence number in the space, at most `upto`; 0 if there is none."""
        with self._transactions.reading() as connection:
            return vectors.last_sequence(connection, space, upto)

    def absent(self, space: int) -> Ids:
        """Sorted ids of items of the space that no search may find: without a file, or forgotten."""
        with self._transactions.reading() as connection:
            return vectors.absent(connection, space)

    def unembedded(self, space: int) -> Ids:
        """Sorted ids of the images with a file present and no embedding of the whole image in the space."""
        with self._transactions.reading() as connection:
            return vectors.without(connection, space)

    def corrupt(self, space: int) -> Ids:
        """Sorted ids of the items whose vector in the space is not what was stored; reads all of them."""
        found: list[int] = []
        last = 0
        while True:
            with self._transactions.reading() as connection:
                rows = vectors.damaged(connection, space, last, _CHECKED)
            if rows is None:
                return np.array(sorted(found), dtype=np.int64)
            last = rows[0]
            found += rows[1]

    def remove(self, space: int, ids: Iterable[int]) -> int:
        """Delete these items' embeddings in the space so that they get recomputed; number deleted."""
        with self._transactions.storing() as connection:
            return vectors.remove(connection, space, [int(image) for image in ids])
