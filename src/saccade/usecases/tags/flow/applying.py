"""Applies a classifier to a library: probabilities, tags, and which images to label next."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from saccade.core.ports.catalog import Catalog
from saccade.core.ports.decoders import ReportProgress
from saccade.core.types import Embeddings, Ids, Progress, SpaceInfo
from saccade.usecases.tags.flow.classifiers import SAMPLE, rows_of, side_by_side
from saccade.usecases.tags.flow.examples import Examples, first_path
from saccade.usecases.tags.flow.store import TagRows
from saccade.usecases.tags.rules.classifying import (
    NO,
    YES,
    Classifier,
    Probabilities,
    shares_of,
    shifted,
    spread_out,
)
from saccade.usecases.tags.rules.reports import Suggestion
from saccade.usecases.tags.rules.zero_shot import best_thresholds

_YES_SHARE = 0.1
_THRESHOLDS = (0.3, 0.5)
_POOL = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What a classifier says about images.

    Attributes:
        ids: (n,) ascending.   likely: (n, K) probabilities.
        shares: (K,) estimated shares of the classes in the library.
    """

    ids: Ids
    likely: Probabilities
    shares: NDArray[np.float64]


def sample_of(catalog: Catalog, spaces: Sequence[SpaceInfo]) -> Embeddings:
    """(n, f) rows of some images, spread evenly over the library."""
    return rows_of(catalog, spaces, catalog.embeddings.sample(spaces[0].id, SAMPLE))


def apply(
    catalog: Catalog,
    spaces: Sequence[SpaceInfo],
    model: Classifier,
    sample: Embeddings,
    *,
    among: Ids | None,
    report: ReportProgress,
) -> Application:
    """What it says about every image (among sorted ids), with the classes' shares estimated on a sample."""
    shares = shares_of(model.probabilities(sample), usual_shares(model.classes))
    ids: list[Ids] = [np.zeros(0, np.int64)]
    likely: list[Probabilities] = [np.zeros((0, len(model.classes)))]
    total = catalog.health.counts().embeddings.get(spaces[0].id, 0) if among is None else len(among)
    done = 0
    for some, rows in side_by_side(catalog, spaces, among):
        ids.append(some)
        likely.append(shifted(model.probabilities(rows), shares))
        done += len(some)
        report(Progress(stage="classify", done=done, total=total))
    everyone = np.concatenate(ids)
    order = np.argsort(everyone, kind="stable")
    return Application(ids=everyone[order], likely=np.concatenate(likely)[order], shares=shares)


def usual_shares(classes: tuple[str, ...]) -> NDArray[np.float64]:
    """The prior of the shares: a tenth "yes", or all equal."""
    if classes == (NO, YES):
        return np.array([1 - _YES_SHARE, _YES_SHARE])
    return np.full(len(classes), 1 / len(classes))


def tags_of(
    name: str, classes: tuple[str, ...], applied: Application, min_confidence: float | None
) -> tuple[TagRows, tuple[str, ...]]:
    """The tags from these probabilities, and their labels."""
    ids, likely = applied.ids, applied.likely
    if classes == (NO, YES):
        sure, chosen = likely[:, 1], np.zeros(len(ids), np.int32)
        labels: tuple[str, ...] = (name,)
        bar = float(np.clip(best_thresholds(likely[:, 1:]), *_THRESHOLDS)[0]) if len(ids) else 1.0
    else:
        chosen = likely.argmax(axis=1).astype(np.int32)
        sure, labels = likely.max(axis=1, initial=0), tuple(f"{name}/{group}" for group in classes)
        bar = _THRESHOLDS[1]
    above = sure >= (bar if min_confidence is None else min_confidence)
    found = TagRows(
        ids=ids[above],
        labels=chosen[above],
        confidences=sure[above].astype(np.float32),
        images=len(ids),
    )
    return found, labels


def suggestions(
    catalog: Catalog,
    space: SpaceInfo,
    examples: Examples,
    applied: Application,
    *,
    classes: tuple[str, ...],
    count: int,
) -> tuple[Suggestion, ...]:
    """Images to label next: three quarters where it is least certain, all different; the rest to check."""
    ids, likely = applied.ids, applied.likely
    taken = np.array([image for ones in examples.members.values() for image in ones], np.int64)
    free = np.flatnonzero(~np.isin(ids, taken))
    if not len(free) or count < 1:
        return ()
    wanted = likely[free, 1] if classes == (NO, YES) else likely[free].max(axis=1)
    two = np.sort(likely[free], axis=1)[:, -2:]
    unsure = np.argsort(two[:, 1] - two[:, 0], kind="stable")[:_POOL]
    sure = np.argsort(-wanted, kind="stable")[:_POOL]
    both = np.unique(np.concatenate([unsure, sure]))
    rows = catalog.embeddings.get(space.id, ids[free[both]])
    checks = max(1, count // 4) if count > 1 else 0
    first = both[spread_out(rows, np.searchsorted(both, unsure), count - checks)]
    rest = sure[~np.isin(sure, first)]
    second = both[spread_out(rows, np.searchsorted(both, rest), checks)] if checks else first[:0]
    records = {
        record.id: record for record in catalog.images.get(ids[free[np.union1d(first, second)]].tolist())
    }
    return tuple(
        Suggestion(
            path=first_path(records[int(ids[free[place]])].paths),
            image_id=records[int(ids[free[place]])].image_id,
            confidence=float(wanted[place]),
            why="unsure" if kind == "unsure" else "check",
        )
        for kind, places in (("unsure", first), ("check", second))
        for place in places
    )
