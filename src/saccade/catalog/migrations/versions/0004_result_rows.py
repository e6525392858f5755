"""What a result holds of one image becomes a separate row, and `themes` becomes `clusters`.

Revision ID: 0004
Revises: 0003
"""

import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import sqlalchemy as sa
from alembic import op
from numpy.typing import NDArray

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_Arrays = dict[str, NDArray[np.generic]]
_PER_IMAGE = {"style-": "features", "looks": "rows", "clusters": "labels", "map": "places"}
"""The array, next to `ids`, with one row per image, by how the kind begins."""
_BANK = ("rows", "owners")
"""The arrays of an inspection model with a row for each patch; 0.2 did not store whose patches they are."""
_RENAMED = {"middles": "centroids", "least": "min_fit"}


def upgrade() -> None:
    """Keep every version of every result."""
    op.add_column("results", sa.Column("layout", sa.Text(), nullable=True))
    op.create_table(
        "result_rows",
        sa.Column("result_id", _BIG, autoincrement=False, nullable=False),
        sa.Column("position", _BIG, autoincrement=False, nullable=False),
        sa.Column("image_id", _BIG, nullable=True),
        sa.Column("checksum", _BIG, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["result_id"], ["results.id"], name=op.f("fk_result_rows_result_id")),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name=op.f("fk_result_rows_image_id")),
        sa.PrimaryKeyConstraint("result_id", "position", name=op.f("pk_result_rows")),
        sqlite_with_rowid=False,
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_result_rows_image_id"), "result_rows", ["image_id"], unique=False)
    op.create_table(
        "forgotten",
        sa.Column("item_id", _BIG, autoincrement=False, nullable=False),
        sa.Column("image_id", _BIG, nullable=False),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_forgotten")),
        sqlite_strict=True,
    )
    _rename()
    _split()


def _rename() -> None:
    """Rename results and fields called `themes`; a name that is already taken stays as it is."""
    connection = op.get_bind()
    kinds = ("clusters", "themes")
    connection.exec_driver_sql("UPDATE results SET kind = ? WHERE kind = ?", kinds)
    connection.exec_driver_sql("UPDATE columns SET origin = ? WHERE origin = ?", kinds)
    taken = connection.exec_driver_sql(
        "SELECT EXISTS (SELECT 1 FROM columns WHERE name = 'cluster')"
        " OR EXISTS (SELECT 1 FROM results WHERE kind = 'clusters' AND name = 'cluster')"
    ).scalar()
    if not taken:
        names = ("cluster", "theme")
        connection.exec_driver_sql(
            "UPDATE columns SET name = ? WHERE name = ? AND origin = 'clusters'", names
        )
        connection.exec_driver_sql("UPDATE results SET name = ? WHERE name = ? AND kind = 'clusters'", names)


def _split() -> None:
    """Take the rows of single images out of the arrays."""
    connection = op.get_bind()
    query = "SELECT id, kind, facts, arrays, checksum FROM results ORDER BY id"
    for number, kind, stored, packed, checksum in connection.exec_driver_sql(query).all():
        if zlib.crc32(packed, zlib.crc32(stored.encode())) != checksum:
            continue  # already damaged: left alone, and `saccade doctor` reports it
        with np.load(io.BytesIO(packed), allow_pickle=False) as held:
            arrays: _Arrays = {_RENAMED.get(name, name): held[name] for name in held.files}
        facts = json.loads(stored)
        if kind == "clusters" and "themes" in facts:
            facts["clusters"] = facts.pop("themes")
        ids, rows = _rows(kind, arrays)
        layout = [[name, row.dtype.newbyteorder("<").str, list(row.shape[1:])] for name, row in rows.items()]
        text, data = json.dumps(facts, sort_keys=True), _packed(arrays)
        digest = zlib.crc32(data, zlib.crc32(text.encode()))
        connection.exec_driver_sql(
            "UPDATE results SET facts = ?, arrays = ?, checksum = ?, layout = ? WHERE id = ?",
            (text, data, digest, json.dumps(layout) if rows else None, number),
        )
        _store(number, ids, rows, layout)


def _rows(kind: str, arrays: _Arrays) -> tuple[list[int | None], _Arrays]:
    """The image of each row, and the rows, taken out of the arrays."""
    if kind == "outliers" and set(_BANK) <= set(arrays):
        rows = {name: arrays.pop(name) for name in _BANK}
        return [None] * len(rows["owners"]), rows
    name = next((one for start, one in _PER_IMAGE.items() if kind.startswith(start)), None)
    if name is None or not {"ids", name} <= set(arrays):
        return [], {}
    ids: list[int | None] = arrays.pop("ids").astype(np.int64).tolist()
    return ids, {name: arrays.pop(name)}


def _store(number: int, ids: list[int | None], rows: Mapping[str, Any], layout: list[list[Any]]) -> None:
    kind = np.dtype([(name, one, tuple(shape)) for name, one, shape in layout])
    table = np.zeros(len(ids), kind)
    for name, row in rows.items():
        table[name] = row
    whole, size = table.tobytes(), kind.itemsize
    pieces = [whole[place * size : (place + 1) * size] for place in range(len(ids))]
    values = [
        (number, place, image, zlib.crc32(piece), piece)
        for place, (image, piece) in enumerate(zip(ids, pieces, strict=True))
    ]
    if values:
        op.get_bind().exec_driver_sql("INSERT INTO result_rows VALUES (?, ?, ?, ?, ?)", values)


def _packed(arrays: _Arrays) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
    return buffer.getvalue()
