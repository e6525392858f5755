"""Search structures, as the other parts see them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from saccade.core.ports.decoders import ReportProgress
from saccade.core.types import Embeddings, Ids, Scores, SpaceInfo


class Index(Protocol):
    """Nearest-neighbor search over one space, as it stood when the index was built.

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
            only: sorted ids to search among; the rest do not exist for this search.
            exclude: sorted ids that do not exist for this search.
        Returns:
            ids and scores, both (q, m), best first, ties by lower id; m = min(k, number of matching ids):
            filters act before k. Scores are exact; an approximate index may miss images.
        """

    def close(self) -> None:
        """Release files and memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoIndex:
    """There is no index to search: why, and whether one is there but damaged or not of this space.

    Nothing is lost by it: search the catalog's embeddings exactly, and build again.
    """

    reason: str
    damaged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSummary:
    """What was built.

    Attributes:
        kind: "flat", "ivf" or "hnsw".
        size: number of embeddings.
        sequence: highest sequence number among them, 0 when empty.
        recall: ANN recall@10 measured against exact search before it was published; 1.0 for flat.
        note: why it is flat although another kind was wanted; or empty.
        size_bytes: length of its files.
    """

    kind: str
    size: int
    sequence: int
    recall: float
    note: str
    size_bytes: int


class IndexStore(Protocol):
    """The indexes of a library, one for each space. Any number of processes read while one builds."""

    def open(self, space: SpaceInfo) -> Index | NoIndex:
        """The index of the space as last built; whatever is wrong with its files is a NoIndex."""

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
        """Replace the index of the space. The caller holds the write lock; readers go on undisturbed.

        Args:
            batches: (last sequence, ids, (m, dim) rows) as `Catalog.embeddings.after` gives them.
            kind: "auto", "flat", "ivf" or "hnsw".
            queries: (q, dim) rows like those that will be searched for (texts, above all), to tune it by.
            count: number of embeddings, if known, for the progress reports.
        Raises:
            InvalidVectorError; DiskFullError, ReadOnlyError or StorageError. The old index then still stands.
        """

    def verify(self, space: SpaceInfo) -> Sequence[str]:
        """One line for each thing wrong with its files, every byte of them read; none when none is built."""

    def remove(self, space: SpaceInfo) -> None:
        """Delete the files of the space's index; open readers go on undisturbed."""
