"""Converts the scores of a label's words to the probability that an image shows it, without examples.

A cosine between a word and a photo says little: some words score high with everything, some photos with every
word, and a library of cats has more cats than average. Four steps correct for that, all measured on a sample
of the library:

1. Each text is centered: its median over the library becomes 0. A word that scores high everywhere is
   discounted.
2. The rest is divided by one scale for all: the spread below the median, which images that do show the
   label cannot widen.
3. Each image is centered as well: subtracted is the log of the mean of exp(score) of everyday words
   (`EncoderFit.background`). A picture better explained by another word gives less evidence for this one.
4. The evidence becomes a log-odds by a slope and an offset, and each label's share of the library is
   estimated by expectation maximization (Saerens, Latinne and Decaestecker, Neural Computation 14, 2002),
   regularized toward `SHARE` with the weight of `SHARE_WEIGHT` images.

A label's threshold is the confidence that maximizes the expected F1 of its confidences (Lipton, Elkan and
Naryanaswamy, ECML 2014), kept within `THRESHOLDS`. A label that no image shows is never assigned.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from saccade.usecases.tags.rules.encoder_fit import EncoderFit

SHARE, SHARE_WEIGHT = 0.02, 200.0
THRESHOLDS = (0.2, 0.5)
"""Range of a label's threshold."""

_SMALL = 20.0
"""Number of images from which a library's medians count more than the everyday words'."""
_SMALLEST_SCALE = 1e-3
_ROUNDS = 30
_ENOUGH = 1e-4
_BELOW = 0.1587  # the share of a normal distribution below mean - 1 standard deviation


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelCalibration:
    """How the scores of t texts for l labels, and b everyday words, are calibrated in one library.

    Attributes:
        label_of: (t,) the label of each text, ascending.
        centers: (t,) cosine that becomes 0.
        background_centers: (b,) the same of the everyday words.
        scale: cosine that becomes 1.
        slopes, offsets: (l,) from evidence to log-odds, at even odds.
        shares: (l,) estimated share in (0, 1) of images that show it.
        thresholds: (l,) confidence from which an image has it.
    """

    label_of: NDArray[np.int64]
    centers: NDArray[np.float32]
    background_centers: NDArray[np.float32]
    scale: float
    slopes: NDArray[np.float64]
    offsets: NDArray[np.float64]
    shares: NDArray[np.float64]
    thresholds: NDArray[np.float64]

    @property
    def bars(self) -> NDArray[np.float64]:
        """(l,) evidence from which an image has each label."""
        return (logit(self.thresholds) - self.offsets - logit(self.shares)) / self.slopes

    def confidence(
        self, evidence: NDArray[np.floating], labels: NDArray[np.int64] | slice
    ) -> NDArray[np.float64]:
        """Probability in [0, 1] of each evidence for its label (or for each column)."""
        odds = self.offsets[labels] + logit(self.shares[labels])
        return np.asarray(sigmoid(self.slopes[labels] * evidence + odds), np.float64)


def calibrate_labels(
    scores: NDArray[np.float32],
    background: NDArray[np.float32],
    label_of: NDArray[np.int64],
    fit: EncoderFit,
) -> LabelCalibration:
    """The calibration of scores from a sample of the library.

    Args:
        scores: (n, t) cosine of each image of the sample with each text, n at least 1.
        background: (n, b) the same with the everyday words.
        label_of: (t,) the label of each text: 0, ..., l - 1, ascending, each at least once.
    """
    count = len(scores)
    trust = count / (count + _SMALL)
    middle = float(np.median(background))
    medians = np.median(scores, axis=0)
    centers = trust * medians + (1 - trust) * middle
    background_medians = np.median(background, axis=0)
    background_centers = trust * background_medians + (1 - trust) * middle
    own = np.median(background_medians - np.quantile(background, _BELOW, axis=0))
    scale = max(
        float(trust * own + (1 - trust) * (middle - np.quantile(background, _BELOW))), _SMALLEST_SCALE
    )
    # The best of several texts is higher by chance, so the best is centered once more.
    labels = int(label_of[-1]) + 1
    first = np.searchsorted(label_of, np.arange(labels))
    best = np.maximum.reduceat(scores - centers, first, axis=1)
    several = np.bincount(label_of, minlength=labels) > 1
    centers += np.where(several, trust * np.median(best, axis=0), 0.0)[label_of]
    known = LabelCalibration(
        label_of=label_of,
        centers=centers.astype(np.float32),
        background_centers=background_centers.astype(np.float32),
        scale=scale,
        slopes=np.full(labels, fit.slope),
        offsets=np.full(labels, fit.offset),
        shares=np.full(labels, SHARE),
        thresholds=np.full(labels, THRESHOLDS[1]),
    )
    return estimate_shares(known, evidence(known, scores, background))


