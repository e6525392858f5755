"""Verifies whether two pictures are edits of the same one by aligning them, with numpy alone."""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

import numpy as np

from saccade.core.pixels.alignment import Transform, candidates, half_turns
from saccade.core.pixels.comparison import Agreement, Prepared, compare
from saccade.core.pixels.refinement import refine
from saccade.core.ports.engines import Match
from saccade.core.types import PixelRecipe, Pixels

SAME = 0.6
"""Probability from which pictures count as the same."""
SURE = 0.97
"""Probability from which no other alignment is tried."""
COMPARED_SIZE = 224
"""Longest side, pixels, at which pictures are compared: the verdict is fitted to it."""
_REMEMBERED = 32
"""Number of pictures whose points are cached: one is usually compared with several."""
_FEWEST = 6
"""Points that must vote for a map. Edits of 30 photos had 17 or more, unrelated checkerboards 3 or 4."""
_PLAUSIBLE = 0.4
"""Correlation of two 32 x 32 pictures from which a half turn or mirroring is examined."""
_HOPELESS = 0.25
"""Blocks that correlate less than this on average are not worth refining."""

_EXACT = 0.94
"""Correlation of fine detail from which a map needs no refining."""

FACTS = ("overlap", "agreeing", "correlation", "detail", "fitting", "votes")
"""Names of the facts."""
WEIGHED = ("detail", "fitting")
"""The facts used for the verdict: few, but they separate a copy from another moment of the same scene."""
_WEIGHTS = np.array([33.4, 25.6])
_BIAS = -53.7
"""Fitted by `training/verify.py`."""
_PLAIN = 0.35
"""Structure below which shapes alone are not enough: two in 1,000 photos of flickr8k, and most logos."""
_RECOLORED = 0.1
"""Difference in gray from which plain pictures count as different (a yellow disk, a red ball)."""


class AlignmentVerifier:
    """Aligns two pictures by their common points, and judges by how well they then agree.

    Needs no extra and no encoder. Thread-safe.
    """

    def __init__(self) -> None:
        self._prepared: Callable[[bytes, int, int], Prepared] = lru_cache(maxsize=_REMEMBERED)(_prepare)

    @property
    def name(self) -> str:
        """Method and version."""
        return "alignment-1"

    @property
    def recipe(self) -> PixelRecipe:
        """The pixels it needs."""
        return PixelRecipe(size=COMPARED_SIZE, fit="contain")

    def verify(self, a: Pixels, b: Pixels, score: float) -> Match:
        """Whether (h, w, 3) `b` is (h', w', 3) `a` edited, or both are edits of one.

        Args:
            score: not used: it depends on the encoder; the pixels alone decide.
        Returns:
            facts: "overlap" (share of the picture that is covered more), "agreeing" (share of the overlap
            that looks similar), "correlation" (of the overlap), "detail" (the same for fine detail),
            "fitting" (share of the overlap that looks similar or is equal except for text), "votes" (points
            found in both). The verdict rests on "detail" and "fitting".
        """
        del score
        first, second = (self._prepared(one.tobytes(), *one.shape[:2]) for one in (a, b))
        return best_match(first, second, guesses(first, second, lambda: _maps(first, second)))


def best_match(a: Prepared, b: Prepared, guesses: Iterator[tuple[Transform, int]]) -> Match:
    """The verdict on the best of several (map from `b` to `a`, points that voted for it)."""
    best = Match(same=False, probability=0.0)
    for transform, votes in guesses:
        for fitted, agreement in _rough_and_refined(a, b, transform):
            found = judge(fitted, agreement, votes)
            if found.probability > best.probability:
                best = found
        if best.probability >= SURE:
            break
    return best


def judge(transform: Transform, agreement: Agreement, votes: int) -> Match:
    """The verdict on one map: a logistic regression on two facts; plain pictures must agree in tone too."""
    facts = {
        "overlap": max(agreement.covered_a, agreement.covered_b),
        "agreeing": agreement.agreeing,
        "correlation": agreement.correlation,
        "detail": agreement.detail,
        "fitting": agreement.fitting,
        "votes": float(votes),
    }
    logit = float(np.array([facts[name] for name in WEIGHED]) @ _WEIGHTS + _BIAS)
    probability = float(1 / (1 + np.exp(-logit)))
    if agreement.structure < _PLAIN and agreement.offset > _RECOLORED:
        probability = 0.0
    return Match(same=probability >= SAME, probability=probability, transform=transform, facts=facts)


def _rough_and_refined(
    a: Prepared, b: Prepared, transform: Transform
) -> Iterator[tuple[Transform, Agreement]]:
    """The map with how well it fits, and, if it is neither exact nor hopeless, the same after refinement."""
    rough = compare(a, b, transform)
    if rough is None:
        return
    yield transform, rough
    if rough.blocks >= _HOPELESS and rough.detail < _EXACT:
        fitted = refine(a, b, transform)
        better = compare(a, b, fitted)
        if better is not None:
            yield fitted, better


def guesses(
    a: Prepared, b: Prepared, maps: Callable[[], Iterable[tuple[Transform, int]]]
) -> Iterator[tuple[Transform, int]]:
    """Maps from `b` to `a` worth trying, with the points that vote for them, the cheap ones first.

    Args:
        maps: finds those that points vote for; called only if needed.
    """
    likely = []
    for place, transform in enumerate(half_turns()):
        turned = np.rot90(b.squashed[:, ::-1] if place >= 4 else b.squashed, -(place % 4))
        likely.append((float((a.squashed * turned).sum()), place, transform))
    likely.sort(key=lambda one: (-one[0], one[1]))
    close = [transform for correlation, _, transform in likely[:2] if correlation >= _PLAUSIBLE]
    for transform in close[:1]:
        yield transform, 0
    yield from (one for one in maps() if one[1] >= _FEWEST)
    for transform in close[1:]:
        yield transform, 0


def _maps(a: Prepared, b: Prepared) -> list[tuple[Transform, int]]:
    return candidates(a.keypoints, b.keypoints, a.gray.shape, b.gray.shape)


def _prepare(pixels: bytes, height: int, width: int) -> Prepared:
    return Prepared(np.frombuffer(pixels, np.uint8).reshape(height, width, 3), COMPARED_SIZE)
