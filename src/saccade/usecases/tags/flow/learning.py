"""Trains a classifier on the embeddings of its examples, starting from its classes' names."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from saccade.core.ports.catalog import Catalog
from saccade.core.ports.encoders import Encoder
from saccade.core.types import Embeddings, SpaceInfo
from saccade.usecases.tags.flow.classifiers import rows_of
from saccade.usecases.tags.flow.examples import Examples
from saccade.usecases.tags.flow.fitting import Fit, TrainingSet, fit
from saccade.usecases.tags.flow.texts import embed_words
from saccade.usecases.tags.rules.classifying import NO, YES, Classifier, Measurement, measured
from saccade.usecases.tags.rules.encoder_fit import EncoderFit

_RANDOM_TRUST = 0.3
"""How much a random image counts as an example of "no"."""
_MEASURABLE = 5
"""Examples per class from which a classifier can be measured."""


def learn(
    catalog: Catalog,
    encoder: Encoder,
    spaces: Sequence[SpaceInfo],
    examples: Examples,
    words: Mapping[str, str],
    *,
    numbers: EncoderFit,
    sample: Embeddings,
    seed: int,
) -> tuple[Classifier, Fit, NDArray[np.int64]]:
    """The classifier, its fit, and its examples' classes: given ones first, then random ones."""
    classes = tuple(examples.members)
    ids = np.array([image for ones in examples.members.values() for image in ones], np.int64)
    targets = np.repeat(np.arange(len(classes)), [len(ones) for ones in examples.members.values()])
    ids = np.concatenate([ids, examples.random])
    targets = np.concatenate([targets, np.zeros(len(examples.random), np.int64)])
    trust = np.ones(len(ids))
    trust[len(ids) - len(examples.random) :] = _RANDOM_TRUST
    rows = rows_of(catalog, spaces, ids)
    means = sample.mean(axis=0)
    directions, offsets = name_logits(encoder, spaces[0], classes, words, sample=sample, numbers=numbers)
    training = TrainingSet(
        rows=(rows - means).astype(np.float64),
        targets=targets,
        trust=trust,
        names=rows[:, : spaces[0].dim].astype(np.float64) @ directions.T + offsets,
        classes=len(classes),
        lone_factor=numbers.lone_factor + numbers.lone_factor_by_class / len(classes),
    )
    fitted = fit(training, seed)
    weights, biases = fitted.weights.copy(), fitted.biases.copy()
    weights[:, : spaces[0].dim] += fitted.name_share * directions
    # The names were compared with raw rows; the model uses centered ones.
    biases += fitted.name_share * (offsets + directions @ means[: spaces[0].dim])
    # The shift is for calibrated logits; biases are added before the temperature.
    biases[-1] += fitted.shift / fitted.temperature
    model = Classifier(
        classes=classes,
        roles=tuple(space.role for space in spaces),
        fingerprint=spaces[0].fingerprint,
        means=means,
        weights=weights.astype(np.float32),
        biases=biases.astype(np.float32),
        temperature=fitted.temperature,
    )
    return model, fitted, targets


def name_logits(
    encoder: Encoder,
    space: SpaceInfo,
    classes: tuple[str, ...],
    words: Mapping[str, str],
    *,
    sample: Embeddings,
    numbers: EncoderFit,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(K, d) and (K,): the names' logits are rows @ directions.T + offsets; zeros without words."""
    directions, offsets = np.zeros((len(classes), space.dim)), np.zeros(len(classes))
    named = [number for number, group in enumerate(classes) if words.get(group)]
    if not encoder.info.reads_text or not named or (set(classes) != {YES, NO} and len(named) < len(classes)):
        return directions, offsets
    texts = embed_words(encoder, [words[classes[number]] for number in named], numbers)
    scores = sample[:, : space.dim] @ texts.T
    medians = np.median(scores, axis=0)
    scale = max(float(np.median(medians - np.quantile(scores, 0.1587, axis=0))), 1e-3)
    if set(classes) == {YES, NO}:
        directions[named] = numbers.plain_slope / scale * texts
        offsets[named] = numbers.plain_offset - numbers.plain_slope / scale * medians
    else:
        directions[named] = numbers.slope / scale * texts
    return directions, offsets


def measure(
    fitted: Fit, targets: NDArray[np.int64], classes: tuple[str, ...], strong: int
) -> tuple[Measurement | None, str]:
    """How good it is on held-out examples, or why that is unknown."""
    given = np.bincount(targets[:strong], minlength=len(classes))
    if set(classes) == {YES, NO} and strong < len(targets) and given[0] < _MEASURABLE <= given[1]:
        return measured(fitted.held_out, targets, classes, fitted.folds), ""
    if given.min() < _MEASURABLE:
        least = classes[int(given.argmin())]
        return None, (
            f"cannot be measured: {int(given.min())} of {_MEASURABLE} examples of {least!r}; give more"
        )
    return measured(fitted.held_out[:strong], targets[:strong], classes, fitted.folds), ""
