"""Ranking metrics on arrays. Named as in the glossary: "R@k" in CLIP papers is the hit rate."""

import numpy as np
from numpy.typing import NDArray

from saccade.core.types import Ids, Scores


def hit_rate_at_k(relevant: NDArray[np.bool_], k: int) -> float:
    """Share in [0, 1] of queries with at least one relevant item among the first k.

    Args:
        relevant: (q, n) whether each ranked item, best first, is relevant.
        k: at least 1.
    """
    if len(relevant) == 0:
        return 0.0
    return float(relevant[:, :k].any(axis=1).mean())


def ann_recall_at_k(approximate: Ids, exact: Ids) -> float:
    """Share in [0, 1] of the exact top k that the approximate top k found, averaged over queries.

    Args:
        approximate: (q, k) ids found.
        exact: (q, k) ids of exact search.
    """
    if exact.size == 0:
        return 1.0
    found = sum(len(np.intersect1d(a, e)) for a, e in zip(approximate, exact, strict=True))
    return found / exact.size


def auroc(positives: Scores, negatives: Scores) -> float:
    """Probability in [0, 1] that a random positive scores above a random negative, ties counting half.

    The area under the ROC curve as the Mann-Whitney statistic (Hanley and McNeil, Radiology 143, 1982).
    """
    if len(positives) == 0 or len(negatives) == 0:
        return 0.5
    ordered = np.sort(negatives)
    below = np.searchsorted(ordered, positives, side="left")
    upto = np.searchsorted(ordered, positives, side="right")
    return float((below + upto).mean() / (2 * len(negatives)))
