"""Finds images similar to one or more pictures, optionally diverse; the given ones are left out."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from saccade.core.calibration import Calibration
from saccade.core.errors import InputError
from saccade.core.filters import Filter
from saccade.core.hits import Hit, SearchResult
from saccade.core.ports.catalog import Catalog
from saccade.core.ranking import diversified, stretched
from saccade.engine.inputs import check_k
from saccade.engine.query import Part
from saccade.engine.space import SpaceReader
from saccade.usecases.searching.flow.search import search

_POOL = 10
"""For diverse results, this many times k hits are considered."""


def alike(
    catalog: Catalog,
    reader: SpaceReader,
    parts: Sequence[Part],
    calibration: Calibration,
    *,
    k: int,
    started: float,
    filter: Filter,
    given: Sequence[int],
    diverse: float,
    least: float = -1.0,
) -> SearchResult:
    """The k images most similar to all parts together.

    Args:
        given: ids of the query's pictures; they are left out.
        diverse: in [0, 1], see `core.ranking.diversified`.
        least: minimum score of a hit.
    Raises:
        InvalidQueryError: k below 1.   InputError: `diverse` outside [0, 1].
    """
    check_k(k)
    if not 0.0 <= diverse <= 1.0:
        raise InputError(f"diverse is {diverse}; it must be from 0 to 1", hint="--diverse 0.3")
    others = list(given[1:])
    wanted = (max(100, _POOL * k) if diverse else k) + len(others)
    result = search(
        catalog,
        reader,
        parts,
        calibration,
        k=wanted,
        started=started,
        filter=filter,
        leave_out=given[0] if given else None,
        least=least,
    )
    own = {record.image_id for record in catalog.images.get(others)}
    hits = [hit for hit in result.hits if hit.image_id not in own]
    if diverse and hits:
        hits = _spread_out(catalog, reader, hits, k, diverse)
    ranked = (replace(hit, rank=rank) for rank, hit in enumerate(hits[:k], start=1))
    return replace(result, hits=tuple(ranked))


def _spread_out(
    catalog: Catalog, reader: SpaceReader, hits: Sequence[Hit], k: int, diverse: float
) -> list[Hit]:
    """The k hits that are good and unlike each other."""
    space = reader.space.id
    digests = [bytes.fromhex(hit.image_id) for hit in hits]
    found = catalog.images.find(digests, [space])
    there = [hit for hit, digest in zip(hits, digests, strict=True) if digest in found]
    ids = np.array([found[bytes.fromhex(hit.image_id)] for hit in there], np.int64)
    scores = stretched(np.array([hit.score for hit in there]))
    return [there[place] for place in diversified(scores, catalog.embeddings.get(space, ids), k, diverse)]
