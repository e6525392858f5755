"""What was found out about pairs of images: remembered in the catalog, asked of the verifier when not."""

import json
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from saccade.core.errors import LibraryBusyError, ReadOnlyError
from saccade.core.perceptual import phash
from saccade.core.pixels.alignment import inverse
from saccade.core.ports import Catalog
from saccade.core.ports.engines import Match, Verifier
from saccade.core.ports.stores import StoredPair
from saccade.core.types import Ids, ImageRecord, Pixels
from saccade.engine.thumbnails import Thumbnails
from saccade.usecases.duplicates.rules.keeper import Look, look_of
from saccade.usecases.duplicates.rules.reports import Tier

DIFFERENT = "different"
"""Tier of a pair that was compared and is not the same picture."""

_SAVED_AT_ONCE = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Why two images are the same.

    Attributes:
        tier: how they are.   probability: that they are.   score: cosine in the copy space.
        transform: six numbers of the affine map from the second to the first; empty if none.
        facts: what was measured.   method: who looked; "" if nobody had to.
    """

    tier: Tier
    probability: float
    score: float
    transform: tuple[float, ...] = ()
    facts: Mapping[str, float] = field(default_factory=dict)
    method: str = ""

    def turned(self) -> "Link":
        """The same, first and second exchanged."""
        if not self.transform:
            return self
        back = inverse(np.array(self.transform).reshape(2, 3)).ravel()
        return Link(
            tier=self.tier,
            probability=self.probability,
            score=self.score,
            transform=tuple(float(number) for number in back),
            facts=self.facts,
            method=self.method,
        )


EQUAL = Link(tier=Tier.PIXELS, probability=1.0, score=1.0)
"""The link of two images with the very same pixels."""


class Verdicts:
    """Same picture or not, pair by pair; each pair is compared once and for all.

    Attributes:
        compared: pairs whose pixels were compared by this object.

    Args:
        thumbnails: by the verifier's recipe.
        among: sorted ids whose pairs matter.
        looks: gets the look of every image that was read, {image id: look}.
    """

    def __init__(
        self,
        catalog: Catalog,
        verifier: Verifier,
        thumbnails: Thumbnails,
        *,
        among: Ids | None,
        looks: dict[int, Look],
    ) -> None:
        self.compared = 0
        self._looks = looks
        self._catalog = catalog
        self._verifier = verifier
        self._thumbnails = thumbnails
        self._known: dict[tuple[int, int], StoredPair] = {}
        self._unsaved: list[StoredPair] = []
        self._unhashed = set(catalog.hashes.missing().tolist())
        self._workers = ThreadPoolExecutor(os.cpu_count() or 1)
        for pair in catalog.pairs.load(verifier.name, among):
            self._known[pair.a, pair.b] = pair
            facts = _facts(pair)
            for image, end in ((pair.a, "a"), (pair.b, "b")):
                self._looks[image] = Look(
                    shown=facts.get(f"shown_{end}", 1.0), gray=facts.get(f"gray_{end}", 0.0) > 0
                )

    def knows(self, a: int, b: int) -> bool:
        """Whether the pair was compared before."""
        return (min(a, b), max(a, b)) in self._known

    def look(self, records: Sequence[ImageRecord]) -> None:
        """Read the pixels of images whose look is not known yet; hash those that indexing did not."""
        missing = [record for record in records if record.id not in self._looks]
        hashes: dict[int, int] = {}
        for image, pixels in self._thumbnails.get(missing).items():
            self._looks[image] = look_of(pixels)
            if image in self._unhashed:
                hashes[image] = int(phash(pixels[np.newaxis])[0])
        if hashes:
            with suppress(LibraryBusyError, ReadOnlyError):  # then they stay without
                self._catalog.hashes.save(hashes)
            self._unhashed -= set(hashes)

    def match(
        self, keeper: ImageRecord, others: Sequence[ImageRecord], scores: Mapping[int, float]
    ) -> list[Link | None]:
        """Why each of the others is the same as the keeper; None where it is not, or cannot be read.

        Args:
            scores: copy score of each of the others with the keeper, by image id.
        """
        unknown = [other for other in others if not self.knows(keeper.id, other.id)]
        if unknown:
            pixels = self._thumbnails.get([keeper, *unknown])
            readable = [other.id for other in unknown if keeper.id in pixels and other.id in pixels]
            pairs = [(min(keeper.id, other), max(keeper.id, other), scores[other]) for other in readable]
            jobs = [
                self._workers.submit(self._verifier.verify, pixels[a], pixels[b], score)
                for a, b, score in pairs
            ]
            for (a, b, score), job in zip(pairs, jobs, strict=True):
                self._note(a, b, score, job.result())
        return [self._link(keeper.id, other.id) for other in others]

    def save(self, *, at_least: int = 1) -> None:
        """Keep what was found out, so that it is never looked at again."""
        if len(self._unsaved) >= at_least:
            with suppress(LibraryBusyError, ReadOnlyError):  # then it is found out again next time
                self._catalog.pairs.save(self._verifier.name, self._unsaved)
            self._unsaved = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        """Save, and end the threads."""
        self._workers.shutdown(cancel_futures=True)
        self.save()

    def _note(self, a: int, b: int, score: float, match: Match) -> None:
        one, other = self._looks.get(a, Look()), self._looks.get(b, Look())
        facts = {
            **match.facts,
            "shown_a": round(one.shown, 4),
            "shown_b": round(other.shown, 4),
            "gray_a": float(one.gray),
            "gray_b": float(other.gray),
        }
        transform = [] if match.transform is None else [round(float(x), 6) for x in match.transform.ravel()]
        pair = StoredPair(
            a=a,
            b=b,
            tier=Tier.PICTURE if match.same else DIFFERENT,
            score=score,
            verdict=match.probability if match.same else 1.0 - match.probability,
            evidence=json.dumps({"transform": transform, "facts": facts}),
        )
        self._known[a, b] = pair
        self._unsaved.append(pair)
        self.compared += 1
        self.save(at_least=_SAVED_AT_ONCE)

    def _link(self, keeper: int, other: int) -> Link | None:
        """The link from the keeper to the other, if they are the same."""
        pair = self._known.get((min(keeper, other), max(keeper, other)))
        if pair is None or pair.tier != Tier.PICTURE:
            return None
        raw = json.loads(pair.evidence)
        link = Link(
            tier=Tier.PICTURE,
            probability=pair.verdict,
            score=pair.score,
            transform=tuple(raw["transform"]),
            facts={
                name: value
                for name, value in raw["facts"].items()
                if not name.startswith(("shown_", "gray_"))
            },
            method=self._verifier.name,
        )
        return link if keeper < other else link.turned()


def compare(verifier: Verifier, a: Pixels, b: Pixels, score: float) -> Link | None:
    """Why two pictures are the same; None if they are not."""
    match = verifier.verify(a, b, score)
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


def _facts(pair: StoredPair) -> dict[str, float]:
    facts: dict[str, float] = json.loads(pair.evidence)["facts"]
    return facts
