"""A space at one moment: its retriever, and the rows that are newer than that."""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from saccade.core.ports.indexes import Retriever, Selection
from saccade.core.types import Embeddings, Ids, Scores
from saccade.core.vectors import best, exact_best
from saccade.engine.folding import PartMap


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A space at one moment.

    Attributes:
        index: its index, if it has one.
        gone: sorted ids of the items whose image has no file left.
        outdated: sorted ids of the items whose row in the index, if there is one, no longer counts.
        newer_ids, newer: ids and (n, d) rows of the items newer than the index.
        parts: the parts of the library's images.
        images: number of present images in the space; None where the other facts tell it, without parts.
    """

    index: Retriever | None
    gone: Ids
    outdated: Ids
    newer_ids: Ids
    newer: Embeddings
    parts: PartMap
    images: int | None = None

    def items(self, within: Selection) -> Selection:
        """The selected images together with their parts."""
        if not within or not self.parts:
            return within
        return replace(within, resolve=cache(lambda: self.parts.with_parts(within.resolve())))

    def search(self, queries: Embeddings, k: int, within: Selection) -> tuple[Ids, Scores]:
        """The k best items of each of (q, d) queries: (q, m) ids and scores, best first, ties by lower id."""
        keep = kept(self.newer_ids, within, self.gone)
        ids, scores = exact_best(queries, self.newer[keep], self.newer_ids[keep], k)
        if self.index is not None and self.index.size:
            # An item embedded again since the index was built is in both; its newer row counts.
            found, exact = self.index.search(queries, k, within=within, exclude=self.outdated)
            scores, ids = np.hstack([scores, exact]), np.hstack([ids, found])
        return best(scores, ids, k)


def kept(ids: Ids, within: Selection, gone: Ids) -> NDArray[np.bool_]:
    """Which of the ids a search may find."""
    keep = ~np.isin(ids, gone)
    return keep & np.isin(ids, within.resolve()) if within and keep.any() else keep
