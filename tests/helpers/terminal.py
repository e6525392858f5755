"""Running the command line in this process, against a library context made by the test."""

import io
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from saccade.interfaces.cli import main

if TYPE_CHECKING:
    from saccade.core.ports import ReportProgress
    from saccade.core.types import IndexReport
    from saccade.engine.context import LibraryContext


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a run ended."""

    status: int
    out: str
    err: str
    out_bytes: bytes

    def json(self) -> dict[str, object]:
        """The last line of stdout, as JSON."""
        value = json.loads(self.out.splitlines()[-1])
        assert isinstance(value, dict)
        return value


class _Stream(io.TextIOWrapper):
    """A stream in memory that may claim to be a terminal."""

    def __init__(self, *, terminal: bool, encoding: str = "utf-8") -> None:
        self.memory = io.BytesIO()
        self._terminal = terminal
        super().__init__(self.memory, encoding=encoding)

    def isatty(self) -> bool:
        return self._terminal

    def bytes(self) -> bytes:
        self.flush()
        return self.memory.getvalue()


def run_command(
    monkeypatch: pytest.MonkeyPatch,
    *args: str,
    stdin: bytes = b"",
    terminal: bool = False,
    encoding: str = "utf-8",
) -> Ran:
    """Run one command line in the current folder."""
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("NO_COLOR", "TMUX", "KITTY_WINDOW_ID", "LC_TERMINAL", "TERM_PROGRAM", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    out = _Stream(terminal=terminal, encoding=encoding)
    err = _Stream(terminal=terminal, encoding=encoding)
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
    try:
        status = main(args)
    except SystemExit as left:
        status = int(left.code or 0)
    data = out.bytes()
    return Ran(
        status=status,
        out=data.decode(encoding, "surrogateescape"),
        err=err.bytes().decode(encoding),
        out_bytes=data,
    )


class FakeOpener:
    """Opens the given context, whatever is asked for; remembers what was."""

    def __init__(self, context: "LibraryContext") -> None:
        self.context = context
        self.asked: list[tuple[str | None, bool]] = []

    @contextmanager
    def opened(self, path: str | None, *, create: bool) -> "Iterator[LibraryContext]":
        """The context."""
        self.asked.append((path, create))
        yield self.context

    def find(self, start: str) -> str | None:
        """The folder that is asked about."""
        return os.path.abspath(start)

    def index(
        self,
        context: "LibraryContext",
        paths: Sequence[str],
        *,
        exclude: Sequence[str] = (),
        files: Sequence[str] = (),
        allow_empty: bool = False,
        progress: "ReportProgress | None",
    ) -> "IndexReport":
        """Refused: a test of indexing brings its own opener."""
        raise AssertionError(f"a test indexed {paths}")


def use_context(monkeypatch: pytest.MonkeyPatch, context: "LibraryContext") -> FakeOpener:
    """Let every command work on this context."""
    opener = FakeOpener(context)
    monkeypatch.setattr("saccade.interfaces.cli.app.LibraryOpener", lambda: opener)
    return opener
