"""Stores tags in the catalog, including those of parents, and collects examples of each label."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from saccade.core.ports.catalog import Catalog
from saccade.core.types import Ids
from saccade.usecases.tags.rules.reports import Example, Label, LabelSummary
from saccade.usecases.tags.rules.zero_shot import LabelCalibration

if TYPE_CHECKING:
    from saccade.core.ports.stores import Numbers

_EXAMPLES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRows:
    """Tags, a row each: (m,) image ids ascending, labels by number, confidences; `images` were examined."""

    ids: Ids
    labels: NDArray[np.int32]
    confidences: NDArray[np.float32]
    images: int


def with_parents(labels: Sequence[Label], found: TagRows) -> tuple[tuple[str, ...], TagRows]:
    """Names of all labels and their parents, and the tags with those of the parents: a dog is an animal.

    A parent is at least as confident as its most confident child.
    """
    names = list(dict.fromkeys([label.path for label in labels]))
    known = {name: number for number, name in enumerate(names)}
    for label in labels:
        for parent in label.parents:
            if parent not in known:
                known[parent] = len(names)
                names.append(parent)
    parents = {
        known[label.path]: [known[parent] for parent in label.parents] for label in labels if label.parents
    }
    if not parents:
        return tuple(names), found
    ids, numbers, sure = [found.ids], [found.labels], [found.confidences]
    for child, above in parents.items():
        tagged = found.labels == child
        for number in above:
            ids.append(found.ids[tagged])
            numbers.append(np.full(int(tagged.sum()), number, np.int32))
            sure.append(found.confidences[tagged])
    all_ids, all_numbers, all_sure = np.concatenate(ids), np.concatenate(numbers), np.concatenate(sure)
    order = np.lexsort((-all_sure, all_numbers, all_ids))
    all_ids, all_numbers, all_sure = all_ids[order], all_numbers[order], all_sure[order]
    new = np.ones(len(all_ids), np.bool_)
    new[1:] = (np.diff(all_ids) != 0) | (np.diff(all_numbers) != 0)
    whole = TagRows(ids=all_ids[new], labels=all_numbers[new], confidences=all_sure[new], images=found.images)
    return tuple(names), whole


def store(
    catalog: Catalog, origin: str, names: Sequence[str], found: TagRows, *, among: Ids | None, keep: bool
) -> None:
    """Write the tags to the catalog in one transaction, replacing the origin's earlier ones."""
    order = np.argsort(found.labels, kind="stable")
    ids, numbers = found.ids[order], found.labels[order]
    confidences = found.confidences[order].astype(np.float64)
    edges = np.searchsorted(numbers, np.arange(len(names) + 1))
    by_label: dict[str, tuple[Ids, Numbers]] = {
        name: (ids[start:end], confidences[start:end])
        for name, start, end in zip(names, edges, edges[1:], strict=False)
        if end > start
    }
    if keep:
        for name in names:
            catalog.tags.remove(origin, name, among)
    catalog.tags.write(origin, by_label, replace=not keep, among=among)


def summaries(
    catalog: Catalog, names: Sequence[str], found: TagRows, known: LabelCalibration, asked: int
) -> tuple[LabelSummary, ...]:
    """A summary of each requested label and of their parents, most frequent first."""
    order = np.lexsort((found.ids, -found.confidences, found.labels))
    numbers = found.labels[order]
    edges = np.searchsorted(numbers, np.arange(len(names) + 1))
    chosen = {
        number: (order[start:end][:_EXAMPLES], order[start:end][-_EXAMPLES:][::-1])
        for number, (start, end) in enumerate(pairwise(edges))
    }
    wanted = (
        np.unique(np.concatenate([np.concatenate(pair) for pair in chosen.values()])) if chosen else order
    )
    records = {record.id: record for record in catalog.images.get(np.unique(found.ids[wanted]).tolist())}

    def shown(rows: NDArray[np.int64]) -> tuple[Example, ...]:
        pairs = [(records[int(found.ids[row])], float(found.confidences[row])) for row in rows]
        return tuple(
            Example(path=record.paths[0], image_id=record.image_id, confidence=sure)
            for record, sure in pairs
            if record.paths
        )

    made = [
        LabelSummary(
            label=name,
            images=int(edges[number + 1] - edges[number]),
            share=float(known.shares[number]) if number < asked else 0.0,
            threshold=float(known.thresholds[number]) if number < asked else 0.0,
            best=shown(chosen[number][0]),
            borderline=shown(chosen[number][1]),
        )
        for number, name in enumerate(names)
    ]
    return tuple(sorted(made, key=lambda summary: (-summary.images, summary.label)))
