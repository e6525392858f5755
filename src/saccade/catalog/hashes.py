"""`SqlHashes`: perceptual hashes of images, all made by one recipe."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import exists, select

from saccade.catalog.bulk import images_known, numbers_of, run_many
from saccade.catalog.curation_tables import hashes, recipes
from saccade.catalog.lists import among, plain_rows
from saccade.catalog.session import Transactions
from saccade.catalog.tables import images
from saccade.core.errors import InputError
from saccade.core.perceptual import RECIPE
from saccade.core.types import Ids

_BITS = 1 << 64
_SET_HASH = (
    "INSERT INTO hashes (image_id, recipe_id, phash) VALUES (?, ?, ?)"
    " ON CONFLICT (image_id) DO UPDATE SET recipe_id = excluded.recipe_id, phash = excluded.phash"
)


class SqlHashes:
    """See `core.ports.images.Hashes`.

    Args:
        recipe: how the hashes were made; those made by another recipe count as missing.
    """

    def __init__(self, transactions: Transactions, *, recipe: str = RECIPE) -> None:
        self._transactions = transactions
        self._recipe = recipe
        made_by = select(recipes.c.id).where(recipes.c.name == recipe).scalar_subquery()
        self._current = hashes.c.recipe_id == made_by

    def get(self, ids: Ids | None = None) -> tuple[Ids, NDArray[np.uint64]]:
        """Sorted ids of the images that have a perceptual hash (among `ids`, if given), and the hashes."""
        query = select(hashes.c.image_id, hashes.c.phash).where(self._current).order_by(hashes.c.image_id)
        if ids is not None:
            query = query.where(among(hashes.c.image_id, ids.tolist()))
        with self._transactions.reading() as connection:
            rows = plain_rows(connection, query)
        table = np.array(rows, np.int64).reshape(len(rows), 2)
        return table[:, 0].copy(), table[:, 1].copy().view(np.uint64)

    def save(self, hashes: Mapping[int, int]) -> None:
        """Keep {image id: 64 bits, 0 to 2**64 - 1} in the place of what was there.

        Raises:
            InputError: a number of more than 64 bits.
            ImageNotFoundError: an unknown id.
        """
        rows = [(int(image), int(bits)) for image, bits in sorted(hashes.items())]
        for image, bits in rows:
            if not 0 <= bits < _BITS:
                raise InputError(f"the hash of image {image} is not a number of 64 bits: {bits}")
        with self._transactions.storing() as connection, images_known(connection, hashes):
            recipe = numbers_of(connection, recipes, [self._recipe])[self._recipe]
            run_many(connection, _SET_HASH, ((image, recipe, _signed(bits)) for image, bits in rows))

    def missing(self) -> Ids:
        """Sorted ids of the present images without a perceptual hash."""
        has = exists().where(hashes.c.image_id == images.c.id, self._current)
        query = select(images.c.id).where(images.c.present == 1, ~has).order_by(images.c.id)
        with self._transactions.reading() as connection:
            rows = plain_rows(connection, query)
        return np.fromiter((row[0] for row in rows), np.int64, count=len(rows))


def _signed(bits: int) -> int:
    """The same 64 bits as SQLite's numbers hold them."""
    return bits - _BITS if bits >= _BITS >> 1 else bits
