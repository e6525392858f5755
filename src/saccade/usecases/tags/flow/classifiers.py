"""Classifiers in the catalog: their versions, the active one, and applying one to a library."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from saccade.core.errors import EncoderMismatchError, InputError, NotFoundError
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.results import Result
from saccade.core.types import Embeddings, Ids, Role, SpaceInfo
from saccade.usecases.tags.flow.scanning import blocks
from saccade.usecases.tags.rules.classifying import Classifier
from saccade.usecases.tags.rules.reports import TAUGHT, ClassifierVersion

KIND = "classifier"
KEPT_VERSIONS = 20
SAMPLE = 4096
"""Number of images used to estimate the share of each class in a library."""


def origin_of(name: str) -> str:
    """Origin of the tags that a classifier gives."""
    return f"{TAUGHT}{name}"


def versions(catalog: Catalog, name: str | None = None) -> tuple[ClassifierVersion, ...]:
    """Every stored version, of one classifier or all, newest first."""
    found = catalog.results.versions(KIND, name)
    used = {result.name: used_version(catalog, result.name) for result in found}
    return tuple(
        ClassifierVersion(
            name=result.name,
            version=result.version,
            created=result.created,
            examples={group: len(members) for group, members in examples_of(result).items()},
            accuracy=_number(result.facts.get("accuracy")),
            active=result.version == used[result.name],
        )
        for result in found
    )


def used_version(catalog: Catalog, name: str) -> int | None:
    """The active version: the one chosen last, else the newest; None if there is none."""
    kept = [result.version for result in catalog.results.versions(KIND, name)]
    chosen = catalog.notes.get(_chosen(name))
    if chosen is not None and chosen.isdecimal() and int(chosen) in kept:
        return int(chosen)
    return max(kept, default=None)


def use(catalog: Catalog, name: str, version: int) -> None:
    """Make this version the active one.

    Raises:
        NotFoundError: no such classifier or version.
    """
    load(catalog, name, version)
    catalog.notes.save(_chosen(name), str(version))


def load(catalog: Catalog, name: str, version: int | None = None) -> Result:
    """The given version, else the active one.

    Raises:
        NotFoundError: no such classifier or version.
    """
    wanted = used_version(catalog, name) if version is None else version
    result = catalog.results.load(KIND, name, wanted) if wanted is not None else None
    if result is None:
        kept = sorted(found.version for found in catalog.results.versions(KIND, name))
        if not kept:
            raise NotFoundError(
                f"no classifier is called {name!r}", hint="saccade teach lists all classifiers"
            )
        raise NotFoundError(f"{name!r} has no version {version}", hint=f"kept: {', '.join(map(str, kept))}")
    return result


def examples_of(result: Result) -> Mapping[str, tuple[str, ...]]:
    """{class: public ids of its example images}."""
    examples = result.facts.get("examples")
    if not isinstance(examples, Mapping):
        return {}
    return {str(group): tuple(map(str, members)) for group, members in examples.items()}


def model_of(result: Result, spaces: Mapping[Role, SpaceInfo]) -> Classifier:
    """The classifier itself.

    Raises:
        EncoderMismatchError: it was taught with another encoder.
    """
    facts, arrays = result.facts, result.arrays
    roles, classes = facts.get("roles"), facts.get("classes")
    if not isinstance(roles, Sequence) or not isinstance(classes, Sequence):
        raise InputError(f"the classifier {result.name!r} is damaged", hint="teach it again")
    fingerprint = str(facts.get("fingerprint"))
    for role in roles:
        space = spaces.get(Role(role))
        if space is None or space.fingerprint != fingerprint:
            raise EncoderMismatchError(
                f"{result.name!r} was taught with another encoder ({fingerprint[:12]})",
                hint=f"teach it again: saccade teach {result.name!r}",
            )
    return Classifier(
        classes=tuple(map(str, classes)),
        roles=tuple(Role(role) for role in roles),
        fingerprint=fingerprint,
        means=arrays["means"].astype(np.float32),
        weights=arrays["weights"].astype(np.float32),
        biases=arrays["biases"].astype(np.float32),
        temperature=float(arrays["temperature"].astype(np.float64)[0]),
    )


def side_by_side(
    catalog: Catalog, spaces: Sequence[SpaceInfo], among: Ids | None
) -> Iterator[tuple[Ids, Embeddings]]:
    """Ids and (m, f) rows of all spaces side by side, of present images, a few thousand at a time."""
    lacking = [catalog.embeddings.unembedded(space.id) for space in spaces[1:]]
    for ids, rows in blocks(catalog, spaces[0], among):
        keep = ~np.isin(ids, np.concatenate(lacking)) if lacking else np.ones(len(ids), np.bool_)
        yield (
            ids[keep],
            np.hstack([rows[keep], *(catalog.embeddings.get(space.id, ids[keep]) for space in spaces[1:])]),
        )


def rows_of(catalog: Catalog, spaces: Sequence[SpaceInfo], ids: Ids) -> Embeddings:
    """(n, f) rows of these images, of all spaces side by side."""
    return np.hstack([catalog.embeddings.get(space.id, ids) for space in spaces])


def _chosen(name: str) -> str:
    return f"classifier in use:{name}"


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None
