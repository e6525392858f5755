"""Fits a linear classifier to a few examples: regularized, balanced, calibrated by cross-validation.

The logits are those of the classes' names (if the encoder reads text) plus a part learned from the examples.
With few examples the names decide; with many they do not matter. The weight of the names, the regularization
of the rest, and the temperature are chosen by the cross entropy of held-out examples (stratified).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from saccade.usecases.tags.rules.classifying import Probabilities, softmax

_PENALTIES = (0.03, 0.1, 0.3)
_PENALTY_UNSEEN = (0.1,)
"""The regularization if a class has no second example to choose it by."""
_NAME_SHARES = (0.5, 1.0)
_FOLDS = 5
_ROUNDS = 60
_HELD = 0.5
"""Weight, in examples, of the prior that factor and shift do nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSet:
    """The training data.

    Attributes:
        rows: (n, f) centered rows.   targets: (n,) classes by number.
        trust: (n,) how much each example counts, above 0.
        names: (n, K) logits by the classes' names; zeros where there is no text.
        classes: K.
        lone_factor: of logits learned from a single example per class.
    """

    rows: NDArray[np.float64]
    targets: NDArray[np.int64]
    trust: NDArray[np.float64]
    names: NDArray[np.float64]
    classes: int
    lone_factor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """The fitted classifier.

    Attributes:
        weights: (K, f).   biases: (K,).
        name_share: factor of the names' logits.
        temperature: final factor of all logits.
        shift: then added to the last class's logits.
        held_out: (n, K) calibrated probabilities of each example, from classifiers trained without it.
        folds: number of folds.
    """

    weights: NDArray[np.float64]
    biases: NDArray[np.float64]
    name_share: float
    temperature: float
    shift: float
    held_out: Probabilities
    folds: int


def fit(training: TrainingSet, seed: int) -> Fit:
    """The classifier that fits held-out examples best."""
    # Learned weights are in the span of the rows, which is smaller if there are fewer rows than dimensions.
    left, sizes, right = np.linalg.svd(training.rows, full_matrices=False)
    small = left * sizes
    parts = _parts(training.targets, training.classes, seed)
    folds = int(parts.max(initial=0)) + 1
    tried = []
    judged = np.bincount(training.targets, minlength=training.classes).min() > 1
    for share in _NAME_SHARES[not judged :] if training.names.any() else (0.0,):
        for penalty in _PENALTIES if judged else _PENALTY_UNSEEN:
            logits = share * training.names
            for part in range(folds if judged else 0):
                out = parts == part
                learned = _learn(small, training, share, penalty, ~out)
                logits[out] += small[out] @ learned[:, :-1].T + learned[:, -1]
            temperature, shift, loss = _calibrate(logits, training, judged=judged)
            tried.append((loss, share, penalty, temperature, shift, logits))
    _, share, penalty, temperature, shift, logits = min(tried, key=lambda one: one[0])
    learned = _learn(small, training, share, penalty, np.ones(len(small), np.bool_))
    return Fit(
        weights=learned[:, :-1] @ right,
        biases=learned[:, -1],
        name_share=share,
        temperature=temperature,
        shift=shift,
        held_out=softmax(calibrated(logits, temperature, shift)),
        folds=folds,
    )


def _parts(targets: NDArray[np.int64], classes: int, seed: int) -> NDArray[np.int64]:
    """(n,) the fold of each example: every class is spread over all folds."""
    rng = np.random.default_rng(seed)
    parts = np.zeros(len(targets), np.int64)
    dealt = 0
    for number in range(classes):
        members = rng.permutation(np.flatnonzero(targets == number))
        parts[members] = (np.arange(len(members)) + dealt) % _FOLDS
        dealt += len(members)
    return np.unique(parts, return_inverse=True)[1]


def _learn(
    rows: NDArray[np.float64], training: TrainingSet, share: float, penalty: float, seen: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """(K, f + 1) weights and biases that minimize the balanced cross entropy and their own squares."""
    from scipy.optimize import minimize  # noqa: PLC0415 - takes 0.2 s

    rows, targets, trust = rows[seen], training.targets[seen], training.trust[seen]
    names, classes = share * training.names[seen], training.classes
    if not len(rows):
        return np.zeros((classes, rows.shape[1] + 1))
    hot = np.eye(classes)[targets]
    sums = trust @ hot
    # A single example of a class does not count more because there are many of another.
    each = len(rows) / (sums > 0).sum() if np.bincount(training.targets).min() > 1 else 1.0
    weights = trust * each / sums[targets]
    design = np.column_stack([rows, np.ones(len(rows))])

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        learned = flat.reshape(classes, -1)
        likely = softmax(names + design @ learned.T)
        gradient = (weights[:, np.newaxis] * (likely - hot)).T @ design + penalty * learned
        entropy = -float(weights @ np.log(likely[np.arange(len(rows)), targets] + 1e-300))
        return entropy + 0.5 * penalty * float((learned**2).sum()), gradient.ravel()

    start = np.zeros(classes * design.shape[1])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": _ROUNDS, "ftol": 1e-6})
    return np.asarray(found.x, np.float64).reshape(classes, -1)


def _calibrate(
    logits: NDArray[np.float64], training: TrainingSet, *, judged: bool
) -> tuple[float, float, float]:
    """The factor and shift that minimize the cross entropy of held-out logits, and that cross entropy.

    The shift (J. C. Platt, Advances in Large Margin Classifiers, 1999) is added to the second of two classes:
    a class with far fewer examples scores too low when held out. More classes get none. Both are regularized
    toward doing nothing. If a class has a single example, the learned part cannot be judged: only the names'
    logits are (`judged` false), and get no shift. Those of two classes are calibrated as they are; without
    any, `lone_factor` is used.
    """
    from scipy.optimize import minimize  # noqa: PLC0415 - takes 0.2 s

    if not judged and not training.names.any():
        return training.lone_factor, 0.0, 0.0
    if not judged and training.classes == 2:
        return 1.0, 0.0, 0.0
    sums = training.trust @ np.eye(training.classes)[training.targets]
    weights = training.trust / sums[training.targets]
    weights /= weights.sum()
    places = np.arange(len(logits))
    held = _HELD / len(logits)

    def surprise(both: NDArray[np.float64]) -> float:
        likely = softmax(calibrated(logits, float(np.exp(both[0])), float(both[1])))[places, training.targets]
        return -float(weights @ np.log(likely + 1e-12)) + held * float(both @ both)

    shifts = (-5.0, 5.0) if training.classes == 2 else (0.0, 0.0)
    bounds = [(-3.0, 3.0), shifts]
    found = minimize(surprise, np.zeros(2), method="L-BFGS-B", bounds=bounds)
    return float(np.exp(found.x[0])), float(found.x[1]), float(found.fun)


def calibrated(logits: NDArray[np.float64], temperature: float, shift: float) -> NDArray[np.float64]:
    """Logits times the temperature, the last class's raised by the shift."""
    scaled = temperature * logits
    scaled[:, -1] += shift
    return scaled
