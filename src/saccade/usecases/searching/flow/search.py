"""Multi-stage search: filter, candidates, exact rescore, fusion with words, collapse, confidence."""

import time
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from saccade.core.calibration import CONFIDENT, Calibration
from saccade.core.errors import ImageNotFoundError
from saccade.core.filters import Filter
from saccade.core.hits import Hit, PartScore, SearchResult
from saccade.core.items import FIRST_PART, WHOLE
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.indexes import Selection
from saccade.core.ties import ranked
from saccade.core.types import Ids, ImageRecord, SpaceInfo
from saccade.engine.folding import Nearest
from saccade.engine.inputs import check_k
from saccade.engine.query import Part, combine, confidence, content_words, describe
from saccade.engine.space import SpaceReader
from saccade.usecases.searching.rules.fusion import collapse, reciprocal_rank_fusion

_SMALLEST_POOL = 50
_OVERFETCH = 2
_LOOK_BEHIND = 10
"""Images after the k-th that are looked at for being near-identical to one before."""
_ATTEMPTS = 3
_WORD_MATCHES = 500
"""A word that more images contain than this says too little to add images by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collapsing:
    """How near-identical hits are recognized: a space of the copy role and its threshold."""

    space: SpaceInfo
    threshold: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """Images that hold the query's words, best first, and how much that says, in [0, 1]."""

    words: tuple[str, ...]
    ids: Ids
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """Images in their final order, and the positions that make one hit each, its best first.

    `items`: {image: item of it that matches best}; of others, it is the whole image.
    """

    order: Ids
    items: Mapping[int, int]
    groups: Sequence[Sequence[int]]
    words: _Words


def search(
    catalog: Catalog,
    reader: SpaceReader,
    parts: Sequence[Part],
    calibration: Calibration,
    *,
    k: int,
    started: float,
    filter: Filter,
    collapsing: Collapsing | None = None,
    leave_out: int | None = None,
    least: float = -1.0,
    stop_words: AbstractSet[str] = frozenset(),
) -> SearchResult:
    """The k best images for a query; fewer only if fewer match the filter.

    Args:
        started: `time.perf_counter()` when the query came, for `took_ms`.
        leave_out: an image that is not to be an answer (the query itself).
        least: images that score below it are not hits.
        stop_words: words that say nothing about a picture; see `EncoderInfo`.
    Raises:
        InvalidQueryError: k below 1, nothing asked, or parts that cancel each other.
    """
    check_k(k)
    query = combine(parts, calibration)
    said = " ".join(part.text for part in parts if part.text is not None and part.weight > 0)
    words = content_words(said, stop_words)
    within = Selection.where(filter, catalog.images.match)
    out = np.array([] if leave_out is None else [leave_out], np.int64)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            total = _total(reader, within) if words else 0
            pool = max(_SMALLEST_POOL, _OVERFETCH * k)
            while True:
                nearest = reader.nearest(query, pool, within=within)
                with catalog.reading():
                    found = _find(
                        catalog,
                        nearest,
                        words,
                        k=k,
                        within=within,
                        total=total,
                        out=out,
                        least=least,
                        collapsing=collapsing,
                    )
                    if len(found.groups) >= k or np.count_nonzero(nearest.scores >= least) < pool:
                        return _answer(
                            catalog, reader.space, parts, calibration, found=found, started=started
                        )
                pool *= 4  # so many hits were near-identical that k distinct ones need a wider net
        except ImageNotFoundError:
            # Another process took a file or an embedding away meanwhile, or a repair was killed half-way.
            if attempt == _ATTEMPTS:
                raise
            spaces = [reader.space, *([] if collapsing is None else [collapsing.space])]
            out = np.concatenate([out, *(catalog.embeddings.unembedded(space.id) for space in spaces)])
    raise AssertionError("the last attempt returns or raises")


def _find(
    catalog: Catalog,
    nearest: Nearest,
    wanted: Sequence[str],
    *,
    k: int,
    within: Selection,
    total: int,
    out: Ids,
    least: float,
    collapsing: Collapsing | None,
) -> _Found:
    """At most k groups of images, best first; without those in `out`, only those in `within`."""
    near = nearest.images[nearest.scores >= least]
    words = _matching_words(catalog, wanted, near, within, total)
    order = reciprocal_rank_fusion([near, words.ids]) if len(words.ids) else near
    order = order[~np.isin(order, out)] if len(out) else order
    groups = _groups(catalog, order, collapsing, k)
    items = dict(zip(nearest.images.tolist(), nearest.items.tolist(), strict=True))
    return _Found(order=order, items=items, groups=groups[:k], words=words)


