"""Where output goes: results on stdout, everything else on stderr."""

import json
import os
import sys
from collections.abc import Iterable

from saccade.core.errors import StorageError
from saccade.core.wire import to_json


def say(line: str = "") -> None:
    """One line of result. Raises StorageError if it cannot be written, as to a full disk."""
    try:
        sys.stdout.write(line + "\n")
    except BrokenPipeError:
        raise
    except OSError as error:
        raise StorageError(f"the output cannot be written: {error.strerror}") from error


def note(line: str) -> None:
    """One line next to the result, on stderr."""
    sys.stderr.write(line + "\n")


def print_json(answer: object) -> None:
    """A typed answer (see `core.wire`) as one line of JSON, pure ASCII: it prints in any locale."""
    say(json.dumps(to_json(answer), ensure_ascii=True, allow_nan=False))


def say_fields(fields: list[tuple[str, str]]) -> None:
    """Names and values in two columns; a repeated name is shown once."""
    width = max(len(name) for name, _ in fields)
    previous = ""
    for name, value in fields:
        say(f"{'' if name == previous else name:<{width}}  {value}")
        previous = name


def print_paths(paths: Iterable[str], *, null: bool) -> None:
    """Print paths exactly as the operating system has them, byte for byte.

    Args:
        paths: in Python's spelling (undecodable bytes as surrogate escapes).
        null: end each with a zero byte instead of a newline, which a name may contain.
    """
    end = b"\0" if null else b"\n"
    sys.stdout.flush()  # keeps text and bytes in order
    sys.stdout.buffer.write(b"".join(os.fsencode(path) + end for path in paths))


def is_terminal(*, error: bool = False) -> bool:
    """Whether stdout (or stderr) is a terminal."""
    return (sys.stderr if error else sys.stdout).isatty()


def has_color() -> bool:
    """Whether results may be colored: a terminal, and NO_COLOR not set (https://no-color.org)."""
    return is_terminal() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
