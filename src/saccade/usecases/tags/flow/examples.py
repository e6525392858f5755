"""Collects the examples of a lesson: new ones, earlier ones, and random images instead of missing ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from saccade.core.errors import ImageNotFoundError, InputError
from saccade.core.ports.catalog import Catalog
from saccade.core.types import Embeddings, Ids, Role, SpaceInfo
from saccade.usecases.tags.rules.classifying import NO, YES

_FEW, _SOME = 20, 5
_RANDOM = 100
_TOO_ALIKE = 0.1
"""Share of random images to drop, those most similar to the examples of "yes": some may show it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """Images of each class, in a stable order, and notes on how they were collected.

    Attributes:
        members: {class: image ids}; "no" comes first where the classes are yes and no.
        random: ids of random images used for missing "no" examples.
    """

    members: Mapping[str, tuple[int, ...]]
    random: Ids
    notes: tuple[str, ...]


def check_given(given: Mapping[str, Ids], names: Mapping[int, str]) -> None:
    """Reject an image given to two classes.

    Args:
        given: {class: image ids}.   names: {image id: as given by the person}.
    """
    owner: dict[int, str] = {}
    for group, ids in given.items():
        for image in ids.tolist():
            if owner.setdefault(image, group) != group:
                raise InputError(
                    f"{names.get(image, image)} was given as {owner[image]!r} and as {group!r}",
                    hint="an image can be only one of them",
                )


def gather(
    catalog: Catalog, before: Mapping[str, tuple[str, ...]], given: Mapping[str, Ids], forget: Ids
) -> tuple[dict[str, tuple[int, ...]], tuple[str, ...]]:
    """Earlier examples and new ones, which take precedence: {class: image ids} and notes."""
    notes: list[str] = []
    new = {image: group for group, ids in given.items() for image in ids.tolist()}
    members: dict[str, list[int]] = {}
    gone = changed = 0
    dropped = set(forget.tolist())
    for group, digests in before.items():
        for digest in digests:
            try:
                image = catalog.images.by_sha256(digest).id
            except ImageNotFoundError:
                gone += 1
                continue
            changed += new.get(image, group) != group
            if image not in dropped and image not in new:
                members.setdefault(group, []).append(image)
    for image, group in new.items():
        if image not in dropped:
            members.setdefault(group, []).append(image)
    if gone:
        notes.append(f"{gone} earlier examples are no longer in the library")
    if changed:
        notes.append(f"{changed} earlier examples now belong to another class, as you said")
    kinds = set(members)
    order = [NO, YES] if kinds <= {YES, NO} else sorted(kinds)
    return {group: tuple(sorted(members.get(group, []))) for group in order}, tuple(notes)


def random_negatives(
    catalog: Catalog, space: SpaceInfo, members: Mapping[str, tuple[int, ...]], seed: int
) -> Ids:
    """Random images of the library, if a yes-or-no classifier has few examples of "no".

    Those most similar to the examples of "yes" are left out, since some may show it.
    """
    if set(members) != {YES, NO} or len(members[NO]) >= _FEW:
        return np.zeros(0, np.int64)
    count = catalog.health.counts().embeddings.get(space.id, 0)
    pool = catalog.embeddings.sample(space.id, min(count, 8 * _RANDOM))
    pool = np.setdiff1d(pool, np.array([*members[YES], *members[NO]], np.int64))
    if len(members[NO]) >= _SOME and len(pool) < _RANDOM:
        return pool[:0]  # in such a small library they are as likely to show it as not
    pool = np.sort(np.random.default_rng(seed).permutation(pool)[:_RANDOM])
    if not len(pool) or not members[YES]:
        return pool
    yes = catalog.embeddings.get(space.id, np.array(members[YES], np.int64))
    likeness = catalog.embeddings.get(space.id, pool) @ yes.mean(axis=0)
    kept = np.argsort(likeness, kind="stable")[: len(pool) - int(_TOO_ALIKE * len(pool))]
    if len(yes) > 1:
        # An image as similar to the others as they are to each other may be one of them.
        own = ((yes @ yes.T).sum(axis=1) - 1.0) / (len(yes) - 1)
        kept = kept[likeness[kept] < own.min()]
    return np.sort(pool[kept])


def opposed(rows: Embeddings, targets: Sequence[int], threshold: float) -> list[tuple[int, int]]:
    """Pairs of rows that are the same picture by their score but belong to different classes."""
    groups = np.asarray(targets)
    alike = (rows @ rows.T >= threshold) & (groups[:, np.newaxis] != groups)
    return [(int(a), int(b)) for a, b in np.argwhere(np.triu(alike, 1))]


def check_enough(examples: Examples, name: str) -> None:
    """Refuse a lesson without enough examples to distinguish anything."""
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


def warnings_of(
    catalog: Catalog, spaces: Sequence[SpaceInfo], examples: Examples, same_picture: float | None
) -> tuple[str, ...]:
    """A note for each pair of examples that are nearly the same picture but belong to different classes."""
    copies = next((space for space in spaces if space.role == Role.COPY), None)
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


def first_path(paths: Sequence[str]) -> str:
    """A file of an image, for people."""
    return paths[0] if paths else "a file that is gone"