def evidence(
    known: LabelCalibration, scores: NDArray[np.float32], background: NDArray[np.float32]
) -> NDArray[np.float32]:
    """(n, l) evidence for each label, of (n, t) cosines with texts and (n, b) with everyday words."""
    labels = len(known.slopes)
    first = np.searchsorted(known.label_of, np.arange(labels))
    best = np.maximum.reduceat(scores - known.centers, first, axis=1)
    return np.asarray(best / np.float32(known.scale) - explained(known, background)[:, np.newaxis])


def explained(known: LabelCalibration, background: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n,) how well everyday words explain each image: the log of the mean of exp of their scaled scores."""
    scaled = (background - known.background_centers) / np.float32(known.scale)
    return np.asarray(np.log(np.exp(scaled).mean(axis=1)))


def estimate_shares(known: LabelCalibration, evidence: NDArray[np.float32]) -> LabelCalibration:
    """The calibration with shares and thresholds that fit (n, l) evidence of a sample of the library."""
    odds = (known.slopes * evidence + known.offsets).astype(np.float32)
    shares = np.full(odds.shape[1], SHARE)
    for _ in range(_ROUNDS):
        found = sigmoid(odds + logit(shares).astype(np.float32)).sum(axis=0, dtype=np.float64)
        before, shares = shares, (found + SHARE * SHARE_WEIGHT) / (len(odds) + SHARE_WEIGHT)
        if np.abs(shares - before).max() < _ENOUGH:
            break
    confidences = sigmoid(odds + logit(shares).astype(np.float32))
    return LabelCalibration(
        label_of=known.label_of,
        centers=known.centers,
        background_centers=known.background_centers,
        scale=known.scale,
        slopes=known.slopes,
        offsets=known.offsets,
        shares=shares,
        thresholds=np.clip(best_thresholds(confidences), *THRESHOLDS),
    )


def best_thresholds(confidences: NDArray[np.floating]) -> NDArray[np.float64]:
    """(l,) the threshold of each column of (n, l) calibrated confidences that maximizes its expected F1.

    With the k most confident taken, expected true positives are their sum S_k and F1 is about 2 S_k / (k +
    S_n).
    """
    surest = -np.sort(-np.asarray(confidences, np.float64), axis=0)
    totals = np.cumsum(surest, axis=0)
    f1 = 2 * totals / (np.arange(1, len(surest) + 1)[:, np.newaxis] + totals[-1])
    return np.asarray(np.take_along_axis(surest, f1.argmax(axis=0)[np.newaxis], axis=0)[0])


def refit(
    evidence: NDArray[np.float64], truth: NDArray[np.bool_], fit: EncoderFit, *, trust: float = 5.0
) -> tuple[float, float]:
    """Slope and offset at even odds of one label, from images whose truth is known.

    Logistic regression with the two classes weighted equally, regularized toward the encoder's values with
    the weight of `trust` images; Newton's method. The slope stays positive.

    Args:
        evidence: (n,).   truth: (n,) at least one True and one False.
    """
    design = np.stack([evidence, np.ones(len(evidence))], axis=1)
    start = np.array([fit.slope, fit.offset])
    weights = np.where(truth, 0.5 / truth.mean(), 0.5 / (1 - truth.mean()))
    held = np.diag([trust, trust / 4])
    fitted = start.copy()
    for _ in range(_ROUNDS):
        likely = sigmoid(design @ fitted)
        gradient = design.T @ (weights * (truth - likely)) - held @ (fitted - start)
        curvature = (design * (weights * likely * (1 - likely))[:, np.newaxis]).T @ design + held
        fitted = fitted + np.linalg.solve(curvature, gradient)
    return max(float(fitted[0]), fit.slope / 10), float(fitted[1])


def sigmoid(odds: NDArray[np.floating]) -> NDArray[np.floating]:
    """1 / (1 + exp(-odds)), of any size without overflow; float32 stays float32."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * odds)), odds.dtype)


def logit(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-odds of probabilities, clipped so that 0 and 1 stay finite."""
    inside = np.clip(shares, 1e-9, 1 - 1e-9)
    return np.asarray(np.log(inside / (1 - inside)))
