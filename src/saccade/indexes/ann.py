"""Approximate search: faiss finds candidates among quantized vectors; exact scores decide the order."""

import errno
import os
from collections.abc import Mapping
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

from saccade.core.errors import StorageError
from saccade.core.types import Embeddings, Ids, Scores
from saccade.core.vectors import distinct
from saccade.indexes.rows import Rows, Selection

FILE = "candidates.faiss"

_EXACT_ROWS = 4096  # up to here, comparing all selected rows is faster than faiss
_WIDE = 16  # a filter that keeps at least 1/16 of the rows is applied after the search
_SLACK = 2  # oversampling, relative to matching rows spread at random
_FILL = 1 << 20  # bytes
_SPARE = 3  # candidates rescored per requested hit, if more than the tuned number


class ApproximateIndex:
    """Search by rescoring the candidates of a faiss structure ("ivf" or "hnsw"). Thread-safe.

    Scores are exact; hits may be missed, as often as the manifest's recall says. A search never returns fewer
    than min(k, matches) hits: if there are too few candidates, all matching rows are compared.
    One query runs in the calling thread; a batch runs on as many threads as OpenMP has (OMP_NUM_THREADS).
    """

    def __init__(
        self, structure: faiss.Index, rows: Rows, *, kind: str, sequence: int, parameters: Mapping[str, int]
    ) -> None:
        self.sequence = sequence
        self.size = len(rows)
        self.kind = kind
        self._parameters = dict(parameters)
        self._parts: tuple[faiss.Index, Rows] | None = (structure, rows)

    def search(
        self, queries: Embeddings, k: int, *, only: Ids | None = None, exclude: Ids | None = None
    ) -> tuple[Ids, Scores]:
        """Nearest images of each query; see `saccade.core.ports.indexes.Index`."""
        if self._parts is None:
            raise StorageError("this index is closed", hint="open it again")
        structure, rows = self._parts
        rows.check(queries, k)
        selection = rows.select(only, exclude)
        matches = self.size if selection is None else len(selection)
        wanted = max(self._parameters["candidates"], _SPARE * k)
        if wanted >= matches or (selection is not None and matches <= _EXACT_ROWS):
            return rows.nearest(queries, k, selection)
        ids = np.empty((len(queries), k), np.int64)
        scores = np.empty((len(queries), k), np.float32)

        def fill(numbers: list[int], candidates: NDArray[np.int64], enough: int) -> list[int]:
            """Answer these queries from their candidates; those that have too few."""
            short = []
            for number, found in zip(numbers, candidates, strict=True):
                count, best_ids, best_scores = _rescore(rows, queries[number], found, k, selection)
                if count < enough:
                    short.append(number)
                else:
                    ids[number], scores[number] = best_ids, best_scores
            return short

        left = list(range(len(queries)))
        if matches * _WIDE >= self.size:
            # The matching ones among the nearest are the nearest matching ones, if there are enough. There
            # are not if the filter keeps only rows unlike the query.
            share = matches / self.size
            more = wanted if selection is None else min(self.size, round(_SLACK * wanted / share))
            enough = k if selection is None else wanted
            left = fill(left, self._candidates(structure, queries, more, share=share), enough)
        if left and self.kind == "ivf" and selection is not None:
            left = fill(left, self._candidates(structure, queries[left], wanted, selection=selection), k)
        if left:
            ids[left], scores[left] = rows.nearest(queries[left], k, selection)
        return ids, scores

    def close(self) -> None:
        """Release the files; they are unmapped when the last search has ended."""
        self._parts = None

    def _candidates(
        self,
        structure: faiss.Index,
        queries: Embeddings,
        wanted: int,
        *,
        share: float = 1.0,
        selection: Selection | None = None,
    ) -> NDArray[np.int64]:
        """(q, wanted) row numbers, best first by estimate, -1 where there are too few.

        With a selection from every list; without one from the graph or the nearest lists: more of them the
        smaller the `share` of rows that will be kept, and the more are wanted.
        """
        if self.kind == "hnsw":
            settings = graph_settings(max(self._parameters["effort"], wanted))
        elif selection is None:
            lists = self._parameters["lists"]
            deeper = max(1.0, wanted * share / (_SLACK * self._parameters["candidates"])) ** 0.5
            probes = max(self._parameters["probes"] * deeper / share, 4 * wanted * lists / self.size)
            settings = list_settings(min(lists, round(probes)))
        else:
            settings = list_settings(self._parameters["lists"], selection)
        try:
            return np.asarray(structure.search(queries, wanted, params=settings)[1])
        except RuntimeError as error:
            raise StorageError("searching the index failed", hint="rebuild it: saccade doctor") from error


# faiss's type stubs are incomplete, hence the ignored types. It keeps constructor arguments alive, but not
# attributes assigned later.


def list_settings(probes: int, selection: Selection | None = None) -> faiss.SearchParameters:
    """How to search lists: how many, and among which rows."""
    if selection is None:
        return faiss.SearchParametersIVF(nprobe=probes)  # type: ignore[call-arg]
    bits = np.packbits(selection.mask, bitorder="little")
    chosen = faiss.IDSelectorBitmap(bits)  # type: ignore[call-arg, arg-type]
    return faiss.SearchParametersIVF(nprobe=probes, sel=chosen)  # type: ignore[call-arg]


def graph_settings(effort: int) -> faiss.SearchParameters:
    """How to search a graph: how many nodes to keep in view."""
    return faiss.SearchParametersHNSW(efSearch=effort)  # type: ignore[attr-defined, no-any-return]


def _rescore(
    rows: Rows, query: Embeddings, found: NDArray[np.int64], k: int, selection: Selection | None
) -> tuple[int, Ids, Scores]:
    """The number of valid candidates of one (d,) query, and the k best of them by exact score."""
    # A damaged file may contain anything: keep only rows that exist, each once.
    some = distinct(found[(found >= 0) & (found < len(rows))])
    if selection is not None:
        some = some[selection.mask[some]]
    return len(some), *rows.rescore(query, some, k)


def write(structure: faiss.Index, path: Path) -> None:
    """Write a faiss structure to a new file. Raises OSError."""
    with path.open("xb", buffering=0) as file:
        try:
            faiss.write_index(structure, _name(file.fileno()))
            read(path)  # faiss does not notice if its last bytes could not be written
        except (RuntimeError, ValueError) as error:
            # faiss has no error numbers; writing more bytes ourselves reveals the real one.
            file.seek(0, os.SEEK_END)
            for _ in range(2):  # the first may still fit
                file.write(bytes(_FILL))
            os.fsync(file.fileno())
            raise OSError(errno.EIO, f"faiss could not write {path.name}: {error}") from error


def read(path: Path, *, mapped: bool = True) -> faiss.Index:
    """The faiss structure in a file, mapped, or read into memory. Raises OSError or ValueError."""
    flags = faiss.IO_FLAG_MMAP_IFC if mapped else 0
    with path.open("rb") as file:
        try:
            return faiss.read_index(_name(file.fileno()), flags)
        except RuntimeError as error:
            raise ValueError(f"faiss cannot read {path.name}") from error


def head_size(path: Path, size: int, dim: int, kind: str) -> int:
    """How many bytes at the start must be intact, or faiss may read out of bounds.

    After them come one byte per number and, for lists, the row numbers: damage there affects only candidates.
    """
    return path.stat().st_size - size * (dim + (8 if kind == "ivf" else 0))


def _name(descriptor: int) -> str:
    """A name for an open file: faiss takes UTF-8 only, and paths can be any bytes."""
    return f"/dev/fd/{descriptor}"
