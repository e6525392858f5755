"""Jobs through the facade: what is one, how it shows, how it stops, and what a canceled one leaves."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

import saccade
from saccade import Library
from saccade.core.errors import ImageNotFoundError, InputError, JobCanceledError, NotFoundError
from saccade.core.types import Progress
from saccade.engine import jobs
from saccade.usecases.indexing.flow import forgetting

Report = Callable[[Progress], None]

WORK: dict[str, Callable[[Library, Path, Report], object]] = {
    "index": lambda library, _, report: library.index(progress=report),
    "build": lambda library, _, report: library.build_indexes("flat", progress=report),
    "repair": lambda library, _, report: library.doctor(repair=True, progress=report),
    "forget": lambda library, home, report: library.forget(home / "0.png", progress=report),
    "style": lambda library, _, report: library.style(mood="dark", progress=report),
    "duplicates": lambda library, _, report: library.duplicates.iter_groups(progress=report),
    "leaks": lambda library, home, report: library.duplicates.leaks(home, home / "copies", progress=report),
    "overlap": lambda library, _, report: library.duplicates.overlap(library, progress=report),
    "apply": lambda library, _, report: library.duplicates.apply(library.duplicates.find(), progress=report),
    "undo": lambda library, _, report: library.duplicates.undo(progress=report),
    "outliers": lambda library, _, report: library.outliers.iter_outliers(k=2, progress=report),
    "train": lambda library, home, report: library.outliers.train("again", [home], progress=report),
    "inspect": lambda library, _, report: library.outliers.inspect("good", progress=report),
    "suggest": lambda library, _, report: library.tags.suggest("nice", progress=report),
    "use": lambda library, _, report: library.tags.use("nice", 1, progress=report),
    "export": lambda library, _, report: library.tags.export("csv", progress=report),
    "write_files": lambda library, _, report: library.tags.write_files(progress=report),
    "replay": lambda library, _, report: library.recommendations.replay(k=2, progress=report),
}


@pytest.fixture(scope="session")
def used(indexed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library in which every kind of work has something to do; copy it before changing anything."""
    home = Path(shutil.copytree(indexed, tmp_path_factory.mktemp("used") / "home"))
    (home / "copies").mkdir()
    for number in range(2):
        with Image.open(home / f"{number}.png") as picture:
            picture.resize((64, 64)).save(home / "copies" / f"{number}.jpg", quality=90)
    (home / "copies" / "3.png").write_bytes((home / "3.png").read_bytes())
    Image.effect_mandelbrot((96, 96), (-2.0, -1.5, 1.0, 1.5), 50).save(home / "told.jpg")
    with saccade.open_library(home) as library:
        library.index()
        library.duplicates.apply(library.duplicates.find())
        (home / "copies" / "4.png").write_bytes((home / "4.png").read_bytes())
        (home / "copies" / "5.png").write_bytes((home / "trip" / "5.png").read_bytes())
        library.index()
        library.outliers.train("good", [home / "trip", home / "0.png", home / "1.png"])
        library.tags.set(["nice"], [home / "told.jpg"])
        library.tags.teach("nice", yes=[home / "0.png", home / "1.png"], no=[home / "2.png", home / "3.png"])
        for day, name in enumerate(("0.png", "1.png", "2.png", "3.png", "4.png", "trip/5.png")):
            library.recommendations.feedback("ann", "like", [home / name], at=86400.0 * day)
    return home


