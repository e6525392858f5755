"""Find duplicates: candidates by score, pixels compared, groups around keepers, tier by tier."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from saccade.core.filters import Filter
from saccade.core.ports.decoders import ReportProgress
from saccade.core.types import Failure, Ids, ImageRecord, Progress
from saccade.engine.thumbnails import Thumbnails
from saccade.usecases.duplicates.flow.bursts import Shot, pair_scores, shots_together
from saccade.usecases.duplicates.flow.candidates import Candidates, find_candidates
from saccade.usecases.duplicates.flow.grouping import TIERS, Grouped, Reporter, moment
from saccade.usecases.duplicates.flow.matcher import hash_candidates
from saccade.usecases.duplicates.flow.pixel_classes import pixel_classes
from saccade.usecases.duplicates.flow.request import Request, Tools
from saccade.usecases.duplicates.flow.verdicts import Verdicts
from saccade.usecases.duplicates.rules.groups import components, neighbors, stars
from saccade.usecases.duplicates.rules.reports import EQUAL, DuplicateGroup, DuplicateReport, Link, Tier

if TYPE_CHECKING:
    from saccade.usecases.duplicates.rules.keeper import Look

_READ = 2000
_AHEAD = 256
"""Number of images whose pixels are read together."""


def find_duplicates(
    tools: Tools, request: Request, *, progress: ReportProgress | None = None
) -> DuplicateReport:
    """Groups of files that are the same; see `DuplicateReport`.

    Results are stored pair by pair: an interrupted run resumes where it stopped.
    """
    return _Search(tools, request, progress or (lambda _: None)).run()


def iter_groups(
    tools: Tools, request: Request, *, progress: ReportProgress | None = None
) -> Iterator[DuplicateGroup]:
    """The groups of `find_duplicates` in its order, compared by the call, and built as they are taken."""
    return _Search(tools, request, progress or (lambda _: None)).stream()


class _Search:
    """One run."""

    def __init__(self, tools: Tools, request: Request, report: ReportProgress) -> None:
        self._started = time.monotonic()
        self._tools = tools
        self._request = request
        self._catalog = tools.catalog
        self._report = report
        self._failures: dict[str, Failure] = {}
        self._compared = self._images = self._candidates = 0
        self._kin: dict[int, int] = {}
        self._looks: dict[int, Look] = {}
        self._distinct = frozenset((a, b) for a, b in self._catalog.pairs.distinct().tolist())
        self._reporter = Reporter(
            self._catalog,
            tools.copies,
            request.chooser,
            tiers=request.tiers,
            folders=request.folders,
            kin=self._kin,
            looks=self._looks,
            distinct=self._distinct,
        )

    def run(self) -> DuplicateReport:
        """The report."""
        grouped = self._grouped()
        return DuplicateReport(
            groups=tuple(sorted(self._reporter.groups(grouped), key=_place)),
            images=self._images,
            candidates=self._candidates,
            verified=self._compared,
            failed=tuple(self._failures.values()),
            seconds=time.monotonic() - self._started,
        )

    def stream(self) -> Iterator[DuplicateGroup]:
        """The groups of the report: all are built once for the order, and again as they are taken."""
        placed = [(_place(group), one) for one, group in self._reporter.built(self._grouped())]
        placed.sort(key=lambda one: one[0])
        return self._reporter.groups(one for _, one in placed)

    def _grouped(self) -> list[Grouped]:
        """All groups, as image ids."""
        tools, tiers = self._tools, self._request.tiers
        present = self._catalog.images.match(Filter()) if self._request.among is None else self._request.among
        repeated, shots = self._survey(present)
        pairs = Candidates.of([])
        if tiers & {Tier.PIXELS, Tier.PICTURE, Tier.SCENE}:
            pairs = find_candidates(
                self._catalog,
                tools.copies,
                tools.join,
                tools.folder,
                threshold=tools.threshold,
                among=self._request.among,
                report=self._report,
            )
        if tiers & {Tier.PIXELS, Tier.PICTURE}:
            pairs = pairs.joined(hash_candidates(self._catalog, tools.copies, self._request.among))
        classes = self._classes(pairs) if tiers & {Tier.PIXELS, Tier.PICTURE} and len(pairs) else []
        strict = self._pictures(pairs, classes) if Tier.PICTURE in tiers else self._only(classes)
        taken = {image for group in strict for image in group.links}
        alone = [
            image for image in repeated if image not in taken and image not in {g.keeper for g in strict}
        ]
        found = [*strict, *(Grouped(keeper=image, links={}) for image in alone)]
        for tier in (Tier.BURST, Tier.SCENE):
            if tier in tiers:
                loose = self._loose(tier, pairs, shots, taken)
                taken |= {image for group in loose for image in group.links}
                found += loose
        self._images, self._candidates = len(present), len(pairs)
        return found

    def _survey(self, present: Ids) -> tuple[list[int], list[Shot]]:
        """Images in several files, and the known times they were taken."""
        repeated: list[int] = []
        shots: list[Shot] = []
        tiers = self._request.tiers
        if not tiers & {Tier.BYTES, Tier.BURST}:
            return repeated, shots
        for start in range(0, len(present), _READ):
            for record in self._catalog.images.get(present[start : start + _READ].tolist()):
                at = moment(record) if Tier.BURST in tiers else None
                if len(record.paths) > 1:
                    repeated.append(record.id)
                if at is not None:
                    shots.append(Shot(image=record.id, at=at, camera=record.info.camera or ""))
            self._report(Progress(stage="reading the catalog", done=start, total=len(present)))
        return repeated, shots

    def _classes(self, pairs: Candidates) -> list[list[int]]:
        """Classes of images with equal pixels; each member's number is the lowest id."""

        def advance(done: int, total: int) -> None:
            self._report(Progress(stage="comparing pixels", done=done, total=total))

        classes, compared, failures = pixel_classes(
            self._catalog,
            self._tools.open_decoder,
            pairs,
            self._read,
            among=self._request.among,
            advance=advance,
        )
        self._compared += compared
        self._failed(failures)
        self._kin.update({image: members[0] for members in classes for image in members})
        return classes

    def _only(self, classes: Sequence[Sequence[int]]) -> list[Grouped]:
        """Groups of classes of equal pixels alone."""
        groups = []
        for members in classes:
            best, *others = self._reporter.ranked(self._read(members).values())
            groups.append(Grouped(keeper=best, links=dict.fromkeys(others, EQUAL)))
        return groups

    def _pictures(self, pairs: Candidates, classes: Sequence[Sequence[int]]) -> list[Grouped]:
        """Groups of the same picture; images with equal pixels are treated as one."""
        equal = {group.keeper: group.links for group in self._only(classes)}
        head = {image: keeper for keeper, links in equal.items() for image in (keeper, *links)}
        scores: dict[tuple[int, int], float] = {}
        for a, b, score in zip(pairs.a.tolist(), pairs.b.tolist(), pairs.scores.tolist(), strict=True):
            one, other = sorted((head.get(a, a), head.get(b, b)))
            if one != other:
                scores[one, other] = max(score, scores.get((one, other), -1.0))
        for a, b in self._distinct:
            one, other = sorted((head.get(a, a), head.get(b, b)))
            scores.pop((one, other), None)
        found: dict[int, dict[int, Link]] = {keeper: dict(links) for keeper, links in equal.items()}
        with self._tools.open_decoder(self._tools.verifier.recipe) as decoder:
            thumbnails = Thumbnails(decoder, kept_bytes=self._tools.settings.cache_mb << 20)
            verdicts = Verdicts(
                self._catalog,
                self._tools.verifier,
                thumbnails,
                among=self._request.among,
                looks=self._looks,
                threads=self._tools.settings.threads or 1,
            )
            try:
                with verdicts:
                    for keeper, links in self._stars(scores, verdicts):
                        mine = found.setdefault(keeper, {})
                        for image, link in links.items():
                            mine[image] = link
                            mine.update(dict.fromkeys(found.pop(image, {}), link))
            finally:
                self._compared += verdicts.compared
                self._failed(thumbnails.failures.values())
        return [Grouped(keeper=keeper, links=links) for keeper, links in found.items()]

    def _stars(
        self, scores: Mapping[tuple[int, int], float], verdicts: Verdicts
    ) -> Iterator[tuple[int, dict[int, Link]]]:
        """Keepers and their matches, a few images at a time."""
        done = 0
        total = len({image for pair in scores for image in pair})
        beside = neighbors(scores)
        for images in _chunks(components(scores), _AHEAD):
            records = self._read(sorted(image for some in images for image in some))
            verdicts.look(list(records.values()))
            for some in images:
                order = self._reporter.ranked((records[image] for image in some), apart=True)

                def match(keeper: int, others: Sequence[int]) -> Sequence[Link | None]:
                    pairs = {other: scores[min(keeper, other), max(keeper, other)] for other in others}
                    # B023: it is called before the next iteration.
                    one, rest = records[keeper], [records[other] for other in others]  # noqa: B023
                    return verdicts.match(one, rest, pairs)

                def best(group: Sequence[int]) -> int:
                    return self._reporter.ranked(records[image] for image in group)[0]  # noqa: B023

                yield from stars(order, beside, match, best).items()
                done += len(some)
                self._report(
                    Progress(stage="comparing pictures", done=done, total=total, failed=len(self._failures))
                )

    def _loose(self, tier: Tier, pairs: Candidates, shots: Sequence[Shot], taken: set[int]) -> list[Grouped]:
        """Groups of pictures that were not compared, but are similar (and taken within seconds)."""
        if tier is Tier.BURST:
            near = shots_together(shots, self._request.burst_seconds)
            lowest = self._tools.burst
        else:
            near = list(zip(pairs.a.tolist(), pairs.b.tolist(), strict=True))
            lowest = self._tools.scene
        near = [
            pair for pair in near if pair not in self._distinct and not (pair[0] in taken or pair[1] in taken)
        ]
        copy = pair_scores(self._catalog, self._tools.copies, near)
        semantic = pair_scores(self._catalog, self._tools.semantic, near)
        links = {
            pair: Link(tier=tier, probability=min(1.0, max(0.0, other)), score=one)
            for pair, one, other in zip(near, copy, semantic, strict=True)
            if one >= lowest[0] and other >= lowest[1]
        }
        beside = neighbors(links)
        grouped = []
        for some in components(links):
            order = self._reporter.ranked(self._read(some).values())

            def match(keeper: int, others: Sequence[int]) -> Sequence[Link | None]:
                return [links.get((min(keeper, other), max(keeper, other))) for other in others]

            grouped += [
                Grouped(keeper=keeper, links=found) for keeper, found in stars(order, beside, match).items()
            ]
        return grouped

    def _read(self, ids: Sequence[int]) -> dict[int, ImageRecord]:
        """Records by id."""
        found: dict[int, ImageRecord] = {}
        for start in range(0, len(ids), _READ):
            found |= {record.id: record for record in self._catalog.images.get(ids[start : start + _READ])}
        return found

    def _failed(self, failures: Iterable[Failure]) -> None:
        self._failures.update({failure.path: failure for failure in failures})


def _place(group: DuplicateGroup) -> tuple[int, int, str]:
    """The order of a report: strictest tier first, then most spare bytes."""
    return TIERS.index(group.tier), -group.spare_bytes, group.keeper.path


def _chunks(components: Sequence[Sequence[int]], images: int) -> Iterator[list[Sequence[int]]]:
    """Components batched to about this many images; a single one may have more."""
    some: list[Sequence[int]] = []
    held = 0
    for one in components:
        if some and held + len(one) > images:
            yield some
            some, held = [], 0
        some.append(one)
        held += len(one)
    if some:
        yield some
