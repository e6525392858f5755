"""Running the command line in this process, against a library context made by the test.

A slice's tests replace the slice's api class with `fake_api`, which refuses calls that the real one would not
take; the context is only what pages and hits need: small gray pictures, and stores that the test fills.
"""

import io
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import TracebackType
from typing import TYPE_CHECKING, Self, get_type_hints
from unittest.mock import MagicMock, create_autospec

import numpy as np
import pytest

from saccade.core import ports
from saccade.core.decoding import Decoded, DecodeOutcome, DecodeTask
from saccade.core.errors import LibraryNotFoundError
from saccade.core.ports.catalog import Catalog
from saccade.core.settings import Settings
from saccade.core.status import Counts, IndexReport
from saccade.core.types import ImageInfo
from saccade.engine.context import LibraryContext
from saccade.interfaces.cli import main

if TYPE_CHECKING:
    from saccade.core.ports.decoders import ReportProgress

JPEG = bytes.fromhex("ffd8ffd9")


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


class _Input(io.TextIOWrapper):
    """What is typed or piped in."""

    def __init__(self, data: bytes, *, terminal: bool) -> None:
        self._terminal = terminal
        super().__init__(io.BytesIO(data))

    def isatty(self) -> bool:
        return self._terminal


def run_command(
    monkeypatch: pytest.MonkeyPatch,
    *args: str,
    stdin: bytes = b"",
    terminal: bool = False,
    encoding: str = "utf-8",
    environment: Mapping[str, str] | None = None,
) -> Ran:
    """Run one command line in the current folder, with `environment` on top of what a plain xterm has."""
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("NO_COLOR", "TMUX", "KITTY_WINDOW_ID", "LC_TERMINAL", "TERM_PROGRAM", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in (environment or {}).items():
        monkeypatch.setenv(name, value)
    out = _Stream(terminal=terminal, encoding=encoding)
    err = _Stream(terminal=terminal, encoding=encoding)
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    monkeypatch.setattr(sys, "stdin", _Input(stdin, terminal=terminal))
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


Run = Callable[..., Ran]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run one command line in this process, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return lambda *args, **options: run_command(monkeypatch, *args, **options)


class FakeOpener:
    """Opens the given context, whatever is asked for; remembers what was.

    Attributes:
        missing: there is no library anywhere until one is made.
        others: {folder: the context that is opened for it instead}.
        asked: (folder, whether it may be made) of each time.
        closed: how many were closed again.
    """

    def __init__(self, context: "LibraryContext") -> None:
        self.context = context
        self.missing = False
        self.others: dict[str | None, LibraryContext] = {}
        self.asked: list[tuple[str | None, bool]] = []
        self.closed = 0

    @contextmanager
    def opened(self, path: str | None, *, create: bool) -> "Iterator[LibraryContext]":
        """The context."""
        self.asked.append((path, create))
        if self.missing and not create:
            raise LibraryNotFoundError("no library here", hint="make one with: saccade index .")
        try:
            yield self.others.get(path, self.context)
        finally:
            self.closed += 1

    def find(self, start: str) -> str | None:
        """The folder that is asked about."""
        return None if self.missing else os.path.abspath(start)

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


def fake_api(monkeypatch: pytest.MonkeyPatch, kind: type) -> MagicMock:
    """Let every command use one object instead of the api class `kind`; it has the real one's signatures."""
    api: MagicMock = create_autospec(kind, instance=True)
    slice_ = import_module(".".join(kind.__module__.split(".")[:4]))  # saccade.usecases.SLICE.api
    monkeypatch.setattr(slice_, kind.__name__, lambda _context: api)
    return api


class FakeDecoder:
    """Gives every file a small gray picture, or what `outcomes` says of its path."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.outcomes: dict[str, DecodeOutcome] = {}

    def decode(self, tasks: "Iterable[DecodeTask]") -> "Iterator[DecodeOutcome]":
        """One outcome for each task, in order."""
        info = ImageInfo(width=8, height=8, format="PNG", size_bytes=1)
        gray = Decoded(sha256=bytes(32), info=info, pixels=np.full((8, 8, 3), 200, np.uint8))
        for task in tasks:
            self.asked.append(task.path)
            yield self.outcomes.get(task.path, gray)

    def close(self) -> None:
        """Nothing runs."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


def fake_context(folder: str, decoder: FakeDecoder | None = None) -> "LibraryContext":
    """The context of a library in `folder`: its stores are mocks, its pictures those of `decoder`."""
    tools = MagicMock()
    tools.pictures.to_jpeg.return_value = JPEG
    made = decoder or FakeDecoder()
    return LibraryContext(
        folder=folder,
        catalog=_fake_catalog(),
        indexes=MagicMock(),
        spaces=MagicMock(),
        open_decoder=lambda _recipe: made,
        tools=tools,
        settings=Settings(),
        clock=lambda: 1_700_000_000.0,
    )


def _fake_catalog() -> MagicMock:
    """A catalog of mocks with the ports' signatures, which holds 1,234 images and nothing unfinished."""
    catalog: MagicMock = create_autospec(Catalog, instance=True)
    known = {}  # ports are named in annotations only
    for module in iter_modules(ports.__path__, f"{ports.__name__}."):
        known.update(vars(import_module(module.name)))
    for name, member in vars(Catalog).items():
        if isinstance(member, property):
            port = get_type_hints(member.fget, localns=known)["return"]
            setattr(catalog, name, create_autospec(port, instance=True))
    catalog.health.counts.return_value = Counts(images=1234, files=1300, failed=2, excluded=3, missing=4)
    catalog.runs.unfinished.return_value = []
    catalog.jobs.update.return_value = False
    catalog.tags.of.return_value = {}
    catalog.columns.of.return_value = {}
    return catalog
