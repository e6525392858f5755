"""Ranking: business terms and diversity, and measures of how good a list was."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from saccade.core.types import Embeddings, Ids


def stretched(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scores on a scale where the best is 1 and the median is 0; all 0 when they are equal.

    Other terms of a ranking are weighted against this: a term of 1 lifts an ordinary image to the best
    one.
    """
    if not len(scores):
        return scores
    middle, top = float(np.median(scores)), float(scores.max())
    return (scores - middle) / (top - middle) if top > middle else np.zeros_like(scores)


def rank_share(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rank of each value among all: -0.5 is the lowest, 0.5 the highest, ties share; NaN is 0.

    Ranks, not values: an outlier among the prices does not flatten all the others.
    """
    known = ~np.isnan(values)
    shares = np.zeros(len(values))
    _, place, times = np.unique(values[known], return_inverse=True, return_counts=True)
    if len(times) > 1:
        ranks = np.cumsum(times) - (times + 1) / 2.0  # the mean rank, from 0, of equals
        shares[known] = ranks[place] / (known.sum() - 1) - 0.5
    return shares


def diversified(scores: NDArray[np.float64], rows: Embeddings, k: int, diverse: float) -> NDArray[np.int64]:
    """Positions of at most k items, each good and unlike those chosen before.

    Maximal marginal relevance: the greatest (1 - diverse) x score - diverse x (highest similarity to one
    chosen before). J. Carbonell and J. Goldstein, "The use of MMR, diversity-based reranking", SIGIR 1998.

    Args:
        scores: (n,) higher is better, on the scale of `stretched`.
        rows: (n, d) unit rows.
        diverse: in [0, 1]; 0 is the order of the scores, 1 considers only similarity after the first.
    """
    if diverse <= 0:
        return np.argsort(-scores, kind="stable")[:k].astype(np.int64)
    chosen: list[int] = []
    likeness = np.full(len(scores), -np.inf)
    gains = scores.copy()
    for _ in range(min(k, len(scores))):
        best = int(np.argmax(gains))
        chosen.append(best)
        likeness = np.maximum(likeness, rows @ rows[best])
        gains = (1.0 - diverse) * scores - diverse * likeness
        gains[chosen] = -np.inf
    return np.array(chosen, np.int64)


def recall_at_k(ranked: Ids, relevant: Ids, k: int) -> float:
    """Share in [0, 1] of the relevant items that are among the first k; 0 when none is relevant.

    Args:
        ranked: ids, best first.   relevant: ids, each once.   k: at least 1.
    """
    return float(np.isin(relevant, ranked[:k]).mean()) if len(relevant) else 0.0


def ndcg_at_k(ranked: Ids, relevant: Ids, k: int) -> float:
    """Normalized discounted cumulative gain in [0, 1], each relevant item gaining 1.

    Sum of 1 / log2(rank + 1) over the relevant among the first k, over what the best order would reach.
    K. Järvelin and J. Kekäläinen, "Cumulated gain-based evaluation of IR techniques", TOIS 20, 2002.
    """
    if not len(relevant):
        return 0.0
    discounts = 1.0 / np.log2(np.arange(k) + 2.0)
    hits = np.isin(ranked[:k], relevant)
    return float(discounts[: len(hits)][hits].sum() / discounts[: min(k, len(relevant))].sum())


def surprise(ranked: Ids, share: NDArray[np.float64]) -> float:
    """Mean -log2 of how likely each item is to be seen at all, in bits: higher is more novel.

    S. Vargas and P. Castells, "Rank and relevance in novelty and diversity metrics", RecSys 2011.

    Args:
        ranked: (k,) positions in `share`.   share: (n,) probabilities above 0.
    """
    return float(-np.log2(share[ranked]).mean()) if len(ranked) else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A mean with its 95 % interval over users."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayScore:
    """The results of one method.

    Attributes:
        method: "recommend", or the baseline it is compared with.
        recall: share of later likes that were among the first k, mean over users.
        ndcg: the same, weighted by rank.
        coverage: share in [0, 1] of all images that were recommended to anybody.
        novelty: mean self-information of what was recommended, bits; see `surprise`.
        behind: how much lower its recall@k is than that of "recommend", user by user; below 0: higher.
    """

    method: str
    recall: Interval
    ndcg: Interval
    coverage: float
    novelty: float
    behind: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayReport:
    """Methods evaluated on the same users and the same split in time.

    Attributes:
        users: evaluated.   images: to choose from.   events: known before the splits.
        k: length of the lists.   held_out: share of each user's liked images that was held out.
    """

    users: int
    images: int
    events: int
    k: int
    held_out: float
    scores: tuple[ReplayScore, ...]


def bootstrap(
    values: Sequence[float] | NDArray[np.float64], generator: np.random.Generator, draws: int = 2000
) -> Interval:
    """The mean of values with the interval that holds 95 % of the means of resampled values.

    The percentile bootstrap (B. Efron, "Bootstrap methods", Annals of Statistics 7, 1979).
    """
    array = np.asarray(values, np.float64)
    if not len(array):
        return Interval(value=0.0, low=0.0, high=0.0)
    means = np.array([array[generator.integers(0, len(array), len(array))].mean() for _ in range(draws)])
    low, high = np.quantile(means, [0.025, 0.975])
    return Interval(value=float(array.mean()), low=float(low), high=float(high))
