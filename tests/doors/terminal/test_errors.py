"""How errors end a run: exit statuses, one line and what to do, the same as JSON."""

from unittest.mock import MagicMock

import pytest

from saccade.core.errors import STATUS, SaccadeError
from tests.helpers.json_schemas import check_json
from tests.helpers.terminal import FakeOpener, Run


def _all_errors(root: type[SaccadeError] = SaccadeError) -> list[type[SaccadeError]]:
    return [root, *(error for child in root.__subclasses__() for error in _all_errors(child))]


@pytest.mark.parametrize("error", _all_errors(), ids=lambda error: error.code)
def test_every_error_has_its_exit_status(
    run: Run, opener: FakeOpener, indexing: MagicMock, error: type[SaccadeError]
) -> None:
    """One line that says what, one that says what to do, nothing on stdout; the library is closed."""
    indexing.status.side_effect = error("it \x1b[31mbroke", hint="mend it")
    ran = run("status")
    assert ran.status == STATUS[error.code].exit != 0
    assert (ran.out, ran.err) == ("", "saccade: it \\x1b[31mbroke\n  mend it\n")
    assert opener.closed == 1


@pytest.mark.parametrize("error", [SaccadeError("it broke", hint=""), ZeroDivisionError("by zero")])
def test_an_error_as_json_fits_its_schema(
    run: Run, opener: FakeOpener, indexing: MagicMock, error: Exception
) -> None:
    """On stdout; unexpected ones as well."""
    indexing.status.side_effect = error
    ran = run("status", "--json")
    assert ran.status == 1
    check_json(ran.json(), "error")
    assert opener.closed == 1


@pytest.mark.usefixtures("opener")
def test_an_unexpected_error_is_one_line_unless_debugged(run: Run, indexing: MagicMock) -> None:
    """How to report it, and the traceback only on demand."""
    indexing.status.side_effect = ZeroDivisionError("by zero")
    ran = run("status")
    assert ran.status == 1
    assert ran.err.splitlines()[0] == "saccade: unexpected ZeroDivisionError: by zero"
    assert "--debug" in ran.err
    assert "Traceback" not in ran.err
    assert "Traceback" in run("--debug", "status").err


@pytest.mark.usefixtures("opener")
def test_an_expected_error_shows_its_traceback_only_when_debugged(run: Run, indexing: MagicMock) -> None:
    """It is no fault of the program."""
    indexing.status.side_effect = SaccadeError("it broke")
    assert run("status").err == "saccade: it broke\n"
    assert "Traceback" in run("--debug", "status").err
