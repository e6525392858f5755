"""Ctrl-C and a polite request to end: the library resumes, and no process stays behind."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from saccade.library import open_library


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_an_interrupted_run_resumes(
    number: signal.Signals,
    album: Callable[[int], Path],
    start: Callable[..., Any],
    all_gone: Callable[[list[int]], None],
) -> None:
    """The process ends at once with its workers; the next run does only what is left."""
    place = album(400)
    child = start(do="index", library=str(place))
    assert child.wait_for("done", 2)
    workers = child.signal(number)
    assert workers
    assert child.end() == -number
    all_gone(workers)
    acknowledged = [name for event in child.events for name in event.get("acked", ())]
    assert 0 < len(acknowledged) < 400
    with open_library(place) as library:
        status = library.status()
        assert status.interrupted is True
        assert [(job.kind, job.state) for job in status.jobs] == [("index", "interrupted")]
        found = {os.path.basename(hit.path) for hit in library.search("anything", k=400)}
        assert found.issuperset(acknowledged)
        report = library.index(place)
        assert (report.files, report.added) == (400, 400 - len(found))
        assert library.status().interrupted is False
        assert library.doctor().problems == ()
