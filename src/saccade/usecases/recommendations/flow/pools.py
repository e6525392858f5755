"""Selects the candidates of a recommendation, and the images that make up a preference."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from saccade.core.errors import InputError
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.indexes import Selection
from saccade.core.types import Embeddings, Ids
from saccade.engine.inputs import check_k
from saccade.engine.space import SpaceReader
from saccade.usecases.recommendations.rules.preference import HALF_LIFE_DAYS, heaviest

_EXACT = 50_000
"""Up to this many images, all are scored; above, the nearest of each interest and the most popular."""
_INTERESTS, _NEAREST, _POPULAR = 32, 500, 1000
_HISTORY = 500
"""Maximum number of liked images in a preference: the heaviest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """The options of a recommendation.

    Attributes:
        k: maximum number of images.
        diverse: in [0, 1], see `core.ranking.diversified`.
        novel: in [0, 1], see `preference_scores`.
        boosts: {column: weight}, see `boost_terms`.
        only: sorted ids that may be recommended; None for all.
        seen: whether to include images the user has already seen.
        half_life: days after which an event counts half.
        now: UTC seconds since 1970.
    """

    k: int
    diverse: float = 0.0
    novel: float = 0.0
    boosts: Mapping[str, float]
    only: Ids | None = None
    seen: bool = False
    half_life: float = HALF_LIFE_DAYS
    now: float

    def __post_init__(self) -> None:
        check_k(self.k)
        for name, value in (("diverse", self.diverse), ("novel", self.novel)):
            if not 0.0 <= value <= 1.0:
                raise InputError(f"{name} is {value}; it must be from 0 to 1", hint=f"--{name} 0.3")
        if not 0.0 < self.half_life < float("inf"):
            raise InputError(f"a half-life of {self.half_life} days is not valid", hint="--half-life 90")


@dataclass(frozen=True, slots=True, kw_only=True)
class Liked:
    """A preference: (m, d) unit rows, (m,) weights above 0, and the name of each."""

    rows: Embeddings
    weights: NDArray[np.float64]
    kinds: Sequence[str]
    paths: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Images to choose from: (n,) sorted ids, (n, d) rows, (n,) the weight of all users' events."""

    ids: Ids
    rows: Embeddings
    counts: NDArray[np.float64]


def known(
    catalog: Catalog,
    reader: SpaceReader,
    ids: Ids,
    weights: NDArray[np.float64],
    kinds: Sequence[str],
) -> Liked | None:
    """The heaviest of these images with their embeddings; None if none has one."""
    there = ~np.isin(ids, catalog.embeddings.unembedded(reader.space.id))
    places = np.flatnonzero(there)[heaviest(ids[there], weights[there], _HISTORY)]
    if not len(places):
        return None
    records = catalog.images.get(ids[places].tolist())
    return Liked(
        rows=catalog.embeddings.get(reader.space.id, ids[places]),
        weights=weights[places],
        kinds=[kinds[place] if kinds else "dislike" for place in places],
        paths=[record.paths[0] if record.paths else record.image_id[:12] for record in records],
    )


def pool_of(
    catalog: Catalog, reader: SpaceReader, liked: Liked | None, counts: Mapping[int, float], wish: Wish
) -> Pool:
    """The images to score: all allowed ones, or in a large library those near an interest or popular."""
    if reader.count() <= _EXACT:
        ids, rows = reader.everything()
        if wish.only is not None:
            keep = np.isin(ids, wish.only)
            ids, rows = ids[keep], rows[keep]
    else:
        ids = _candidates(catalog, reader, liked, counts, wish)
        rows = catalog.embeddings.get(reader.space.id, ids)
    return Pool(ids=ids, rows=rows, counts=np.array([counts.get(image, 0.0) for image in ids.tolist()]))


def _candidates(
    catalog: Catalog, reader: SpaceReader, liked: Liked | None, counts: Mapping[int, float], wish: Wish
) -> Ids:
    """Sorted ids: near the heaviest interests, the most popular, and an even sample of the rest."""
    sample = catalog.embeddings.sample(reader.space.id, _POPULAR)
    popular = sorted(counts, key=lambda image: (-counts[image], image))[:_POPULAR]
    found = [sample, np.array(popular, np.int64)]
    if liked is not None:
        places = heaviest(np.arange(len(liked.weights)), liked.weights, _INTERESTS)
        nearest = max(_NEAREST, 2 * wish.k)
        found += [
            reader.candidates(liked.rows[[place]], nearest, within=Selection.of(wish.only))[0]
            for place in places
        ]
    ids = np.unique(np.concatenate(found))
    out = np.union1d(
        catalog.embeddings.absent(reader.space.id), catalog.embeddings.unembedded(reader.space.id)
    )
    if wish.only is not None:
        ids = ids[np.isin(ids, wish.only)]
        if liked is None:
            ids = np.union1d(ids, wish.only[: 10 * _POPULAR])
    return ids[~np.isin(ids, out)]


def without(pool: Pool, images: Ids) -> Pool:
    """The pool without these images."""
    keep = ~np.isin(pool.ids, images)
    return Pool(ids=pool.ids[keep], rows=pool.rows[keep], counts=pool.counts[keep])
