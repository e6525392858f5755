"""Search structures."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from saccade.core.ports.decoders import ReportProgress
from saccade.core.types import Embeddings, Ids, Scores, SpaceInfo


class Index(Protocol):
    """Nearest-neighbor search over one space, as of when the index was built.

    Attributes:
        kind: "flat", "ivf" or "hnsw".
        sequence: highest sequence number of the embeddings it holds (see Catalog); later ones are absent.
        size: number of embeddings.
    """

    kind: str
    sequence: int
    size: int

    def search(
        self, queries: Embeddings, k: int, *, only: Ids | None = None, exclude: Ids | None = None
    ) -> tuple[Ids, Scores]:
        """Nearest images of each query.

        Args:
            queries: (q, d) unit rows.   k: at least 1.
            only: sorted ids to search among; others are ignored.
            exclude: sorted ids to ignore.
        Returns:
            ids and scores, both (q, m), best first, ties by lower id (an index knows no more; whoever ranks
            images orders ties by SHA-256); m = min(k, number of matching ids): filters act before k. Scores
            are exact; an approximate index may miss images.
        """

    def close(self) -> None:
        """Release files and memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoIndex:
    """There is no usable index: the reason, and whether one exists but is damaged or of another space.

    Nothing is lost: search the catalog's embeddings exactly, and rebuild it.
    """

    reason: str
    damaged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSummary:
    """A built index.

    Attributes:
        kind: "flat", "ivf" or "hnsw".
        size: number of embeddings.
        sequence: highest sequence number among them, 0 when empty.
        recall: ANN recall@10 measured against exact search before it was published; 1.0 for flat.
        note: why it is flat although another kind was requested; or empty.
        size_bytes: length of its files.
    """

    kind: str
    size: int
    sequence: int
    recall: float
    note: str
    size_bytes: int


class IndexStore(Protocol):
    """The indexes of a library, one for each space.

    Any number of processes can read while one builds or changes an index: the caller of `build`, `upsert`,
    `delete` and `remove` holds the write lock, and readers keep what they opened. When one of them
    raises (InvalidVectorError, DiskFullError, ReadOnlyError, StorageError), the old index is kept.
    """

    def open(self, space: SpaceInfo) -> Index | NoIndex:
        """The index of the space as last built; any problem with its files gives a NoIndex."""

    def build(
        self,
        space: SpaceInfo,
        batches: Iterable[tuple[int, Ids, Embeddings]],
        *,
        kind: str = "auto",
        queries: Embeddings | None = None,
        count: int | None = None,
        report: ReportProgress | None = None,
    ) -> IndexSummary:
        """Replace the index of the space.

        Args:
            batches: (last sequence, ids, (m, dim) rows) as from `Catalog.embeddings.after`.
            kind: "auto", "flat", "ivf" or "hnsw".
            queries: (q, dim) typical queries (mainly texts), for tuning.
            count: number of embeddings, if known, for the progress reports.
        """

    def upsert(
        self,
        space: SpaceInfo,
        batches: Iterable[tuple[int, Ids, Embeddings]],
        *,
        kind: str = "auto",
        queries: Embeddings | None = None,
        report: ReportProgress | None = None,
    ) -> IndexSummary | NoIndex:
        """Add rows to the index of the space; a row of an id that it holds replaces that one.

        Faster than a build for few rows and a large index. What is published passes the same gate, and is
        built from all rows where the structure cannot be changed.

        Args:
            batches: as for `build`, no id twice; held in memory.   kind, queries: as for `build`.
        Returns:
            NoIndex if there is no intact index: nothing was done, build it.
        """

    def delete(
        self,
        space: SpaceInfo,
        ids: Ids,
        *,
        sequence: int,
        kind: str = "auto",
        queries: Embeddings | None = None,
        report: ReportProgress | None = None,
    ) -> IndexSummary | NoIndex:
        """Take embeddings out of the index of the space, so that no file of it holds one of them.

        Args:
            ids: sorted; those that it does not hold are ignored.
            sequence: the highest sequence number of the embeddings that stay, 0 if none does.
            kind, queries: as for `build`.
        Returns:
            NoIndex if there was no intact index: its files, if any, were removed; build it.
        """

    def verify(self, space: SpaceInfo) -> Sequence[str]:
        """One line for each problem with its files, after reading every byte; none if there is no index."""

    def remove(self, space: SpaceInfo) -> None:
        """Delete the files of the space's index; open readers are not affected."""
