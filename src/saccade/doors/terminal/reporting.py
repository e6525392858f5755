"""Reports errors: one line with a hint, the right exit status, and JSON for scripts."""

import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from click.exceptions import Exit

from saccade.core.errors import STATUS, SaccadeError
from saccade.core.wire import Answer
from saccade.doors.terminal.output import note, print_json
from saccade.doors.words import harmless, number, shown_path

if TYPE_CHECKING:
    from saccade.core.types import Failure

MAX_FAILURES = 20
"""Number of failed files reported one by one; `saccade doctor` lists them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorFacts:
    """What went wrong.

    Attributes:
        code: stable; listed in docs/reference/errors.md.
        message: what happened, and where.
        hint: what to do; may be empty.
    """

    code: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorAnswer:
    """What any command prints when it fails."""

    error: ErrorFacts


ERROR = Answer(name="error", command="saccade ...", kind=ErrorAnswer)


@contextmanager
def errors_reported(*, as_json: bool, debug: bool) -> Iterator[None]:
    """Report any error of the block and leave with its exit status."""
    try:
        yield
    except SaccadeError as error:
        _tell(error.code, error.message, error.hint, as_json=as_json)
        if debug:
            traceback.print_exception(error)
        raise Exit(STATUS[error.code].exit) from error
    except (BrokenPipeError, Exit):
        raise  # not errors: the reader closed the pipe, or the command chose its status
    except Exception as error:  # last resort: anything unexpected becomes one line, not a traceback
        what = f"unexpected {type(error).__name__}: {error}"
        hint = "please report it, with the output of the same command after `saccade --debug`"
        _tell(SaccadeError.code, what, hint, as_json=as_json)
        if debug:
            traceback.print_exception(error)
        raise Exit(STATUS[SaccadeError.code].exit) from error


def _tell(code: str, message: str, hint: str, *, as_json: bool) -> None:
    """Print what happened and what to do, a line each; also as JSON on stdout if requested."""
    note(f"saccade: {harmless(message)}")
    if hint:
        note(f"  {harmless(hint)}")
    if as_json:
        print_json(ErrorAnswer(error=ErrorFacts(code=code, message=message, hint=hint)))


def report_failures(failures: "Sequence[Failure]") -> None:
    """One line on stderr for each file that could not be read, up to MAX_FAILURES."""
    listed = failures[:MAX_FAILURES]
    for failure in listed:
        note(f"skipped {shown_path(failure.path)}: {harmless(failure.reason)} ({failure.code})")
    if len(failures) > len(listed):
        note(f"and {number(len(failures) - len(listed))} more: `saccade doctor` lists them")
