"""Trains a classifier on examples, measures and applies it, and suggests what to label next."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from saccade.core.errors import InputError
from saccade.core.ports import Catalog, Encoder, ReportProgress
from saccade.core.types import Embeddings, Ids, Role, SpaceInfo
from saccade.usecases.tags.flow.applying import apply, first_path, suggestions, tags_of, usual_shares
from saccade.usecases.tags.flow.classifiers import (
    KEPT_VERSIONS,
    KIND,
    SAMPLE,
    load,
    origin_of,
    rows_of,
    use,
    used_version,
)
from saccade.usecases.tags.flow.classifiers import examples_of as stored_examples
from saccade.usecases.tags.flow.examples import Examples, check_given, gather, opposed, random_negatives
from saccade.usecases.tags.flow.fitting import Fitted, Lesson, fit
from saccade.usecases.tags.flow.store import store
from saccade.usecases.tags.flow.zero_shot import embed_words
from saccade.usecases.tags.rules.classifying import (
    NO,
    YES,
    Classifier,
    Measured,
    TaughtReport,
    measured,
    shares_of,
)
from saccade.usecases.tags.rules.encoder_fit import encoder_fit

_MEASURABLE = 5
_RANDOM_TRUST = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Teaching:
    """The options of a lesson.

    Attributes:
        name: of the classifier.
        given: {class: image ids}, the new examples.   names: {image id: as given by the person}.
        forget: ids to drop from the examples.
        words: {class: words that describe it}, for an encoder that reads text; empty for none.
        suggest: how many images to suggest.
        min_confidence: confidence needed for the tag; None for the classifier's threshold.
    """

    name: str
    given: Mapping[str, Ids]
    names: Mapping[int, str]
    forget: Ids
    words: Mapping[str, str]
    suggest: int
    min_confidence: float | None


def teach(
    catalog: Catalog,
    encoder: Encoder,
    spaces: Sequence[SpaceInfo],
    teaching: Teaching,
    *,
    same_picture: float | None,
    among: Ids | None,
    seed: int,
    dry_run: bool,
    report: ReportProgress,
) -> TaughtReport:
    """Learn from new and earlier examples; store the version and its tags.

    Args:
        spaces: semantic first.
        same_picture: score in the copy space from which two images are the same picture; None for unknown.
        among: sorted ids to tag; None for all.
    Raises:
        InputError: contradictory examples, too few, or nothing to distinguish them from.
    """
    started = time.perf_counter()
    check_given(teaching.given, teaching.names)
    before = used_version(catalog, teaching.name)
    earlier = stored_examples(load(catalog, teaching.name, before)) if before is not None else {}
    members, notes = gather(catalog, earlier, teaching.given, teaching.forget)
    examples = Examples(
        members=members, random=random_negatives(catalog, spaces[0], members, seed), notes=notes
    )
    _check_enough(examples, teaching.name)
    notes = (*notes, *_warnings(catalog, spaces, examples, same_picture))
    sample = rows_of(catalog, spaces, catalog.embeddings.sample(spaces[0].id, SAMPLE))
    model, fitted, targets = learn(
        catalog, encoder, spaces, examples, teaching.words, sample=sample, seed=seed
    )
    strong = len(targets) - len(examples.random)
    result, why_not = _measure(fitted, targets, model.classes, strong)
    if len(examples.random):
        notes = (
            *notes,
            f"{len(examples.random)} random images of the library were used for missing 'no' examples",
        )
    usual = usual_shares(model.classes)
    shares = shares_of(model.probabilities(sample), usual)
    ids, likely = apply(catalog, spaces, model, shares, among=among, report=report)
    found, labels = tags_of(teaching.name, model.classes, ids, likely, teaching.min_confidence)
    version = 0
    if not dry_run:
        with catalog.unit("teaching"):
            version = _save(catalog, teaching, model, examples=examples, fitted=fitted, result=result)
            store(catalog, origin_of(teaching.name), labels, found, among=among, keep=False)
    return TaughtReport(
        name=teaching.name,
        version=version,
        examples={group: len(ones) for group, ones in members.items()},
        random_images=len(examples.random),
        measured=result,
        why_not=why_not,
        shares=dict(zip(model.classes, map(float, shares), strict=True)),
        images=len(ids),
        tags={label: int((found.labels == number).sum()) for number, label in enumerate(labels)},
        suggestions=suggestions(
            catalog, spaces[0], examples, ids, likely=likely, classes=model.classes, count=teaching.suggest
        ),
        written=not dry_run,
        notes=notes,
        seconds=time.perf_counter() - started,
    )


def learn(
    catalog: Catalog,
    encoder: Encoder,
    spaces: Sequence[SpaceInfo],
    examples: Examples,
    words: Mapping[str, str],
    *,
    sample: Embeddings,
    seed: int,
) -> tuple[Classifier, Fitted, NDArray[np.int64]]:
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
    directions, offsets = name_logits(encoder, spaces[0], classes, words, sample)
    lesson = Lesson(
        rows=(rows - means).astype(np.float64),
        targets=targets,
        trust=trust,
        names=rows[:, : spaces[0].dim].astype(np.float64) @ directions.T + offsets,
        classes=len(classes),
    )
    fitted = fit(lesson, seed)
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
    encoder: Encoder, space: SpaceInfo, classes: tuple[str, ...], words: Mapping[str, str], sample: Embeddings
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(K, d) and (K,): the names' logits are rows @ directions.T + offsets; zeros without words."""
    directions, offsets = np.zeros((len(classes), space.dim)), np.zeros(len(classes))
    named = [number for number, group in enumerate(classes) if words.get(group)]
    if not encoder.info.reads_text or not named or (set(classes) != {YES, NO} and len(named) < len(classes)):
        return directions, offsets
    fit = encoder_fit(encoder.info)
    texts = embed_words(encoder, [words[classes[number]] for number in named])
    scores = sample[:, : space.dim] @ texts.T
    medians = np.median(scores, axis=0)
    scale = max(float(np.median(medians - np.quantile(scores, 0.1587, axis=0))), 1e-3)
    if set(classes) == {YES, NO}:
        directions[named] = fit.plain_slope / scale * texts
        offsets[named] = fit.plain_offset - fit.plain_slope / scale * medians
    else:
        directions[named] = fit.slope / scale * texts
    return directions, offsets


