"""The command line: `main()`, and the handling around every command.

Nothing heavy is imported before a command needs it: `saccade --help` loads neither numpy nor a database.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

EXIT_CLOSED_PIPE = 141
"""Exit status if the reader of our output closed the pipe (128 + SIGPIPE, the shells' convention)."""
EXIT_NO_OUTPUT = 6
"""Exit status if the output cannot be written, as for a full disk."""


def program() -> NoReturn:
    """Run the command of this process and exit.

    Python would spend 60 ms on tearing down modules; everything is closed and flushed, so skip that.
    """
    status = main()
    sys.stderr.flush()
    os._exit(status)


def main(args: Sequence[str] | None = None) -> int:
    """Run one command; its exit status.

    Args:
        args: arguments without the program's name; None means those of this process.
    """
    try:
        return _run(args)
    except KeyboardInterrupt:
        return _interrupted()


def _run(args: Sequence[str] | None) -> int:
    """Run it and flush its output, so that a closed pipe is noticed here and not at exit."""
    from saccade.interfaces.cli.app import run_command  # late: Ctrl-C during the import is handled too

    # A stream that the caller closed is None: what would be printed goes nowhere.
    nowhere = Path(os.devnull)
    sys.stdout = sys.stdout or nowhere.open("w", encoding="utf-8")
    sys.stderr = sys.stderr or nowhere.open("w", encoding="utf-8")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a message must print in any locale
    try:
        status = run_command(args)
    except BrokenPipeError:
        _silence()
        return EXIT_CLOSED_PIPE
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _silence()
        return EXIT_CLOSED_PIPE
    except OSError as error:  # the work is done, and its result did not fit where it was sent
        _silence()
        if status != EXIT_NO_OUTPUT:
            sys.stderr.write(f"saccade: the output cannot be written: {error.strerror}\n")
        return EXIT_NO_OUTPUT
    return status


def _silence() -> None:
    """Redirect output that is still buffered after the pipe closed, or Python complains at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _interrupted() -> int:
    """Report that stopping was safe."""
    from saccade.core.errors import EXIT_INTERRUPTED

    start = "\n" if sys.stderr.isatty() else ""  # terminals show ^C without a newline
    sys.stderr.write(f"{start}stopped; nothing is lost, the same command resumes\n")
    return EXIT_INTERRUPTED
