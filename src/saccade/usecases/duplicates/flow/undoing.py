"""Puts files back where they were, from a finished or interrupted run; safe to repeat."""

import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from saccade.core.errors import NotFoundError
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.decoders import ReportProgress
from saccade.core.ports.tools import QuarantineFiles, QuarantineRuns
from saccade.core.quarantine import Move, QuarantineRun, Restored, RunEntries, UndoReport
from saccade.core.types import Failure, Progress
from saccade.usecases.duplicates.flow.inheritance import give_back
from saccade.usecases.duplicates.flow.moves import Places, storage_errors

if TYPE_CHECKING:
    from saccade.core.decoding import FileStamp

_BATCH = 64


def quarantine_runs(files: QuarantineFiles, runs: QuarantineRuns) -> list[QuarantineRun]:
    """Every run that put files away, oldest first, with the current contents of its quarantine."""
    return [_quarantine_run(files, runs.load(run)) for run in runs.runs()]


def undo(
    catalog: Catalog,
    files: QuarantineFiles,
    runs: QuarantineRuns,
    run: str | None,
    *,
    progress: ReportProgress = lambda _: None,
) -> UndoReport:
    """Put back everything of a run, and remove from the keepers what they had taken over.

    Args:
        run: its name; None means the newest that still has files.
        progress: called before each file, and when all is done; where it raises, run it again to resume.
    Raises:
        NotFoundError: there is no such run, or nothing to undo.
        LibraryBusyError; DiskFullError, ReadOnlyError, StorageError: run it again to resume.
    """
    started = time.monotonic()
    with catalog.writing("putting files back"):
        entries = runs.load(run) if run is not None else _newest(files, runs)
        work = _Work(catalog, files, entries, progress)
        with storage_errors(entries.place):
            for start in range(0, len(entries.moves), _BATCH):
                work.put_back(entries.moves[start : start + _BATCH])
            unmerged = work.give_back(runs)
            runs.tidy(entries)
            if not entries.finished:
                runs.end(entries.run)
        catalog.runs.finish(work.number, {"restored": len(work.restored)})
        work.tell()
    return UndoReport(
        run=entries.run,
        restored=tuple(work.restored),
        unmoved=work.unmoved,
        failed=tuple(work.failed),
        unmerged=unmerged,
        seconds=time.monotonic() - started,
    )


def _newest(files: QuarantineFiles, runs: QuarantineRuns) -> RunEntries:
    for run in reversed(runs.runs()):
        entries = runs.load(run)
        if not entries.finished or _quarantine_run(files, entries).files:
            return entries
    raise NotFoundError("nothing to undo: no quarantine has files", hint="saccade undo --list shows all runs")


def _quarantine_run(files: QuarantineFiles, entries: RunEntries) -> QuarantineRun:
    sizes = [facts.stamp.size for move in entries.moves if (facts := files.look(move.place)) is not None]
    return QuarantineRun(
        run=entries.run,
        created=entries.created,
        quarantine=entries.place,
        files=len(sizes),
        size_bytes=sum(sizes),
        moved=len(entries.moves),
        finished=entries.finished,
    )


class _Work:
    """One undo."""

    def __init__(
        self, catalog: Catalog, files: QuarantineFiles, entries: RunEntries, report: ReportProgress
    ) -> None:
        self._catalog = catalog
        self._files = files
        self._entries = entries
        self._report = report
        self._places = Places(catalog)
        self.number = catalog.runs.start("undo")
        self.restored: list[Restored] = []
        self.failed: list[Failure] = []
        self.unmoved = 0
        self._still_away: set[int] = set()

    def tell(self) -> None:
        """Report how many files are done."""
        done = len(self.restored) + self.unmoved + len(self.failed)
        self._report(
            Progress(stage="restoring", done=done, total=len(self._entries.moves), failed=len(self.failed))
        )

    def put_back(self, moves: Sequence[Move]) -> None:
        """Put a batch back and record it."""
        back: list[tuple[str, FileStamp, str]] = []
        try:
            for move in moves:
                self.tell()
                at = self._put_back(move)
                if isinstance(at, Failure):
                    self.failed.append(at)
                    self._still_away.add(move.number)
                elif (facts := self._files.look(at)) is not None and facts.stamp == move.stamp:
                    back.append((at, facts.stamp, move.sha256))
        finally:
            self._files.sync_folders([*(at for at, _, _ in back), *(move.place for move in moves)])
            self._places.record(self.number, back)

    def give_back(self, runs: QuarantineRuns) -> int:
        """Undo the merges whose files are all back; number of them."""
        mine = {
            number: merge
            for number, merge in enumerate(self._entries.merges)
            if number not in self._entries.unmerged and self._still_away.isdisjoint(merge.moves)
        }
        if not mine:
            return 0
        kept = [
            merge
            for run in runs.runs()
            for entries in [runs.load(run)]
            for number, merge in enumerate(entries.merges)
            if number not in entries.unmerged and not (run == self._entries.run and number in mine)
        ]
        give_back(self._catalog, list(mine.values()), kept)
        runs.unmerge(self._entries.run, list(mine))
        return len(mine)

    def _put_back(self, move: Move) -> str | Failure:
        """The file's current path, or why it could not be put back."""
        try:
            where = self._files.state(move)
            if where in _WRONG:
                code, reason = _WRONG[where]
                return Failure(path=move.path, code=code, reason=f"{reason}: {move.place}")
            if where in {"there", "both"}:
                if where == "both":
                    self._files.drop_copy(move)
                self.unmoved += 1
                return move.path
            if not os.path.isdir(root := self._root(move)):
                reason = f"the folder {root} is not there; mount the disk"
                return Failure(path=move.path, code="folder_away", reason=reason)
            at = move.path
            if where == "replaced":
                at = self._files.free_name(move.path, f"restored-{self._entries.run}")
            self._files.put_back(move, at)
        except OSError as error:
            reason = f"it cannot be put back: {error.strerror or error}"
            return Failure(path=move.path, code="cannot_move", reason=reason)
        self.restored.append(Restored(path=move.path, at=at))
        return at

    def _root(self, move: Move) -> str:
        """A folder that must exist: if it is missing, its disk is not mounted."""
        place = self._places.folder_of(move.path)
        return place[0].path if place is not None else os.path.dirname(move.path)


_WRONG = {
    "lost": ("not_in_quarantine", "it is no longer in the quarantine"),
    "altered": ("altered_in_quarantine", "it was changed in the quarantine and is left there"),
}
