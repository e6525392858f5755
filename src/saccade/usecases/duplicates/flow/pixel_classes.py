"""Classes of images with exactly the same pixels, the only transitive relation between pictures."""

from collections.abc import Callable, Sequence
from contextlib import suppress

import numpy as np

from saccade.core.errors import LibraryBusyError, ReadOnlyError
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.stores import StoredPair
from saccade.core.types import Failure, Ids, ImageRecord
from saccade.usecases.duplicates.flow.candidates import Candidates
from saccade.usecases.duplicates.flow.grouping import hash_distance
from saccade.usecases.duplicates.flow.matcher import EQUAL_SCORE, may_be_equal
from saccade.usecases.duplicates.flow.same_pixels import OpenDecoder, pixel_digests
from saccade.usecases.duplicates.flow.verdicts import DIFFERENT
from saccade.usecases.duplicates.rules.groups import components
from saccade.usecases.duplicates.rules.reports import Tier

METHOD = "pixels-1"


def pixel_classes(
    catalog: Catalog,
    open_decoder: OpenDecoder,
    candidates: Candidates,
    records: Callable[[Sequence[int]], dict[int, ImageRecord]],
    *,
    among: Ids | None,
    advance: Callable[[int, int], None],
) -> tuple[list[list[int]], int, list[Failure]]:
    """(classes of two and more image ids, pairs compared in this run, failures).

    Only pairs of one size and a copy score near 1 are decoded. Earlier comparisons are not repeated.
    """
    close = candidates.where(candidates.scores >= EQUAL_SCORE)
    known = {(pair.a, pair.b): pair.tier for pair in catalog.pairs.load(METHOD, among)}
    same = [pair for pair, tier in known.items() if tier == Tier.PIXELS]
    left = [
        (a, b, score)
        for a, b, score in zip(close.a.tolist(), close.b.tolist(), close.scores.tolist(), strict=True)
        if (a, b) not in known
    ]
    images = sorted({image for a, b, _ in left for image in (a, b)})
    infos = records(images)
    hashes = dict(
        zip(*(part.tolist() for part in catalog.hashes.get(np.array(images, np.int64))), strict=True)
    )
    left = [
        (a, b, score)
        for a, b, score in left
        if may_be_equal(infos[a].info, infos[b].info, score, hash_distance(hashes.get(a), hashes.get(b)))
    ]
    wanted = [infos[image] for image in sorted({image for a, b, _ in left for image in (a, b)})]
    digests, failures = pixel_digests(open_decoder, wanted, lambda done: advance(done, len(wanted)))
    compared = [
        StoredPair(
            a=a,
            b=b,
            tier=Tier.PIXELS if digests[a] == digests[b] else DIFFERENT,
            score=min(1.0, score),
            verdict=1.0,
            evidence="{}",
        )
        for a, b, score in left
        if a in digests and b in digests
    ]
    with suppress(LibraryBusyError, ReadOnlyError):  # then they are compared again next time
        catalog.pairs.save(METHOD, compared)
    same += [(pair.a, pair.b) for pair in compared if pair.tier == Tier.PIXELS]
    forbidden = {(a, b) for a, b in catalog.pairs.distinct().tolist()}
    return components([pair for pair in same if pair not in forbidden]), len(compared), failures
