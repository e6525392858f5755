"""The history of jobs, kept in the catalog."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from saccade.core.status import JobRecord, JobState
from saccade.core.types import Progress


class JobHistory(Protocol):
    """What runs on the library, and what ran. Each method is one transaction; none needs the write lock."""

    def start(self, kind: str, *, who: str, process: str) -> int:
        """Record a job that begins now; its id. Only the newest 1,000 jobs are kept."""

    def update(self, job: int, progress: Progress) -> bool:
        """Record its progress; whether somebody asked to cancel it."""

    def end(self, job: int, state: JobState, *, code: str = "", summary: Mapping[str, int]) -> None:
        """Record how it ended."""

    def cancel(self, job: int) -> None:
        """Ask a running job to stop; nothing happens if it has ended."""

    def recent(self, limit: int) -> Sequence[JobRecord]:
        """Every job that has not ended, and the `limit` that ended last; newest first."""
