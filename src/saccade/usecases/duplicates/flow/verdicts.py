"""Verdicts on pairs of images: from the catalog, or else from the verifier."""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Self

import numpy as np

from saccade.core.errors import LibraryBusyError, ReadOnlyError
from saccade.core.perceptual import phash
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.engines import Match, Verifier
from saccade.core.ports.stores import StoredPair
from saccade.core.types import Ids, ImageRecord
from saccade.engine.thumbnails import Thumbnails
from saccade.usecases.duplicates.flow.matcher import verdict
from saccade.usecases.duplicates.rules.keeper import Look, look_of
from saccade.usecases.duplicates.rules.reports import Link, Tier

DIFFERENT = "different"
"""Tier of a pair that was compared and does not match."""

_SAVED_AT_ONCE = 256


class Verdicts:
    """Same picture or not, pair by pair; each pair is compared only once.

    Attributes:
        compared: pairs whose pixels were compared by this object.

    Args:
        thumbnails: by the verifier's recipe.
        among: sorted ids whose pairs matter.
        looks: filled with the look of every image that was read, {image id: look}.
        threads: pairs compared at the same time.
    """

    def __init__(
        self,
        catalog: Catalog,
        verifier: Verifier,
        thumbnails: Thumbnails,
        *,
        among: Ids | None,
        looks: dict[int, Look],
        threads: int = 1,
    ) -> None:
        self.compared = 0
        self._looks = looks
        self._catalog = catalog
        self._verifier = verifier
        self._thumbnails = thumbnails
        self._known: dict[tuple[int, int], StoredPair] = {}
        self._unsaved: list[StoredPair] = []
        self._unhashed = set(catalog.hashes.missing().tolist())
        self._workers = ThreadPoolExecutor(threads)
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
        """Read the pixels of images whose look is unknown; hash those that indexing did not."""
        missing = [record for record in records if record.id not in self._looks]
        hashes: dict[int, int] = {}
        for image, pixels in self._thumbnails.get(missing).items():
            self._looks[image] = look_of(pixels)
            if image in self._unhashed:
                hashes[image] = int(phash(pixels[np.newaxis])[0])
        if hashes:
            with suppress(LibraryBusyError, ReadOnlyError):  # then they stay without one
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
                self._workers.submit(verdict, self._verifier, pixels[a], pixels[b], score)
                for a, b, score in pairs
            ]
            for (a, b, score), job in zip(pairs, jobs, strict=True):
                self._note(a, b, score, job.result())
        return [self._link(keeper.id, other.id) for other in others]

    def save(self, *, at_least: int = 1) -> None:
        """Store the results, so that they are never computed again."""
        if len(self._unsaved) >= at_least:
            with suppress(LibraryBusyError, ReadOnlyError):  # then it is computed again next time
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


def _facts(pair: StoredPair) -> dict[str, float]:
    facts: dict[str, float] = json.loads(pair.evidence)["facts"]
    return facts
