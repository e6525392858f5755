"""`saccade status`, `doctor` and `backup`: what people see, what scripts read, how it ends."""

from dataclasses import replace
from pathlib import Path
from unittest.mock import MagicMock, call

import pytest

from saccade.core.errors import NotFoundError
from saccade.core.status import Problem
from saccade.core.types import Failure
from tests.helpers.json_schemas import check_json
from tests.helpers.terminal import Run

pytestmark = pytest.mark.usefixtures("opener")


def test_status_tells_what_a_person_wants_to_know(run: Run, indexing: MagicMock, tmp_path: Path) -> None:
    """Where, how much, by what, and whether something is unfinished."""
    indexing.status.return_value = replace(indexing.status.return_value, interrupted=True)
    assert run("status").out.splitlines() == [
        f"library   {tmp_path}/.saccade (1.23 MB)",
        f"folder    {tmp_path}",
        "images    1,234 in 1,300 files",
        "failed    2 files; `saccade doctor` says why",
        "excluded  3 files that are not images",
        "missing   4 files that no longer exist",
        "semantic  builtin, 384 dimensions, 1,234 embeddings, flat",
        "note      the last indexing run was interrupted; `saccade index` resumes it",
        "job 7     index: running, embed 1,200 of 5,000, since 2026-11-27 12:00 UTC",
        "job 6     duplicates: done, 12 groups, ended 2026-11-27 11:30 UTC",
        "job 5     tags: failed (disk_full), ended 2026-11-27 11:30 UTC",
    ]
    assert not indexing.cancel.called


def test_one_file_is_told_in_the_singular(run: Run, indexing: MagicMock) -> None:
    """Excluded, missing or indexed."""
    counts = replace(indexing.status.return_value.counts, files=1, excluded=1, missing=1)
    indexing.status.return_value = replace(indexing.status.return_value, counts=counts)
    lines = run("status").out.splitlines()
    assert "excluded  1 file that is not an image" in lines
    assert "missing   1 file that no longer exists" in lines
    indexing.doctor.return_value = replace(indexing.doctor.return_value, counts=counts)
    assert run("doctor").out.startswith("1 file indexed, ")


def test_status_cancels_a_job(run: Run, indexing: MagicMock) -> None:
    """The job named, before the status is told; one that does not run is an error with status 3."""
    assert run("status", "--cancel", "7").status == 0
    assert indexing.mock_calls[0] == call.cancel(7)
    indexing.cancel.side_effect = NotFoundError("no job 7 is running", hint="saccade status lists the jobs")
    ran = run("status", "--cancel", "7")
    assert (ran.status, ran.out) == (3, "")
    assert ran.err.splitlines() == ["saccade: no job 7 is running", "  saccade status lists the jobs"]


def test_doctor_accounts_for_every_file(run: Run, indexing: MagicMock) -> None:
    """Indexed, failed with a reason, excluded, gone; then what is wrong and how to fix it."""
    indexing.doctor.return_value = replace(
        indexing.doctor.return_value,
        failures=(Failure(path="/p.jpg", code="truncated", reason="it ends early"),),
        problems=(
            Problem(code="stale", message="an old index", count=1, repaired=True),
            Problem(code="hole", message="a hole", count=1, repaired=False),
        ),
    )
    assert run("doctor", "--repair").out.splitlines() == [
        "1,300 files indexed, 2 failed with a reason, 3 excluded, 4 missing",
        "failed /p.jpg: it ends early (truncated)",
        "1 file new or changed: `saccade index` reads them",
        "repaired: an old index (stale)",
        "problem: a hole (hole)",
        "the rest cannot be fixed here: restore a backup, or index the folder again",
    ]
    assert indexing.doctor.call_args.kwargs["repair"] is True
    assert run("doctor").out.splitlines()[-1] == "fix it with: saccade doctor --repair"
    assert indexing.doctor.call_args.kwargs["repair"] is False


@pytest.mark.parametrize(("repaired", "status"), [(True, 0), (False, 7)])
def test_doctor_exits_7_while_a_problem_remains(
    run: Run, indexing: MagicMock, *, repaired: bool, status: int
) -> None:
    """Repaired problems are none."""
    problem = Problem(code="orphan", message="a hole", count=1, repaired=repaired)
    indexing.doctor.return_value = replace(indexing.doctor.return_value, problems=(problem,))
    ran = run("doctor")
    assert ran.status == status
    assert (ran.out.splitlines()[-1] == "healthy") is repaired
    assert run("doctor", "--json").status == status


def test_backup_says_where_it_lies(run: Run, indexing: MagicMock) -> None:
    """Path and size."""
    assert run("backup", "copy.db", "--overwrite").out == "backup: copy.db (4 bytes)\n"
    indexing.backup.assert_called_once_with("copy.db", overwrite=True)


@pytest.mark.parametrize(
    ("name", "args"), [("status", ["status"]), ("doctor", ["doctor"]), ("backup", ["backup", "copy.db"])]
)
def test_json_output_fits_its_schema(run: Run, indexing: MagicMock, name: str, args: list[str]) -> None:
    """One JSON object on the one line of stdout, exit status 0."""
    indexing.doctor.return_value = replace(
        indexing.doctor.return_value,
        failures=(Failure(path="/a/\udcff.jpg", code="truncated", reason="it ends early"),),
        problems=(Problem(code="orphan", message="a row without image", count=2, repaired=True),),
    )
    ran = run(*args, "--json")
    assert ran.status == 0
    check_json(ran.json(), name)
    assert len(ran.out.splitlines()) == 1