def _total(reader: SpaceReader, within: Selection) -> int:
    """Number of images to search among."""
    return len(within.resolve()) if within else reader.count()


def _matching_words(
    catalog: Catalog, wanted: Sequence[str], near: Ids, within: Selection, total: int
) -> _Words:
    """Images that hold all the wanted words; where they are too common to rank, in the order of `near`."""
    words = tuple(wanted)
    if not words or not total:
        return _Words(words=words, ids=np.zeros(0, np.int64), weight=0.0)
    matches = catalog.images.match_words(words, _WORD_MATCHES, within.only)
    weight = 1.0 - len(matches.ids) / total
    if len(matches.ids) >= _WORD_MATCHES:
        # Too common to add images, but among those already found the words still speak for some.
        matches, weight = catalog.images.match_words(words, len(near), np.sort(near)), 0.0
    ids = matches.ids
    if not matches.ranked:
        held = near[np.isin(near, ids)]
        others = np.setdiff1d(ids, held)
        ids = np.concatenate([held, others[ranked(catalog.images, others, np.zeros(len(others)))]])
    return _Words(words=words, ids=ids, weight=weight)


def _groups(catalog: Catalog, order: Ids, collapsing: Collapsing | None, k: int) -> list[list[int]]:
    """Positions in `order`, near-identical images together: k groups, or all there are.

    Reading embeddings is what costs, so only as many images are looked at as k groups need.
    """
    if collapsing is None or len(order) == 0:
        return [[row] for row in range(len(order))]
    width = k + _LOOK_BEHIND
    while True:
        looked = order[:width]
        groups = collapse(catalog.embeddings.get(collapsing.space.id, looked), collapsing.threshold)
        if len(groups) >= k or width >= len(order):
            return groups
        width *= 4


def _answer(
    catalog: Catalog,
    space: SpaceInfo,
    parts: Sequence[Part],
    calibration: Calibration,
    *,
    found: _Found,
    started: float,
) -> SearchResult:
    order, groups, words = found.order, found.groups, found.words
    heads = order[[group[0] for group in groups]] if groups else order[:0]
    numbers = [found.items.get(image, image) for image in heads.tolist()]
    embeddings = catalog.embeddings.get(space.id, np.array(numbers, np.int64))
    regions = [number for number in numbers if number >= FIRST_PART]
    parts_of = {one.id: one.item for one in catalog.items.get(regions)} if regions else {}
    part_scores = np.stack([part.vector for part in parts]) @ embeddings.T
    scores = (combine(parts, calibration) @ embeddings.T)[0]
    sure = _with_words(confidence(parts, part_scores, calibration), heads, words)
    records = _records(catalog, order, groups)
    matched = np.isin(heads, words.ids)
    hits = tuple(
        Hit(
            rank=rank + 1,
            image_id=records[int(heads[rank])].image_id,
            item=parts_of.get(numbers[rank], WHOLE),
            path=records[int(heads[rank])].paths[0],
            paths=records[int(heads[rank])].paths,
            score=float(np.clip(scores[rank], -1.0, 1.0)),
            confidence=float(sure[rank]),
            parts=tuple(
                PartScore(part=part.label, score=float(np.clip(part_scores[row, rank], -1.0, 1.0)))
                for row, part in enumerate(parts)
            ),
            words=words.words if matched[rank] else (),
            similar=tuple(records[int(order[row])].image_id for row in group[1:]),
            info=records[int(heads[rank])].info,
        )
        for rank, group in enumerate(groups)
    )
    return SearchResult(
        query=describe(parts),
        confident=bool(len(sure) and sure.max() >= CONFIDENT),
        hits=hits,
        took_ms=(time.perf_counter() - started) * 1000.0,
    )


def _with_words(sure: NDArray[np.float64], heads: Ids, words: _Words) -> NDArray[np.float64]:
    """Confidence that the picture or its words answer: 1 - (1 - a)(1 - b) of two independent signs."""
    said = np.where(np.isin(heads, words.ids), words.weight, 0.0)
    return 1.0 - (1.0 - sure) * (1.0 - said)


def _records(catalog: Catalog, order: Ids, groups: Sequence[Sequence[int]]) -> dict[int, ImageRecord]:
    """The images of all groups, by id. Raises ImageNotFoundError when one has no file anymore."""
    ids = [int(order[row]) for group in groups for row in group]
    records = {record.id: record for record in catalog.images.get(ids)}
    gone = [record for record in records.values() if not record.paths]
    if gone:
        raise ImageNotFoundError(
            f"image {gone[0].image_id} has no file anymore", hint="run `saccade doctor --repair`"
        )
    return records
