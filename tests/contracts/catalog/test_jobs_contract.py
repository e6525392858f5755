"""The history of jobs: what runs, what ran, and who asked to stop it."""

from saccade.core.types import Progress
from tests.contracts.catalog.shelf import Shelf


def test_a_job_is_recorded_from_its_start_to_its_end(shelf: Shelf) -> None:
    """Kind, caller, process, progress, and how it ended."""
    jobs = shelf.catalog.jobs
    number = jobs.start("index", who="local", process="host 1 2")
    (running,) = jobs.recent(0)
    assert (running.id, running.kind, running.who, running.process) == (number, "index", "local", "host 1 2")
    assert (running.state, running.finished, running.progress) == ("running", None, None)
    told = Progress(stage="embed", done=3, total=None, failed=1)
    assert jobs.update(number, told) is False
    assert jobs.recent(0)[0].progress == told
    jobs.end(number, "done", summary={"added": 3})
    (ended,) = jobs.recent(1)
    assert (ended.state, ended.code, ended.summary, ended.progress) == ("done", "", {"added": 3}, told)
    assert ended.started <= ended.updated
    assert ended.finished == ended.updated


def test_a_job_learns_that_it_is_to_stop(shelf: Shelf) -> None:
    """Only the one that was named, only while it runs."""
    jobs = shelf.catalog.jobs
    first, second = (jobs.start("tags", who="a", process="p") for _ in range(2))
    jobs.cancel(first)
    at = Progress(stage="tag", done=1, total=2)
    assert [jobs.update(first, at), jobs.update(second, at)] == [True, False]
    jobs.end(second, "failed", code="disk_full", summary={})
    jobs.cancel(second)
    assert jobs.update(second, at) is False
    assert [one.code for one in jobs.recent(1) if one.id == second] == ["disk_full"]


def test_running_jobs_come_with_the_last_that_ended(shelf: Shelf) -> None:
    """Newest first; a running job is listed however many have ended since."""
    jobs = shelf.catalog.jobs
    numbers = [jobs.start("index", who="a", process="p") for _ in range(5)]
    for number in numbers[1:]:
        jobs.end(number, "done", summary={})
    assert [one.id for one in jobs.recent(2)] == [numbers[4], numbers[3], numbers[0]]
    assert [one.id for one in jobs.recent(0)] == numbers[:1]


def test_only_the_newest_jobs_are_kept(shelf: Shelf) -> None:
    """A thousand: the history does not grow for ever."""
    jobs = shelf.catalog.jobs
    with shelf.catalog.unit():  # one transaction, to be quick
        numbers = [jobs.start("index", who="a", process="p") for _ in range(1003)]
    assert [one.id for one in jobs.recent(0)] == numbers[:2:-1]
