"""`SqlEmbeddings`: the embeddings of record. Each method is one transaction, `after` one for each batch."""

from collections.abc import Iterable, Iterator

import numpy as np

from saccade.catalog import vectors
from saccade.catalog.session import Transactions
from saccade.core.types import Embeddings, Ids

_CHECKED = 4096


class SqlEmbeddings:
    """See `core.ports.images.EmbeddingStore`."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def get(self, space: int, ids: Ids) -> Embeddings:
        """(n, d) rows as asked. Raises ImageNotFoundError; CorruptLibraryError on a bad checksum."""
        with self._transactions.reading() as connection:
            return vectors.read(connection, space, ids)

    def after(self, space: int, sequence: int, batch: int = 4096) -> Iterator[tuple[int, Ids, Embeddings]]:
        """Rows newer than `sequence`, oldest first: (last sequence, ids, (m, d) rows), m <= batch.

        Each batch is a transaction of its own, so a slow reader holds nothing back.
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

    def last_sequence(self, space: int) -> int:
        """Highest sequence number in the space, 0 when empty."""
        with self._transactions.reading() as connection:
            return vectors.last_sequence(connection, space)

    def absent(self, space: int) -> Ids:
        """Sorted ids with an embedding in the space and no file present."""
        with self._transactions.reading() as connection:
            return vectors.absent(connection, space)

    def unembedded(self, space: int) -> Ids:
        """Sorted ids of the images with a file present and no embedding in the space."""
        with self._transactions.reading() as connection:
            return vectors.without(connection, space)

    def corrupt(self, space: int) -> Ids:
        """Sorted ids of the images whose vector in the space is not what was stored; reads all of them."""
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
        """Delete these images' embeddings in the space, so that they are made again; number deleted."""
        with self._transactions.storing() as connection:
            return vectors.remove(connection, space, [int(image) for image in ids])
