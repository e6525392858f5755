"""Models a user's preference from events, and how well images fit it.

Events fade: one that is a half-life old counts half. A preference is kept as the images themselves, not as
their mean: a person who likes dogs and sailing does not want something between the two.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from saccade.core.types import Embeddings, Ids

EVENT_WEIGHTS: Mapping[str, float] = MappingProxyType(
    {"buy": 2.0, "like": 1.0, "click": 0.3, "view": 0.1, "dislike": -1.0}
)
"""Weight of each kind of event, before it fades."""

HALF_LIFE_DAYS = 90.0
"""Default age at which an event counts half."""

DAY = 86_400.0

_SHARPNESS = 0.5
"""How much more a near image counts than a distant one, per standard deviation of chance scores; 0 is the
mean of all. Chosen on simulated users of flickr8k's training split, where 0.3 to 0.6 did equally well."""

_AVERSION = 0.5
"""Weight of similarity to disliked images, relative to similarity to liked ones."""

_CROWD = 0.3
"""How much popularity counts by default: chosen like `_SHARPNESS`, over 300 to 6,000 images and few to many
events for each; 0.5 was better where events are few and worse where they are many."""

_CROWD_SMOOTHING = 3.0
"""Events added to every image's count, so that one click is not yet popularity."""

_CHUNK = 8192

_STRONGEST = 10.0
"""Larger values count as this: one rating cannot outweigh a history."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """One thing a user did with an image, `days` ago (not negative)."""

    image: int
    kind: str
    days: float
    value: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaning:
    """What a user likes and dislikes now.

    Attributes:
        liked: (n,) sorted ids.   liked_weights: (n,) above 0.   kinds: the heaviest kind for each.
        disliked: (m,) sorted ids.   disliked_weights: (m,) above 0.
    """

    liked: Ids
    liked_weights: NDArray[np.float64]
    kinds: tuple[str, ...]
    disliked: Ids
    disliked_weights: NDArray[np.float64]

    @property
    def seen(self) -> Ids:
        """All images the user interacted with, sorted."""
        return np.union1d(self.liked, self.disliked)


def leaning(signs: Sequence[Sign], half_life: float = HALF_LIFE_DAYS) -> Leaning:
    """A user's preference at present.

    A sign weighs EVENT_WEIGHTS[kind] x value x 2^(-age / half-life); unlisted kinds weigh nothing.
    Several signs on one image add up to log(1 + sum): the hundredth view says less than the first. Of a like
    (or purchase) and a dislike of the same image the later counts, and a click or view never undoes a
    dislike.

    Args:
        signs: in any order.
        half_life: days, above 0.
    """
    positive: dict[int, dict[str, float]] = {}
    negative: dict[int, float] = {}
    for sign in sorted(signs, key=lambda sign: -sign.days):
        weight = EVENT_WEIGHTS.get(sign.kind, 0.0) * min(max(sign.value, 0.0), _STRONGEST)
        weight *= 2.0 ** (-sign.days / half_life)
        if weight < 0:
            positive.pop(sign.image, None)
            negative[sign.image] = negative.get(sign.image, 0.0) - weight
        elif weight > 0:
            if sign.kind in {"like", "buy"}:
                negative.pop(sign.image, None)
            if sign.image not in negative:
                kinds = positive.setdefault(sign.image, {})
                kinds[sign.kind] = kinds.get(sign.kind, 0.0) + weight
    liked, disliked = sorted(positive), sorted(negative)
    return Leaning(
        liked=np.array(liked, np.int64),
        liked_weights=np.log1p([sum(positive[image].values()) for image in liked]),
        kinds=tuple(max(kinds, key=lambda kind: kinds[kind]) for kinds in map(positive.get, liked) if kinds),
        disliked=np.array(disliked, np.int64),
        disliked_weights=np.log1p([negative[image] for image in disliked]),
    )


def heaviest(ids: Ids, weights: NDArray[np.float64], most: int) -> NDArray[np.int64]:
    """Positions of the `most` heaviest ids, ascending; ties by lower id."""
    return np.sort(np.lexsort((ids, -weights))[:most])


def affinity(
    rows: Embeddings, liked: Embeddings, weights: NDArray[np.float64], spread: float
) -> NDArray[np.float64]:
    """How well each row fits a preference: log of the weighted mean of exp(similarity to a liked image).

    A kernel density estimate of liked images, with the exponential of the cosine as kernel (von
    Mises-Fisher; P. Hall, G. Watson and J. Cabrera, "Kernel density estimation with spherical data",
    Biometrika 74, 1987), in standard deviations of chance scores so that it holds for any encoder.

    Args:
        rows: (n, d) unit rows to score.   liked: (m, d) unit rows, m above 0.   weights: (m,) above 0.
        spread: standard deviation of the scores of random pairs, above 0.
    Returns:
        (n,) affinities.
    """
    totals = np.zeros(len(rows))
    for start in range(0, len(rows), _CHUNK):
        likeness = _likeness(rows[start : start + _CHUNK], liked, weights, spread)
        top = likeness.max(axis=1)
        totals[start : start + _CHUNK] = top + np.log(np.exp(likeness - top[:, None]).sum(axis=1))
    return totals


def voices(
    rows: Embeddings, liked: Embeddings, weights: NDArray[np.float64], spread: float
) -> NDArray[np.float64]:
    """(n, m) share in [0, 1] of each liked image in each row's `affinity`; rows sum to 1."""
    likeness = _likeness(rows, liked, weights, spread)
    raised = np.exp(likeness - likeness.max(axis=1, keepdims=True))
    shares: NDArray[np.float64] = raised / raised.sum(axis=1, keepdims=True)
    return shares


