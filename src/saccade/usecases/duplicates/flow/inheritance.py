"""Merges metadata of moved files into their keeper, and removes it when they return."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from saccade.core.ports.catalog import Catalog
from saccade.core.ports.stores import Numbers
from saccade.core.quarantine import MERGED, Merge
from saccade.core.types import Ids
from saccade.usecases.duplicates.rules.applying import Known
from saccade.usecases.duplicates.rules.reports import DuplicateGroup

_FACTS = ("import", MERGED)
"""Origins of columns with facts about the picture; all others are computed for one file."""
_COMPUTED = ("zero-shot", "taught:")
"""Origins of tags that were computed."""


def known_of(catalog: Catalog, groups: Sequence[DuplicateGroup]) -> Callable[[int], Known]:
    """A function that returns tags and columns of each image of the groups."""
    images = {file.record.id for group in groups for file in (group.keeper, *group.others)}
    ids = np.array(sorted(images), np.int64)
    labels: dict[int, dict[str, float]] = {}
    for image, tags in catalog.tags.of(ids.tolist()).items():
        for tag in tags:
            if not tag.origin.startswith(_COMPUTED):
                mine = labels.setdefault(image, {})
                mine[tag.label] = max(tag.score, mine.get(tag.label, 0.0))
    facts: dict[int, dict[str, float | str]] = {}
    for column in catalog.columns.all():
        if column.origin in _FACTS:
            for image, value in _values(catalog, column.name, column.kind, ids).items():
                facts.setdefault(image, {})[column.name] = value
    return lambda image: Known(labels=labels.get(image, {}), facts=facts.get(image, {}))


def take_over(catalog: Catalog, merges: Sequence[Merge]) -> None:
    """Write what the keepers take over; idempotent."""
    images = _images(catalog, merges)
    labels: dict[str, dict[int, float]] = {}
    for merge in merges:
        for label, score in merge.labels.items():
            labels.setdefault(label, {})[images[merge.sha256]] = score
    if labels:
        catalog.tags.write(MERGED, {label: _arrays(found) for label, found in labels.items()}, replace=False)
    for name, values in _by_column(merges, images).items():
        _write(catalog, name, values, replace=False)


def give_back(catalog: Catalog, merges: Sequence[Merge], kept: Sequence[Merge]) -> None:
    """Remove from the keepers what they had taken over.

    Args:
        kept: every merge still in effect, of any run: the columns are rebuilt from these.
    """
    images = _images(catalog, [*merges, *kept])
    for merge in merges:
        if merge.sha256 in images:
            for label in merge.labels:
                catalog.tags.remove(MERGED, label, np.array([images[merge.sha256]], np.int64))
    there = _by_column(kept, images)
    for name in {name for merge in merges for name in merge.facts}:
        _write(catalog, name, there.get(name, {}), replace=True)


def _images(catalog: Catalog, merges: Sequence[Merge]) -> dict[str, int]:
    """{SHA-256 in hexadecimal: image id} of the keepers that the library knows."""
    digests = [bytes.fromhex(merge.sha256) for merge in merges]
    return {digest.hex(): image for digest, image in catalog.images.find(digests, []).items()}


def _by_column(
    merges: Sequence[Merge], images: Mapping[str, int]
) -> dict[str, dict[int, float] | dict[int, str]]:
    numbers: dict[str, dict[int, float]] = {}
    texts: dict[str, dict[int, str]] = {}
    for merge in merges:
        for name, value in merge.facts.items() if merge.sha256 in images else ():
            if isinstance(value, str):
                texts.setdefault(name, {})[images[merge.sha256]] = value
            else:
                numbers.setdefault(name, {})[images[merge.sha256]] = value
    return {**numbers, **texts}


def _write(catalog: Catalog, name: str, values: dict[int, float] | dict[int, str], *, replace: bool) -> None:
    """Write one of our columns; a column of another origin or kind is not changed."""
    known = next((column for column in catalog.columns.all() if column.name == name), None)
    kind = "text" if any(isinstance(value, str) for value in values.values()) else "number"
    if known is not None and (known.origin != MERGED or (known.kind != kind and values and not replace)):
        return
    if values:
        catalog.columns.write(name, values, origin=MERGED, replace=replace)
    elif known is not None and replace:
        catalog.columns.remove(name)


def _values(catalog: Catalog, name: str, kind: str, ids: Ids | None) -> dict[int, float | str]:
    if kind == "number":
        have, numbers = catalog.columns.numbers(name, ids)
        return dict(zip(have.tolist(), numbers.tolist(), strict=True))
    have, texts = catalog.columns.texts(name, ids)
    return dict(zip(have.tolist(), texts, strict=True))


def _arrays(found: Mapping[int, float]) -> tuple[Ids, Numbers]:
    ids = sorted(found)
    return np.array(ids, np.int64), np.array([found[image] for image in ids], np.float64)
