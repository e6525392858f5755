"""Where output goes: results on stdout, everything else on stderr."""

import json
import os
import sys
from collections.abc import Iterable, Mapping


def say(line: str = "") -> None:
    """One line of result."""
    sys.stdout.write(line + "\n")


def note(line: str) -> None:
    """One line beside the result, on stderr."""
    sys.stderr.write(line + "\n")


def print_json(value: Mapping[str, object]) -> None:
    """One JSON object on one line, pure ASCII: it prints in any locale, whatever bytes a name holds."""
    say(json.dumps(value, ensure_ascii=True, allow_nan=False))


def print_paths(paths: Iterable[str], *, null: bool) -> None:
    """Paths exactly as the operating system has them, byte for byte.

    Args:
        paths: in Python's spelling (undecodable bytes as surrogate escapes).
        null: end each with a zero byte instead of a newline, which a name may hold.
    """
    end = b"\0" if null else b"\n"
    sys.stdout.flush()  # text before bytes stays before them
    sys.stdout.buffer.write(b"".join(os.fsencode(path) + end for path in paths))


def is_terminal(*, error: bool = False) -> bool:
    """Whether a person looks at stdout (or stderr) right now."""
    return (sys.stderr if error else sys.stdout).isatty()


def has_color() -> bool:
    """Whether results may be colored: a terminal, and NO_COLOR not set (https://no-color.org)."""
    return is_terminal() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
