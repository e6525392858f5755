"""Resolves lessons: images by name, folders for all images in them, and earlier versions."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from saccade.core.errors import InputError
from saccade.core.filters import Filter
from saccade.core.pictures import ImageId, Path
from saccade.core.ports.decoders import ReportProgress
from saccade.core.ports.results import Result
from saccade.core.types import Ids, Role, SpaceInfo
from saccade.engine.context import LibraryContext
from saccade.engine.inputs import absolute, picture_name
from saccade.usecases.tags.flow import classifiers, teaching
from saccade.usecases.tags.flow.applying import apply, sample_of, suggestions, tags_of
from saccade.usecases.tags.flow.examples import Examples
from saccade.usecases.tags.flow.store import store
from saccade.usecases.tags.flow.taxonomy import labels_of
from saccade.usecases.tags.rules.classifying import NO, YES, Classifier
from saccade.usecases.tags.rules.encoder_fit import EncoderFit
from saccade.usecases.tags.rules.reports import SuggestionReport, TeachingReport

Images = Sequence[Path | ImageId]


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonRequest:
    """A lesson as given; see `Tags.teach`."""

    name: str
    yes: Images
    no: Images
    classes: Mapping[str, Images] | None
    forget: Images
    words: str | None
    suggest: int
    min_confidence: float | None


def teach(
    context: LibraryContext,
    lesson: LessonRequest,
    numbers: EncoderFit,
    *,
    among: Ids | None,
    seed: int,
    dry_run: bool,
    progress: ReportProgress,
) -> TeachingReport:
    """See `Tags.teach`."""
    label = labels_of([lesson.name], None).labels[0].path
    if lesson.classes is not None and (lesson.yes or lesson.no):
        raise InputError("classes exclude yes and no", hint="give one or the other")
    if lesson.min_confidence is not None and not 0 < lesson.min_confidence < 1:
        raise InputError(f"the confidence is {lesson.min_confidence}; it must be between 0 and 1")
    wanted = {YES: lesson.yes, NO: lesson.no} if lesson.classes is None else lesson.classes
    given = {group: _named(context, images) for group, images in wanted.items() if images}
    called = (
        {group: group for group in wanted}
        if lesson.classes
        else {YES: label if lesson.words is None else lesson.words}
    )
    return teaching.teach(
        context.catalog,
        context.spaces.encoder(),
        _spaces(context),
        teaching.Lesson(
            name=label,
            given={group: np.array(list(found), np.int64) for group, found in given.items()},
            names={image: name for found in given.values() for image, name in found.items()},
            forget=np.array(list(_named(context, lesson.forget)), np.int64),
            words=called if lesson.words != "" else {},
            suggest=lesson.suggest,
            min_confidence=lesson.min_confidence,
        ),
        numbers,
        same_picture=context.spaces.copy_threshold(),
        among=among,
        seed=seed,
        dry_run=dry_run,
        report=progress,
    )


def use(context: LibraryContext, name: str, version: int, *, progress: ReportProgress) -> int:
    """See `Tags.use`."""
    catalog, spaces = context.catalog, _spaces(context)
    result = classifiers.load(catalog, name, version)
    model = _model(result, spaces)
    sample = sample_of(catalog, spaces)
    applied = apply(catalog, spaces, model, sample, among=None, report=progress)
    stated = result.facts.get("min_confidence", result.facts.get("least"))  # "least" in libraries of 0.2
    min_confidence = float(stated) if isinstance(stated, (int, float)) else None
    tags, labels = tags_of(name, model.classes, applied, min_confidence)
    with catalog.unit("tagging"):
        classifiers.use(catalog, name, version)
        store(catalog, classifiers.origin_of(name), labels, tags, among=None, keep=False)
    return len(tags.ids)


def suggest(
    context: LibraryContext, name: str, count: int, *, among: Ids | None, progress: ReportProgress
) -> SuggestionReport:
    """See `Tags.suggest`."""
    catalog, spaces = context.catalog, _spaces(context)
    result = classifiers.load(catalog, name)
    model = _model(result, spaces)
    stored = classifiers.examples_of(result)
    known = catalog.images.by_ids([digest for ones in stored.values() for digest in ones])
    members = {
        group: tuple(image for digest in ones for image in known.get(digest, ()))
        for group, ones in stored.items()
    }
    examples = Examples(members=members, random=np.zeros(0, np.int64), notes=())
    sample = sample_of(catalog, spaces)
    applied = apply(catalog, spaces, model, sample, among=among, report=progress)
    return SuggestionReport(
        name=result.name,
        version=result.version,
        suggestions=suggestions(catalog, spaces[0], examples, applied, classes=model.classes, count=count),
    )


def _model(result: Result, spaces: Sequence[SpaceInfo]) -> Classifier:
    return classifiers.model_of(result, {space.role: space for space in spaces})


def _spaces(context: LibraryContext) -> list[SpaceInfo]:
    """The spaces that a classifier uses, semantic first: those of one encoder."""
    spaces = context.spaces
    encoder = spaces.encoder().info
    found = [spaces.reader(role).space for role in (Role.SEMANTIC, Role.COPY) if spaces.has(role)]
    return [space for space in found if encoder.makes(space.fingerprint)]


def _named(context: LibraryContext, images: Images) -> dict[int, str]:
    """{image id: as given}; a folder stands for all images in it."""
    found: dict[int, str] = {}
    for image in images:
        name = picture_name(image)
        if not isinstance(image, ImageId) and os.path.isdir(name):
            inside = context.catalog.images.match(Filter(folders=absolute([name]))).tolist()
            if not inside:
                raise InputError(f"the library has no images in {name}", hint="index it first")
            found.update((one, f"{name} (a picture in it)") for one in inside)
        else:
            found[context.record(image).id] = name
    return found
