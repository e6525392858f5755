"""The journal of what is put away: a run that has begun is on the disk, with every folder it needs."""

import os
from pathlib import Path

import pytest

from saccade.sources.journal import Journal


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_run_that_has_begun_survives_a_power_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, elsewhere: bool
) -> None:
    """The manifest's bytes, and the names of the manifest, the run's folder and the folder of its files."""
    fsync = os.fsync
    synced: set[str] = set()

    def noted(descriptor: int) -> None:
        fsync(descriptor)
        synced.add(os.readlink(f"/proc/self/fd/{descriptor}"))

    monkeypatch.setattr(os, "fsync", noted)
    journal = Journal(str(tmp_path / ".saccade"), str(tmp_path))
    place = journal.next_place(str(tmp_path) if elsewhere else None)
    run = journal.begin("2026-11-27T12:00:00Z", place)
    (manifest,) = (tmp_path / ".saccade").rglob("*.jsonl")
    assert journal.runs() == [run]
    assert {str(manifest), str(manifest.parent), str(manifest.parents[1]), os.path.dirname(place)} <= synced


def test_the_next_run_has_the_next_number(tmp_path: Path) -> None:
    """And its files another folder, whatever lies there already."""
    journal = Journal(str(tmp_path / ".saccade"), str(tmp_path))
    first = journal.begin("2026-11-27T12:00:00Z", journal.next_place(str(tmp_path)))
    taken = Path(journal.next_place(str(tmp_path)))
    taken.mkdir()
    second = journal.next_place(str(tmp_path))
    assert (first, os.path.basename(second)) == ("0001", "saccade-quarantine-0002-2")
