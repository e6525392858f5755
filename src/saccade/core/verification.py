"""Whether two pictures are the same one, edited: found by laying one onto the other, with numpy alone."""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

import numpy as np

from saccade.core.alignment import Transform, candidates, half_turns
from saccade.core.comparing import Agreement, Prepared, compare, refine
from saccade.core.engines import Match
from saccade.core.types import PixelRecipe, Pixels

SAME = 0.5
"""Probability from which two pictures count as the same."""
SURE = 0.995
"""Probability from which no other way of laying one onto the other is tried."""
COMPARED_SIZE = 224
"""Longest side, pixels, at which pictures are compared: the verdict is fitted to it."""
_REMEMBERED = 32
"""Pictures whose points are kept: one is usually compared with several."""
_PLAUSIBLE = 0.4
"""Correlation of two 32 x 32 pictures from which a half turn or mirror is looked at closely."""
_HOPELESS = 0.25
"""Blocks that correlate less than this on average are not worth refining."""

WEIGHTS: dict[str, float] = {
    "agreeing": 12.0,
    "detail": 10.0,
    "correlation": 8.0,
    "covered": 4.0,
    "votes": 1.0,
}
"""What each fact weighs in the verdict."""
BIAS = -24.0


class AlignmentVerifier:
    """Finds how one picture lies on the other from points both have, and judges by how well they then agree.

    Needs no extra and knows no encoder. Thread-safe.
    """

    def __init__(self) -> None:
        self._prepared: Callable[[bytes, int, int], Prepared] = lru_cache(maxsize=_REMEMBERED)(_prepare)

    @property
    def name(self) -> str:
        """Method and version."""
        return "alignment-1"

    @property
    def recipe(self) -> PixelRecipe:
        """The pixels it wants."""
        return PixelRecipe(size=COMPARED_SIZE, fit="contain")

    def verify(self, a: Pixels, b: Pixels, score: float) -> Match:
        """Whether (h, w, 3) `b` is (h', w', 3) `a` edited, or both are edits of one.

        Args:
            score: not used: it depends on the encoder, and the pixels decide without it.
        Returns:
            facts: "overlap" (share of the picture that is covered more), "agreeing" (share of the overlap
            that looks alike), "correlation" (of the overlap), "detail" (the same for fine detail), "votes"
            (points found in both).
        """
        del score
        first, second = (self._prepared(one.tobytes(), *one.shape[:2]) for one in (a, b))
        return best_match(first, second, guesses(first, second, lambda: _maps(first, second)))


def best_match(a: Prepared, b: Prepared, guesses: Iterator[tuple[Transform, int]]) -> Match:
    """The verdict on the best of several (map from `b` to `a`, points that voted for it)."""
    best = Match(same=False, probability=0.0)
    for transform, votes in guesses:
        for fitted in _rough_and_refined(a, b, transform):
            agreement = compare(a, b, fitted)
            if agreement is None:
                break
            probability, facts = judge(agreement, votes)
            if probability > best.probability:
                best = Match(same=probability >= SAME, probability=probability, transform=fitted, facts=facts)
            if probability >= SURE:
                return best
            if agreement.blocks < _HOPELESS:
                break
    return best


def judge(agreement: Agreement, votes: int) -> tuple[float, dict[str, float]]:
    """Probability in [0, 1] that it is the same picture, and the facts it rests on."""
    facts = {
        "overlap": max(agreement.covered_a, agreement.covered_b),
        "agreeing": agreement.agreeing,
        "correlation": agreement.correlation,
        "detail": agreement.detail,
        "votes": float(votes),
    }
    terms = facts | {"covered": facts["overlap"], "votes": float(np.log1p(votes))}
    logit = BIAS + sum(weight * terms[name] for name, weight in WEIGHTS.items())
    return float(1 / (1 + np.exp(-np.clip(logit, -50, 50)))), facts


def _rough_and_refined(a: Prepared, b: Prepared, transform: Transform) -> Iterator[Transform]:
    yield transform
    yield refine(a, b, transform)


def guesses(
    a: Prepared, b: Prepared, maps: Callable[[], Iterable[tuple[Transform, int]]]
) -> Iterator[tuple[Transform, int]]:
    """Maps from `b` to `a` worth a look with the points that vote for them, the cheap ones first.

    Args:
        maps: finds those that points vote for; called only if it comes to that.
    """
    likely = []
    for place, transform in enumerate(half_turns()):
        turned = np.rot90(b.squashed[:, ::-1] if place >= 4 else b.squashed, -(place % 4))
        likely.append((float((a.squashed * turned).sum()), place, transform))
    likely.sort(key=lambda one: (-one[0], one[1]))
    close = [transform for correlation, _, transform in likely[:2] if correlation >= _PLAUSIBLE]
    for transform in close[:1]:
        yield transform, 0
    yield from maps()
    for transform in close[1:]:
        yield transform, 0


def _maps(a: Prepared, b: Prepared) -> list[tuple[Transform, int]]:
    return candidates(a.keypoints, b.keypoints, a.gray.shape, b.gray.shape)


def _prepare(pixels: bytes, height: int, width: int) -> Prepared:
    return Prepared(np.frombuffer(pixels, np.uint8).reshape(height, width, 3), COMPARED_SIZE)
