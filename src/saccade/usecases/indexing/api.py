"""Indexing: `lib.index()`, `lib.status()`, `lib.doctor()`, `lib.backup()`."""

import os
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial

from saccade.core.errors import LibraryBusyError
from saccade.core.pictures import ImageId, Path
from saccade.core.ports.decoders import ReportProgress
from saccade.core.ports.encoders import Encoder
from saccade.core.ports.indexes import NoIndex
from saccade.core.status import DoctorReport, ForgetReport, IndexReport, LibraryStatus
from saccade.core.types import Failure, Ids, PixelRecipe, SpaceInfo
from saccade.engine.context import LibraryContext
from saccade.engine.inputs import absolute
from saccade.engine.reembed import reembed
from saccade.engine.refresh import erase, refresh
from saccade.engine.rehash import HASHED, rehash, shows_all
from saccade.engine.scopes import known_folders, scopes
from saccade.usecases.indexing.flow.doctor import Doctor, Embedder
from saccade.usecases.indexing.flow.forgetting import finish, forget, plan, targets_of
from saccade.usecases.indexing.flow.run import index_paths


class Indexing:
    """Brings one library up to date and checks that it is intact."""

    def __init__(self, context: LibraryContext) -> None:
        self._context = context

    def index(
        self,
        *paths: Path,
        exclude: Sequence[str] = (),
        files: Iterable[str] = (),
        allow_empty: bool = False,
        progress: ReportProgress | None = None,
    ) -> IndexReport:
        """See `saccade.Library.index`."""
        context = self._context
        places: Sequence[str] = absolute([*paths, *files])
        away: tuple[Failure, ...] = ()
        if not places:
            places, away = known_folders(context.catalog)
        encoder = context.spaces.encoder()
        with context.jobs.run("index", progress) as job:
            with context.open_decoder(encoder.info.recipe) as decoder:
                report = index_paths(
                    context.catalog,
                    decoder,
                    encoder,
                    context.tools.walk,
                    places,
                    exclude=exclude,
                    allow_empty=allow_empty,
                    progress=job.report,
                )
            # Everything is recorded by now; another writer will bring the indexes up to date too.
            with suppress(LibraryBusyError), context.catalog.writing("building indexes", wait_s=0):
                finish(context, partial(self._erase, job.report))
                self._embed_missing(job.report)
                self._hash_missing(encoder.info.recipe, job.report)
                self._refresh(job.report, force=False)
            report = replace(report, failed=(*report.failed, *away))
            job.done(
                added=report.added,
                moved=report.moved,
                removed=report.removed,
                embedded=report.embedded,
                failed=len(report.failed),
            )
        return report

    def build_indexes(self, kind: str = "auto", *, progress: ReportProgress | None = None) -> None:
        """See `saccade.Library.build_indexes`."""
        with (
            self._context.jobs.run("build", progress) as job,
            self._context.catalog.writing("building indexes"),
        ):
            self._refresh(job.report, kind=kind, force=True)

    def forget(
        self,
        *targets: Path | ImageId,
        dry_run: bool = False,
        progress: ReportProgress | None = None,
    ) -> ForgetReport:
        """See `saccade.Library.forget`."""
        context, wanted = self._context, targets_of(self._context, targets)
        if dry_run:
            return plan(context, wanted)
        with context.jobs.run("forget", progress) as job, context.catalog.writing("forgetting images"):
            report = forget(context, wanted, job.commit, partial(self._erase, job.report))
            self._refresh(job.report, force=False)
            job.done(images=report.images, files=report.files)
        return report

    def doctor(self, *, repair: bool = False, progress: ReportProgress | None = None) -> DoctorReport:
        """See `saccade.Library.doctor`."""
        context = self._context
        first, *others = (encoder for encoder, _ in context.spaces.groups())
        with ExitStack() as stack:
            told = progress or (lambda _: None)
            if repair:
                told = stack.enter_context(context.jobs.run("repair", progress)).report

            def embedder(encoder: Encoder) -> Embedder:
                decoder = stack.enter_context(context.open_decoder(encoder.info.recipe))
                return Embedder(encoder=encoder, decoder=decoder)

            main = embedder(first)
            doctor = Doctor(
                catalog=context.catalog,
                store=context.indexes,
                decoder=main.decoder,
                encoder=main.encoder,
                others=tuple(map(embedder, others)),
                walk=context.tools.walk,
                report=told,
            )
            if repair:
                with context.catalog.writing("forgetting images"):
                    finish(context, partial(self._erase, told))
            return (doctor.repair if repair else doctor.examine)(context.spaces.readers())

    def backup(self, path: Path, *, overwrite: bool = False) -> None:
        """See `saccade.Library.backup`."""
        (target,) = absolute([path])
        self._context.catalog.health.backup(target, overwrite=overwrite)

    def status(self) -> LibraryStatus:
        """See `saccade.Library.status`."""
        catalog = self._context.catalog
        spaces = tuple(catalog.spaces.all())
        jobs = self._context.jobs.recent()
        running = any(job.kind == "index" and job.state == "running" for job in jobs)
        return LibraryStatus(
            library=self._context.folder,
            folders=tuple(scope.path for scope in scopes(catalog)),
            counts=catalog.health.counts(),
            spaces=spaces,
            indexes={space.id: self._index_kind(space) for space in spaces},
            size_bytes=_size_below(self._context.folder),
            interrupted=not running and bool(catalog.runs.unfinished()),
            jobs=jobs,
        )

    def cancel(self, job: int) -> None:
        """See `saccade.Library.cancel`."""
        self._context.jobs.cancel(job)

    def _embed_missing(self, progress: ReportProgress | None) -> None:
        """Embed what one of the encoders in use has not seen; the caller holds the write lock."""
        catalog = self._context.catalog
        for encoder, readers in self._context.spaces.groups():
            missing = sorted(
                {one for reader in readers for one in catalog.embeddings.unembedded(reader.space.id).tolist()}
            )
            if missing:
                report = progress or (lambda _: None)
                with self._context.open_decoder(encoder.info.recipe) as decoder:
                    reembed(catalog, decoder, encoder, readers, missing, report=report, kind="embed")

    def _hash_missing(self, recipe: PixelRecipe, progress: ReportProgress | None) -> None:
        """Hash images that have no hash by the current recipe; the caller holds the write lock."""
        missing = self._context.catalog.hashes.missing().tolist()
        if missing:
            with self._context.open_decoder(recipe if shows_all(recipe) else HASHED) as decoder:
                rehash(self._context.catalog, decoder, missing, report=progress or (lambda _: None))

    def _erase(self, progress: ReportProgress | None, forgotten: Ids) -> None:
        """Take items that have left the catalog out of derived data; the caller holds the write lock."""
        context, report = self._context, progress or (lambda _: None)
        for encoder, readers in context.spaces.groups():
            erase(context.catalog, context.indexes, encoder, readers, forgotten, report=report)

    def _refresh(self, progress: ReportProgress | None, *, force: bool, kind: str | None = None) -> None:
        """Update derived data; the caller holds the write lock."""
        for encoder, readers in self._context.spaces.groups():
            refresh(
                self._context.catalog,
                self._context.indexes,
                encoder,
                readers,
                report=progress or (lambda _: None),
                kind=kind,
                force=force,
            )

    def _index_kind(self, space: SpaceInfo) -> str:
        index = self._context.indexes.open(space)
        if isinstance(index, NoIndex):
            return f"none ({index.reason}); searched exactly"
        try:
            held = self._context.catalog.health.counts().embeddings.get(space.id, 0)
            newer = held - index.size
            return f"{index.kind}" + (f", {newer:,} newer searched exactly" if newer > 0 else "")
        finally:
            index.close()


def _size_below(folder: str) -> int:
    """Total bytes of all files below a folder."""
    return sum(
        os.path.getsize(os.path.join(place, name)) for place, _, names in os.walk(folder) for name in names
    )
