"""Writing and finding images: their facts, texts and embeddings."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, exists, insert, select

from saccade.catalog import vectors
from saccade.catalog.items import whole_row
from saccade.catalog.lists import among, plain_rows
from saccade.catalog.places import batches
from saccade.catalog.tables import embeddings, image_texts, images, items, texts
from saccade.catalog.text import fold, storable
from saccade.core.errors import InputError
from saccade.core.ports.images import NewImage
from saccade.core.types import Embeddings, Ids, ImageInfo

_BATCH = 500
_AT_ONCE = 4096
"""Images read at a time in order of digest: 5 ms."""
_TEXTS = ("camera", "lens", "title", "caption", "creator", "rights", "format")


def ids_of(connection: Connection, digests: Iterable[bytes]) -> dict[bytes, int]:
    """Image ids of those SHA-256 digests that the catalog holds."""
    found: dict[bytes, int] = {}
    for batch in batches(dict.fromkeys(digests), _BATCH):
        query = select(images.c.sha256, images.c.id).where(images.c.sha256.in_(batch))
        found.update((row[0], row[1]) for row in connection.execute(query))
    return found


def digests_of(connection: Connection, ids: Ids) -> dict[int, bytes]:
    """{id: SHA-256} of those of the images that the catalog holds."""
    query = select(images.c.id, images.c.sha256).where(among(images.c.id, ids.tolist()))
    return dict(plain_rows(connection, query))


class Digests:
    """See `core.ties.Digests`, as a connection sees them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def digests(self, ids: Ids) -> dict[int, bytes]:
        """{id: SHA-256} of those of the images that exist."""
        return digests_of(self._connection, ids)

    def by_digest(self) -> Iterator[Ids]:
        """Ids of all images, ascending by SHA-256, in batches."""
        ids, last = next_by_digest(self._connection, b"")
        while len(ids):
            yield ids
            ids, last = next_by_digest(self._connection, last)


def next_by_digest(connection: Connection, after: bytes) -> tuple[Ids, bytes]:
    """Ids of the next images whose SHA-256 is above `after`, ascending by it, and the last one's."""
    query = select(images.c.id, images.c.sha256).where(images.c.sha256 > after)
    rows = plain_rows(connection, query.order_by(images.c.sha256).limit(_AT_ONCE))
    return np.array([row[0] for row in rows], np.int64), rows[-1][1] if rows else after


def store(connection: Connection, run: int, new: Sequence[NewImage]) -> dict[bytes, int]:
    """Add the images and embeddings that are not there yet; {digest: image id} of all."""
    first: dict[bytes, NewImage] = {}
    for image in new:
        first.setdefault(image.sha256, image)
    if not first:
        return {}
    if any(len(digest) != 32 for digest in first):
        raise InputError("an image's identity is the 32 bytes of its SHA-256")
    known = ids_of(connection, first)
    fresh = [image for image in first.values() if image.sha256 not in known]
    if fresh:
        connection.execute(insert(images), [_image_row(run, image) for image in fresh])
        known |= ids_of(connection, (image.sha256 for image in fresh))
        connection.execute(insert(items), [whole_row(known[image.sha256]) for image in fresh])
        _store_texts(connection, {known[image.sha256]: image.info for image in fresh})
    _store_embeddings(connection, known, new, had=set(first) - {image.sha256 for image in fresh})
    return known


def _image_row(run: int, image: NewImage) -> dict[str, Any]:
    info = image.info
    plain = {name: getattr(info, name) for name in ("width", "height", "size_bytes", "frames", "orientation")}
    numbers = {name: getattr(info, name) for name in ("latitude", "longitude")}
    words = ("format", "taken_at", "camera", "lens", "title", "caption", "creator", "rights")
    return {
        "sha256": image.sha256,
        "present": 0,
        "run_id": run,
        **plain,
        **numbers,
        **{name: None if (text := getattr(info, name)) is None else storable(text) for name in words},
        "keywords": json.dumps([storable(word) for word in info.keywords], ensure_ascii=False),
    }


def _store_texts(connection: Connection, infos: Mapping[int, ImageInfo]) -> None:
    """Note each image's texts, folded; a text that many images share (a camera) is stored once."""
    pairs = {(image, field, folded) for image, info in infos.items() for field, folded in _folded(info)}
    wanted = {(field, folded) for _, field, folded in pairs}
    if not wanted:
        return
    known = _text_ids(connection, wanted)
    fresh = sorted(wanted - known.keys())
    if fresh:
        connection.execute(insert(texts), [{"field": field, "folded": folded} for field, folded in fresh])
        known |= _text_ids(connection, set(fresh))
    links = sorted({(known[field, folded], image) for image, field, folded in pairs})
    connection.execute(insert(image_texts), [{"text_id": text, "image_id": image} for text, image in links])


def _folded(info: ImageInfo) -> list[tuple[str, str]]:
    found = [(field, fold(text)) for field in _TEXTS if (text := getattr(info, field))]
    return found + [("keyword", fold(word)) for word in info.keywords if word]


def _text_ids(connection: Connection, wanted: set[tuple[str, str]]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for field in {field for field, _ in wanted}:
        for batch in batches((folded for one, folded in wanted if one == field), _BATCH):
            query = select(texts.c.id, texts.c.folded).where(
                texts.c.field == field, texts.c.folded.in_(batch)
            )
            found.update({(field, folded): text for text, folded in connection.execute(query)})
    return found


def _store_embeddings(
    connection: Connection, ids: Mapping[bytes, int], new: Sequence[NewImage], *, had: set[bytes]
) -> None:
    """Add the embeddings that the catalog lacks; `had`: the images that may have some already."""
    given: dict[tuple[int, int], Embeddings] = {}
    for image in new:
        for space, vector in image.embeddings.items():
            given.setdefault((ids[image.sha256], space), vector)
    if not given:
        return
    if had:
        maybe = [(ids[digest], space) for digest in had for space in {space for _, space in given}]
        for one in vectors.held(connection, maybe):
            given.pop(one, None)
    vectors.store(connection, given)


def find_images(connection: Connection, digests: Sequence[bytes], wanted: Sequence[int]) -> dict[bytes, int]:
    """See `Catalog.find_images`."""
    known = ids_of(connection, digests)
    for space in wanted:
        has = exists().where(embeddings.c.space_id == space, embeddings.c.item_id == images.c.id)
        query = select(images.c.id).where(among(images.c.id, list(known.values())), has)
        complete = set(connection.execute(query).scalars())
        known = {digest: image for digest, image in known.items() if image in complete}
    return known
