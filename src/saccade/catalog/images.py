"""`SqlImages`: images by id, digest, path, name, filter and words. Each method is one transaction."""

from collections.abc import Iterator, Sequence

from sqlalchemy import select

from saccade.catalog import filters, naming, pictures, reading
from saccade.catalog.dialect import dialect_of
from saccade.catalog.session import Transactions
from saccade.catalog.tables import images
from saccade.core.filters import Filter
from saccade.core.ports.images import WordMatches
from saccade.core.types import Ids, ImageRecord


class SqlImages:
    """See `core.ports.images.Images`."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def get(self, ids: Sequence[int]) -> list[ImageRecord]:
        """The records, in the order asked. Raises ImageNotFoundError."""
        with self._transactions.reading() as connection:
            return reading.images_by_id(connection, ids, self._transactions.folders(connection))

    def digests(self, ids: Ids) -> dict[int, bytes]:
        """{id: SHA-256} of those of the images that exist."""
        with self._transactions.reading() as connection:
            return pictures.digests_of(connection, ids)

    def by_digest(self) -> Iterator[Ids]:
        """Ids of all images, ascending by SHA-256, in batches: each is read when it is taken."""
        last = b""
        while True:
            with self._transactions.reading() as connection:
                ids, last = pictures.next_by_digest(connection, last)
            if not len(ids):
                return
            yield ids

    def find(self, sha256s: Sequence[bytes], spaces: Sequence[int]) -> dict[bytes, int]:
        """Image ids of those that the catalog holds with an embedding in every one of `spaces`."""
        with self._transactions.reading() as connection:
            return pictures.find_images(connection, sha256s, spaces)

    def sizes(self) -> set[int]:
        """Byte lengths of all images held (a file of another length cannot be one of them)."""
        with self._transactions.reading() as connection:
            return set(connection.execute(select(images.c.size_bytes).distinct()).scalars())

    def by_sha256(self, prefix: str) -> ImageRecord:
        """The image whose hexadecimal id starts so. Raises ImageNotFoundError (none, or several)."""
        with self._transactions.reading() as connection:
            return reading.image_by_sha256(connection, prefix, self._transactions.folders(connection))

    def by_path(self, path: str) -> ImageRecord | None:
        """The image a file held when last seen; None if the path is unknown or held none."""
        with self._transactions.reading() as connection:
            return reading.image_by_path(connection, path, self._transactions.folders(connection))

    def at_paths(self, paths: Sequence[str]) -> dict[str, int]:
        """{absolute path: image it held when last seen}, of those that held one."""
        with self._transactions.reading() as connection:
            return naming.at_paths(connection, paths, self._transactions.folders(connection))

    def by_names(self, names: Sequence[str]) -> dict[str, list[int]]:
        """{file name: images with a present file called so, whatever its case}, of those there are."""
        with self._transactions.reading() as connection:
            return naming.by_names(connection, names)

    def by_ids(self, starts: Sequence[str]) -> dict[str, list[int]]:
        """{start of a hexadecimal id: images it fits, two at most}, of those there are."""
        with self._transactions.reading() as connection:
            return naming.by_digests(connection, starts)

    def match(self, filter: Filter) -> Ids:
        """Sorted ids of the images with a file present that satisfy it.

        An absent fact satisfies only `!=`, which is always the opposite of `=`.
        """
        with self._transactions.reading() as connection:
            return filters.match(connection, filter, self._transactions.folders(connection))

    def match_words(self, words: Sequence[str], limit: int, among: Ids | None = None) -> WordMatches:
        """At most `limit` images whose names, titles, captions, keywords or labels hold all the words.

        Labels that an encoder gave by itself do not count: its own search knows them already.
        """
        with self._transactions.reading() as connection:
            return dialect_of(connection).words.find(connection, words, limit, among)
