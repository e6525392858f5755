"""Turns pairs into groups: a group is a keeper and its direct matches, so groups do not chain.

Chains are how naive grouping loses photos: A resembles B, B resembles C, C resembles D, and D, a different
picture, is deleted as "a copy of A". Here D stays unless it was compared with A and matched.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

Evidence = TypeVar("Evidence")
Neighbors = Mapping[int, Sequence[int]]
"""{image: images it may be the same as}, each pair under both."""


def neighbors(pairs: Iterable[tuple[int, int]]) -> dict[int, list[int]]:
    """Pairs as each image's list of others, in the given order."""
    found: dict[int, list[int]] = {}
    for a, b in pairs:
        found.setdefault(a, []).append(b)
        found.setdefault(b, []).append(a)
    return found


def components(pairs: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Connected components: each list ascending, lists by their lowest image."""
    parent: dict[int, int] = {}

    def root(image: int) -> int:
        parent.setdefault(image, image)
        while parent[image] != image:
            parent[image] = image = parent[parent[image]]
        return image

    for a, b in pairs:
        one, other = root(a), root(b)
        parent[max(one, other)] = min(one, other)
    found: dict[int, list[int]] = {}
    for image in sorted(parent):
        found.setdefault(root(image), []).append(image)
    return list(found.values())


def stars(
    order: Sequence[int],
    candidates: Neighbors,
    match: Callable[[int, Sequence[int]], Sequence[Evidence | None]],
    best: Callable[[Sequence[int]], int] | None = None,
) -> dict[int, dict[int, Evidence]]:
    """{keeper: {image: why it is the same as the keeper}}, only keepers with matches.

    The best image becomes a keeper and takes every candidate that matches it; of the rest, the best one is
    the next keeper; and so on (greedy star cover). Two images taken by a keeper are never compared with each
    other.

    Args:
        order: images, the best to keep first; other candidates are ignored.
        candidates: the pairs worth comparing.
        match: (keeper, others) -> for each of the others the evidence that it is the same, or None.
        best: the best image of a group, if more precise than the overall order. If it is not the keeper, the
            group is rebuilt around it; images that do not match it are released.
    """
    free = dict.fromkeys(order)
    found: dict[int, dict[int, Evidence]] = {}

    def taken_by(keeper: int) -> dict[int, Evidence]:
        others = [other for other in dict.fromkeys(candidates.get(keeper, ())) if other in free]
        why = match(keeper, others) if others else ()
        return {other: one for other, one in zip(others, why, strict=True) if one is not None}

    for keeper in order:
        if keeper not in free:
            continue
        taken = taken_by(keeper)
        better = best([keeper, *taken]) if best is not None and taken else keeper
        if better != keeper:
            taken = taken_by(better)
        for image in (better, *taken):
            free.pop(image, None)
        if taken:
            found[better] = taken
    return found
