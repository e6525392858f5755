"""Jobs: recorded, throttled, canceled between batches, and never in the way of the work."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from saccade.catalog import SqlCatalog, open_catalog
from saccade.core.errors import DiskFullError, JobCanceledError, NotFoundError
from saccade.core.types import Progress
from saccade.engine.jobs import Jobs
from saccade.engine.processes import runs_here, this_process


@dataclass
class Clock:
    """A clock that stands still unless it is moved, seconds."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Bench:
    """Jobs over a real catalog, with a clock to move."""

    catalog: SqlCatalog
    clock: Clock = field(default_factory=Clock)

    @property
    def jobs(self) -> Jobs:
        return Jobs(self.catalog.jobs, who="tester", clock=self.clock)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with open_catalog(str(tmp_path / "library"), create=True) as catalog:
        yield Bench(catalog)


def at(done: int) -> Progress:
    """A report."""
    return Progress(stage="work", done=done, total=10)


def test_a_job_that_ends_well_tells_what_it_did(bench: Bench) -> None:
    """Running inside the block, done after it, with its numbers."""
    with bench.jobs.run("index") as job:
        (running,) = bench.jobs.recent()
        assert (running.id, running.kind, running.who, running.state) == (
            job.id,
            "index",
            "tester",
            "running",
        )
        job.done(added=3)
    (ended,) = bench.jobs.recent()
    assert (ended.state, ended.summary) == ("done", {"added": 3})


def test_progress_is_written_at_most_once_a_second(bench: Bench) -> None:
    """The caller hears everything; the catalog only what comes a second after the last."""
    heard: list[int] = []
    written: list[int | None] = []
    with bench.jobs.run("index", lambda told: heard.append(told.done)) as job:
        for done, seconds in ((1, 0.5), (2, 1.0), (3, 1.9), (4, 2.0)):
            bench.clock.now = seconds
            job.report(at(done))
            told = bench.jobs.recent()[0].progress
            written.append(None if told is None else told.done)
    assert heard == [1, 2, 3, 4]
    assert written == [None, 2, 2, 4]


def test_a_canceled_job_stops_at_its_next_report(bench: Bench) -> None:
    """With an error of its own, and as such in the history; afterward it cannot be canceled again."""

    def work() -> None:
        with bench.jobs.run("tags") as job:
            bench.jobs.cancel(job.id)
            bench.clock.now = 1.0
            job.report(at(1))

    with pytest.raises(JobCanceledError) as caught:
        work()
    assert caught.value.hint.startswith("run the same command again")
    assert bench.jobs.recent()[0].state == "canceled"
    with pytest.raises(NotFoundError):
        bench.jobs.cancel(bench.jobs.recent()[0].id)


def test_a_job_past_its_point_of_no_return_goes_on(bench: Bench) -> None:
    """A request from before stops it there, however short ago its last report was; a later one does not."""

    def work(*, asked: str) -> None:
        with bench.jobs.run("forget") as job:
            if asked == "before":
                bench.jobs.cancel(job.id)
            job.commit(at(0))
            bench.jobs.cancel(job.id)
            bench.clock.now += 1.0
            job.report(at(1))

    with pytest.raises(JobCanceledError):
        work(asked="before")
    work(asked="after")
    told = [(one.state, one.progress) for one in bench.jobs.recent()]
    assert told == [("done", at(1)), ("canceled", at(0))]


@pytest.mark.parametrize(
    ("error", "state", "code"),
    [
        (DiskFullError("no space"), "failed", "disk_full"),
        (ValueError("a bug"), "failed", "internal"),
        (KeyboardInterrupt(), "interrupted", ""),
    ],
    ids=["ours", "unexpected", "ctrl-c"],
)
def test_how_a_job_failed_is_kept(bench: Bench, error: BaseException, state: str, code: str) -> None:
    """The error goes on as it was."""
    with pytest.raises(type(error)) as caught, bench.jobs.run("index"):
        raise error
    assert caught.value is error
    assert [(one.state, one.code) for one in bench.jobs.recent()] == [(state, code)]


def test_work_goes_on_where_nothing_can_be_recorded(tmp_path: Path) -> None:
    """In a library that is open for reading only."""
    open_catalog(str(tmp_path), create=True).close()
    heard: list[Progress] = []
    with open_catalog(str(tmp_path), create=False, read_only=True) as catalog:
        clock = Clock()
        with Jobs(catalog.jobs, who="a", clock=clock).run("duplicates", heard.append) as job:
            clock.now = 5.0
            job.report(at(1))
        assert Jobs(catalog.jobs, who="a").recent() == ()
    assert (job.id, heard) == (0, [at(1)])


def test_a_job_of_a_dead_process_was_interrupted(bench: Bench) -> None:
    """One that was killed; one whose id another process has now; one elsewhere that is silent for long."""
    code = "from saccade.engine.processes import this_process; print(this_process())"
    dead = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    host, number, began = this_process().split(" ")
    for process in (dead.strip(), f"{host} {number} {int(began) + 1}", this_process(), f"not-{host} 1 2"):
        bench.catalog.jobs.start("index", who="a", process=process)
    assert [one.state for one in bench.jobs.recent()] == ["running", "running", "interrupted", "interrupted"]
    with pytest.raises(NotFoundError):
        bench.jobs.cancel(1)


def test_a_process_knows_itself() -> None:
    """It runs, and is told by host, id and beginning."""
    assert runs_here(this_process()) is True
    assert this_process().split(" ")[1] == str(os.getpid())
    assert runs_here("nonsense") is None
