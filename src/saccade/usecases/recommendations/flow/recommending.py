"""Recommends images to a user: candidates, preference, popularity, business terms, diversity, reasons."""

import time
from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from saccade.core.errors import NoImagesError
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.stores import Event
from saccade.core.ranking import diversified, stretched
from saccade.core.ties import ranked
from saccade.core.types import Ids, ImageRecord
from saccade.engine.space import SpaceReader
from saccade.usecases.recommendations.flow.boosts import WORTH_SAYING, boost_terms, boosted
from saccade.usecases.recommendations.flow.pools import Liked, Pool, Wish, known, pool_of, without
from saccade.usecases.recommendations.rules.preference import (
    DAY,
    Sign,
    affinity,
    crowd_pull,
    event_counts,
    leaning,
    preference_scores,
    voices,
)
from saccade.usecases.recommendations.rules.reports import Basis, Reason, Recommendation, Recommendations

Kin: TypeAlias = Callable[[Ids], Ids]
"""(n,) ids -> sorted ids of these images and their copies."""

_LOOKED = 10
_SPREAD = 0.7
"""Minimum diversity if nothing is known about the user."""
_DEEDS = {"like": "liked", "buy": "bought", "click": "clicked", "view": "viewed"}


_COPIES = 100
"""Maximum number of copies of a picture to leave out of its recommendations."""


def signs_of(events: Sequence[Event], now: float) -> list[Sign]:
    """Events as signs; one from the future (due to a wrong clock) counts as now."""
    return [
        Sign(image=event.image, kind=event.kind, days=max(0.0, (now - event.at) / DAY), value=event.value)
        for event in events
    ]


def recommend_to_user(
    catalog: Catalog, reader: SpaceReader, spread: float, user: str, wish: Wish, *, kin: Kin = np.unique
) -> Recommendations:
    """Images for a user; without events, popular ones or a cross-section, with a note.

    Args:
        spread: standard deviation of the scores of random pairs in the reader's space.
        kin: returns images with their copies: who has seen a picture need not see it resized.
    Raises:
        NoImagesError: no image may be recommended.   InvalidFilterError: a boost that is not a column.
    """
    started = time.perf_counter()
    events = catalog.feedback.events()
    signs = signs_of([event for event in events if event.user == user], wish.now)
    counts = event_counts(signs_of(events, wish.now), wish.half_life)
    preference = leaning(signs, wish.half_life)
    liked = known(catalog, reader, preference.liked, preference.liked_weights, preference.kinds)
    pool = pool_of(catalog, reader, liked, counts, wish)
    if not wish.seen:
        pool = without(pool, kin(preference.seen))
    if not len(pool.ids):
        raise NoImagesError(
            f"nothing is left to recommend to {user!r}", hint="loosen the filters, or allow seen images"
        )
    asked = f"for {user}"
    if liked is None:
        return _cold(catalog, pool, wish, asked=asked, some=bool(signs), started=started)
    spoils = known(catalog, reader, preference.disliked, preference.disliked_weights, ())
    return _ranked(
        catalog, pool, liked, spoils, spread, asked=asked, basis="history", wish=wish, started=started
    )


def recommend_like(
    catalog: Catalog,
    reader: SpaceReader,
    spread: float,
    liked: Liked,
    wish: Wish,
    *,
    images: Ids,
    kin: Kin = np.unique,
) -> Recommendations:
    """Images similar to the given ones: the same ranking without a user.

    Args:
        images: ids of the given ones in the library; they are not recommended.
    """
    started = time.perf_counter()
    counts = event_counts(signs_of(catalog.feedback.events(), wish.now), wish.half_life)
    pool = pool_of(catalog, reader, liked, counts, wish)
    if not wish.seen:
        pool = without(pool, kin(images))
    if not len(pool.ids):
        raise NoImagesError("no other image may be recommended", hint="loosen the filters")
    asked = "like " + ", ".join(name_of(path) for path in liked.paths)
    return _ranked(
        catalog, pool, liked, None, spread, asked=asked, basis="images", wish=wish, started=started
    )


def name_of(path: str) -> str:
    """The last part of a path."""
    return path.rstrip("/").rpartition("/")[2] or path


def _ranked(
    catalog: Catalog,
    pool: Pool,
    liked: Liked,
    spoils: Liked | None,
    spread: float,
    *,
    asked: str,
    basis: Basis,
    wish: Wish,
    started: float,
) -> Recommendations:
    """The answer from a preference."""
    crowd = crowd_pull(pool.counts)
    fits = affinity(pool.rows, liked.rows, liked.weights, spread)
    bad = None if spoils is None else affinity(pool.rows, spoils.rows, spoils.weights, spread)
    raw = preference_scores(fits, bad, crowd, wish.novel)
    terms = boost_terms(catalog, wish.boosts, pool.ids)
    scores = stretched(raw) + sum((term.amounts for term in terms), np.zeros(len(raw)))
    chosen = _chosen(catalog, pool, scores, wish.k, wish.diverse)
    shares = voices(pool.rows[chosen], liked.rows, liked.weights, spread)
    scale = max(float(raw.max() - np.median(raw)), 1e-12)
    said = []
    for row, place in enumerate(chosen.tolist()):
        reasons = _likings(liked, shares[row], pool.rows[place])
        pull = (1.0 - 2.0 * wish.novel) * float(crowd[place]) / scale
        if pull > WORTH_SAYING:
            text = "popular" if wish.novel < 0.5 else "little known"
            reasons.append(Reason(kind="popular", text=text, amount=pull))
        said.append((*reasons, *boosted(terms, place)))
    note = ""
    if len(pool.ids) < wish.k:
        note = f"only {len(pool.ids):,} images may be recommended"
    return _answer(catalog, pool, chosen, scores, said, asked=asked, basis=basis, note=note, started=started)


