"""A library made by hand, and a way to run the command line against it in this process."""

import io
import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pytest

from saccade.core.errors import InvalidQueryError, LibraryNotFoundError
from saccade.core.ports.stores import Tag
from saccade.core.types import (
    Counts,
    DoctorReport,
    Failure,
    Hit,
    ImageInfo,
    ImageRecord,
    IndexReport,
    LibraryStatus,
    PartScore,
    Problem,
    Progress,
    Role,
    SearchResult,
    SpaceInfo,
)
from saccade.interfaces.cli import main

JPEG = bytes.fromhex("ffd8ffd9")


def _info(**facts: object) -> ImageInfo:
    """A 400 x 300 photo."""
    return ImageInfo(**{"width": 400, "height": 300, "format": "JPEG", "size_bytes": 12345, **facts})


def _hit(rank: int = 1, path: str = "/photos/cat.jpg", **changed: object) -> Hit:
    """A hit that answers one part."""
    values: dict[str, object] = {
        "rank": rank,
        "image_id": f"{rank:064x}",
        "path": path,
        "paths": (path,),
        "score": 0.3125,
        "confidence": 0.975,
        "parts": (PartScore(part="a cat", score=0.3125),),
        "words": (),
        "similar": (),
        "info": _info(),
    }
    return Hit(**{**values, **changed})


def _result(*hits: Hit, query: str = "a cat", confident: bool = True) -> SearchResult:
    """An answer in 3.25 ms."""
    return SearchResult(query=query, confident=confident, hits=hits, took_ms=3.25)


COUNTS = Counts(images=1234, files=1300, failed=2, excluded=3, missing=4, embeddings={1: 1234})


@dataclass
class FakeLibrary:
    """Answers what it is told to; remembers what it was asked."""

    home: str
    result: SearchResult = field(default_factory=lambda: _result(_hit()))
    failed: tuple[Failure, ...] = ()
    problems: tuple[Problem, ...] = ()
    interrupted: bool = False
    error: BaseException | None = None
    steps: tuple[Progress, ...] = ()
    asked: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    closed: int = 0
    info: ImageInfo = field(default_factory=_info)

    @property
    def folder(self) -> str:
        return os.path.join(self.home, ".saccade")

    def _note(self, name: str, **arguments: object) -> None:
        self.asked.append((name, arguments))
        if self.error is not None:
            raise self.error

    def index(
        self,
        *paths: str,
        exclude: Sequence[str] = (),
        files: Iterable[str] = (),
        allow_empty: bool = False,
        progress: Callable[[Progress], None] | None = None,
    ) -> IndexReport:
        self._note("index", paths=paths, exclude=tuple(exclude), files=list(files), allow_empty=allow_empty)
        for step in self.steps:
            if progress is not None:
                progress(step)
        return IndexReport(
            files=10,
            added=4,
            unchanged=5,
            moved=0,
            removed=1,
            excluded=2,
            embedded=4,
            failed=self.failed,
            seconds=2.0,
        )

    def search(self, text: object = None, **arguments: object) -> SearchResult:
        self._note("search", text=text, **arguments)
        if isinstance(k := arguments["k"], int) and k < 1:
            raise InvalidQueryError(f"k is {k}; it must be at least 1", hint="-k 1")
        return self.result

    def similar(self, image: object, **arguments: object) -> SearchResult:
        self._note("similar", image=image, **arguments)
        return self.result

    def show(self, image: str) -> ImageRecord:
        self._note("show", image=image)
        return ImageRecord(id=1, sha256=bytes(range(32)), info=self.info, paths=("/photos/cat.jpg",))

    def tags(self, images: Sequence[str]) -> dict[str, list[Tag]]:
        self._note("tags", images=images)
        return {"/photos/cat.jpg": [Tag(label="a\x1bcat", origin="person", score=1.0)]}

    def facts(self, image: str) -> dict[str, float | str]:
        self._note("facts", image=image)
        return {"price": 3.5, "theme": "cats\x1b"}

    def status(self) -> LibraryStatus:
        self._note("status")
        space = SpaceInfo(
            id=1, role=Role.SEMANTIC, encoder="builtin", fingerprint="ab" * 32, dim=384, active=True
        )
        return LibraryStatus(
            library=self.folder,
            folders=(self.home,),
            counts=COUNTS,
            spaces=(space,),
            indexes={1: "flat"},
            size_bytes=1_234_567,
            interrupted=self.interrupted,
        )

    def doctor(
        self, *, repair: bool = False, progress: Callable[[Progress], None] | None = None
    ) -> DoctorReport:
        self._note("doctor", repair=repair)
        return DoctorReport(counts=COUNTS, unindexed=1, failures=self.failed, problems=self.problems)

    def backup(self, path: str, *, overwrite: bool = False) -> None:
        self._note("backup", path=path, overwrite=overwrite)
        Path(path).write_bytes(b"copy")

    def thumbnails(self, paths: Sequence[str], size: int) -> list[object]:
        self._note("thumbnails", paths=list(paths), size=size)
        side = min(size, 8)
        return [np.full((side, side, 3), 200, np.uint8) for _ in paths]

    def thumbnail_files(self, paths: Sequence[str], size: int) -> list[object]:
        self._note("thumbnail_files", paths=list(paths), size=size)
        return [JPEG for _ in paths]

    def close(self) -> None:
        self.closed += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


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


Run = Callable[..., Ran]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run one command line in this process, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("NO_COLOR", "TMUX", "KITTY_WINDOW_ID", "LC_TERMINAL", "TERM_PROGRAM", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")

    def run_now(*args: str, stdin: bytes = b"", terminal: bool = False, encoding: str = "utf-8") -> Ran:
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

    return run_now


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeLibrary:
    """A library in the current folder, which every command opens."""
    fake = FakeLibrary(home=str(tmp_path))

    def open_library(path: object = None, *, create: bool = True) -> FakeLibrary:
        return fake

    monkeypatch.setattr("saccade.library.open_library", open_library)
    monkeypatch.setattr("saccade.library.find_library", lambda start: str(tmp_path))
    return fake


@pytest.fixture
def no_library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeLibrary:
    """No library anywhere: what a command makes is this one."""
    fake = FakeLibrary(home=str(tmp_path))

    def open_library(path: object = None, *, create: bool = True) -> FakeLibrary:
        if not create:
            raise LibraryNotFoundError("no library here", hint="make one with: saccade index .")
        fake.asked.append(("open", {"path": path}))
        return fake

    monkeypatch.setattr("saccade.library.open_library", open_library)
    monkeypatch.setattr("saccade.library.find_library", lambda start: None)
    return fake


@pytest.fixture
def make_info() -> Callable[..., ImageInfo]:
    """Facts of a 400 x 300 photo, changed as told."""
    return _info


@pytest.fixture
def make_hit() -> Callable[..., Hit]:
    """A hit that answers one part, changed as told."""
    return _hit


@pytest.fixture
def make_result() -> Callable[..., SearchResult]:
    """An answer with the hits given, in 3.25 ms."""
    return _result
