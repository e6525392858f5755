"""Decides which pictures are worth comparing and whether two are the same, for all commands.

`find`, `check`, `leaks` and `overlap` differ only in which pairs they consider. Which pairs are worth
comparing (a high score in the copy space, or similar perceptual hashes), which may have equal pixels, and the
verdict on the others are decided here, so that all four give a pair the same tier. In libraries of more than
20,000 images, where pairs are searched approximately, a command may miss a pair that another one finds.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from saccade.core.perceptual import NEAR, NO_HASH, Hashes, hamming, hash_pairs
from saccade.core.pixels.alignment import inverse
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.engines import Match, Verifier
from saccade.core.types import Embeddings, Ids, ImageInfo, Pixels, SpaceInfo
from saccade.engine.space import SpaceReader
from saccade.usecases.duplicates.flow.candidates import Candidates
from saccade.usecases.duplicates.rules.reports import Link, Tier

EQUAL_SCORE = 0.98
"""Copy score below which pixels cannot be equal; equal ones score 1 except for decoder shortcuts."""
EQUAL_BITS = 4
"""Differing bits of perceptual hashes above which they cannot either."""
_FIRST, _LARGEST = 32, 4096
"""Initial and maximum number of neighbors requested for one picture."""
_SCORED_AT_ONCE = 10_000


def may_be_equal(a: ImageInfo, b: ImageInfo, score: float, bits: int) -> bool:
    """Whether two images may have exactly the same pixels and are worth decoding.

    Args:
        score: in the copy space.
        bits: number of differing hash bits; negative if one has no hash.
    """
    same_size = (a.width, a.height) == (b.width, b.height)
    return same_size and score >= EQUAL_SCORE and bits <= EQUAL_BITS


@dataclass(frozen=True, slots=True, kw_only=True)
class HashTable:
    """Perceptual hashes of the present images of a library: (n,) sorted ids, (n,) hashes."""

    ids: Ids
    hashes: Hashes

    @classmethod
    def of(cls, catalog: Catalog, space: SpaceInfo, among: Ids | None = None) -> "HashTable":
        """Those of images (among sorted ids) that have an embedding in the space."""
        ids, hashes = catalog.hashes.get(among)
        out = np.union1d(catalog.embeddings.absent(space.id), catalog.embeddings.unembedded(space.id))
        there = ~np.isin(ids, out)
        return cls(ids=ids[there], hashes=hashes[there])

    def near(self, value: int) -> Ids:
        """Images with a similar hash; none for `NO_HASH`."""
        if value == int(NO_HASH):
            return self.ids[:0]
        wanted = np.full(1, value, np.uint64)
        near: Ids = self.ids[(hamming(self.hashes, wanted) <= NEAR) & (self.hashes != NO_HASH)]
        return near


def hash_candidates(catalog: Catalog, space: SpaceInfo, among: Ids | None) -> Candidates:
    """Pairs of present images (among sorted ids, if given) with similar perceptual hashes.

    The copy space finds nearly all of them too, but it was learned from photos; hashes were not. Images
    without a hash yet are in no pair.
    """
    table = HashTable.of(catalog, space, among)
    return Candidates.of(list(_scored(catalog, space, table.ids, hash_pairs(table.hashes))))


def _scored(
    catalog: Catalog, space: SpaceInfo, ids: Ids, places: NDArray[np.int64]
) -> Iterator[tuple[Ids, Ids, NDArray[np.float32]]]:
    """Pairs with their copy scores, in batches."""
    for start in range(0, len(places), _SCORED_AT_ONCE):
        a, b = ids[places[start : start + _SCORED_AT_ONCE]].T
        known = np.union1d(a, b)
        rows = catalog.embeddings.get(space.id, known)
        left, right = rows[np.searchsorted(known, a)], rows[np.searchsorted(known, b)]
        scores = np.clip(np.einsum("ij,ij->i", left, right), -1.0, 1.0)
        yield a, b, scores.astype(np.float32)


def candidates_across(
    mine: HashTable, theirs: HashTable, rows: tuple[Embeddings, Embeddings], ids: tuple[Ids, Ids]
) -> list[tuple[int, int, float]]:
    """(image of the one library, image of the other, copy score) of pairs with similar hashes.

    Args:
        rows, ids: from both libraries' copy spaces, ids ascending.
    """
    both = np.concatenate([mine.hashes, theirs.hashes])
    found = []
    for one, other in hash_pairs(both).tolist():
        if one < len(mine.ids) <= other:
            a, b = int(mine.ids[one]), int(theirs.ids[other - len(mine.ids)])
            left, right = rows[0][np.searchsorted(ids[0], a)], rows[1][np.searchsorted(ids[1], b)]
            found.append((a, b, float(np.clip(left @ right, -1.0, 1.0))))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a single picture is compared with.

    Attributes:
        reader: of the copy space.
        threshold: score there from which pixels are worth comparing.
        hashes: of the library's images.
    """

    catalog: Catalog
    reader: SpaceReader
    threshold: float
    hashes: HashTable

    def candidates(self, row: Embeddings, value: int) -> dict[int, float]:
        """{image id: copy score} of the images worth comparing with a picture.

        Args:
            row: (d,) its embedding in the copy space.
            value: its perceptual hash.
        """
        wanted = _FIRST
        while True:
            ids, scores = self.reader.candidates(row[np.newaxis], wanted)
            if len(ids) < wanted or scores[-1] < self.threshold or wanted >= _LARGEST:
                break
            wanted *= 4
        keep = scores >= self.threshold
        found = dict(zip(ids[keep].tolist(), scores[keep].tolist(), strict=True))
        near = np.setdiff1d(self.hashes.near(value), ids[keep])
        if len(near):
            rows = self.catalog.embeddings.get(self.reader.space.id, near)
            found |= dict(zip(near.tolist(), np.clip(rows @ row, -1.0, 1.0).tolist(), strict=True))
        return found


def verdict(verifier: Verifier, a: Pixels, b: Pixels, score: float) -> Match:
    """The verifier's result for two pictures; the same whichever is given first, but for the transform.

    A verifier may see a little more from one side than from the other. The pixels decide which side that is,
    because commands give the two in different order.
    """
    if (a.shape, a.tobytes()) <= (b.shape, b.tobytes()):
        return verifier.verify(a, b, score)
    match = verifier.verify(b, a, score)
    return match if match.transform is None else replace(match, transform=inverse(match.transform))


def compare(verifier: Verifier, a: Pixels, b: Pixels, score: float) -> Link | None:
    """Why two pictures are the same, with the transform from `b` to `a`; None if they are not."""
    match = verdict(verifier, a, b, score)
    if not match.same:
        return None
    return Link(
        tier=Tier.PICTURE,
        probability=match.probability,
        score=score,
        transform=() if match.transform is None else tuple(float(x) for x in match.transform.ravel()),
        facts=match.facts,
        method=verifier.name,
    )
