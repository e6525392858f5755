"""Merges several rankings into one, and near-identical hits into one."""

from collections.abc import Sequence

import numpy as np

from saccade.core.types import Embeddings, Ids

_RRF_K = 60


def reciprocal_rank_fusion(rankings: Sequence[Ids]) -> Ids:
    """Ids of all rankings in one order: sum over rankings of 1 / (60 + rank), ties by the first ranking.

    Cormack, Clarke and Buettcher, "Reciprocal rank fusion outperforms Condorcet and individual rank learning
    methods", SIGIR 2009; 60 is theirs.

    Args:
        rankings: each (n,) unique ids, best first; lengths may differ.
    """
    points: dict[int, float] = {}
    for ranking in rankings:
        for rank, identifier in enumerate(ranking.tolist(), start=1):
            points[identifier] = points.get(identifier, 0.0) + 1.0 / (_RRF_K + rank)
    # A stable sort keeps the order of first appearance among equals.
    return np.array(sorted(points, key=lambda identifier: -points[identifier]), dtype=np.int64)


def collapse(embeddings: Embeddings, threshold: float) -> list[list[int]]:
    """Rows in groups of near-identical pictures, in the given order.

    A row joins the first group whose *first* row scores at least `threshold` with it, so groups do not chain.

    Args:
        embeddings: (n, d) rows of the copy space, best hit first.
        threshold: inclusive.
    """
    groups: list[list[int]] = []
    if len(embeddings) == 0:
        return groups
    scores = embeddings @ embeddings.T
    heads: list[int] = []
    for row in range(len(embeddings)):
        alike = np.flatnonzero(scores[row, heads] >= threshold).tolist() if heads else []
        if alike:
            groups[alike[0]].append(row)
        else:
            heads.append(row)
            groups.append([row])
    return groups
