"""Finds pictures with similar color, light and composition, whatever they show."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from saccade.core.calibration import CONFIDENT, Calibration, image_confidence
from saccade.core.decoding import Decoded, DecodeTask
from saccade.core.errors import InvalidQueryError, UnreadableImageError
from saccade.core.hits import Hit, PartScore, SearchResult
from saccade.core.items import WHOLE
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.decoders import Decoder, ReportProgress
from saccade.core.ports.results import ImageRows
from saccade.core.ties import ranked
from saccade.core.types import Failure, Ids, ImageRecord, Progress
from saccade.engine.inputs import check_k
from saccade.engine.thumbnails import read_images
from saccade.usecases.searching.rules.style import (
    STYLE_SIZE,
    STYLE_VERSION,
    mood_scores,
    standing_out,
    style_features,
    style_scores,
)

_KIND = f"style-{STYLE_VERSION}"
_SAMPLE = 200
_BATCH = 128
_BLOCK = 2048
"""Images per stored block: the most a killed run loses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Styles:
    """Features of images: (n,) sorted ids, (n, STYLE_SIZE) float32, and Failures of the others."""

    ids: Ids
    features: NDArray[np.float32]
    failed: tuple[Failure, ...] = ()

    def joined(self, *others: "Styles") -> "Styles":
        """These and the others; of an image in several, the first."""
        every = (self, *others)
        ids, first = np.unique(np.concatenate([one.ids for one in every]), return_index=True)
        return Styles(
            ids=ids,
            features=np.concatenate([one.features for one in every])[first],
            failed=tuple(failure for one in every for failure in one.failed),
        )


def load_styles(catalog: Catalog) -> Styles:
    """All stored features."""
    found = Styles(ids=np.zeros(0, np.int64), features=np.zeros((0, STYLE_SIZE), np.float32))
    blocks = [found]
    for entry in catalog.results.versions(_KIND):
        block = catalog.results.load(_KIND, entry.name, entry.version)
        if block is not None:
            rows = block.rows.arrays["features"].astype(np.float32)
            blocks.append(Styles(ids=block.rows.ids, features=rows))
    return found.joined(*blocks)


def measure_styles(catalog: Catalog, decoder: Decoder, ids: Ids, report: ReportProgress) -> Styles:
    """Features of sorted ids, computed and stored in blocks.

    Args:
        decoder: of `STYLE_RECIPE`.
    """
    blocks: list[Styles] = []
    for start in range(0, len(ids), _BLOCK):
        records = catalog.images.get(ids[start : start + _BLOCK].tolist())
        block = _computed(decoder, records, start, len(ids), report)
        if len(block.ids):
            rows = ImageRows(ids=block.ids, arrays={"features": block.features.astype(np.float16)})
            name = f"{int(block.ids[0])}-{int(block.ids[-1])}"
            catalog.results.save(_KIND, name, {}, {}, rows=rows, keep=1)
        blocks.append(block)
    first, *others = blocks
    return first.joined(*others)


def look_of(decoder: Decoder, task: DecodeTask) -> NDArray[np.float32]:
    """(STYLE_SIZE,) features of any picture, in the library or not. Raises UnreadableImageError."""
    (outcome,) = decoder.decode([task])
    if isinstance(outcome, Decoded):
        row: NDArray[np.float32] = _kept(style_features(outcome.pixels[np.newaxis]))[0]
        return row
    reason = outcome.reason if isinstance(outcome, Failure) else "it was not decoded"
    raise UnreadableImageError(f"cannot read {task.path}: {reason}")