def _check_enough(examples: Examples, name: str) -> None:
    members = examples.members
    if set(members) == {YES, NO}:
        if not members[YES]:
            raise InputError(f"{name!r} has no positive examples", hint="give some: --yes A.jpg B.jpg")
        if not members[NO] and not len(examples.random):
            raise InputError(
                f"every image is an example of {name!r}; there is nothing to distinguish it from",
                hint="give some that are not: --no C.jpg D.jpg",
            )
    elif len(members) < 2:
        raise InputError(
            f"{name!r} has {len(members)} class; there is nothing to distinguish", hint="give at least two"
        )


def _warnings(
    catalog: Catalog, spaces: Sequence[SpaceInfo], examples: Examples, same_picture: float | None
) -> tuple[str, ...]:
    """A note for each pair of examples that are nearly the same picture but belong to different classes."""
    copies = next((space for space in spaces if space.role is Role.COPY), None)
    if copies is None or same_picture is None:
        return ()
    ids = [image for ones in examples.members.values() for image in ones]
    targets = [number for number, ones in enumerate(examples.members.values()) for _ in ones]
    rows = catalog.embeddings.get(copies.id, np.array(ids, np.int64))
    pairs = opposed(rows, targets, (1.0 + same_picture) / 2.0)
    classes = tuple(examples.members)
    notes = []
    for a, b in pairs[:5]:
        one, other = catalog.images.get([ids[a], ids[b]])
        notes.append(
            f"nearly the same picture twice: {first_path(one.paths)} is {classes[targets[a]]!r} "
            f"and {first_path(other.paths)} is {classes[targets[b]]!r}"
        )
    return tuple(notes)


def _measure(
    fitted: Fitted, targets: NDArray[np.int64], classes: tuple[str, ...], strong: int
) -> tuple[Measured | None, str]:
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


def _save(
    catalog: Catalog,
    teaching: Teaching,
    model: Classifier,
    *,
    examples: Examples,
    fitted: Fitted,
    result: Measured | None,
) -> int:
    """Store the version and activate it; its number."""
    digests = {
        group: [record.image_id for record in catalog.images.get(ones)] if ones else []
        for group, ones in examples.members.items()
    }
    facts: dict[str, object] = {
        "classes": list(model.classes),
        "roles": [str(role) for role in model.roles],
        "fingerprint": model.fingerprint,
        "examples": digests,
        "words": dict(teaching.words),
        "min_confidence": teaching.min_confidence,
        "name_share": fitted.name_share,
        "accuracy": None if result is None else result.accuracy.value,
        "calibration_error": None if result is None else result.calibration_error,
    }
    arrays: dict[str, NDArray[np.generic]] = {
        "means": model.means,
        "weights": model.weights,
        "biases": model.biases,
        "temperature": np.array([model.temperature]),
    }
    version = catalog.results.save(KIND, teaching.name, facts, arrays, keep=KEPT_VERSIONS)
    use(catalog, teaching.name, version)
    return version
