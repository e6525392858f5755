"""`SqlItems`: whole images and parts of images, which embeddings belong to."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, RowMapping, delete, insert, select

from saccade.catalog.bulk import images_known
from saccade.catalog.lists import among, plain_rows
from saccade.catalog.session import Transactions
from saccade.catalog.tables import embeddings, items
from saccade.core.errors import ImageNotFoundError, InputError
from saccade.core.items import FIRST_PART, Box, Item, ItemKind, Span, StoredItem
from saccade.core.types import Ids

_PART = items.c.id >= FIRST_PART


class SqlItems:
    """See `core.ports.items.Items`."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def add(self, parts: Mapping[int, Sequence[Item]]) -> dict[int, list[int]]:
        """Store parts, {image: parts}; {image: their ids, in order}. A part that is there keeps its id.

        Raises:
            ImageNotFoundError: an unknown image.
            InputError: a whole image, which is an item already.
        """
        if any(part.kind is ItemKind.IMAGE for some in parts.values() for part in some):
            raise InputError("a whole image is not a part", hint="add regions, pages or shots")
        with self._transactions.storing() as connection, images_known(connection, parts):
            known = _numbers(connection, parts)
            fresh = [
                _row(image, part)
                for image, some in parts.items()
                for part in dict.fromkeys(some)
                if part not in known.get(image, {})
            ]
            if fresh:
                connection.execute(insert(items), fresh)
                known = _numbers(connection, parts)
        return {image: [known[image][part] for part in some] for image, some in parts.items()}

    def get(self, ids: Sequence[int]) -> list[StoredItem]:
        """The items, in the given order. Raises ImageNotFoundError."""
        wanted = [int(one) for one in ids]
        query = select(items).where(among(items.c.id, wanted))
        with self._transactions.reading() as connection:
            found = {row["id"]: _stored(row) for row in connection.execute(query).mappings()}
        unknown = next((one for one in wanted if one not in found), None)
        if unknown is not None:
            raise ImageNotFoundError(f"the library has no item {unknown}")
        return [found[one] for one in wanted]

    def of(self, images: Sequence[int]) -> dict[int, list[StoredItem]]:
        """{image: its parts by id}, for those images that have any."""
        with self._transactions.reading() as connection:
            return _of(connection, images)

    def parts(self, after: int = 0) -> tuple[Ids, Ids]:
        """Sorted ids of all parts with higher ids than `after`, and the image of each."""
        first = max(after + 1, FIRST_PART)
        query = select(items.c.id, items.c.image_id).where(items.c.id >= first).order_by(items.c.id)
        with self._transactions.reading() as connection:
            rows = plain_rows(connection, query)
        table = np.array(rows, np.int64).reshape(len(rows), 2)
        return table[:, 0].copy(), table[:, 1].copy()

    def remove(self, ids: Sequence[int]) -> int:
        """Delete parts with their embeddings; number deleted. Whole images are left alone."""
        parts = [int(one) for one in ids if one >= FIRST_PART]
        with self._transactions.storing() as connection:
            connection.execute(delete(embeddings).where(among(embeddings.c.item_id, parts)))
            return connection.execute(delete(items).where(among(items.c.id, parts))).rowcount


def whole_row(image: int) -> dict[str, Any]:
    """The row of the item that is a whole image."""
    return {"id": image, "image_id": image, "kind": ItemKind.IMAGE.value}


def _of(connection: Connection, images: Sequence[int]) -> dict[int, list[StoredItem]]:
    wanted = [int(image) for image in images]
    query = select(items).where(among(items.c.image_id, wanted), _PART).order_by(items.c.id)
    found: defaultdict[int, list[StoredItem]] = defaultdict(list)
    for row in connection.execute(query).mappings():
        found[row["image_id"]].append(_stored(row))
    return dict(found)


def _numbers(connection: Connection, images: Iterable[int]) -> dict[int, dict[Item, int]]:
    """{image: {part: its id}} of these images."""
    known = _of(connection, list(images))
    return {image: {one.item: one.id for one in some} for image, some in known.items()}


def _row(image: int, part: Item) -> dict[str, Any]:
    box, span = part.box, part.span
    return {
        "image_id": int(image),
        "kind": part.kind.value,
        "page": part.page,
        "box_left": None if box is None else float(box.left),
        "box_top": None if box is None else float(box.top),
        "box_width": None if box is None else float(box.width),
        "box_height": None if box is None else float(box.height),
        "start_s": None if span is None else float(span.start_s),
        "end_s": None if span is None else float(span.end_s),
    }


def _stored(row: RowMapping) -> StoredItem:
    box = span = None
    if row["box_left"] is not None:
        sides = ("left", "top", "width", "height")
        box = Box(**{side: row[f"box_{side}"] for side in sides})
    if row["start_s"] is not None:
        span = Span(start_s=row["start_s"], end_s=row["end_s"])
    item = Item(kind=ItemKind(row["kind"]), page=row["page"], box=box, span=span)
    return StoredItem(id=row["id"], image=row["image_id"], item=item)
