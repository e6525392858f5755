"""Assembles the parts of a library."""

import os
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass, replace

from saccade.catalog import SqlCatalog, open_catalog
from saccade.core.errors import LibraryBusyError
from saccade.core.ports.decoders import ReportProgress
from saccade.core.settings import Settings
from saccade.encoders.registry import BUILTIN, load
from saccade.engine.context import LibraryContext
from saccade.engine.spaces import ActiveSpaces
from saccade.indexes import IndexFiles
from saccade.library.decoding import Workers
from saccade.library.settings import cores, threads, workers
from saccade.library.tools import LazyTools


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedLibrary:
    """An open library: what its use-cases receive, and what must be closed.

    Attributes:
        context: the parts.
        fresh: whether this call created the library.
    """

    context: LibraryContext
    catalog: SqlCatalog
    workers: Workers
    fresh: bool

    def close(self) -> None:
        """Release files, indexes, workers and memory."""
        self.context.spaces.close()
        self.workers.close()
        self.catalog.close()

    def discard_if_empty(self) -> None:
        """Remove a library made for a folder that turned out to hold no images, unless others use it."""
        folder = self.context.folder
        with suppress(LibraryBusyError), self.catalog.writing("removing an empty library", wait_s=0):
            counts = self.catalog.health.counts()
            holds = counts.images or counts.failed or counts.missing
            if not holds and not self.context.tools.journal(folder).runs():
                self.close()
                shutil.rmtree(folder, ignore_errors=True)


def open_parts(
    folder: str,
    *,
    home: str,
    create: bool,
    read_only: bool,
    settings: Settings,
    progress: ReportProgress | None = None,
) -> OpenedLibrary:
    """The library in its own folder `folder`, with everything its use-cases need."""
    catalog = open_catalog(
        folder,
        create=create,
        home=home,
        read_only=read_only,
        wait_s=settings.lock_wait_s,
        report=progress,
    )
    try:
        indexes = IndexFiles(os.path.join(folder, "indexes"))
        held = cores(settings)
        pool = Workers(settings, held)
        context = LibraryContext(
            folder=folder,
            catalog=catalog,
            indexes=indexes,
            spaces=ActiveSpaces(
                catalog,
                indexes,
                load=lambda name: load(name, threads=threads(settings), cores=held),
                default=BUILTIN,
            ),
            open_decoder=pool.decoder,
            tools=LazyTools(),
            settings=replace(settings, threads=threads(settings), workers=workers(settings)),
            clock=time.time,
        )
    except BaseException:
        catalog.close()
        raise
    return OpenedLibrary(context=context, catalog=catalog, workers=pool, fresh=create)
