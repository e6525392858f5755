"""Embeddings as stored: little-endian float32 with a CRC-32 that every read verifies."""

import zlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Row, and_, delete, exists, func, insert, select

from saccade.catalog.curation_tables import forgotten
from saccade.catalog.lists import among, listed
from saccade.catalog.tables import ABSENT, embeddings, images, items, spaces
from saccade.core.errors import CorruptLibraryError, ImageNotFoundError, InputError
from saccade.core.items import FIRST_PART
from saccade.core.types import Embeddings, Ids
from saccade.core.vectors import check_embeddings

_ITEM = np.dtype("<f4")


def packed(vector: NDArray[np.float32]) -> tuple[bytes, int]:
    """(bytes, checksum) of one vector."""
    data = vector.astype(_ITEM, copy=False).tobytes()
    return data, zlib.crc32(data)


def held(connection: Connection, wanted: Collection[tuple[int, int]]) -> set[tuple[int, int]]:
    """Those of the (item, space) that have an embedding."""
    query = select(embeddings.c.item_id, embeddings.c.space_id).where(
        among(embeddings.c.space_id, sorted({space for _, space in wanted})),
        among(embeddings.c.item_id, sorted({item for item, _ in wanted})),
    )
    return set(map(tuple, connection.execute(query))) & set(wanted)


def store(connection: Connection, given: Mapping[tuple[int, int], Embeddings]) -> None:
    """Add {(item, space): (d,) unit row} that are not there yet.

    Raises:
        InputError: an unknown space.
        InvalidVectorError: a row that is not a unit vector of its space's dimension.
    """
    dims = dict(connection.execute(select(spaces.c.id, spaces.c.dim)).all())
    rows = []
    for (item, space), vector in sorted(given.items(), key=lambda one: one[0]):
        if space not in dims:
            raise InputError(f"the library has no space {space}")
        check_embeddings(vector.reshape(1, -1), dims[space])
        data, checksum = packed(vector)
        rows.append({"space_id": space, "item_id": item, "vector": data, "checksum": checksum})
    if rows:
        connection.execute(insert(embeddings), rows)


def read(connection: Connection, space: int, ids: Ids) -> Embeddings:
    """See `Catalog.embeddings`."""
    wanted = [int(image) for image in ids]
    query = select(embeddings.c.item_id, embeddings.c.checksum, embeddings.c.vector).where(
        embeddings.c.space_id == space, among(embeddings.c.item_id, wanted)
    )
    rows = connection.execute(query).all()
    # A vector of another length than was stored fails its checksum, so the first one tells.
    dim = len(rows[0][2]) // 4 if rows else dimension(connection, space)
    found = {row[0]: place for place, row in enumerate(rows)}
    try:
        order = [found[image] for image in wanted]
    except KeyError as error:
        raise ImageNotFoundError(
            f"item {error.args[0]} has no embedding in space {space}", hint="run `saccade doctor`"
        ) from None
    vectors = _unpacked(rows, dim)
    return vectors if order == list(range(len(rows))) else vectors[order]


def after(
    connection: Connection, space: int, sequence: int, batch: int
) -> tuple[int, Ids, Embeddings] | None:
    """The next rows of `Catalog.embeddings_after`, None at the end."""
    query = (
        select(
            embeddings.c.item_id,
            embeddings.c.checksum,
            embeddings.c.vector,
            embeddings.c.sequence,
        )
        .where(embeddings.c.space_id == space, embeddings.c.sequence > sequence)
        .order_by(embeddings.c.sequence)
        .limit(batch)
    )
    rows = connection.execute(query).all()
    if not rows:
        return None
    ids = np.fromiter((row[0] for row in rows), dtype=np.int64, count=len(rows))
    return rows[-1][3], ids, _unpacked(rows, dimension(connection, space))


def dimension(connection: Connection, space: int) -> int:
    """Length of the vectors of a space; InputError if there is no such space."""
    dim = connection.execute(select(spaces.c.dim).where(spaces.c.id == space)).scalar()
    if dim is None:
        raise InputError(f"the library has no space {space}")
    return int(dim)


def count(connection: Connection, space: int) -> int:
    """Number of whole images with an embedding in the space."""
    whole = and_(embeddings.c.space_id == space, embeddings.c.item_id < FIRST_PART)
    return connection.execute(select(func.count()).select_from(embeddings).where(whole)).scalar_one()


