"""Finds images that occur in the same sets (orders, outfits, rooms) more often than by chance."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from saccade.core.types import Ids

_DOUBT = 2.0
"""Joint occurrences at which a pair counts half: two things bought together once may be a coincidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Companion:
    """An image that occurs with another one.

    Attributes:
        image: its id.
        score: in [0, 1]; see `companions`.
        times: sets that contain both.
        lift: how many times more sets contain both than if they were independent.
    """

    image: int
    score: float
    times: int
    lift: float


def companions(sets: Mapping[str, Sequence[int]], image: int) -> list[Companion]:
    """Images that occur with `image` at least as often as by chance, best first; ties by lower id.

    The score is normalized pointwise mutual information, ln(lift) / -ln(p(both)), which is 1 for two images
    never seen apart and 0 for independent ones (G. Bouma, "Normalized (pointwise) mutual information in
    collocation extraction", GSCL 2009), times n / (n + 2) for n joint sets: rare pairs are discounted.

    Args:
        sets: {name: image ids}; an image counts once in a set.
    """
    held = [frozenset(images) for images in sets.values()]
    with_it = [images for images in held if image in images]
    total = len(held)
    alone = Counter(one for images in held for one in images)
    both = Counter(one for images in with_it for one in images if one != image)
    found = []
    for other, times in both.items():
        lift = times * total / (len(with_it) * alone[other])
        if lift >= 1.0:
            strength = float(np.log(lift) / -np.log(times / total)) if times < total else 0.0
            score = strength * times / (times + _DOUBT)
            found.append(Companion(image=other, score=score, times=times, lift=lift))
    return sorted(found, key=lambda one: (-one.score, -one.times, one.image))


def in_sets(sets: Mapping[str, Sequence[int]]) -> Ids:
    """Sorted ids of all images in sets of two or more."""
    return np.unique(
        np.array([one for images in sets.values() if len(set(images)) > 1 for one in images], np.int64)
    )
