"""Learns from good pictures and judges others: train, calibrate, store, score, and locate."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from saccade.core.decoding import Decoded
from saccade.core.errors import InputError
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.decoders import ReportProgress
from saccade.core.ports.results import ImageRows
from saccade.core.types import Failure, Progress
from saccade.usecases.outliers.flow.models import KIND, Trained, as_model
from saccade.usecases.outliers.flow.patches import Features, Subject
from saccade.usecases.outliers.rules.inspection import (
    Bank,
    heat_of,
    hottest,
    limit_for,
    main_directions,
    picture_value,
    project,
    share_below,
    smoothed,
    suspects,
    thin_out,
)
from saccade.usecases.outliers.rules.reports import Inspection, InspectionModel, Spot

FALSE_ALARMS = 0.05
_MOST_GOOD = 2_000
_FIT = 100
"""Number of good pictures used for the main directions."""
_SAME = 0.01
"""Relative patch distance that may be due to half precision alone."""
_CANDIDATES = 20_000
_BANK = 4_000

Pictures: TypeAlias = Iterable[tuple[list[tuple[int, Decoded]], list[Failure]]]
Projection: TypeAlias = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Mean (c,) and axes (c, d)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One picture: its position in the input, its measure, and the heat of its patches."""

    place: int
    value: float
    heat: NDArray[np.float32]


def train(
    catalog: Catalog,
    features: Features,
    pictures: Pictures,
    subjects: Sequence[Subject],
    *,
    name: str,
    method: str,
    encoder: str,
    false_alarms: float,
    seed: int,
    report: ReportProgress,
) -> InspectionModel:
    """Learn what good pictures look like, and store it as a new version.

    Args:
        features: of pixels: patches, or one for the whole picture.
        pictures: the good ones, in batches, numbered by their position in `subjects`.
        subjects: the pictures, in random order (see `chosen`).
        encoder: fingerprint.
        false_alarms: accepted share of good pictures called bad.
    Raises:
        InputError: fewer than two good pictures can be read, or all are the same, or an invalid rate.
    """
    check_rate(false_alarms)
    patches, read, failed, axes = _patches(features, pictures, len(subjects), report)
    places = [place for place, _ in read]
    if len(places) < 2:
        raise InputError(
            f"{len(places)} good pictures can be read; at least 2 are needed, 20 or more are better",
            hint="add a folder or a filter with more good pictures: --good FOLDER",
        )
    bank = _bank(patches, axes, seed)
    values = np.empty(len(patches))
    peaks = np.empty(len(patches))
    for number, one in enumerate(patches):
        distances = bank.distances(one.astype(np.float32), without=number)
        values[number], peaks[number] = picture_value(distances), distances.max()
        report(Progress(stage="calibrate", done=number + 1, total=len(patches)))
    if values.max() < _SAME * np.sqrt((bank.rows**2).sum(axis=1).mean()):
        raise InputError(
            f"the {len(places)} good pictures are all the same", hint="use several different good ones"
        )
    limit = limit_for(values, false_alarms)
    grid = _grid(patches[0].shape[0])
    facts: dict[str, object] = {
        "method": method,
        "encoder": encoder,
        "good": len(places),
        "false_alarms": limit.false_alarms,
        "threshold": limit.value,
        "patch_limit": limit_for(peaks, false_alarms).value,
        "grid": list(grid),
        "seed": seed,
        "suspects": [_text(subjects[places[number]].path) for number in suspects(values).tolist()],
    }
    arrays: dict[str, NDArray[np.generic]] = {
        "mean": bank.mean,
        "axes": bank.axes,
        "good": np.sort(values),
    }
    # However a picture was given: if it is an image of the library, its patches are forgotten with it.
    images = catalog.images.find([digest for _, digest in read], [])
    owners = np.array([images.get(digest, 0) for _, digest in read], np.int64)
    rows = ImageRows(
        ids=owners[bank.owners], arrays={"rows": bank.rows.astype(np.float16), "owners": bank.owners}
    )
    version = catalog.results.save(KIND, name, facts, arrays, rows=rows)
    kept = next(one for one in catalog.results.versions(KIND, name) if one.version == version)
    return as_model(kept, tuple(failed))


def judge(
    trained: Trained, features: Features, pictures: Pictures, total: int, report: ReportProgress
) -> tuple[list[Judged], list[Failure]]:
    """Each picture's measure and heat, and what could not be read."""
    judged: list[Judged] = []
    failed: list[Failure] = []
    for batch, failures in pictures:
        failed += failures
        if batch:
            found = smoothed(features(np.stack([picture.pixels for _, picture in batch])))
            for (place, _), patches in zip(batch, trained.bank.project(found), strict=True):
                distances = trained.bank.distances(patches.astype(np.float16).astype(np.float32))
                heat = heat_of(distances, trained.patch_limit).reshape(trained.grid)
                judged.append(Judged(place=place, value=picture_value(distances), heat=heat))
        report(Progress(stage="inspect", done=len(judged) + len(failed), total=total, failed=len(failed)))
    return judged, failed


