"""Writes the embeddings of an index from a stream, in order of their ids."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from saccade.core.errors import StorageError
from saccade.core.types import Embeddings, Ids
from saccade.core.vectors import check_embeddings
from saccade.indexes.rows import IDS, VECTORS, Rows

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
            _check(ids, rows, dim)
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


def collected(batches: Iterable[tuple[int, Ids, Embeddings]], dim: int) -> tuple[int, Ids, Embeddings]:
    """Highest sequence number, (m,) ascending ids and their (m, d) rows, in memory; arguments as above."""
    sequence, ids, rows = 0, [np.empty(0, np.int64)], [np.empty((0, dim), np.float32)]
    for batch_sequence, some_ids, some_rows in batches:
        _check(some_ids, some_rows, dim)
        if len(some_ids):
            sequence = max(sequence, batch_sequence)
            ids.append(some_ids)
            rows.append(some_rows)
    every = np.concatenate(ids)
    order = np.argsort(every)
    _refuse_repeats(every[order])
    return sequence, every[order], np.concatenate(rows)[order]


def merged(
    rows: Rows, kept: NDArray[np.bool_], ids: Ids, vectors: Embeddings, sequence: int
) -> Iterator[tuple[int, Ids, Embeddings]]:
    """The kept rows together with new ones, as `write_rows` takes them, in order of their ids.

    Args:
        kept: (n,) which of the rows stay.
        ids, vectors: (m,) ascending and (m, d) new rows; no id of a kept row.
        sequence: the highest sequence number of all that is given.
    """
    done = 0
    for start in range(0, len(rows), _CHUNK):
        stop = min(start + _CHUNK, len(rows))
        until = len(ids) if stop == len(rows) else int(np.searchsorted(ids, rows.ids[stop]))
        old, new = start + np.flatnonzero(kept[start:stop]), slice(done, until)
        both = np.concatenate([rows.ids[old], ids[new]])
        order = np.argsort(both)
        yield sequence, both[order], np.concatenate([rows.vectors[old], vectors[new]])[order]
        done = until
    if len(rows) == 0:
        yield sequence, ids, vectors


def _sort(folder: Path, size: int, dim: int) -> None:
    """Rewrite the files in the order of the ids."""
    ids = np.fromfile(folder / IDS, "<i8")
    order = np.argsort(ids, kind="stable")
    ids = ids[order]
    _refuse_repeats(ids)
    (folder / IDS).write_bytes(ids.data)  # numpy's tofile does not report a full disk
    vectors = np.memmap(folder / VECTORS, "<f4", "r", shape=(size, dim))
    with (folder / "sorted").open("xb") as file:
        for start in range(0, size, _CHUNK):
            file.write(vectors[order[start : start + _CHUNK]].data)
    (folder / "sorted").replace(folder / VECTORS)


def _check(ids: Ids, rows: Embeddings, dim: int) -> None:
    check_embeddings(rows, dim)
    if len(ids) != len(rows):
        raise StorageError(f"{len(ids)} ids came with {len(rows)} embeddings")


def _refuse_repeats(ids: Ids) -> None:
    """Raise StorageError if one of these ascending ids comes twice."""
    twice = np.flatnonzero(ids[1:] == ids[:-1])
    if len(twice):
        raise StorageError(
            f"image {ids[twice[0]]} has two embeddings in one space", hint="run `saccade doctor`"
        )
