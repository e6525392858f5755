"""Puts duplicates away: plan, check again, write the manifest, merge metadata, move, record.

Each step is durable before the next begins, so `undoing` can recover from any interruption.
"""

import os
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from saccade.core.errors import InputError, PathNotFoundError
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.decoders import ReportProgress
from saccade.core.ports.tools import QuarantineFiles, QuarantineRuns
from saccade.core.quarantine import Merge, Move
from saccade.core.types import Failure, Progress
from saccade.engine.places import locate
from saccade.engine.scopes import scopes
from saccade.usecases.duplicates.flow.inheritance import known_of, take_over
from saccade.usecases.duplicates.flow.moves import FULL, Places, settle, storage_errors
from saccade.usecases.duplicates.rules.applying import ApplyReport, Observed, plan_merges, plan_moves
from saccade.usecases.duplicates.rules.reports import DuplicateGroup, DuplicateReport, Tier
from saccade.usecases.duplicates.rules.savings import Leaving, PriceTable, add_up

_BATCH = 32
"""Number of groups recorded together."""


@dataclass(slots=True, kw_only=True)
class Applier:
    """The dependencies for putting duplicates away."""

    catalog: Catalog
    files: QuarantineFiles
    runs: QuarantineRuns
    prices: PriceTable
    report: ReportProgress
    """Called before each file, and when all is done; where it raises, earlier moves can be undone."""

    def plan(self, found: DuplicateReport, tiers: Collection[Tier], to: str | None) -> ApplyReport:
        """Plan the moves, without reading or changing any picture.

        Raises:
            PathNotFoundError, InputError: files cannot go to `to`.
        """
        started = time.monotonic()
        self._check_place(to)
        return self._planned(found, tiers, self.runs.next_place(to), started)

    def apply(
        self, found: DuplicateReport, tiers: Collection[Tier], to: str | None, created: str
    ) -> ApplyReport:
        """Carry out the moves. Files that cannot be moved are listed in the report.

        Args:
            created: the time now, UTC, ISO 8601.
        Raises:
            PathNotFoundError, InputError: files cannot go to `to`; nothing was changed.
            LibraryBusyError; DiskFullError, ReadOnlyError, StorageError: earlier moves are kept and can be
                undone.
        """
        started = time.monotonic()
        self._check_place(to)
        with self.catalog.writing("putting duplicates away"):
            resumed = settle(self.catalog, self.files, self.runs, to)
            place = resumed.place if resumed is not None else self.runs.next_place(to)
            plan = self._planned(found, tiers, place, started)
            if not plan.moves:
                return replace(plan, applied=True, run=resumed.run if resumed is not None else "")
            with storage_errors(place):
                if resumed is None:
                    run = self.runs.begin(created, place)
                else:
                    run = resumed.run
                    self.runs.resume(run)
            first = 1 + max((move.number for move in resumed.moves), default=0) if resumed is not None else 1
            work = _Work(self, run, place, first)
            work.do(found, plan.moves)
            with storage_errors(place):
                self.runs.end(run)
            work.tell()
        return replace(
            plan,
            run=run,
            applied=True,
            moves=tuple(work.moved),
            skipped=(*plan.skipped, *work.skipped),
            merges=tuple(work.merges),
            savings=add_up(self._leaving(work.moved, work.before), self.prices),
            seconds=time.monotonic() - started,
        )

    def _planned(
        self, found: DuplicateReport, tiers: Collection[Tier], place: str, started: float
    ) -> ApplyReport:
        seen = self._observe(found)
        plan = plan_moves(found, seen, tiers)
        leaving = {move.path for move in plan.moves}
        groups = [group for group in found.groups if any(other.path in leaving for other in group.others)]
        merges = plan_merges(groups, plan.moves, known_of(self.catalog, groups))
        return ApplyReport(
            run="",
            applied=False,
            quarantine=place,
            moves=plan.moves,
            skipped=plan.skipped,
            merges=tuple(merges),
            savings=add_up(self._leaving(plan.moves, seen), self.prices),
            seconds=time.monotonic() - started,
        )

    def _observe(self, found: DuplicateReport) -> dict[str, Observed]:
        """Every file of the report, as it is now and as it was indexed."""
        files = [file for group in found.groups for file in (group.keeper, *group.others)]
        paths = {file.path for file in files}.union(*(file.record.paths for file in files))
        places = Places(self.catalog)
        remembered = places.stamps(paths)
        return {
            path: Observed(
                facts=self.files.look(path), remembered=remembered.get(path), member=bool(locate(path)[1])
            )
            for path in paths
        }

    def _leaving(self, moves: Sequence[Move], seen: Mapping[str, Observed]) -> list[Leaving]:
        found = []
        for move in moves:
            facts = seen[move.path].facts
            assert facts is not None
            found.append(
                Leaving(
                    tier=move.tier,
                    folder=os.path.dirname(move.path),
                    size_bytes=move.stamp.size,
                    identity=facts.identity,
                    links=facts.links,
                )
            )
        return found

    def _check_place(self, to: str | None) -> None:
        """The quarantine must not be where indexing would find its files."""
        if to is not None and not os.path.isdir(to):
            raise PathNotFoundError(f"no such folder: {to}", hint="create it, or mount the disk")
        place = os.path.realpath(to if to is not None else self.runs.folder)
        for scope in scopes(self.catalog):
            rest = os.path.relpath(place, os.path.realpath(scope.path))
            parts = rest.split(os.sep)
            if parts[0] != os.pardir and not any(part.startswith(".") and part != "." for part in parts):
                raise InputError(
                    f"{place} is in the indexed folder {scope.path}: its files would be indexed again",
                    hint="choose a folder outside it, or leave out --to",
                )