@pytest.fixture
def home(used: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """That library, yours to change; its jobs write every report."""
    monkeypatch.setattr(jobs, "_EVERY_S", 0.0)
    return Path(shutil.copytree(used, tmp_path / "home"))


def ended(library: Library) -> tuple[str, str]:
    """Kind and state of the job that ended last."""
    newest = library.status().jobs[0]
    return newest.kind, newest.state


@pytest.mark.parametrize("kind", WORK)
def test_long_work_is_a_job(kind: str, home: Path) -> None:
    """It shows while it runs, stops when it is canceled, and done again comes to its end."""
    shown: list[tuple[str, str]] = []

    def stop(_: Progress) -> None:
        (running,) = library.context.jobs.recent(0)
        shown.append((running.kind, running.state))
        library.cancel(running.id)

    with saccade.open_library(home) as library:
        with pytest.raises(JobCanceledError):
            WORK[kind](library, home, stop)
        assert shown == [(kind, "running")]
        assert ended(library) == (kind, "canceled")
        heard: list[Progress] = []
        WORK[kind](library, home, heard.append)
        assert ended(library) == (kind, "done")
        assert library.status().jobs[0].progress == heard[-1]


def test_reading_an_answer_is_no_job(home: Path) -> None:
    """Neither a plan, nor a query, nor the groups of a stream that ended its comparing."""
    with saccade.open_library(home) as library:
        library.style(mood="dark")
        groups = library.duplicates.iter_groups()
        before = library.context.jobs.recent(100)
        assert len(list(groups)) == 2
        library.style(mood="dark")
        library.forget(home / "0.png", dry_run=True)
        library.duplicates.apply(library.duplicates.find(), dry_run=True)
        library.doctor()
        after = library.context.jobs.recent(100)
    assert [one.kind for one in after[: -len(before)]] == ["duplicates"]


def test_forgetting_stops_only_before_it_erases(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Canceled before, the image is still known; canceled after, it is gone with all traces."""

    def stop(*_: object) -> tuple[str, ...]:
        library.cancel(library.status().jobs[0].id)
        return ()

    with saccade.open_library(home) as library:
        with pytest.raises(JobCanceledError):
            library.forget(home / "0.png", progress=stop)
        assert library.show(home / "0.png").paths == (str(home / "0.png"),)
        monkeypatch.setattr(forgetting, "_copies", stop)  # called after the image is erased
        assert library.forget(home / "0.png").done
        assert ended(library) == ("forget", "done")
        assert library.status().jobs[0].summary == {"images": 1, "files": 1}
        assert not len(library.context.catalog.erasing.pending())
        with pytest.raises(ImageNotFoundError):
            library.show(home / "0.png")


def test_files_put_away_before_a_cancel_can_be_put_back(home: Path) -> None:
    """It stops between two files, and what it moved is recorded: `undo` puts back that, and only that."""

    def stop(told: Progress) -> None:
        if told.done == 1:
            library.cancel(library.status().jobs[0].id)

    with saccade.open_library(home) as library:
        with pytest.raises(JobCanceledError):
            library.duplicates.apply(library.duplicates.find(), progress=stop)
        assert (library.duplicates.runs()[-1].files, library.status().counts.missing) == (1, 4)
        assert len(list((home / "copies").iterdir())) == 1
        assert len(library.duplicates.undo().restored) == 1
        assert len(list((home / "copies").iterdir())) == 2
        assert library.doctor().healthy


def test_a_canceled_putting_away_resumes(home: Path) -> None:
    """The same call moves the rest, into the same run."""

    def stop(told: Progress) -> None:
        if told.done == 1:
            library.cancel(library.status().jobs[0].id)

    with saccade.open_library(home) as library:
        with pytest.raises(JobCanceledError):
            library.duplicates.apply(library.duplicates.find(), progress=stop)
        assert len(library.duplicates.apply(library.duplicates.find()).moves) == 1
        assert [one.files for one in library.duplicates.runs()] == [3, 2]


def test_another_process_cancels_a_job(home: Path) -> None:
    """By the number that `saccade status` shows."""

    def stop(_: Progress) -> None:
        number = library.context.jobs.recent(0)[0].id
        command = [sys.executable, "-m", "saccade", "status", "--cancel", str(number), "--library", str(home)]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert "inspect: running" in told

    with saccade.open_library(home) as library:
        with pytest.raises(JobCanceledError):
            library.outliers.inspect("good", progress=stop)
        assert ended(library) == ("inspect", "canceled")


def test_a_killed_job_was_interrupted(home: Path) -> None:
    """Nobody wrote that; the history knows it from the process, which is gone."""
    code = """
import os, signal, sys, saccade

def die(_):
    os.kill(os.getpid(), signal.SIGKILL)

with saccade.open_library(sys.argv[1]) as library:
    library.duplicates.apply(library.duplicates.find(), progress=die)
"""
    child = subprocess.run([sys.executable, "-c", code, str(home)], check=False)
    assert child.returncode == -signal.SIGKILL
    with saccade.open_library(home) as library:
        assert ended(library) == ("apply", "interrupted")


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
