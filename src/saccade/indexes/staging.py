"""Writes the embeddings of an index from a stream, in order of their ids."""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from saccade.core.errors import StorageError
from saccade.core.types import Embeddings, Ids
from saccade.core.vectors import check_embeddings
from saccade.indexes.rows import IDS, VECTORS

_CHUNK = 16_384


def write_rows(
    folder: Path, batches: Iterable[tuple[int, Ids, Embeddings]], dim: int, advance: Callable[[int], None]
) -> tuple[int, int]:
    """Write IDS and VECTORS into `folder`; number of rows and highest sequence number, 0 when there are none.

    Args:
        batches: (last sequence, ids, (m, dim) rows), sequence rising. Held in memory one at a time.
        advance: called with the number of rows written so far.
    Raises:
        InvalidVectorError: a row that is not an embedding of this dimension.
        StorageError: a repeated id.
    """
    size = sequence = 0
    ascending, last = True, -1
    with (folder / IDS).open("xb") as ids_file, (folder / VECTORS).open("xb") as vectors_file:
        for batch_sequence, ids, rows in batches:
            check_embeddings(rows, dim)
            if len(ids) != len(rows):
                raise StorageError(f"{len(ids)} ids came with {len(rows)} embeddings")
            if len(ids) == 0:
                continue
            ascending = ascending and int(ids[0]) > last and bool((ids[1:] > ids[:-1]).all())
            last = int(ids[-1])
            ids_file.write(np.ascontiguousarray(ids, dtype="<i8").data)
            vectors_file.write(np.ascontiguousarray(rows, dtype="<f4").data)
            size += len(ids)
            sequence = max(sequence, batch_sequence)
            advance(size)
    if not ascending:
        _sort(folder, size, dim)
    return size, sequence


def _sort(folder: Path, size: int, dim: int) -> None:
    """Rewrite the files in the order of the ids."""
    ids = np.fromfile(folder / IDS, "<i8")
    order = np.argsort(ids, kind="stable")
    ids = ids[order]
    twice = np.flatnonzero(ids[1:] == ids[:-1])
    if len(twice):
        raise StorageError(
            f"image {ids[twice[0]]} has two embeddings in one space", hint="run `saccade doctor`"
        )
    (folder / IDS).write_bytes(ids.data)  # numpy's tofile does not report a full disk
    vectors = np.memmap(folder / VECTORS, "<f4", "r", shape=(size, dim))
    with (folder / "sorted").open("xb") as file:
        for start in range(0, size, _CHUNK):
            file.write(vectors[order[start : start + _CHUNK]].data)
    (folder / "sorted").replace(folder / VECTORS)
