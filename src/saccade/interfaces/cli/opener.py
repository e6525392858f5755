"""Opens libraries for the commands: the only module of the CLI that imports `saccade.library`."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

from saccade.doors.terminal.progress import upgrade_shown

if TYPE_CHECKING:
    from types import ModuleType

    from saccade.core.ports.decoders import ReportProgress
    from saccade.core.status import IndexReport
    from saccade.engine.context import LibraryContext
    from saccade.library import Library


class LibraryOpener:
    """See `doors.terminal.settings.Opener`."""

    def __init__(self) -> None:
        self._open: dict[str, Library] = {}

    @contextmanager
    def opened(self, path: str | None, *, create: bool) -> "Iterator[LibraryContext]":
        """The library of a folder, closed when the block ends."""
        with upgrade_shown() as progress:
            library: Library = _facade().open_library(path, create=create, progress=progress)
        with library:
            self._open[library.folder] = library
            yield library.context

    def find(self, start: str) -> str | None:
        """The folder whose library covers `start`."""
        found: str | None = _facade().find_library(start)
        return found

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
        """Bring a library that was opened here up to date."""
        return self._open[context.folder].index(
            *paths, exclude=exclude, files=files, allow_empty=allow_empty, progress=progress
        )


def _facade() -> "ModuleType":
    """`saccade.library`, imported without garbage collection, which would take 30 ms and find nothing."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        return import_module("saccade.library")
    finally:
        if enabled:
            gc.enable()
