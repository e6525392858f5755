"""`saccade undo`: what came back, what did not, and which runs there were."""

from dataclasses import replace
from unittest.mock import MagicMock

from saccade.core.errors import NotFoundError
from saccade.core.quarantine import QuarantineRun, Restored, UndoReport
from saccade.core.types import Failure
from tests.helpers.json_schemas import check_json
from tests.helpers.terminal import Run

BAD = b"/photos/\xff\n\x1b[31m.jpg".decode("utf-8", "surrogateescape")
UNDONE = UndoReport(
    run="0003",
    restored=(
        Restored(path="/photos/b.jpg", at="/photos/b.jpg"),
        Restored(path=BAD, at="/photos/x.restored-0003.jpg"),
    ),
    unmoved=1,
    failed=(),
    unmerged=1,
    seconds=0.5,
)


def test_undo_tells_what_came_back_and_where(run: Run, shelf: MagicMock) -> None:
    """A file that lies elsewhere now has a line of its own."""
    shelf.undo.return_value = UNDONE
    ran = run("undo", "-q", "3")
    shelf.undo.assert_called_once_with("3", progress=None)
    assert ran.out.splitlines() == [
        "/photos/\\xff\\x0a\\x1b[31m.jpg is taken by another file: put back as /photos/x.restored-0003.jpg",
        "run 0003: 2 files put back, 1 there already, 1 keeper gave back what was taken over, in 500 ms",
    ]
    check_json(run("undo", "--json").json(), "undo")
    assert shelf.undo.call_args.args == (None,)


def test_undo_that_could_not_do_all_exits_with_7(run: Run, shelf: MagicMock) -> None:
    """So that a script notices."""
    failed = (Failure(path="/photos/b.jpg", code="folder_away", reason="the folder is not there"),)
    shelf.undo.return_value = replace(UNDONE, failed=failed)
    ran = run("undo", "-q")
    assert ran.status == 7
    assert "not put back /photos/b.jpg: the folder is not there (folder_away)" in ran.out
    assert run("undo", "--json").status == 7


def test_nothing_to_undo_is_said(run: Run, shelf: MagicMock) -> None:
    """With the exit status of what is not found."""
    shelf.undo.side_effect = NotFoundError("nothing to undo", hint="saccade undo --list tells all runs")
    ran = run("undo", "-q")
    assert (ran.status, ran.err) == (3, "saccade: nothing to undo\n  saccade undo --list tells all runs\n")


def test_runs_are_listed(run: Run, shelf: MagicMock) -> None:
    """What lies in each quarantine, and whether it ended."""
    shelf.runs.return_value = []
    assert run("undo", "--list").out == "no files have been put away\n"
    shelf.runs.return_value = [
        QuarantineRun(
            run=f"000{number}",
            created="2026-11-20T12:00:00Z",
            quarantine="/q",
            files=files,
            size_bytes=files * 1000,
            moved=2,
            finished=number != 2,
        )
        for number, files in ((1, 0), (2, 2))
    ]
    assert run("undo", "--list").out.splitlines() == [
        "0001  2026-11-20 12:00:00 UTC  empty now, 2 files passed through",
        "0002  2026-11-20 12:00:00 UTC  2 files, 2 kB in /q, was interrupted",
    ]
    check_json(run("undo", "--list", "--json").json(), "undo")
    shelf.undo.assert_not_called()