class _Work:
    """One run that moves files."""

    def __init__(self, cleaner: Applier, run: str, place: str, first: int) -> None:
        self._cleaner = cleaner
        self._total = 0
        self._files = cleaner.files
        self._run = run
        self._place = place
        self._number = first
        self._places = Places(cleaner.catalog)
        self.before: dict[str, Observed] = {}
        self.moved: list[Move] = []
        self.skipped: list[Failure] = []
        self.merges: list[Merge] = []

    def do(self, found: DuplicateReport, moves: Sequence[Move]) -> None:
        """Move them, a batch of groups at a time."""
        self._total = len(moves)
        by_path = {move.path: move for move in moves}
        groups = [group for group in found.groups if any(other.path in by_path for other in group.others)]
        number = self._cleaner.catalog.runs.start("apply")
        for start in range(0, len(groups), _BATCH):
            batch = groups[start : start + _BATCH]
            wanted = [by_path.pop(o.path) for group in batch for o in group.others if o.path in by_path]
            with storage_errors(self._place):
                self._do_batch(batch, wanted, number)
        self._cleaner.catalog.runs.finish(number, {"moved": len(self.moved)})

    def tell(self) -> None:
        """Report how many files are done."""
        done = len(self.moved) + len(self.skipped)
        self._cleaner.report(Progress(stage="moving", done=done, total=self._total, failed=len(self.skipped)))

    def _do_batch(self, groups: Sequence[DuplicateGroup], wanted: Sequence[Move], number: int) -> None:
        ready = [self._placed(move) for move in self._checked(wanted)]
        if not ready:
            return
        catalog = self._cleaner.catalog
        merges = list(plan_merges(groups, ready, known_of(catalog, groups)))
        self._cleaner.runs.write(self._run, ready, merges)
        take_over(catalog, merges)
        self.merges += merges
        before = len(self.moved)
        try:
            for move in ready:
                self.tell()
                self._move(move)
        finally:
            moved = self.moved[before:]
            # The new names first: where the system does not tie them together, only the old ones may be lost.
            self._files.sync_folders([*(move.place for move in moved), *(move.path for move in moved)])
            self._places.mark_missing(number, [move.path for move in moved])

    def _checked(self, moves: Sequence[Move]) -> list[Move]:
        """Those whose bytes, and whose keeper's bytes, have not changed since they were indexed."""
        ready: list[Move] = []
        keepers: dict[str, bool] = {}
        for move in moves:
            self.tell()
            if move.keeper not in keepers:
                keepers[move.keeper] = self._holds(move.keeper, move.keeper_sha256)
            facts = self._files.look(move.path)
            whole = facts is not None and facts.stamp == move.stamp and self._holds(move.path, move.sha256)
            if facts is None or not whole:
                self._skip(move, "file_changed", "it changed since it was indexed; run `saccade index` first")
            elif not keepers[move.keeper]:
                self._skip(
                    move, "keeper_file_changed", f"the keeper {move.keeper} changed since it was indexed"
                )
            elif facts != self._files.look(move.path):
                self._skip(move, "file_changed", "it changed while it was being read")
            else:
                self.before[move.path] = Observed(facts=facts, remembered=move.stamp, member=False)
                ready.append(move)
        return ready

    def _holds(self, path: str, sha256: str) -> bool:
        try:
            return self._files.digest(path) == sha256
        except OSError:
            return False

    def _placed(self, move: Move) -> Move:
        """The move with its number and its path in the quarantine, which mirrors its original path."""
        place = os.path.join(self._place, move.path.lstrip(os.sep))
        if os.path.lexists(place):
            place = self._files.free_name(place, f"{self._number}")
        placed = replace(move, number=self._number, place=place)
        self._number += 1
        return placed

    def _move(self, move: Move) -> None:
        """Move one file; a full disk ends the run, other errors concern only this file."""
        try:
            self._files.set_aside(move)
            if self._files.look(move.keeper) is not None:
                self.moved.append(move)
                return
            # One file under two indistinguishable names (a bind mount): put it back at once.
            self._files.put_back(move, move.path)
            self._skip(move, "same_file", f"it is the keeper itself under another name: {move.keeper}")
        except OSError as error:
            if error.errno in FULL:
                raise
            self._skip(move, "cannot_move", f"it cannot be moved: {error.strerror or error}")

    def _skip(self, move: Move, code: str, reason: str) -> None:
        self.skipped.append(Failure(path=move.path, code=code, reason=reason))