def newer(connection: Connection, space: int, sequence: int) -> int:
    """Number of rows of a space that are newer than `sequence`."""
    later = and_(embeddings.c.space_id == space, embeddings.c.sequence > sequence)
    return connection.execute(select(func.count()).select_from(embeddings).where(later)).scalar_one()


def last_sequence(connection: Connection, space: int, upto: int | None) -> int:
    """See `EmbeddingStore.last_sequence`."""
    query = select(func.max(embeddings.c.sequence)).where(embeddings.c.space_id == space)
    if upto is not None:
        query = query.where(embeddings.c.sequence <= upto)
    return connection.execute(query).scalar() or 0


def damaged(connection: Connection, space: int, sequence: int, batch: int) -> tuple[int, list[int]] | None:
    """(last sequence, ids of items whose vector is not what was stored) of the next rows, None at the end."""
    query = (
        select(embeddings.c.sequence, embeddings.c.item_id, embeddings.c.checksum, embeddings.c.vector)
        .where(embeddings.c.space_id == space, embeddings.c.sequence > sequence)
        .order_by(embeddings.c.sequence)
        .limit(batch)
    )
    rows = connection.execute(query).all()
    if not rows:
        return None
    length = dimension(connection, space) * _ITEM.itemsize
    bad = [image for _, image, checksum, data in rows if zlib.crc32(data) != checksum or len(data) != length]
    return rows[-1][0], bad


def sample(connection: Connection, space: int, count: int) -> Ids:
    """See `Catalog.sample_ids`: the first image at or after each of `count` evenly spaced ids."""
    here = and_(embeddings.c.space_id == space, embeddings.c.item_id < FIRST_PART)
    low, high, rows = connection.execute(
        select(func.min(embeddings.c.item_id), func.max(embeddings.c.item_id), func.count()).where(here)
    ).one()
    if not rows or count < 1:
        return np.empty(0, dtype=np.int64)
    if rows <= count:
        query = select(embeddings.c.item_id).where(here).order_by(embeddings.c.item_id)
    else:
        starts = listed(np.linspace(low, high, count).astype(np.int64).tolist())
        following = select(func.min(embeddings.c.item_id)).where(here, embeddings.c.item_id >= starts.c.value)
        query = select(following.scalar_subquery()).select_from(starts).distinct()
    return np.array(sorted(connection.execute(query).scalars()), dtype=np.int64)


def without(connection: Connection, space: int) -> Ids:
    """Sorted ids of present images that have no embedding in the space."""
    has = exists().where(embeddings.c.space_id == space, embeddings.c.item_id == images.c.id)
    query = select(images.c.id).where(images.c.present == 1, ~has).order_by(images.c.id)
    return np.array(connection.execute(query).scalars().all(), dtype=np.int64)


def absent(connection: Connection, space: int) -> Ids:
    """Sorted ids of items of the space that no search may find: without a file, or forgotten."""
    has = exists().where(embeddings.c.space_id == space, embeddings.c.item_id == items.c.id)
    gone = items.c.image_id.in_(select(images.c.id).where(ABSENT))
    query = select(items.c.id).where(gone, has).union(select(forgotten.c.item_id))
    return np.array(sorted(connection.execute(query).scalars()), dtype=np.int64)


def remove(connection: Connection, space: int, ids: Sequence[int]) -> int:
    """Delete the embeddings of these items in the space; number deleted."""
    condition = (embeddings.c.space_id == space) & among(embeddings.c.item_id, ids)
    return connection.execute(delete(embeddings).where(condition)).rowcount


def _unpacked(rows: Sequence[Row[*tuple[Any, ...]]], dim: int) -> Embeddings:
    """(n, dim) of rows that begin (item id, checksum, vector); CorruptLibraryError if one was altered."""
    bad = [row[0] for row in rows if zlib.crc32(row[2]) != row[1] or len(row[2]) != dim * _ITEM.itemsize]
    if bad:
        raise CorruptLibraryError(
            f"{len(bad)} stored embeddings are damaged (the first is of item {bad[0]})",
            hint="run `saccade doctor --repair`, which recomputes them",
        )
    joined = bytearray().join([row[2] for row in rows])
    return np.frombuffer(joined, dtype=_ITEM).astype(np.float32, copy=False).reshape(len(rows), dim)