def _likeness(
    rows: Embeddings, liked: Embeddings, weights: NDArray[np.float64], spread: float
) -> NDArray[np.float64]:
    """(n, m) log of each liked image's contribution to each row's density."""
    heard = np.log(weights / weights.sum())
    likeness: NDArray[np.float64] = (rows @ liked.T).astype(np.float64) * (_SHARPNESS / spread) + heard
    return likeness


def preference_scores(
    fits: NDArray[np.float64], spoils: NDArray[np.float64] | None, crowd: NDArray[np.float64], novel: float
) -> NDArray[np.float64]:
    """Scores from likes, dislikes and popularity.

    The log of a product: the density of liked images over that of disliked ones, times popularity
    (`crowd_pull`); `novel` scales the last from 1 (at 0: popular first) over 0 (at 0.5: ignored) to -1 (at 1:
    unpopular first).

    Args:
        fits, spoils: (n,) `affinity` to liked images, and to disliked ones (None: there are none).
        crowd: (n,) `crowd_pull`.
        novel: in [0, 1].
    """
    total = fits + (1.0 - 2.0 * novel) * crowd
    return total if spoils is None else total - _AVERSION * spoils


def crowd_pull(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """The popularity score of each image: a share of the log of smoothed counts over their mean.

    Args:
        counts: (n,) weight of all users' events, faded, not negative.
    """
    if not len(counts):
        return counts
    pull: NDArray[np.float64] = _CROWD * np.log(
        (counts + _CROWD_SMOOTHING) / (counts.mean() + _CROWD_SMOOTHING)
    )
    return pull


def event_counts(signs: Sequence[Sign], half_life: float = HALF_LIFE_DAYS) -> dict[int, float]:
    """{image: total weight of all events}, faded, not below 0."""
    counts: dict[int, float] = {}
    for sign in signs:
        weight = EVENT_WEIGHTS.get(sign.kind, 0.0) * min(max(sign.value, 0.0), _STRONGEST)
        counts[sign.image] = counts.get(sign.image, 0.0) + weight * 2.0 ** (-sign.days / half_life)
    return {image: max(0.0, count) for image, count in counts.items()}