def inspections(
    trained: Trained, judged: Sequence[Judged], subjects: Sequence[Subject], top: int
) -> list[Inspection]:
    """The worst of the pictures, with reasons."""
    threshold = trained.model.threshold
    ordered = sorted(judged, key=lambda one: (-one.value, one.place))[: max(top, 0)]
    worst = []
    for rank, one in enumerate(ordered, 1):
        value = ratio_of(one.value, threshold)
        score = share_below(trained.good, one.value)
        spot = hottest(one.heat) if one.heat.size > 1 else None
        worst.append(
            Inspection(
                rank=rank,
                path=subjects[one.place].path,
                value=value,
                score=score,
                bad=value > 1.0,
                spot=spot,
                reason=_reason(value, score, len(trained.good), spot),
            )
        )
    return worst


def column_of(name: str) -> str:
    """The column of a model's values: `anomaly_` and the name, with invalid characters replaced by _."""
    return "anomaly_" + re.sub(r"[^A-Za-z0-9_]", "_", name)[:80]


def keep_values(
    catalog: Catalog, column: str, trained: Trained, judged: Sequence[Judged], subjects: Sequence[Subject]
) -> None:
    """Store the values of images in the library; other images keep theirs."""
    values = {
        image: ratio_of(one.value, trained.model.threshold)
        for one in judged
        if (image := subjects[one.place].image) is not None
    }
    catalog.columns.write(column, values, origin=KIND, replace=False)


def ratio_of(value: float, threshold: float) -> float:
    """A measure over the threshold."""
    return value / threshold if threshold > 0 else (2.0 if value > 0 else 0.0)


def chosen(subjects: Sequence[Subject], seed: int) -> list[Subject]:
    """At most 2,000 of them, in a random order that depends only on the seed."""
    order = np.random.default_rng(seed).permutation(len(subjects))[:_MOST_GOOD]
    return [subjects[place] for place in order.tolist()]


def check_rate(false_alarms: float) -> None:
    """Raise InputError unless the rate is between 0 and 1."""
    if not 0.0 < false_alarms < 1.0:
        raise InputError(
            f"the false alarm rate {false_alarms} is not between 0 and 1",
            hint="e.g. --false-alarms 0.05: one in 20",
        )


def _patches(
    features: Features, pictures: Pictures, total: int, report: ReportProgress
) -> tuple[list[NDArray[np.float16]], list[tuple[int, bytes]], list[Failure], Projection]:
    """Projected patches of each picture, its position and digest, the failures, and the projection."""
    first: list[NDArray[np.float32]] = []
    axes: Projection | None = None
    patches: list[NDArray[np.float16]] = []
    read: list[tuple[int, bytes]] = []
    failed: list[Failure] = []
    for batch, failures in pictures:
        failed += failures
        read += [(place, picture.sha256) for place, picture in batch]
        if batch:
            found = smoothed(features(np.stack([picture.pixels for _, picture in batch])))
            if axes is None:
                first.append(found)
                if sum(map(len, first)) >= _FIT:
                    axes = _fit(first)
                    patches += _projected(first, axes)
            else:
                patches += _projected([found], axes)
        report(Progress(stage="learn", done=len(read) + len(failed), total=total, failed=len(failed)))
    if axes is None:
        axes = _fit(first) if first else (np.zeros(1, np.float32), np.zeros((1, 1), np.float32))
        patches = _projected(first, axes)
    return patches, read, failed, axes


def _fit(found: Sequence[NDArray[np.float32]]) -> Projection:
    rows = np.concatenate([one.reshape(-1, one.shape[-1]) for one in found])
    return main_directions(rows)


def _projected(found: Sequence[NDArray[np.float32]], axes: Projection) -> list[NDArray[np.float16]]:
    return [patches.astype(np.float16) for one in found for patches in project(one, *axes)]


def _bank(patches: Sequence[NDArray[np.float16]], axes: Projection, seed: int) -> Bank:
    """The bank: equally many random patches of each picture, thinned out together."""
    rng = np.random.default_rng(seed)
    each = max(1, _CANDIDATES // len(patches))
    rows, owners = [], []
    for number, one in enumerate(patches):
        picked = rng.permutation(len(one))[:each]
        rows.append(one[picked].astype(np.float32))
        owners.append(np.full(len(picked), number, np.int32))
    candidates = np.concatenate(rows)
    taken = thin_out(candidates, _BANK, seed)
    return Bank(mean=axes[0], axes=axes[1], rows=candidates[taken], owners=np.concatenate(owners)[taken])


def _grid(patches: int) -> tuple[int, int]:
    """The square grid of this many patches."""
    side = round(patches**0.5)
    return side, patches // side


def _reason(value: float, score: float, good: int, spot: Spot | None) -> str:
    """Why a picture is called good or bad, in words and numbers."""
    first = f"{value:.2f} times the limit; {score:.0%} of {good} good ones are below it"
    return f"{first}; most unusual: {spot.words}" if spot is not None and value > 1.0 else first


def _text(path: str) -> str:
    """A path as JSON text: undecodable bytes become question marks."""
    return path.encode("utf-8", "replace").decode()
