"""Resolves lessons: images by name, folders for all images in them, and earlier versions."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from saccade.core.errors import InputError
from saccade.core.filters import Filter
from saccade.core.pictures import ImageId, Path
from saccade.core.ports import ReportProgress
from saccade.core.types import Ids, Role, SpaceInfo
from saccade.engine.context import LibraryContext
from saccade.engine.inputs import absolute, picture_name
from saccade.usecases.tags.flow import classifiers, teaching
from saccade.usecases.tags.flow.applying import apply, reapply, suggestions, usual_shares
from saccade.usecases.tags.flow.examples import Examples
from saccade.usecases.tags.flow.taxonomy import labels_of
from saccade.usecases.tags.rules.classifying import NO, YES, Suggestion, TaughtReport, shares_of

Images = Sequence[Path | ImageId]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
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
    lesson: Lesson,
    among: Ids | None,
    *,
    seed: int,
    dry_run: bool,
    progress: ReportProgress | None,
) -> TaughtReport:
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
        teaching.Teaching(
            name=label,
            given={group: np.array(list(found), np.int64) for group, found in given.items()},
            names={image: name for found in given.values() for image, name in found.items()},
            forget=np.array(list(_named(context, lesson.forget)), np.int64),
            words=called if lesson.words != "" else {},
            suggest=lesson.suggest,
            min_confidence=lesson.min_confidence,
        ),
        same_picture=context.spaces.copy_threshold(),
        among=among,
        seed=seed,
        dry_run=dry_run,
        report=progress or (lambda _: None),
    )


def use(context: LibraryContext, name: str, version: int, *, progress: ReportProgress | None) -> int:
    """See `Tags.use`."""
    spaces = _spaces(context)
    result = classifiers.load(context.catalog, name, version)
    model = classifiers.model_of(result, {space.role: space for space in spaces})
    stated = result.facts.get("min_confidence", result.facts.get("least"))
    with context.catalog.unit("tagging"):
        classifiers.use(context.catalog, name, version)
        return reapply(
            context.catalog,
            spaces,
            name,
            model,
            min_confidence=float(stated) if isinstance(stated, (int, float)) else None,
            report=progress or (lambda _: None),
        )


def suggest(context: LibraryContext, name: str, count: int) -> tuple[Suggestion, ...]:
    """See `Tags.suggest`."""
    catalog, spaces = context.catalog, _spaces(context)
    result = classifiers.load(catalog, name)
    model = classifiers.model_of(result, {space.role: space for space in spaces})
    stored = classifiers.examples_of(result)
    starts = [digest for ones in stored.values() for digest in ones]
    known = catalog.images.by_ids(starts)
    members = {
        group: tuple(image for digest in ones for image in known.get(digest, ()))
        for group, ones in stored.items()
    }
    sample = classifiers.rows_of(catalog, spaces, catalog.embeddings.sample(spaces[0].id, classifiers.SAMPLE))
    shares = shares_of(model.probabilities(sample), usual_shares(model.classes))
    ids, likely = apply(catalog, spaces, model, shares, among=None, report=lambda _: None)
    examples = Examples(members=members, random=np.zeros(0, np.int64), notes=())
    return suggestions(catalog, spaces[0], examples, ids, likely=likely, classes=model.classes, count=count)


def _spaces(context: LibraryContext) -> list[SpaceInfo]:
    """The spaces whose rows a classifier sees, semantic first."""
    roles = (Role.SEMANTIC, Role.COPY)
    return [context.spaces.reader(role).space for role in roles if context.spaces.has(role)]


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
