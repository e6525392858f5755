"""The command line: `main()`, and what happens around every command.

Nothing heavy is imported before a command needs it: `saccade --help` loads neither numpy nor a database.
"""

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

EXIT_CLOSED_PIPE = 141
"""Exit status when whoever read our output went away (128 + SIGPIPE, the shells' convention)."""


def program() -> NoReturn:
    """Run the command of this process and leave.

    Python would spend 60 ms on taking its modules apart; everything is closed and flushed, so it need not.
    """
    status = main()
    sys.stderr.flush()
    os._exit(status)


def main(args: Sequence[str] | None = None) -> int:
    """Run one command; its exit status.

    Args:
        args: the words after the program's name; None means those of this process.
    """
    try:
        return _run(args)
    except KeyboardInterrupt:
        return _interrupted()


def _run(args: Sequence[str] | None) -> int:
    """Run it and send out everything it printed, so that a closed pipe is noticed here and not at exit."""
    from saccade.interfaces.cli.app import run_command  # late: Ctrl-C during the import is handled too

    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a message must print in any locale
    try:
        status = run_command(args)
        sys.stdout.flush()
    except BrokenPipeError:
        _silence()
        return EXIT_CLOSED_PIPE
    return status


def _silence() -> None:
    """Give what is still buffered and has no reader a place to go, or Python complains at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _interrupted() -> int:
    """Say that stopping was fine."""
    from saccade.core.errors import EXIT_INTERRUPTED

    start = "\n" if sys.stderr.isatty() else ""  # terminals show ^C and stay in the line
    sys.stderr.write(f"{start}stopped; nothing is lost, the same command resumes\n")
    return EXIT_INTERRUPTED
