"""Teaches a classifier by examples: trains, measures and applies it, and stores version and tags together."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from saccade.core.ports.catalog import Catalog
from saccade.core.ports.decoders import ReportProgress
from saccade.core.ports.encoders import Encoder
from saccade.core.types import Ids, SpaceInfo
from saccade.usecases.tags.flow.applying import (
    Application,
    apply,
    sample_of,
    suggestions,
    tags_of,
)
from saccade.usecases.tags.flow.classifiers import (
    KEPT_VERSIONS,
    KIND,
    load,
    origin_of,
    use,
    used_version,
)
from saccade.usecases.tags.flow.classifiers import examples_of as stored_examples
from saccade.usecases.tags.flow.examples import (
    Examples,
    check_enough,
    check_given,
    gather,
    random_negatives,
    warnings_of,
)
from saccade.usecases.tags.flow.fitting import Fit
from saccade.usecases.tags.flow.learning import learn, measure
from saccade.usecases.tags.flow.store import TagRows, store
from saccade.usecases.tags.rules.classifying import (
    Classifier,
    Measurement,
)
from saccade.usecases.tags.rules.encoder_fit import EncoderFit
from saccade.usecases.tags.rules.reports import TeachingReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """What a lesson gave, before anything is stored.

    Attributes:
        before: the version it continues; None for the first.
        result, why_not: how good it is, or why that is unknown.
        applied: what it says about the images.   tags, labels: the tags that follow.
    """

    before: int | None
    examples: Examples
    model: Classifier
    fitted: Fit
    result: Measurement | None
    why_not: str
    applied: Application
    tags: TagRows
    labels: tuple[str, ...]
    notes: tuple[str, ...]


def teach(
    catalog: Catalog,
    encoder: Encoder,
    spaces: Sequence[SpaceInfo],
    lesson: Lesson,
    numbers: EncoderFit,
    *,
    same_picture: float | None,
    among: Ids | None,
    seed: int,
    dry_run: bool,
    report: ReportProgress,
) -> TeachingReport:
    """Learn from new and earlier examples; store the version and its tags.

    All computing is done without the write lock. If someone else taught the same name meanwhile, it starts
    again from their examples too, so that none are lost.

    Args:
        spaces: semantic first.
        same_picture: score in the copy space from which two images are the same picture; None for unknown.
        among: sorted ids to tag; None for all.
    Raises:
        InputError: contradictory examples, too few, or nothing to distinguish them from.
    """
    started = time.perf_counter()
    check_given(lesson.given, lesson.names)
    version = None
    while version is None:
        found = _learned(
            catalog,
            encoder,
            spaces,
            lesson,
            numbers,
            same_picture=same_picture,
            among=among,
            seed=seed,
            report=report,
        )
        version = 0 if dry_run else _store(catalog, lesson, found, among)
    applied, model = found.applied, found.model
    return TeachingReport(
        name=lesson.name,
        version=version,
        examples={group: len(ones) for group, ones in found.examples.members.items()},
        random_images=len(found.examples.random),
        measured=found.result,
        why_not=found.why_not,
        shares=dict(zip(model.classes, map(float, applied.shares), strict=True)),
        images=len(applied.ids),
        tags={label: int((found.tags.labels == number).sum()) for number, label in enumerate(found.labels)},
        suggestions=suggestions(
            catalog, spaces[0], found.examples, applied, classes=model.classes, count=lesson.suggest
        ),
        written=not dry_run,
        notes=found.notes,
        seconds=time.perf_counter() - started,
    )


def _learned(
    catalog: Catalog,
    encoder: Encoder,
    spaces: Sequence[SpaceInfo],
    lesson: Lesson,
    numbers: EncoderFit,
    *,
    same_picture: float | None,
    among: Ids | None,
    seed: int,
    report: ReportProgress,
) -> _Outcome:
    before = used_version(catalog, lesson.name)
    earlier = stored_examples(load(catalog, lesson.name, before)) if before is not None else {}
    members, notes = gather(catalog, earlier, lesson.given, lesson.forget)
    examples = Examples(
        members=members, random=random_negatives(catalog, spaces[0], members, seed), notes=notes
    )
    check_enough(examples, lesson.name)
    notes = (*notes, *warnings_of(catalog, spaces, examples, same_picture))
    if len(examples.random):
        notes = (
            *notes,
            f"{len(examples.random)} random images of the library were used for missing 'no' examples",
        )
    sample = sample_of(catalog, spaces)
    model, fitted, targets = learn(
        catalog, encoder, spaces, examples, lesson.words, numbers=numbers, sample=sample, seed=seed
    )
    result, why_not = measure(fitted, targets, model.classes, len(targets) - len(examples.random))
    applied = apply(catalog, spaces, model, sample, among=among, report=report)
    tags, labels = tags_of(lesson.name, model.classes, applied, lesson.min_confidence)
    return _Outcome(
        before=before,
        examples=examples,
        model=model,
        fitted=fitted,
        result=result,
        why_not=why_not,
        applied=applied,
        tags=tags,
        labels=labels,
        notes=notes,
    )


def _store(catalog: Catalog, lesson: Lesson, found: _Outcome, among: Ids | None) -> int | None:
    """Store and activate the version, with its tags; its number, or None if another lesson came first."""
    with catalog.unit("teaching"):
        if used_version(catalog, lesson.name) != found.before:
            return None
        version = _save(catalog, lesson, found)
        store(catalog, origin_of(lesson.name), found.labels, found.tags, among=among, keep=False)
        return version


def _save(catalog: Catalog, lesson: Lesson, found: _Outcome) -> int:
    """Store the version and activate it; its number."""
    model, fitted, result = found.model, found.fitted, found.result
    digests = {
        group: [record.image_id for record in catalog.images.get(ones)] if ones else []
        for group, ones in found.examples.members.items()
    }
    facts: dict[str, object] = {
        "classes": list(model.classes),
        "roles": [str(role) for role in model.roles],
        "fingerprint": model.fingerprint,
        "examples": digests,
        "words": dict(lesson.words),
        "min_confidence": lesson.min_confidence,
        "name_share": fitted.name_share,
        "accuracy": None if result is None else result.accuracy.value,
        "calibration_error": None if result is None else result.calibration_error,
    }
    arrays = {
        "means": model.means,
        "weights": model.weights,
        "biases": model.biases,
        "temperature": np.array([model.temperature]),
    }
    version = catalog.results.save(KIND, lesson.name, facts, arrays, keep=KEPT_VERSIONS)
    use(catalog, lesson.name, version)
    return version
