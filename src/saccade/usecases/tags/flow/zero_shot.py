"""Labels images by words alone, block by block over a space; only the tags are kept in memory."""

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from saccade.core.errors import InputError
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.decoders import ReportProgress
from saccade.core.ports.encoders import Encoder
from saccade.core.types import Embeddings, Ids, Progress, SpaceInfo
from saccade.usecases.tags.flow.scanning import blocks
from saccade.usecases.tags.flow.store import TagRows, store, summaries, with_parents
from saccade.usecases.tags.flow.texts import Words, words_of
from saccade.usecases.tags.rules.encoder_fit import EncoderFit
from saccade.usecases.tags.rules.reports import PERSON, ZERO_SHOT, Label, TaggingReport, Taxonomy
from saccade.usecases.tags.rules.zero_shot import (
    LabelCalibration,
    calibrate_labels,
    estimate_shares,
    evidence,
    explained,
    refit,
)

_SAMPLE = 8192
_ENOUGH_TRUTH = 5
"""Minimum images of either kind to fit a label to people's tags."""


def zero_shot(
    catalog: Catalog,
    encoder: Encoder,
    space: SpaceInfo,
    taxonomy: Taxonomy,
    fit: EncoderFit,
    *,
    among: Ids | None,
    min_confidence: float | None,
    max_labels: int,
    replace_others: bool,
    truth: str | None,
    dry_run: bool,
    report: ReportProgress,
) -> TaggingReport:
    """Tag every image (among sorted ids) with the labels it shows.

    Args:
        min_confidence: confidence needed for a label; None for each label's threshold.
        max_labels: maximum labels per image, not counting their parents.
        replace_others: remove earlier zero-shot tags of other labels.
        truth: a text column with the correct labels (separated by ";"); None to use people's tags.
    Raises:
        InputError: nothing to tag, or a threshold or number out of range.
    """
    started = time.perf_counter()
    if min_confidence is not None and not 0 < min_confidence < 1:
        raise InputError(f"the confidence is {min_confidence}; it must be between 0 and 1")
    if max_labels < 1:
        raise InputError(f"at most {max_labels} labels per image is too few", hint="give at least 1")
    labels = taxonomy.labels
    words = words_of(encoder, labels, fit)
    known, notes = calibrated(catalog, space, words, labels, truth=truth, fit=fit)
    if min_confidence is not None:
        known = replace(known, thresholds=np.full(len(labels), min_confidence))
    found = collect(catalog, space, words, known, among=among, top=max_labels, report=report)
    names, found = with_parents(labels, found)
    if not dry_run:
        with catalog.unit("tagging"):
            store(catalog, ZERO_SHOT, names, found, among=among, keep=not replace_others)
    return TaggingReport(
        origin=ZERO_SHOT,
        images=found.images,
        tagged=len(np.unique(found.ids)),
        tags=len(found.ids),
        labels=summaries(catalog, names, found, known, len(labels)),
        written=not dry_run,
        notes=(*taxonomy.notes, *notes),
        seconds=time.perf_counter() - started,
    )


def calibrated(
    catalog: Catalog,
    space: SpaceInfo,
    words: Words,
    labels: Sequence[Label],
    *,
    truth: str | None,
    fit: EncoderFit,
) -> tuple[LabelCalibration, tuple[str, ...]]:
    """The calibration of these words' scores in this library, from a sample and from people's tags."""
    count = catalog.health.counts().embeddings.get(space.id, 0)
    if count == 0:
        raise InputError("the library has no images", hint="index some first: saccade index FOLDER")
    sample = catalog.embeddings.get(space.id, catalog.embeddings.sample(space.id, min(count, _SAMPLE)))
    background = sample @ words.background.T
    scores = sample @ words.texts.T
    known = calibrate_labels(scores, background, words.label_of, fit)
    stated = _known_labels(catalog, labels, truth)
    if not stated:
        return known, ()
    slopes, offsets = known.slopes.copy(), known.offsets.copy()
    for number, (yes, no) in stated.items():
        rows = catalog.embeddings.get(space.id, np.concatenate([yes, no]))
        seen = evidence(known, rows @ words.texts.T, rows @ words.background.T)[:, number]
        slopes[number], offsets[number] = refit(seen.astype(np.float64), np.arange(len(rows)) < len(yes), fit)
    fitted = replace(known, slopes=slopes, offsets=offsets)
    note = f"fitted to known labels of images: {', '.join(sorted(labels[number].path for number in stated))}"
    return estimate_shares(fitted, evidence(known, scores, background)), (note,)


