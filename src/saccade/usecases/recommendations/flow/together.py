"""Finds what goes with an image: from imported sets, else from similar images in sets."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from saccade.core.calibration import Calibration, image_confidence
from saccade.core.errors import InputError
from saccade.core.ports.catalog import Catalog
from saccade.core.ranking import diversified, stretched
from saccade.core.ties import ranked
from saccade.core.types import Embeddings, Ids
from saccade.engine.space import SpaceReader
from saccade.usecases.recommendations.flow.boosts import boost_terms, boosted
from saccade.usecases.recommendations.flow.pools import Wish
from saccade.usecases.recommendations.flow.recommending import name_of, recommendation
from saccade.usecases.recommendations.rules.reports import Basis, Reason, Recommendations
from saccade.usecases.recommendations.rules.together import companions, in_sets

_STAND_INS = 5
"""Number of similar images in sets used for an image in none."""
_LOOK_ALIKES = 20
_FEWER = 0.5
"""Weight of a look-alike of a companion, relative to the companion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """A query image: its id (None if not in the library), row, and name."""

    image: int | None
    row: Embeddings
    path: str


@dataclass(slots=True)
class _Found:
    """The score and reasons of one image so far."""

    score: float
    reasons: tuple[Reason, ...]


def goes_with(
    catalog: Catalog, reader: SpaceReader, calibration: Calibration, seeds: Sequence[Seed], wish: Wish
) -> Recommendations:
    """Images that go with the given ones.

    Companions in the imported sets come first. For an image in no set, similar images in sets are used,
    weighted by similarity, as reported in the answer's basis and note. If there are too few companions,
    images similar to them follow, at half weight.

    Raises:
        InputError: no sets were imported, or nothing goes with these.
    """
    started = time.perf_counter()
    sets = catalog.feedback.sets()
    having = in_sets(sets)
    if not len(having):
        raise InputError(
            "no sets were imported, so nothing is known about what goes together",
            hint="saccade feedback import-sets FILE.csv (columns: set, image)",
        )
    found: dict[int, _Found] = {}
    basis: Basis = "sets"
    notes = []
    for seed in seeds:
        if seed.image is not None and seed.image in having:
            _add(found, sets, seed.image, seed.path, 1.0)
            continue
        basis = "look-alikes"
        names = []
        for image, path, likeness in _stand_ins(catalog, reader, calibration, seed, having):
            _add(found, sets, image, path, likeness)
            names.append(name_of(path))
        notes.append(
            f"no set contains {name_of(seed.path)}: using similar images ({', '.join(names)})"
            if names
            else f"no set contains {name_of(seed.path)} or any similar image"
        )
    own = np.array([seed.image for seed in seeds if seed.image is not None], np.int64)
    _look_alikes(catalog, reader, calibration, found, wish)
    ids = _allowed(catalog, reader, found, own, wish)
    if not len(ids):
        raise InputError(
            "nothing in the sets goes with this" + "".join(f"; {note}" for note in notes),
            hint="import more sets, or loosen the filters",
        )
    asked = "goes with " + ", ".join(name_of(seed.path) for seed in seeds)
    return _answer(
        catalog, reader, found, ids, wish, asked=asked, basis=basis, note="; ".join(notes), started=started
    )


def _add(
    found: dict[int, _Found],
    sets: Mapping[str, Sequence[int]],
    image: int,
    path: str,
    share: float,
) -> None:
    """Add what goes with one image, weighted by `share`."""
    for one in companions(sets, image):
        times = "once" if one.times == 1 else f"{one.times:,} times"
        text = f"together with {name_of(path)} {times}, {one.lift:.1f} x chance"
        score = share * one.score
        reason = Reason(kind="together", text=text, amount=score, path=path)
        if one.image in found:
            found[one.image].score += score
            found[one.image].reasons += (reason,)
        else:
            found[one.image] = _Found(score, (reason,))


def _stand_ins(
    catalog: Catalog, reader: SpaceReader, calibration: Calibration, seed: Seed, having: Ids
) -> list[tuple[int, str, float]]:
    """(id, path, similarity in [0, 1]) of the images in sets most similar to one that is in none."""
    there = having[~np.isin(having, catalog.embeddings.absent(reader.space.id))]
    ids, scores = reader.candidates(seed.row, _STAND_INS, only=there)
    sure = image_confidence(calibration, scores)
    records = catalog.images.get(ids.tolist())
    return [
        (record.id, record.paths[0], float(likeness))
        for record, likeness in zip(records, sure, strict=True)
        if record.paths and likeness > 0.1
    ]


def _look_alikes(
    catalog: Catalog,
    reader: SpaceReader,
    calibration: Calibration,
    found: dict[int, _Found],
    wish: Wish,
) -> None:
    """Add images similar to the best companions if there are too few companions."""
    out = catalog.embeddings.unembedded(reader.space.id)
    best = sorted(found, key=lambda image: (-found[image].score, image))[: wish.k]
    if len(found) >= wish.k:
        return
    for image in best:
        if image in out:
            continue
        (record,) = catalog.images.get([image])
        row = catalog.embeddings.get(reader.space.id, np.array([image], np.int64))
        path = record.paths[0] if record.paths else record.image_id[:12]
        ids, scores = reader.candidates(row, _LOOK_ALIKES, only=wish.only)
        for other, sure in zip(ids.tolist(), image_confidence(calibration, scores).tolist(), strict=True):
            if other not in found:
                score = _FEWER * sure * found[image].score
                text = f"looks like {name_of(path)}, which is {found[image].reasons[0].text}"
                reason = Reason(kind="look-alike", text=text, amount=score, path=path)
                found[other] = _Found(score, (reason,))


def _allowed(catalog: Catalog, reader: SpaceReader, found: Mapping[int, _Found], own: Ids, wish: Wish) -> Ids:
    """Sorted ids of those that may be shown."""
    space = reader.space.id
    ids = np.array(sorted(found), np.int64)
    out = np.concatenate([own, catalog.embeddings.absent(space), catalog.embeddings.unembedded(space)])
    ids = ids[~np.isin(ids, out)]
    return ids if wish.only is None else ids[np.isin(ids, wish.only)]


def _answer(
    catalog: Catalog,
    reader: SpaceReader,
    found: Mapping[int, _Found],
    ids: Ids,
    wish: Wish,
    *,
    asked: str,
    basis: Basis,
    note: str,
    started: float,
) -> Recommendations:
    """The best images found, with business terms and diversity."""
    raw = np.array([found[image].score for image in ids.tolist()])
    terms = boost_terms(catalog, wish.boosts, ids)
    scores = raw if not terms and not wish.diverse else stretched(raw)
    scores = scores + sum((term.amounts for term in terms), np.zeros(len(raw)))
    rows = catalog.embeddings.get(reader.space.id, ids)
    order = ranked(catalog.images, ids, scores)
    chosen = order[diversified(scores[order], rows[order], wish.k, wish.diverse)].tolist()
    records = catalog.images.get(ids[chosen].tolist())
    hits = tuple(
        recommendation(
            rank,
            record,
            float(scores[place]),
            (*found[int(ids[place])].reasons[:3], *boosted(terms, place)),
        )
        for rank, (record, place) in enumerate(zip(records, chosen, strict=True), start=1)
        if record.paths
    )
    took = (time.perf_counter() - started) * 1000.0
    return Recommendations(asked=asked, basis=basis, note=note, hits=hits, took_ms=took)