def _cold(
    catalog: Catalog, pool: Pool, wish: Wish, *, asked: str, some: bool, started: float
) -> Recommendations:
    """The answer for a user without events: popular images, else a cross-section."""
    center = pool.rows.mean(axis=0)
    typical = stretched((pool.rows @ center).astype(np.float64))
    popular = pool.counts > 0
    why = "this user has not liked anything yet" if some else "nothing is known about this user"
    if popular.any():
        base, diverse = np.log1p(pool.counts) / np.log1p(pool.counts.max()) + 0.01 * typical, wish.diverse
        basis: Basis = "popular"
        note = f"{why}: these are the most popular among all users"
    else:
        base, diverse, basis = typical, max(wish.diverse, _SPREAD), "spread"
        note = f"{why}, and nobody has liked anything yet: this is a cross-section of the library"
    terms = boost_terms(catalog, wish.boosts, pool.ids)
    scores = base + sum((term.amounts for term in terms), np.zeros(len(base)))
    chosen = _chosen(catalog, pool, scores, wish.k, diverse)
    said = []
    for place in chosen.tolist():
        amount = float(base[place])
        reason = (
            Reason(kind="popular", text="popular", amount=amount)
            if popular[place]
            else Reason(kind="different", text="shows another part of the library", amount=amount)
        )
        said.append((reason, *boosted(terms, place)))
    return _answer(catalog, pool, chosen, scores, said, asked=asked, basis=basis, note=note, started=started)


def _chosen(
    catalog: Catalog, pool: Pool, scores: NDArray[np.float64], k: int, diverse: float
) -> NDArray[np.int64]:
    """Positions of the k results, chosen from the best few hundred; ties by SHA-256."""
    best = ranked(catalog.images, pool.ids, scores, max(200, _LOOKED * k))
    chosen: NDArray[np.int64] = best[diversified(scores[best], pool.rows[best], k, diverse)]
    return chosen


def _likings(liked: Liked, shares: NDArray[np.float64], row: NDArray[np.float32]) -> list[Reason]:
    """The one or two liked images that contribute most to an image's score."""
    order = np.argsort(-shares, kind="stable")[:2].tolist()
    places = [place for place in order if place == order[0] or shares[place] > 0.5 * shares[order[0]]]
    reasons = []
    for place in places:
        kind, path = liked.kinds[place], liked.paths[place]
        deed = f" you {_DEEDS[kind]}" if kind in _DEEDS else ""
        likeness = float(liked.rows[place] @ row)
        text = f"like {name_of(path)}{deed} ({likeness:.2f})"
        reasons.append(
            Reason(kind=_DEEDS.get(kind, "given"), text=text, amount=float(shares[place]), path=path)
        )
    return reasons


def _answer(
    catalog: Catalog,
    pool: Pool,
    chosen: NDArray[np.int64],
    scores: NDArray[np.float64],
    said: Sequence[tuple[Reason, ...]],
    *,
    asked: str,
    basis: Basis,
    note: str,
    started: float,
) -> Recommendations:
    """The chosen images with their details."""
    records = catalog.images.get(pool.ids[chosen].tolist())
    hits = [
        recommendation(rank, record, float(scores[place]), reasons)
        for rank, (record, place, reasons) in enumerate(zip(records, chosen, said, strict=True), start=1)
        if record.paths
    ]
    took = (time.perf_counter() - started) * 1000.0
    return Recommendations(asked=asked, basis=basis, note=note, hits=tuple(hits), took_ms=took)


def recommendation(
    rank: int, record: ImageRecord, score: float, reasons: tuple[Reason, ...]
) -> Recommendation:
    """One hit."""
    return Recommendation(
        rank=rank,
        image_id=record.image_id,
        path=record.paths[0],
        paths=record.paths,
        score=score,
        reasons=reasons,
        info=record.info,
    )


def copies_of(catalog: Catalog, reader: SpaceReader, threshold: float, ids: Ids) -> Ids:
    """Sorted ids of these images and their copies.

    Args:
        reader: of the copy space.
        threshold: copy score from which two images are the same picture.
    """
    own = np.unique(ids)
    embedded = np.setdiff1d(own, catalog.embeddings.unembedded(reader.space.id))
    if not len(embedded):
        return own
    near, scores = reader.each_nearest(catalog.embeddings.get(reader.space.id, embedded), _COPIES)
    return np.union1d(own, near[scores >= threshold])
