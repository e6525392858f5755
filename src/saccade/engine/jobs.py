"""Jobs: long work on a library that can be watched and canceled, also by other processes.

A job is recorded when it begins, tells its progress at most once a second, and is recorded when it ends. The
history is a convenience: where it cannot be written (a library on a read-only disk), work continues without.

Canceled, killed or interrupted jobs resume when they are asked for again: indexing continues with the files
that are not recorded yet; finders compare again, but read what they had measured and stored.

Work that reads or computes over the whole library, or moves files, is a job. These are not:

- Queries (a search, `style` once all pictures are measured, recommendations, `check` of a few pictures),
  plans of what `apply` and `forget` would do, and pages of an answer (`iter_members`, `iter_tags`, and what
  `iter_groups` and `iter_outliers` yield: their comparing is a job, which ends before the first group or
  outlier is handed out, because the caller may take its time over them, or stop).
- Single transactions, which cannot stop half-way: labels by hand, imports of fields and feedback, `backup`.
- `doctor` without repair: it examines a catalog that may be damaged, so it writes nothing to it.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime

from saccade.core.errors import (
    JobCanceledError,
    LibraryBusyError,
    NotFoundError,
    SaccadeError,
    StorageError,
)
from saccade.core.ports.decoders import ReportProgress
from saccade.core.ports.jobs import JobHistory
from saccade.core.status import JobRecord, JobState
from saccade.core.types import Progress
from saccade.engine.processes import runs_here, this_process

_EVERY_S = 1.0
_SILENT_S = 3600.0
"""A job whose process cannot be checked from here counts as interrupted after this long without a report."""
_NOT_WRITTEN = (StorageError, LibraryBusyError)


class Job:
    """A job that runs.

    Args:
        id: its number in the history, 0 if it is not recorded.
        forward: receives every report.
        clock: seconds, ascending.
    """

    def __init__(
        self, history: JobHistory, id: int, kind: str, forward: ReportProgress, clock: Callable[[], float]
    ) -> None:
        self.id = id
        self.kind = kind
        self.summary: dict[str, int] = {}
        self._history = history
        self._forward = forward
        self._clock = clock
        self._reported = clock()
        self._committed = False

    def report(self, progress: Progress) -> None:
        """Tell its progress; called between batches, where nothing half-done is lost.

        Raises:
            JobCanceledError: somebody asked to cancel it.
        """
        self._forward(progress)
        if self._clock() - self._reported >= _EVERY_S:
            self._write(progress)

    def commit(self, progress: Progress) -> None:
        """Tell its progress at the point of no return: later requests to cancel it are ignored.

        Raises:
            JobCanceledError: somebody asked to cancel it before.
        """
        self._forward(progress)
        self._write(progress)
        self._committed = True

    def done(self, **summary: int) -> None:
        """Note what it did, in numbers."""
        self.summary.update(summary)

    def _write(self, progress: Progress) -> None:
        """Record its progress, and stop if somebody asked to."""
        if not self.id:
            return
        canceled = False
        with suppress(*_NOT_WRITTEN):
            canceled = self._history.update(self.id, progress)
        self._reported = self._clock()
        if canceled and not self._committed:
            raise JobCanceledError(
                f"job {self.id} ({self.kind}) was canceled",
                hint="run the same command again to continue: what was finished is kept",
            )


class Jobs:
    """The jobs of one library.

    Args:
        who: the caller, for the history.
        clock: seconds, ascending.
    """

    def __init__(self, history: JobHistory, *, who: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._history = history
        self._who = who
        self._clock = clock

    @contextmanager
    def run(self, kind: str, progress: ReportProgress | None = None) -> Iterator[Job]:
        """The block is one job: it passes `Job.report` to what works, and calls `Job.done` at its end.

        Args:
            kind: the name of its slice or method, such as "duplicates" or "leaks".
            progress: the caller's callback.
        """
        number = 0
        with suppress(*_NOT_WRITTEN):
            number = self._history.start(kind, who=self._who, process=this_process())
        job = Job(self._history, number, kind, progress or (lambda _: None), self._clock)
        try:
            yield job
        except JobCanceledError:
            self._end(job, "canceled")
            raise
        except Exception as error:
            self._end(job, "failed", error.code if isinstance(error, SaccadeError) else SaccadeError.code)
            raise
        except BaseException:  # Ctrl-C
            self._end(job, "interrupted")
            raise
        self._end(job, "done")

    def cancel(self, job: int) -> None:
        """Ask a job to stop, of this or another process; it does so after the batch it works on.

        Raises:
            NotFoundError: no such job runs.
            ReadOnlyError: the library cannot be written.
        """
        if not any(one.id == job and one.state == "running" for one in self.recent(0)):
            raise NotFoundError(f"no job {job} is running", hint="saccade status lists the jobs")
        self._history.cancel(job)

    def recent(self, limit: int = 5) -> tuple[JobRecord, ...]:
        """The running jobs, and the `limit` that ended last; newest first."""
        return tuple(map(_as_known, self._history.recent(limit)))

    def _end(self, job: Job, state: JobState, code: str = "") -> None:
        if job.id:
            with suppress(*_NOT_WRITTEN):
                self._history.end(job.id, state, code=code, summary=job.summary)


def _as_known(job: JobRecord) -> JobRecord:
    """A job that says it runs, of a process that no longer does, was interrupted."""
    if job.state != "running":
        return job
    runs = runs_here(job.process)
    if runs is None:
        silent = datetime.now(UTC) - datetime.fromisoformat(job.updated)
        runs = silent.total_seconds() < _SILENT_S
    return job if runs else replace(job, state="interrupted")