def rank_styles(
    catalog: Catalog,
    styles: Styles,
    *,
    looks: NDArray[np.float32],
    labels: tuple[str, ...],
    mood: str,
    given: Ids,
    k: int,
    started: float,
) -> SearchResult:
    """The k images most similar in style to all given pictures, in the given mood, or both.

    The score is the similarity to the pictures in (0, 1] (the geometric mean over several), or, with a mood
    alone, tanh(s / 2) of the s standard deviations of everyday photos it is in that mood; with both, their
    mean. Confidence is `image_confidence` of the similarity, as measured on these images; with a mood
    alone, the share of the scored images that rank lower.

    Args:
        looks: (m, STYLE_SIZE) of the query's pictures, m at least 0; `labels` are their names.
        given: sorted ids of those in the library; they are left out.
    """
    check_k(k)
    keep = ~np.isin(styles.ids, given)
    ids, features = styles.ids[keep], styles.features[keep]
    parts = []
    if len(looks):
        near = np.stack([style_scores(features, look) for look in looks])
        parts.append(np.exp(np.log(np.maximum(near, 1e-30)).mean(axis=0)))
    if mood:
        parts.append(np.tanh(mood_scores(features, mood) / 2.0))
    if not parts:
        raise InvalidQueryError(
            "nothing to compare with", hint="name a picture, or a mood: --mood 'dark warm'"
        )
    scores = np.asarray(np.mean(parts, axis=0), np.float64)
    order = ranked(catalog.images, ids, scores, 2 * k)
    lower = np.searchsorted(np.sort(scores), scores, side="right")
    sure = lower / max(1, len(ids))
    if len(looks):
        sure = image_confidence(_chance(features), parts[0])
    records = {record.id: record for record in catalog.images.get(ids[order].tolist())}
    hits: list[Hit] = []
    for position in order.tolist():
        record = records[int(ids[position])]
        if record.paths and len(hits) < k:
            score, odds = float(scores[position]), float(sure[position])
            hits.append(_hit(record, len(hits) + 1, features[position], score=score, sure=odds))
    query = " + ".join([*(f"the look of {label}" for label in labels), *([mood] if mood else [])])
    took = (time.perf_counter() - started) * 1000.0
    return SearchResult(
        query=query, confident=bool(hits and hits[0].confidence >= CONFIDENT), hits=tuple(hits), took_ms=took
    )


def _chance(features: NDArray[np.float32]) -> Calibration:
    """How similar pictures here are by chance, and how similar each is to its nearest."""
    chance: tuple[float, ...] = ()
    nearest: tuple[float, ...] = ()
    if len(features) >= 3:
        sample = np.unique(np.linspace(0, len(features) - 1, _SAMPLE).astype(np.int64))
        likeness = np.stack([style_scores(features, features[row]) for row in sample])
        likeness[np.arange(len(sample)), sample] = np.nan
        steps = np.linspace(0.0, 1.0, 201)
        chance = tuple(np.nanquantile(likeness, steps).tolist())
        nearest = tuple(np.quantile(np.nanmax(likeness, axis=1), steps).tolist())
    return Calibration(
        images=len(features),
        location=None,
        scale=None,
        chance=chance,
        nearest=nearest,
        text_spread=1.0,
        image_spread=1.0,
    )


def _hit(record: ImageRecord, rank: int, look: NDArray[np.float32], *, score: float, sure: float) -> Hit:
    """One hit; its parts are its most prominent traits, 3 standard deviations and more counting as 1."""
    return Hit(
        rank=rank,
        image_id=record.image_id,
        item=WHOLE,
        path=record.paths[0],
        paths=record.paths,
        score=score,
        confidence=sure,
        parts=tuple(PartScore(part=word, score=min(1.0, much / 3.0)) for word, much in standing_out(look)),
        words=(),
        similar=(),
        info=record.info,
    )


def _computed(
    decoder: Decoder, records: Sequence[ImageRecord], done: int, total: int, report: ReportProgress
) -> Styles:
    """Features of these images, in order of id."""
    ids: list[int] = []
    rows: list[NDArray[np.float32]] = []
    failed: list[Failure] = []
    for start in range(0, len(records), _BATCH):
        pictures = []
        for record, outcome in read_images(
            decoder, [one for one in records[start : start + 128] if one.paths]
        ):
            if isinstance(outcome, Failure):
                failed.append(outcome)
            else:
                ids.append(record.id)
                pictures.append(outcome.pixels)
        if pictures:
            rows.append(_kept(style_features(np.stack(pictures))))
        report(
            Progress(
                stage="look", done=done + min(start + 128, len(records)), total=total, failed=len(failed)
            )
        )
    features = np.concatenate(rows) if rows else np.zeros((0, STYLE_SIZE), np.float32)
    return Styles(ids=np.array(ids, np.int64), features=features, failed=tuple(failed))


def _kept(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Features as read back from the catalog, so that a picture has the same ones whether stored or not."""
    return features.astype(np.float16).astype(np.float32)