def collect(
    catalog: Catalog,
    space: SpaceInfo,
    words: Words,
    known: LabelCalibration,
    *,
    among: Ids | None,
    top: int,
    report: ReportProgress,
) -> TagRows:
    """Every tag that reaches its label's threshold, the `top` most confident of each image."""
    total = catalog.health.counts().embeddings.get(space.id, 0) if among is None else len(among)
    ids: list[Ids] = [np.zeros(0, np.int64)]
    labels: list[NDArray[np.int32]] = [np.zeros(0, np.int32)]
    sure: list[NDArray[np.float32]] = [np.zeros(0, np.float32)]
    seen = 0
    for block_ids, rows in blocks(catalog, space, among):
        places, numbers, confidences = tag_block(rows, words, known, top)
        ids.append(block_ids[places])
        labels.append(numbers)
        sure.append(confidences)
        seen += len(block_ids)
        report(Progress(stage="tag", done=seen, total=total))
    everyone = np.concatenate(ids)
    order = np.argsort(everyone, kind="stable")
    return TagRows(
        ids=everyone[order],
        labels=np.concatenate(labels)[order],
        confidences=np.concatenate(sure)[order],
        images=seen,
    )


def tag_block(
    rows: Embeddings, words: Words, known: LabelCalibration, top: int
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    """Tags of (m, d) rows: row number, label number and confidence; by row, most confident first.

    One matrix product decides: with each text's threshold and each image's background score as two more
    dimensions, a product is positive exactly if the label passes.
    """
    scale = np.float32(known.scale)
    taken = explained(known, rows @ words.background.T) * scale
    bars = (known.centers + scale * known.bars[known.label_of]).astype(np.float32)
    images = np.column_stack([rows, taken, np.ones(len(rows), np.float32)])
    texts = np.column_stack([words.texts, np.full(len(bars), -1, np.float32), -bars])
    above = images @ texts.T
    place, text = np.divmod(np.flatnonzero(above >= 0), len(bars))
    number = known.label_of[text]
    confidence = known.confidence(above[place, text] / scale + known.bars[number], number)
    # The best of a label's texts counts.
    order = np.lexsort((-confidence, number, place))
    place, number, confidence = place[order], number[order], confidence[order]
    new = np.ones(len(place), np.bool_)
    new[1:] = (place[1:] != place[:-1]) | (number[1:] != number[:-1])
    place, number, confidence = place[new], number[new], confidence[new]
    order = np.lexsort((number, -confidence, place))
    place, number, confidence = place[order], number[order], confidence[order]
    nth = np.arange(len(place)) - np.searchsorted(place, place)
    kept = nth < top
    return place[kept], number[kept].astype(np.int32), confidence[kept].astype(np.float32)


def _known_labels(
    catalog: Catalog, labels: Sequence[Label], column: str | None
) -> dict[int, tuple[Ids, Ids]]:
    """{label's number: (images that show it, images that do not)}, if people tagged enough of both.

    An image that a person tagged with other labels but not this one does not show it.
    """
    bearers: dict[str, Ids] = {}
    if column is None:
        there = catalog.tags.labels(PERSON)
        bearers = {
            label.path: catalog.tags.with_label(label.path, PERSON)[0]
            for label in labels
            if label.path in there
        }
    else:
        ids, values = catalog.columns.texts(column)
        said = [{part.strip().casefold() for part in value.split(";")} for value in values]
        for label in labels:
            names = {label.path.casefold(), label.path.rsplit("/", 1)[-1].casefold()}
            bearers[label.path] = ids[np.array([bool(one & names) for one in said], np.bool_)]
    everyone = np.unique(np.concatenate([np.zeros(0, np.int64), *bearers.values()]))
    stated = {}
    for number, label in enumerate(labels):
        yes = bearers.get(label.path, everyone[:0])
        no = np.setdiff1d(everyone, yes)
        if min(len(yes), len(no)) >= _ENOUGH_TRUTH:
            stated[number] = (yes, no)
    return stated
