"""How runs end: exit statuses, one-line errors, closed pipes, Ctrl-C."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import saccade.interfaces.cli
from saccade.core.errors import STATUS, SaccadeError
from saccade.core.types import Failure, Problem


def _all_errors(root: type[SaccadeError] = SaccadeError) -> list[type[SaccadeError]]:
    return [root, *(error for child in root.__subclasses__() for error in _all_errors(child))]


@pytest.mark.parametrize("error", _all_errors(), ids=lambda error: error.code)
def test_every_error_has_its_exit_status(
    run: Callable[..., Any], library: Any, error: type[SaccadeError]
) -> None:
    """One line that says what, one that says what to do, nothing on stdout."""
    library.error = error("it \x1b[31mbroke", hint="mend it")
    ran = run("status")
    assert ran.status == STATUS[error.code].exit != 0
    assert (ran.out, ran.err) == ("", "saccade: it \\x1b[31mbroke\n  mend it\n")
    assert library.closed == 1


def test_an_unexpected_error_is_one_line_unless_debugged(run: Callable[..., Any], library: Any) -> None:
    """How to report it, and the traceback only on demand."""
    library.error = ZeroDivisionError("by zero")
    ran = run("status")
    assert ran.status == 1
    assert ran.err.splitlines()[0] == "saccade: unexpected ZeroDivisionError: by zero"
    assert "--debug" in ran.err
    assert "Traceback" not in ran.err
    assert "Traceback" in run("--debug", "status").err


def test_ctrl_c_says_that_nothing_is_lost(run: Callable[..., Any], library: Any) -> None:
    """Exit 130, the library closed, no traceback."""
    library.error = KeyboardInterrupt()
    ran = run("index")
    assert (ran.status, ran.out) == (130, "")
    assert ran.err == "stopped; nothing is lost, the same command resumes\n"
    assert library.closed == 1


def test_a_closed_pipe_is_quiet(
    run: Callable[..., Any], library: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`| head` is no error."""
    closed: list[int] = []
    monkeypatch.setattr(saccade.interfaces.cli, "_silence", lambda: closed.append(1))
    library.error = BrokenPipeError()
    ran = run("status")
    assert (ran.status, ran.err, closed) == (141, "", [1])


@pytest.mark.parametrize(
    "args", [["nonsense"], ["search", "--nonsense"], ["index", "-k", "3"], ["search", "-k", "many", "x"]]
)
def test_a_usage_error_exits_2(run: Callable[..., Any], library: Any, args: list[str]) -> None:
    """Said on stderr, before any library is opened."""
    ran = run(*args)
    assert (ran.status, ran.out, library.asked) == (2, "", [])
    assert "Error:" in ran.err


@pytest.mark.parametrize("k", ["0", "-3"])
def test_search_refuses_k_below_one(run: Callable[..., Any], library: Any, k: str) -> None:
    """Exit 2 and a line."""
    ran = run("search", "a cat", "-k", k)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"saccade: k is {k}")


@pytest.mark.parametrize("args", [["--json", "--paths-only"], ["--null"]])
def test_search_refuses_options_that_contradict(
    run: Callable[..., Any], library: Any, args: list[str]
) -> None:
    """Before any work."""
    ran = run("search", "a cat", *args)
    assert (ran.status, library.asked) == (2, [])


@pytest.mark.parametrize(("repaired", "status"), [(True, 0), (False, 7)])
def test_doctor_exits_7_while_a_problem_remains(
    run: Callable[..., Any], library: Any, repaired: bool, status: int
) -> None:
    """Repaired problems are none."""
    library.problems = (Problem(code="orphan", message="a hole", count=1, repaired=repaired),)
    assert run("doctor").status == status
    assert run("doctor", "--json").status == status


def test_index_strict_exits_7_on_a_failed_file(run: Callable[..., Any], library: Any) -> None:
    """Without --strict, and without failures, it is 0."""
    assert run("index", "--strict").status == 0
    library.failed = (Failure(path="/a.jpg", code="truncated", reason="it ends early"),)
    assert run("index").status == 0
    assert run("index", "--strict").status == 7
    assert run("index", "--strict", "--json").status == 7


def test_a_picture_that_is_not_there_exits_2(run: Callable[..., Any], library: Any, tmp_path: Path) -> None:
    """And is not searched for as words."""
    ran = run("search", "./no.jpg")
    assert (ran.status, library.asked) == (2, [])
    assert "no such picture: ./no.jpg" in ran.err


def test_a_sheet_in_a_missing_folder_exits_2(run: Callable[..., Any], library: Any) -> None:
    """The message names the folder."""
    ran = run("search", "a cat", "--sheet", os.path.join("missing", "out.html"))
    assert ran.status == 2
    assert ran.err.startswith("saccade: no such folder: missing")
