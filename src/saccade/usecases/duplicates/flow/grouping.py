"""Turns groups of images into groups of files, with a keeper and a reason for each file."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

import numpy as np

from saccade.core.perceptual import NO_HASH
from saccade.core.ports.catalog import Catalog
from saccade.core.types import ImageRecord, SpaceInfo
from saccade.engine.places import lies_in
from saccade.usecases.duplicates.rules.keeper import Choice, Chooser, Look
from saccade.usecases.duplicates.rules.reports import DuplicateFile, DuplicateGroup, Evidence, Link, Tier

TIERS = tuple(Tier)
"""The strictest first."""
NO_DISTANCE = -1
"""Hash distance if one image has no hash."""

_AT_ONCE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouped:
    """A keeper (image id) and its matches, {image id: why}; empty if only its files repeat."""

    keeper: int
    links: Mapping[int, Link]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Other:
    """A file that is not kept."""

    choice: Choice
    record: ImageRecord
    tier: Tier
    probability: float = 1.0
    evidence: Evidence | None = None

    def file(self, reason: str) -> DuplicateFile:
        return DuplicateFile(
            path=self.choice.path,
            record=self.record,
            tier=self.tier,
            probability=self.probability,
            evidence=self.evidence,
            reason=reason,
        )


class Reporter:
    """Builds the reported groups.

    Args:
        copies: the space that reported scores are from.
        tiers: other files are left out.
        folders: only files in or below these; all when empty.
        kin: {image id: number of its class of equal pixels}; images without one are alone.
        looks: known looks of images.
        distinct: pairs a < b that a person marked as not duplicates.
    """

    def __init__(
        self,
        catalog: Catalog,
        copies: SpaceInfo,
        chooser: Chooser,
        *,
        tiers: frozenset[Tier],
        folders: Sequence[str] = (),
        kin: Mapping[int, int],
        looks: Mapping[int, Look],
        distinct: frozenset[tuple[int, int]],
    ) -> None:
        self._catalog = catalog
        self._copies = copies
        self._chooser = chooser
        self._tiers = tiers
        self._folders = tuple(folder.rstrip("/") for folder in folders)
        self._kin = kin
        self._looks = looks
        self._distinct = distinct

    def ranked(self, records: Iterable[ImageRecord], *, apart: bool = False) -> list[int]:
        """Image ids, the best to keep first; see `Chooser.ranked`."""
        choices = [(record.id, choice) for record in records for choice in self._choices(record)]
        places = self._chooser.ranked([choice for _, choice in choices], apart=apart)
        return list(dict.fromkeys(choices[place][0] for place in places))

    def groups(self, grouped: Iterable[Grouped]) -> Iterator[DuplicateGroup]:
        """Groups with a keeper and at least one other file of the tiers wanted, some at a time."""
        return (group for _, group in self.built(grouped))

    def built(self, grouped: Iterable[Grouped]) -> Iterator[tuple[Grouped, DuplicateGroup]]:
        """`groups`, each with what it was built from."""
        waiting = iter(grouped)
        while some := list(islice(waiting, _AT_ONCE)):
            ids = sorted({image for one in some for image in (one.keeper, *one.links)})
            records = {record.id: record for record in self._catalog.images.get(ids)}
            hashes = dict(
                zip(*(part.tolist() for part in self._catalog.hashes.get(np.array(ids))), strict=True)
            )
            for one in some:
                group = self._group(one, records, hashes)
                if group is not None:
                    yield one, group

    def _group(
        self, grouped: Grouped, records: Mapping[int, ImageRecord], hashes: Mapping[int, int]
    ) -> DuplicateGroup | None:
        keeper = records[grouped.keeper]
        own = self._choices(keeper)
        own = [own[place] for place in self._chooser.ranked(own)]
        if not own:
            return None
        others: list[_Other] = []
        if Tier.BYTES in self._tiers:
            others += [_Other(choice=choice, record=keeper, tier=Tier.BYTES) for choice in own[1:]]
        scores = self._scores(grouped)
        for image, link in grouped.links.items():
            pair = (min(image, keeper.id), max(image, keeper.id))
            if link.tier in self._tiers and pair not in self._distinct:
                evidence = evidence_of(
                    keeper, records[image], link, scores[image], (hashes.get(keeper.id), hashes.get(image))
                )
                others += [
                    _Other(
                        choice=choice,
                        record=records[image],
                        tier=link.tier,
                        probability=link.probability,
                        evidence=evidence,
                    )
                    for choice in self._choices(records[image])
                ]
        if not others:
            return None
        others.sort(key=lambda other: (TIERS.index(other.tier), -other.probability, other.choice.path))
        reason, reasons = self._chooser.reasons(own[0], [other.choice for other in others])
        return DuplicateGroup(
            tier=others[-1].tier,
            keeper=DuplicateFile(
                path=own[0].path, record=keeper, tier=None, probability=1.0, evidence=None, reason=reason
            ),
            others=tuple(other.file(why) for other, why in zip(others, reasons, strict=True)),
        )

    def _choices(self, record: ImageRecord) -> list[Choice]:
        look = self._looks.get(record.id, Look())
        kin = self._kin.get(record.id, record.id)
        return [
            Choice(path=path, info=record.info, look=look, kin=kin)
            for path in record.paths
            if not self._folders or any(lies_in(path, folder) for folder in self._folders)
        ]

    def _scores(self, grouped: Grouped) -> dict[int, float]:
        """Copy score of each image with the keeper."""
        images = list(grouped.links)
        if not images:
            return {}
        rows = self._catalog.embeddings.get(self._copies.id, np.array([grouped.keeper, *images], np.int64))
        scores = np.clip(rows[1:] @ rows[0], -1.0, 1.0)
        return dict(zip(images, scores.tolist(), strict=True))


def moment(record: ImageRecord) -> float | None:
    """Seconds since 1970 (as if in UTC) when it was taken; None if unknown."""
    if record.info.taken_at is None:
        return None
    try:
        return datetime.fromisoformat(record.info.taken_at + "+00:00").timestamp()
    except (ValueError, OverflowError):
        return None


def hash_distance(a: int | None, b: int | None) -> int:
    """Differing bits of two perceptual hashes; `NO_DISTANCE` if one is unknown or `NO_HASH`."""
    if a is None or b is None or int(NO_HASH) in {a, b}:
        return NO_DISTANCE
    return (a ^ b).bit_count()


def evidence_of(
    keeper: ImageRecord, other: ImageRecord, link: Link, score: float, hashes: tuple[int | None, int | None]
) -> Evidence:
    """The reported evidence for a link from the keeper to another image."""
    times = moment(keeper), moment(other)
    return Evidence(
        copy_score=score,
        hash_distance=hash_distance(*hashes),
        seconds=abs(times[0] - times[1]) if times[0] is not None and times[1] is not None else None,
        transform=link.transform,
        facts=link.facts,
        method=link.method,
    )
