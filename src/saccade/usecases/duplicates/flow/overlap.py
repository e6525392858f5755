"""Finds pictures that two sets of images share: train and test, or two libraries."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import numpy as np

from saccade.core.errors import EncoderMismatchError
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.decoders import ReportProgress
from saccade.core.types import EncoderInfo, Failure, Ids, ImageRecord, Progress, SpaceInfo
from saccade.engine.rows import space_rows
from saccade.engine.thumbnails import Thumbnails
from saccade.usecases.duplicates.flow.candidates import find_candidates
from saccade.usecases.duplicates.flow.grouping import TIERS, evidence_of, hash_distance
from saccade.usecases.duplicates.flow.matcher import (
    EQUAL_SCORE,
    HashTable,
    candidates_across,
    compare,
    hash_candidates,
    may_be_equal,
)
from saccade.usecases.duplicates.flow.request import Tools
from saccade.usecases.duplicates.flow.same_pixels import pixel_digests
from saccade.usecases.duplicates.flow.verdicts import Verdicts
from saccade.usecases.duplicates.rules.reports import EQUAL, DuplicatePair, Link, OverlapReport, Tier

_READ = 2000
_AHEAD = 256


class _Pair(NamedTuple):
    """An image of each side, and their copy score."""

    a: int
    b: int
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """Some images of one library: sorted ids."""

    catalog: Catalog
    ids: Ids

    def records(self, ids: Iterable[int]) -> dict[int, ImageRecord]:
        """Records by id, of images that have a file."""
        wanted = sorted(set(ids))
        parts = (
            self.catalog.images.get(wanted[start : start + _READ]) for start in range(0, len(wanted), _READ)
        )
        return {record.id: record for part in parts for record in part if record.paths}

    def hashes(self, ids: Iterable[int]) -> dict[int, int]:
        """Perceptual hashes by id."""
        found = self.catalog.hashes.get(np.array(sorted(set(ids)), np.int64))
        return dict(zip(*(part.tolist() for part in found), strict=True))


class _Overlap:
    """Compares pairs across two sides and reports them."""

    def __init__(
        self, tools: Tools, sides: tuple[_Side, _Side], tiers: frozenset[Tier], report: ReportProgress | None
    ) -> None:
        self.tools = tools
        self.sides = sides
        self.tiers = tiers
        self.report: ReportProgress = report or (lambda _: None)
        self.compared = 0
        self.failures: dict[str, Failure] = {}
        self._started = time.monotonic()
        self._found: list[tuple[_Pair, Link]] = []

    @property
    def looks_at_pixels(self) -> bool:
        """Whether more than bytes are compared."""
        return bool(self.tiers & {Tier.PIXELS, Tier.PICTURE})

    def same_bytes(self, pairs: Iterable[tuple[int, int]]) -> None:
        """Add pairs that are the same image."""
        if Tier.BYTES in self.tiers:
            link = Link(tier=Tier.BYTES, probability=1.0, score=1.0)
            self._found += [(_Pair(a, b, 1.0), link) for a, b in pairs]

    def equal_pixels(self, pairs: Sequence[_Pair]) -> list[_Pair]:
        """Find pairs with equal pixels; return the others."""
        close = [pair for pair in pairs if pair.score >= EQUAL_SCORE]
        a = self.sides[0].records(pair.a for pair in close)
        b = self.sides[1].records(pair.b for pair in close)
        hashes = self.sides[0].hashes(a), self.sides[1].hashes(b)
        close = [
            pair
            for pair in close
            if pair.a in a
            and pair.b in b
            and may_be_equal(
                a[pair.a].info,
                b[pair.b].info,
                pair.score,
                hash_distance(hashes[0].get(pair.a), hashes[1].get(pair.b)),
            )
        ]
        digests = [
            self._digests([records[image] for image in sorted(set(images))])
            for records, images in ((a, (pair.a for pair in close)), (b, (pair.b for pair in close)))
        ]
        self.compared += len(close)
        equal = {pair for pair in close if digests[0].get(pair.a, b"a") == digests[1].get(pair.b, b"b")}
        if Tier.PIXELS in self.tiers:
            self._found += [(pair, EQUAL) for pair in pairs if pair in equal]
        return [pair for pair in pairs if pair not in equal]

    def chunks(self, pairs: Sequence[_Pair]) -> Iterator[tuple[ImageRecord, list[tuple[ImageRecord, float]]]]:
        """Each image of the first side with its candidates of the other and their scores."""
        done = 0
        ordered = sorted(pairs)
        for start in range(0, len(ordered), _AHEAD):
            some = ordered[start : start + _AHEAD]
            a = self.sides[0].records(pair.a for pair in some)
            b = self.sides[1].records(pair.b for pair in some)
            for image, group in groupby(some, key=lambda pair: pair.a):
                others = [(b[pair.b], pair.score) for pair in group if pair.b in b]
                if image in a and others:
                    yield a[image], others
                done += len(others)
                self.report(Progress(stage="comparing pictures", done=done, total=len(ordered)))

    def add(
        self, one: ImageRecord, others: Sequence[tuple[ImageRecord, float]], links: Iterable[Link | None]
    ) -> None:
        """Record the matches of one image."""
        self._found += [
            (_Pair(one.id, other.id, score), link)
            for (other, score), link in zip(others, links, strict=True)
            if link is not None
        ]

    def failed(self, failures: Iterable[Failure]) -> None:
        """Record files that could not be read."""
        self.failures.update({failure.path: failure for failure in failures})

    def result(self) -> OverlapReport:
        """Everything found."""
        a = self.sides[0].records(pair.a for pair, _ in self._found)
        b = self.sides[1].records(pair.b for pair, _ in self._found)
        hashes = self.sides[0].hashes(a), self.sides[1].hashes(b)
        pairs = [
            DuplicatePair(
                a=a[pair.a],
                b=b[pair.b],
                tier=link.tier,
                probability=link.probability,
                evidence=evidence_of(
                    a[pair.a], b[pair.b], link, pair.score, (hashes[0].get(pair.a), hashes[1].get(pair.b))
                ),
            )
            for pair, link in self._found
            if pair.a in a and pair.b in b
        ]
        pairs.sort(key=lambda pair: (TIERS.index(pair.tier), -pair.probability, pair.a.id, pair.b.id))
        return OverlapReport(
            pairs=tuple(pairs),
            images=(len(self.sides[0].ids), len(self.sides[1].ids)),
            leaked=(len({pair.a.id for pair in pairs}), len({pair.b.id for pair in pairs})),
            verified=self.compared,
            failed=tuple(self.failures.values()),
            seconds=time.monotonic() - self._started,
        )

    def _digests(self, records: Sequence[ImageRecord]) -> dict[int, bytes]:
        digests, failures = pixel_digests(self.tools.open_decoder, records, lambda _: None)
        self.failed(failures)
        return digests


def find_leaks(
    tools: Tools, train: Ids, test: Ids, tiers: frozenset[Tier], *, progress: ReportProgress | None = None
) -> OverlapReport:
    """Pictures that two sets of images of one library (sorted ids) share; comparisons are stored."""
    catalog = tools.catalog
    sides = (_Side(catalog=catalog, ids=train), _Side(catalog=catalog, ids=test))
    overlap = _Overlap(tools, sides, tiers, progress)
    overlap.same_bytes((image, image) for image in np.intersect1d(train, test).tolist())
    if not overlap.looks_at_pixels:
        return overlap.result()
    both = np.union1d(train, test)
    found = find_candidates(
        catalog,
        tools.copies,
        tools.join,
        tools.folder,
        threshold=tools.threshold,
        among=both,
        report=overlap.report,
    ).joined(hash_candidates(catalog, tools.copies, both))
    distinct = {(a, b) for a, b in catalog.pairs.distinct().tolist()}
    pairs = []
    for a, b, turned in ((found.a, found.b, False), (found.b, found.a, True)):
        across = np.isin(a, train) & np.isin(b, test)
        some = zip(a[across].tolist(), b[across].tolist(), found.scores[across].tolist(), strict=True)
        pairs += [_Pair(*one) for one in some if (one[1::-1] if turned else one[:2]) not in distinct]
    pairs = overlap.equal_pixels(pairs)
    if Tier.PICTURE in tiers:
        with tools.open_decoder(tools.verifier.recipe) as decoder:
            thumbnails = Thumbnails(decoder, kept_bytes=tools.settings.cache_mb << 20)
            threads = tools.settings.threads or 1
            with Verdicts(
                catalog, tools.verifier, thumbnails, among=both, looks={}, threads=threads
            ) as verdicts:
                for one, others in overlap.chunks(pairs):
                    scores = {other.id: score for other, score in others}
                    links = verdicts.match(one, [other for other, _ in others], scores)
                    overlap.add(one, others, links)
            overlap.compared += verdicts.compared
            overlap.failed(thumbnails.failures.values())
    return overlap.result()


def find_shared(
    tools: Tools,
    encoder: EncoderInfo,
    other: Catalog,
    other_space: SpaceInfo,
    tiers: frozenset[Tier],
    *,
    progress: ReportProgress | None = None,
) -> OverlapReport:
    """Pictures that two libraries share. Nothing is stored: the ids belong to two catalogs.

    Args:
        encoder: of this library's copy space.
    Raises:
        EncoderMismatchError: the libraries use different encoders.
    """
    if other_space.fingerprint != tools.copies.fingerprint and not encoder.makes(other_space.fingerprint):
        raise EncoderMismatchError(
            f"the libraries use different encoders: {tools.copies.encoder!r} "
            f"({tools.copies.fingerprint[:12]}) and {other_space.encoder!r} ({other_space.fingerprint[:12]})",
            hint="index one of them again with the other's encoder",
        )
    report = progress or (lambda _: None)

    def read(done: int, total: int) -> None:
        report(Progress(stage="reading embeddings", done=done, total=total))

    with (
        space_rows(tools.catalog, tools.copies, tools.folder, since=0, among=None, read=read) as mine,
        space_rows(other, other_space, tools.folder, since=0, among=None, read=read) as theirs,
    ):
        sides = (_Side(catalog=tools.catalog, ids=mine.ids), _Side(catalog=other, ids=theirs.ids))
        overlap = _Overlap(tools, sides, tiers, report)
        rows, count = np.concatenate([mine.rows, theirs.rows]), len(mine.ids)
        places = np.arange(len(rows), dtype=np.int64)
        pairs: list[_Pair] = []
        for a, b, scores in tools.join.pairs(places, rows, tools.threshold, new=places < count):
            across = (a < count) & (b >= count)
            found = (mine.ids[a[across]].tolist(), theirs.ids[b[across] - count].tolist())
            pairs += [_Pair(*one) for one in zip(*found, scores[across].tolist(), strict=True)]
        if tiers & {Tier.PIXELS, Tier.PICTURE}:
            tables = HashTable.of(tools.catalog, tools.copies), HashTable.of(other, other_space)
            known = {(pair.a, pair.b) for pair in pairs}
            near = candidates_across(*tables, (mine.rows, theirs.rows), (mine.ids, theirs.ids))
            pairs += [_Pair(*one) for one in near if one[:2] not in known]
    close = [pair for pair in pairs if pair.score >= EQUAL_SCORE]
    digests = [
        {image: record.sha256 for image, record in side.records(images).items()}
        for side, images in zip(sides, ((pair.a for pair in close), (pair.b for pair in close)), strict=True)
    ]
    twins = {
        (pair.a, pair.b) for pair in close if digests[0].get(pair.a, b"") == digests[1].get(pair.b, b"-")
    }
    overlap.same_bytes(sorted(twins))
    if overlap.looks_at_pixels:
        pairs = overlap.equal_pixels([pair for pair in pairs if (pair.a, pair.b) not in twins])
    if Tier.PICTURE in tiers:
        with (
            tools.open_decoder(tools.verifier.recipe) as here,
            tools.open_decoder(tools.verifier.recipe) as there,
        ):
            half = tools.settings.cache_mb << 19
            left, right = Thumbnails(here, kept_bytes=half), Thumbnails(there, kept_bytes=half)
            for one, others in overlap.chunks(pairs):
                mine_pixels = left.get([one])
                pixels = right.get([record for record, _ in others]) if mine_pixels else {}
                links = [
                    compare(tools.verifier, mine_pixels[one.id], pixels[record.id], score)
                    if record.id in pixels
                    else None
                    for record, score in others
                ]
                overlap.compared += len(pixels)
                overlap.add(one, others, links)
            overlap.failed([*left.failures.values(), *right.failures.values()])
    return overlap.result()
