"""Finds pairs of images worth comparing: those that score high in the copy space.

The catalog keeps every high-scoring pair, under a name that includes the space, and the sequence number up to
which embeddings were joined. So a later run joins only new embeddings with all others.
"""

import json
import math
from array import array
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from saccade.core.calibration import Calibration, same_picture
from saccade.core.errors import LibraryBusyError, ReadOnlyError
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.decoders import ReportProgress
from saccade.core.ports.engines import SelfJoin
from saccade.core.ports.stores import StoredPair
from saccade.core.types import Ids, Progress, Scores, SpaceInfo
from saccade.engine.rows import space_rows

CANDIDATE = "candidate"
"""Tier of a pair that scored high but was not compared yet."""

_MARGIN = 0.12
"""How far below the copy threshold pairs are still worth comparing: verification provides the precision."""
_GROWTH, _LARGE = 0.06, 10_000
"""Above this many images the threshold rises, by this much for every factor of ten. Chance pairs grow with
the square of the number of images, and a million images must not mean ten million comparisons."""
_PAIRS_EACH = 20
"""Maximum chance pairs compared per image."""
_SMALL = 20_000
"""Up to this many requested images are joined among themselves if the others were not joined yet."""
_SAVED_AT_ONCE = 20_000
_SLACK = 0.01
"""The threshold follows the library's calibration; a step down this small does not require joining again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """Pairs a < b with their score, by (a, b)."""

    a: Ids
    b: Ids
    scores: Scores

    def __len__(self) -> int:
        return len(self.a)

    def joined(self, others: "Candidates") -> "Candidates":
        """Both combined, each pair once."""
        return Candidates.of([(self.a, self.b, self.scores), (others.a, others.b, others.scores)])

    @classmethod
    def of(cls, parts: list[tuple[Ids, Ids, Scores]]) -> "Candidates":
        """Batches as one, each pair once."""
        a = np.concatenate([np.zeros(0, np.int64), *(part[0] for part in parts)])
        b = np.concatenate([np.zeros(0, np.int64), *(part[1] for part in parts)])
        scores = np.concatenate([np.zeros(0, np.float32), *(part[2] for part in parts)])
        _, first = np.unique(np.stack([a, b], axis=1), axis=0, return_index=True)
        return cls(a=a[first], b=b[first], scores=scores[first])

    def where(self, keep: NDArray[np.bool_]) -> "Candidates":
        """Those kept."""
        return Candidates(a=self.a[keep], b=self.b[keep], scores=self.scores[keep])


def find_candidates(
    catalog: Catalog,
    space: SpaceInfo,
    join: SelfJoin,
    folder: str,
    *,
    threshold: float,
    among: Ids | None,
    report: ReportProgress,
) -> Candidates:
    """Pairs of present images (among sorted ids, if given) that score at least the threshold.

    Args:
        folder: for a scratch file.
    """
    method = f"candidates:{space.role}:{space.fingerprint[:16]}"
    since, lowest = _joined(catalog, space, threshold)
    fresh = Candidates.of([])
    if since < catalog.embeddings.last_sequence(space.id):
        alone = among is not None and since == 0 and len(among) <= _SMALL
        fresh, sequence = _join(
            catalog,
            space,
            join,
            folder,
            threshold=threshold,
            since=since,
            among=among if alone else None,
            report=report,
        )
        if alone:
            return fresh
        with suppress(LibraryBusyError, ReadOnlyError):  # then the next run joins again
            _remember(catalog, method, fresh)
            catalog.notes.save(_key(space), json.dumps({"sequence": sequence, "threshold": lowest}))
    known = _remembered(catalog, method, among)
    if among is not None:
        fresh = fresh.where(np.isin(fresh.a, among) & np.isin(fresh.b, among))
    both = Candidates.of([(known.a, known.b, known.scores), (fresh.a, fresh.b, fresh.scores)])
    return both.where(both.scores >= threshold)


def candidate_threshold(calibration: Calibration, measured: float | None) -> float:
    """The copy score from which the pixels of two images are worth comparing.

    Args:
        calibration: how chance scores in the copy space of this library.
        measured: the encoder's own threshold for the same picture; without one, the best score of about
            100,000 random pairs of the library. If too many random pairs reach it to compare them all, the
            library's threshold is used instead; see `same_picture`.
    """
    chance = calibration.chance
    if measured is None:
        return chance[-1] if chance else 0.0
    usual = measured - _MARGIN + _GROWTH * max(0.0, math.log10(max(1, calibration.images) / _LARGE))
    if not chance:
        return usual
    share = 1.0 - float(np.interp(usual, chance, np.linspace(0.0, 1.0, len(chance))))
    if share * calibration.images / 2 <= _PAIRS_EACH:
        return usual
    return max(usual, (same_picture(calibration, measured) or measured) - _MARGIN)


def joined_threshold(catalog: Catalog, space: SpaceInfo, threshold: float) -> float:
    """The score from which all pairs joined so far are remembered, at least `threshold`; for every command.

    It is higher than `threshold` by no more than the step down that does not require joining again.
    """
    return max(threshold, _joined(catalog, space, threshold)[1])


def _join(
    catalog: Catalog,
    space: SpaceInfo,
    join: SelfJoin,
    folder: str,
    *,
    threshold: float,
    since: int,
    among: Ids | None,
    report: ReportProgress,
) -> tuple[Candidates, int]:
    """Pairs with an image newer than `since`, and the sequence number up to which images were joined."""

    def read(done: int, total: int) -> None:
        report(Progress(stage="reading embeddings", done=done, total=total))

    with space_rows(catalog, space, folder, since=since, among=among, read=read) as rows:
        found: list[tuple[Ids, Ids, Scores]] = []
        pairs = 0
        for batch in join.pairs(rows.ids, rows.rows, threshold, new=rows.new):
            found.append(batch)
            pairs += len(batch[0])
            report(Progress(stage="finding pairs", done=pairs, total=None))
        return Candidates.of(found), rows.sequence


def _remember(catalog: Catalog, method: str, found: Candidates) -> None:
    for start in range(0, len(found), _SAVED_AT_ONCE):
        part = slice(start, start + _SAVED_AT_ONCE)
        some = zip(found.a[part].tolist(), found.b[part].tolist(), found.scores[part].tolist(), strict=True)
        pairs = [
            StoredPair(a=a, b=b, tier=CANDIDATE, score=score, verdict=0.0, evidence="{}")
            for a, b, score in some
        ]
        catalog.pairs.save(method, pairs)


def _remembered(catalog: Catalog, method: str, among: Ids | None) -> Candidates:
    a, b, scores = array("q"), array("q"), array("f")
    for pair in catalog.pairs.load(method, among):
        a.append(pair.a)
        b.append(pair.b)
        scores.append(pair.score)
    return Candidates(
        a=np.frombuffer(a, np.int64) if a else np.zeros(0, np.int64),
        b=np.frombuffer(b, np.int64) if b else np.zeros(0, np.int64),
        scores=np.frombuffer(scores, np.float32) if scores else np.zeros(0, np.float32),
    )


def _joined(catalog: Catalog, space: SpaceInfo, threshold: float) -> tuple[int, float]:
    """(sequence number, t): all pairs up to it that score t are remembered; (0, `threshold`) if none are."""
    try:
        known = json.loads(catalog.notes.get(_key(space)) or "{}")
        if known["threshold"] <= threshold + _SLACK:
            return int(known["sequence"]), float(known["threshold"])
    except (ValueError, TypeError, KeyError):  # missing or damaged
        pass
    return 0, threshold


def _key(space: SpaceInfo) -> str:
    return f"duplicates:{space.id}"
