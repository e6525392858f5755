"""Classifiers taught by examples: probabilities, their quality, and reports of lessons.

Calibration error: predictions are put into bins by confidence; the mean of |confidence - share right|,
weighted by the bins' sizes (Naeini, Cooper and Hauskrecht, AAAI 2015). Intervals of shares: E. B. Wilson,
JASA 22, 1927.
Shares of classes in a library: Saerens, Latinne and Decaestecker, Neural Computation 14, 2002.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from saccade.core.types import Role

YES, NO = "yes", "no"
"""The classes of a yes-or-no classifier."""

BINS = 15
_Z = 1.96
_ROUNDS = 100
_ENOUGH = 1e-5
_SHARE_WEIGHT = 20.0

Probabilities = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A share in [0, 1].

    Attributes:
        value: the share.
        low, high: its 95 % confidence interval.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """How good a classifier is, by cross-validation.

    Attributes:
        examples: number of them.
        folds: number of folds.
        accuracy: share that is classified correctly.
        precision, recall: of each class of interest ("yes" alone, or every class).
        calibration_error: mean difference between confidence and accuracy, in [0, 1].
    """

    examples: int
    folds: int
    accuracy: Interval
    precision: Mapping[str, Interval]
    recall: Mapping[str, Interval]
    calibration_error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Classifier:
    """A linear classifier over the spaces of one encoder; numbers only.

    Attributes:
        classes: K names.   roles: of the spaces whose rows are concatenated.
        fingerprint: of the encoder.
        means: (f,) subtracted from the rows.   weights: (K, f).   biases: (K,).
        temperature: factor that calibrates the logits.
    """

    classes: tuple[str, ...]
    roles: tuple[Role, ...]
    fingerprint: str
    means: NDArray[np.float32]
    weights: NDArray[np.float32]
    biases: NDArray[np.float32]
    temperature: float

    def probabilities(self, rows: NDArray[np.float32]) -> Probabilities:
        """(n, K) for (n, f) concatenated rows of all roles, assuming equally frequent classes."""
        return softmax(self.temperature * ((rows - self.means) @ self.weights.T + self.biases))


def softmax(logits: NDArray[np.floating]) -> Probabilities:
    """Rows of probabilities; logits of any size."""
    values = np.exp(np.asarray(logits, np.float64) - logits.max(axis=1, keepdims=True))
    return np.asarray(values / values.sum(axis=1, keepdims=True))


def shifted(probabilities: Probabilities, shares: NDArray[np.float64]) -> Probabilities:
    """Convert probabilities for equally frequent classes to these shares of the classes."""
    weighed = probabilities * shares
    return np.asarray(weighed / weighed.sum(axis=1, keepdims=True))


def shares_of(probabilities: Probabilities, expected: NDArray[np.float64]) -> NDArray[np.float64]:
    """(K,) shares of the classes among unlabeled images, by expectation maximization.

    Regularized toward the `expected` shares with the weight of 20 images.

    Args:
        probabilities: (n, K), for equally frequent classes; n may be 0.
    """
    shares = expected
    for _ in range(_ROUNDS):
        found = shifted(probabilities, shares).sum(axis=0) + _SHARE_WEIGHT * expected
        before, shares = shares, found / (len(probabilities) + _SHARE_WEIGHT)
        if np.abs(shares - before).max() < _ENOUGH:
            break
    return np.asarray(shares)


def calibration_error(confidences: NDArray[np.float64], right: NDArray[np.bool_], bins: int = BINS) -> float:
    """Expected calibration error in [0, 1], in bins of equal width; 0 of nothing."""
    place = np.minimum((confidences * bins).astype(np.int64), bins - 1)
    error = 0.0
    for one in np.unique(place):
        inside = place == one
        error += abs(float(confidences[inside].mean()) - float(right[inside].mean())) * float(inside.mean())
    return error


def wilson(successes: int, trials: int) -> Interval:
    """The share and its 95 % interval; all of [0, 1] without trials."""
    if trials == 0:
        return Interval(value=0.0, low=0.0, high=1.0)
    share = successes / trials
    weight = 1 + _Z**2 / trials
    middle = (share + _Z**2 / (2 * trials)) / weight
    half = _Z * sqrt(share * (1 - share) / trials + (_Z / (2 * trials)) ** 2) / weight
    return Interval(value=share, low=max(0.0, middle - half), high=min(1.0, middle + half))


def measured(
    probabilities: Probabilities, targets: NDArray[np.int64], classes: tuple[str, ...], folds: int
) -> Measurement:
    """How good (n, K) held-out probabilities are, against the (n,) true classes."""
    chosen = probabilities.argmax(axis=1)
    right = chosen == targets
    wanted = [1] if classes == (NO, YES) else range(len(classes))
    both = {number: int((right & (targets == number)).sum()) for number in wanted}
    return Measurement(
        examples=len(targets),
        folds=folds,
        accuracy=wilson(int(right.sum()), len(targets)),
        precision={classes[number]: wilson(both[number], int((chosen == number).sum())) for number in wanted},
        recall={classes[number]: wilson(both[number], int((targets == number).sum())) for number in wanted},
        calibration_error=calibration_error(probabilities.max(axis=1), right),
    )


def spread_out(rows: NDArray[np.float32], order: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """The first of `order`, then repeatedly the one least similar to those taken, among the next few.

    Args:
        rows: (n, d) unit rows.   order: (m,) row numbers, most wanted first.
        count: how many to take.
    """
    pool = order[: 8 * count]
    if not len(pool):
        return pool
    taken = [0]
    nearest = rows[pool] @ rows[pool[0]]
    while len(taken) < min(count, len(pool)):
        following = int(np.argmin(np.where(np.isin(np.arange(len(pool)), taken), np.inf, nearest)))
        taken.append(following)
        nearest = np.maximum(nearest, rows[pool] @ rows[pool[following]])
    return np.asarray(pool[taken])
