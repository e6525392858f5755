"""Jobs through the facade: the history, and an index run that is canceled and resumed."""

from pathlib import Path

import pytest
from PIL import Image

import saccade
from saccade.core.errors import InputError, JobCanceledError, NotFoundError
from saccade.core.types import Progress
from saccade.engine import jobs


def test_status_lists_what_ran(shelf: Path) -> None:
    """Indexing and finders, with what they did; what failed, with why."""
    with saccade.open_library(shelf) as library:
        library.duplicates.find()
        library.tags.zero_shot(["beach", "dog"], dry_run=True)
        with pytest.raises(InputError):
            library.outliers.find(by="content", k=500)
        told = library.status().jobs
    assert [(one.kind, one.state) for one in told] == [
        ("tags", "done"),
        ("duplicates", "done"),
        ("index", "done"),
    ]
    assert told[-1].summary["added"] == 6
    assert {one.who for one in told} == {"local"}


def test_a_canceled_index_resumes(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stops between batches; what it recorded is kept, and the next run reads only the rest."""
    monkeypatch.setattr(jobs, "_EVERY_S", 0.0)
    for number in range(150):
        Image.new("RGB", (16, 16), (number, 255 - number, 0)).save(photos / f"more{number}.png")

    def stop(told: Progress) -> None:
        if told.done and told.done < 156:
            library.cancel(library.status().jobs[0].id)

    with saccade.open_library(photos) as library:
        with pytest.raises(JobCanceledError):
            library.index(photos, progress=stop)
        status = library.status()
        assert (status.jobs[0].state, status.interrupted) == ("canceled", True)
        assert 0 < status.counts.images < 156
        report = library.index(photos)
        assert (report.files, report.added) == (156, 156 - status.counts.files)
        status = library.status()
        assert (status.jobs[0].state, status.interrupted) == ("done", False)
        with pytest.raises(NotFoundError):
            library.cancel(status.jobs[0].id)
