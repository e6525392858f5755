"""Exact search: every row is compared. Suited to small spaces, and the reference for the others."""

from saccade.core.errors import StorageError
from saccade.core.ports.indexes import EVERYTHING, Selection
from saccade.core.types import Embeddings, Ids, Scores
from saccade.indexes.rows import Rows


class FlatIndex:
    """Search by comparing with every row; scores are exact. Thread-safe."""

    def __init__(self, rows: Rows, sequence: int) -> None:
        self.kind = "flat"
        self.sequence = sequence
        self.size = len(rows)
        self._rows: Rows | None = rows

    def search(
        self,
        queries: Embeddings,
        k: int,
        *,
        within: Selection = EVERYTHING,
        exclude: Ids | None = None,
    ) -> tuple[Ids, Scores]:
        """Nearest images of each query; see `saccade.core.ports.indexes.Retriever`."""
        rows = self._rows
        if rows is None:
            raise StorageError("this index is closed", hint="open it again")
        rows.check(queries, k)
        return rows.nearest(queries, k, rows.select(within.only, exclude))

    def close(self) -> None:
        """Release the files; they are unmapped when the last search has ended."""
        self._rows = None
