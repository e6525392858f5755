"""`SqlJobs`: the history of jobs."""

import json
from collections.abc import Mapping
from dataclasses import asdict

from sqlalchemy import Row, delete, insert, select, update

from saccade.catalog.runs import now
from saccade.catalog.session import Transactions
from saccade.catalog.tables import RUNNING, jobs
from saccade.core.status import JobRecord, JobState
from saccade.core.types import Progress

_KEPT = 1000


class SqlJobs:
    """See `core.ports.jobs.JobHistory`."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def start(self, kind: str, *, who: str, process: str) -> int:
        """Record a job that begins now; its id. Only the newest 1,000 jobs are kept."""
        began = now()
        row = {"kind": kind, "who": who, "process": process, "state": "running", "code": "", "cancel": 0}
        row |= {"started": began, "updated": began, "summary": "{}"}
        with self._transactions.storing() as connection:
            made = int(connection.execute(insert(jobs).returning(jobs.c.id), row).scalar_one())
            connection.execute(delete(jobs).where(jobs.c.id <= made - _KEPT))
            return made

    def update(self, job: int, progress: Progress) -> bool:
        """Record its progress; whether somebody asked to cancel it."""
        values = {"progress": json.dumps(asdict(progress)), "updated": now()}
        change = update(jobs).where(jobs.c.id == job).values(values).returning(jobs.c.cancel)
        with self._transactions.storing() as connection:
            return bool(connection.execute(change).scalar())

    def end(self, job: int, state: JobState, *, code: str = "", summary: Mapping[str, int]) -> None:
        """Record how it ended."""
        text = json.dumps(dict(summary), sort_keys=True)
        ended = now()
        values = {"state": state, "code": code, "summary": text, "finished": ended, "updated": ended}
        with self._transactions.storing() as connection:
            connection.execute(update(jobs).where(jobs.c.id == job).values(values))

    def cancel(self, job: int) -> None:
        """Ask a running job to stop; nothing happens if it has ended."""
        with self._transactions.storing() as connection:
            connection.execute(update(jobs).where(jobs.c.id == job, RUNNING).values(cancel=1))

    def recent(self, limit: int) -> list[JobRecord]:
        """Every job that has not ended, and the `limit` that ended last; newest first."""
        ended = select(jobs).where(~RUNNING).order_by(jobs.c.finished.desc(), jobs.c.id.desc()).limit(limit)
        with self._transactions.reading() as connection:
            rows = [*connection.execute(select(jobs).where(RUNNING)), *connection.execute(ended)]
        return sorted(map(_record, rows), key=lambda one: -one.id)


def _record(row: "Row[*tuple[object, ...]]") -> JobRecord:
    stored = row.progress
    return JobRecord(
        id=row.id,
        kind=row.kind,
        who=row.who,
        process=row.process,
        state=row.state,
        code=row.code,
        started=row.started,
        updated=row.updated,
        finished=row.finished,
        progress=None if stored is None else Progress(**json.loads(stored)),
        summary=json.loads(row.summary),
    )
