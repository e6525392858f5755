"""Checks that every file is indexed, failed with a reason, or excluded, and that stored data is intact."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from saccade.core.errors import InputError
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.decoders import Decoder, ReportProgress
from saccade.core.ports.encoders import Encoder
from saccade.core.ports.indexes import IndexStore
from saccade.core.ports.tools import Walk
from saccade.core.status import DoctorReport, Problem
from saccade.core.types import Progress
from saccade.engine.reembed import reembed
from saccade.engine.refresh import load_calibration, refresh
from saccade.engine.scopes import Scope, scopes
from saccade.engine.space import SpaceReader
from saccade.usecases.indexing.flow.plan import make_plan
from saccade.usecases.indexing.flow.run import index_paths


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedder:
    """An encoder, and a decoder of its recipe."""

    encoder: Encoder
    decoder: Decoder


@dataclass(frozen=True, slots=True, kw_only=True)
class Doctor:
    """Examines a library, and repairs it on request.

    Attributes:
        encoder, decoder: of the encoder that indexing uses.   others: of the library's other spaces.
    """

    catalog: Catalog
    store: IndexStore
    decoder: Decoder
    encoder: Encoder
    walk: Walk
    report: ReportProgress
    others: tuple[Embedder, ...] = ()

    def examine(self, readers: Sequence[SpaceReader]) -> DoctorReport:
        """Find problems; changes nothing."""
        problems = [*self._database(), *self._files(), *self._spaces(readers)]
        return self._report(problems)

    def repair(self, readers: Sequence[SpaceReader]) -> DoctorReport:
        """Repair problems; those found again afterward are not repaired."""
        before = self.examine(readers)
        if before.problems:
            self._mend(readers)
        left = (
            {problem.code: problem for problem in self.examine(readers).problems} if before.problems else {}
        )
        problems = [replace(problem, repaired=problem.code not in left) for problem in before.problems]
        known = {problem.code for problem in problems}
        problems += [problem for code, problem in left.items() if code not in known]
        return self._report(problems)

    def _report(self, problems: Sequence[Problem]) -> DoctorReport:
        unindexed = sum(p.count for p in problems if p.code == "unindexed_files" and not p.repaired)
        return DoctorReport(
            counts=self.catalog.health.counts(),
            unindexed=unindexed,
            failures=tuple(self.catalog.files.failures()),
            problems=tuple(problems),
        )

    # --- examining

    def _database(self) -> Iterator[Problem]:
        """The database file, and the catalog's derived rows."""
        self._tell("database")
        wrong = self.catalog.health.problems()
        if wrong:
            yield _problem("broken_database", f"the database is damaged: {wrong[0]}", len(wrong))
        stale = self.catalog.health.stale_images()
        if len(stale):
            yield _problem(
                "stale_rows", "images whose words or presence do not match their files", len(stale)
            )
        if len(self.catalog.erasing.pending()):
            yield _problem("unfinished_forgetting", "forgetting images was interrupted: traces are left", 1)
        unfinished = self.catalog.runs.unfinished()
        if unfinished:
            yield _problem("interrupted_run", "indexing was interrupted and not resumed", len(unfinished))

    def _files(self) -> Iterator[Problem]:
        """The files on disk compared with the catalog, by a plan that is not executed."""
        self._tell("files")
        changed = gone = 0
        for scope in scopes(self.catalog):
            try:
                plan = make_plan(
                    self.catalog,
                    self.walk,
                    self.decoder,
                    scope.path,
                    exclude=scope.exclude,
                    allow_empty=False,
                )
            except InputError as error:
                yield _problem("folder_away", f"{scope.path} cannot be checked: {error.message}", 1)
                continue
            changed += len(plan.changed) + len(plan.back) + len(plan.archives)
            gone += len(plan.gone)
            yield from (
                _problem(f.code, f"{f.path}: {f.reason}", 1) for entry, f in plan.failures if entry is None
            )
        if changed:
            yield _problem(
                "unindexed_files", "files that are new or changed since the last indexing", changed
            )
        if gone:
            yield _problem("vanished_files", "files that are gone since the last indexing", gone)

    def _spaces(self, readers: Sequence[SpaceReader]) -> Iterator[Problem]:
        """Every embedding's checksum, images without one, the index files, the calibration."""
        rows = self.catalog.health.counts().embeddings
        for reader in readers:
            space = reader.space
            self._tell(f"{space.role} embeddings")
            corrupt = self.catalog.embeddings.corrupt(space.id)
            if len(corrupt):
                yield _problem(
                    f"corrupt_{space.role}", f"{space.role} embeddings that changed on disk", len(corrupt)
                )
            holes = self.catalog.embeddings.unembedded(space.id)
            if len(holes):
                yield _problem(
                    f"missing_{space.role}", f"images without a {space.role} embedding", len(holes)
                )
            damage = self.store.verify(space)
            if damage:
                yield _problem(
                    f"damaged_{space.role}_index", f"the {space.role} index: {damage[0]}", len(damage)
                )
            if rows.get(space.id) and load_calibration(self.catalog, space) is None:
                yield _problem(f"uncalibrated_{space.role}", f"the {space.role} space has no calibration", 1)

    # --- repairing

    def _mend(self, readers: Sequence[SpaceReader]) -> None:
        """Derived rows, then embeddings from the files, then all folders, then the indexes."""
        with self.catalog.writing():
            if len(self.catalog.health.stale_images()):
                self.catalog.health.rebuild_derived()
            removed = self._remove_corrupt(readers)
            embedders = (Embedder(encoder=self.encoder, decoder=self.decoder), *self.others)
            for one in embedders:
                own = _own(one, readers)
                # Even with nothing to do: it finishes a repair that was killed before it was marked as done.
                reembed(
                    self.catalog, one.decoder, one.encoder, own, self._unembedded(own), report=self.report
                )
        for scope in scopes(self.catalog):
            self._index(scope)
        with self.catalog.writing():
            rebuild = bool(removed) or any(self.store.verify(reader.space) for reader in readers)
            for one in embedders:
                own = _own(one, readers)
                refresh(self.catalog, self.store, one.encoder, own, report=self.report, force=rebuild)

    def _remove_corrupt(self, readers: Sequence[SpaceReader]) -> int:
        """Delete damaged embeddings; how many there were, with those that were missing before."""
        found = 0
        for reader in readers:
            space = reader.space.id
            found += len(self.catalog.embeddings.unembedded(space))
            found += self.catalog.embeddings.remove(space, self.catalog.embeddings.corrupt(space).tolist())
        return found

    def _unembedded(self, readers: Sequence[SpaceReader]) -> list[int]:
        """Images without an embedding in one of the spaces."""
        spaces = [reader.space.id for reader in readers]
        return sorted({one for space in spaces for one in self.catalog.embeddings.unembedded(space).tolist()})

    def _index(self, scope: Scope) -> None:
        """Index changes in a folder; one that is unavailable remains a problem, and nothing is purged."""
        parts = (self.catalog, self.decoder, self.encoder, self.walk)
        with suppress(InputError):
            index_paths(*parts, [scope.path], exclude=scope.exclude, progress=self.report)

    def _tell(self, stage: str) -> None:
        self.report(Progress(stage=f"check {stage}", done=0, total=None))


def _own(embedder: Embedder, readers: Sequence[SpaceReader]) -> list[SpaceReader]:
    """The readers of the spaces that hold an encoder's embeddings."""
    return [reader for reader in readers if embedder.encoder.info.makes(reader.space.fingerprint)]


def _problem(code: str, message: str, count: int) -> Problem:
    return Problem(code=code, message=message, count=count, repaired=False)
