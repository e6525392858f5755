"""Turns scores into confidence, measured on the library itself.

A cosine means nothing by itself: 0.3 is a good match between a text and a photo and a poor one between two
photos, and both depend on encoder and library. So each space records how high *chance* scores here:

- for texts, the best score that each of many meaningless texts reaches over the library. The confidence of
  a score is the share of meaningless texts that would stay below it. Best scores are maxima of many draws,
  so a Gumbel distribution is fitted to them (method of moments; E. J. Gumbel, Statistics of Extremes, 1958)
  and its distribution function read off.
- for pictures, how two random images score (`chance`) against how an image and its nearest other image
  score (`nearest`). The confidence is H / (H + 1 - G), H and G being the distribution functions of
  `nearest` and of `chance` at the score: the odds of a true neighbor against a random one.

0.95 therefore reads: of twenty meaningless queries, at most one would look this good.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saccade.core.types import Embeddings, Scores

CONFIDENT = 0.95
"""An answer counts as confident if its best hit has at least this confidence."""

_EULER_GAMMA = 0.5772156649015329
_QUANTILES = 201
_SMALLEST_SPREAD = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How chance scores in one space of one library.

    Attributes:
        images: number of embeddings when it was measured.
        location, scale: of the Gumbel distribution of meaningless texts' best scores; scale above 0. None
            in a space that texts do not reach.
        chance: quantiles 0, 1/200 ... 1 of the scores of random pairs of images; empty below 3 images.
        nearest: the same quantiles of each image's score with its nearest other image.
        text_spread: standard deviation of the scores of one text over the library.
        image_spread: standard deviation of the scores of random pairs.
    """

    images: int
    location: float | None
    scale: float | None
    chance: tuple[float, ...]
    nearest: tuple[float, ...]
    text_spread: float
    image_spread: float


def calibrate(
    sample: Embeddings, nearest: Scores, best: Scores | None, texts: Embeddings | None, images: int
) -> Calibration:
    """Measure how chance scores.

    Args:
        sample: (m, d) embeddings of random images of the space.
        nearest: (m,) score of each of them with its nearest other image of the whole space.
        best: (t,) best score over the whole space of each meaningless text.
        texts: (t, d) embeddings of the meaningless texts.
        images: number of embeddings in the space.
    """
    pairs = (sample @ sample.T)[np.triu_indices(len(sample), k=1)]
    enough = len(sample) >= 3
    location = scale = None
    text_spread = 1.0
    if best is not None and texts is not None and images > 0:
        scale = max(float(np.std(best)) * np.sqrt(6.0) / np.pi, _SMALLEST_SPREAD)
        location = float(np.mean(best)) - _EULER_GAMMA * scale
        text_spread = float(np.median(np.std(texts @ sample.T, axis=1)))
    return Calibration(
        images=images,
        location=location,
        scale=scale,
        chance=_quantiles(pairs) if enough else (),
        nearest=_quantiles(nearest) if enough else (),
        text_spread=max(text_spread, _SMALLEST_SPREAD),
        image_spread=max(float(np.std(pairs)) if enough else 1.0, _SMALLEST_SPREAD),
    )


def text_confidence(calibration: Calibration, scores: ArrayLike) -> NDArray[np.float64]:
    """Share in [0, 1] of meaningless texts whose best score would stay below each score."""
    values = np.asarray(scores, np.float64)
    if calibration.location is None or calibration.scale is None:
        return np.clip(values, 0.0, 1.0)
    below = (calibration.location - values) / calibration.scale
    # Far below, exp(below) overflows float64; from 700 on the result is 0 anyway.
    return np.asarray(np.exp(-np.exp(np.minimum(below, 700.0))))


def image_confidence(calibration: Calibration, scores: ArrayLike) -> NDArray[np.float64]:
    """Odds in [0, 1] that a score is a true neighbor's and not a random image's.

    With fewer than 3 images there is no chance level to compare with: the score itself, clipped, is returned.
    """
    values = np.asarray(scores, np.float64)
    if not calibration.chance:
        return np.clip(values, 0.0, 1.0)
    steps = np.linspace(0.0, 1.0, _QUANTILES)
    # Rounded far below what float32 resolves: between knots that differ by less, slopes overflow.
    values, nearest, chance = (np.round(one, 12) for one in (values, calibration.nearest, calibration.chance))
    true = np.interp(values, nearest, steps)
    random = 1.0 - np.interp(values, chance, steps)
    return np.asarray(true / np.maximum(true + random, 1e-12))


def same_picture(calibration: Calibration, threshold: float) -> float | None:
    """The copy score from which two images of this library are the same picture; None below 3 images.

    `threshold` was measured among photos, whose random pairs score about 0. Drawings, scans or noise all look
    similar to the encoder, so in a library of these the remaining range up to 1 is scaled: with m the median
    score of random pairs, t + (1 - t) max(0, m).
    """
    if not calibration.chance:
        return None
    median = max(0.0, calibration.chance[_QUANTILES // 2])
    return threshold + (1.0 - threshold) * median


def _quantiles(values: Scores) -> tuple[float, ...]:
    """Quantiles 0, 1/200 ... 1, ascending."""
    return tuple(float(q) for q in np.quantile(values, np.linspace(0.0, 1.0, _QUANTILES)))
