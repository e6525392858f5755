"""`Library`: everything a person does with one library."""

import os
import shutil
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import Self

from saccade.catalog import SqlCatalog
from saccade.core.errors import (
    InputError,
    InvalidQueryError,
    LibraryBusyError,
)
from saccade.core.filters import Where
from saccade.core.ports import NoIndex, ReportProgress
from saccade.core.types import (
    DoctorReport,
    Embeddings,
    Failure,
    ImageRecord,
    IndexReport,
    LibraryStatus,
    Pixels,
    Role,
    SearchResult,
    SpaceInfo,
)
from saccade.engine.refresh import refresh
from saccade.engine.scopes import known_folders, scopes
from saccade.library.cleaning import CleaningTools
from saccade.library.data import DataTools
from saccade.library.duplicates import DuplicateTools
from saccade.library.inputs import absolute, as_role, weighted
from saccade.library.outliers import OutlierTools
from saccade.library.parts import Path
from saccade.library.tagging import TagTools
from saccade.library.taste import TasteTools
from saccade.library.themes import ThemeTools
from saccade.library.thumbnails import thumbnail_files, thumbnails
from saccade.sources.walk import walk
from saccade.usecases.indexing.flow.doctor import Doctor
from saccade.usecases.indexing.flow.run import index_paths
from saccade.usecases.searching.flow.search import search
from saccade.usecases.searching.flow.similar import alike


class Library(DuplicateTools, CleaningTools, ThemeTools, TagTools, OutlierTools, TasteTools, DataTools):
    """One catalog with its spaces and indexes; made by `open_library`.

    Close it, or use it as a context manager. Reading is thread-safe; one process at a time writes.
    """

    def __init__(self, catalog: SqlCatalog, folder: str, *, fresh: bool) -> None:
        super().__init__(catalog, folder)
        self._fresh = fresh

    @property
    def folder(self) -> str:
        """The library's own folder, absolute ("PHOTOS/.saccade")."""
        return self._folder

    # --- filling it

    def index(
        self,
        *paths: Path,
        exclude: Sequence[str] = (),
        files: Iterable[str] = (),
        allow_empty: bool = False,
        progress: ReportProgress | None = None,
    ) -> IndexReport:
        """Bring the library up to date with folders, archives and files; without any, with all it knows.

        Args:
            paths: folders (with all below), zip or tar archives, single files.
            exclude: patterns of names or relative paths to leave out, such as "*.png" or "private/*".
            files: more single files.
            allow_empty: believe a folder that holds nothing though it once did (else: a disk not mounted).
            progress: called a few times per second.
        Raises:
            PathNotFoundError: nothing was changed.
            NoImagesError: no image was found and none removed.
            LibraryBusyError, DiskFullError, ReadOnlyError: what was done before stays done.
        """
        places = absolute([*paths, *files])
        away: tuple[Failure, ...] = ()
        if not places:
            places, away = known_folders(self._catalog)
        try:
            with self._decoder() as decoder:
                report = index_paths(
                    self._catalog,
                    decoder,
                    self._spaces.encoder,
                    walk,
                    places,
                    exclude=exclude,
                    allow_empty=allow_empty,
                    progress=progress,
                )
        except InputError:
            self._discard_if_fresh()
            raise
        self._fresh = False
        # Everything is recorded by now; a process that writes already will bring the indexes up to date too.
        with suppress(LibraryBusyError), self._catalog.writing():
            self._refresh(progress, force=False)
        return replace(report, failed=(*report.failed, *away))

    def build_indexes(self, kind: str = "auto", *, progress: ReportProgress | None = None) -> None:
        """Build every index anew, and remember the kind for later runs.

        Indexing does this by itself when it is due; call it to choose another kind.

        Args:
            kind: "auto" (exact below 20,000 images, else IVF), "flat", "ivf" or "hnsw".
        """
        with self._catalog.writing():
            self._refresh(progress, kind=kind, force=True)

    def doctor(self, *, repair: bool = False, progress: ReportProgress | None = None) -> DoctorReport:
        """Whether every file is indexed, failed with a reason, or excluded, and all that is stored is whole.

        Args:
            repair: mend what can be mended: embed anew, index what is new, rebuild indexes.
        """
        with self._decoder() as decoder:
            doctor = Doctor(
                catalog=self._catalog,
                store=self._indexes,
                decoder=decoder,
                encoder=self._spaces.encoder,
                walk=walk,
                report=progress or (lambda _: None),
            )
            return (doctor.repair if repair else doctor.examine)(self._spaces.readers())

    def backup(self, path: Path, *, overwrite: bool = False) -> None:
        """A consistent copy of the catalog at `path`, while others use the library.

        Put it as `.saccade/catalog.db` into a folder and that folder has a library; indexes are rebuilt.
        """
        self._catalog.health.backup(os.path.abspath(os.fspath(path)), overwrite=overwrite)

    # --- asking it

    def search(
        self,
        text: object = None,
        *,
        image: object = None,
        less: object = None,
        k: int = 20,
        where: Where | Sequence[str] | None = None,
        folders: Sequence[Path] = (),
    ) -> SearchResult:
        """The k images that answer best; fewer only if fewer match the filters.

        Args:
            text: words. Every argument of a query also takes a list, and (thing, weight) pairs.
            image: a picture: path, encoded bytes, (H, W, 3) uint8 pixels, PIL image, or an image id.
            less: words (or a picture given as pathlib.Path or "./path") to stay away from.
            where: {"taken": (">=", "2024-01-01"), "camera": "Canon"} or ["taken>=2024-01-01"].
            folders: only images in or below one of these.
        Raises:
            InvalidQueryError, InvalidFilterError, PathNotFoundError, UnreadableImageError: the question.
            EncoderMismatchError, EncoderUnavailableError: the library was made by another encoder.
        """
        started = time.perf_counter()
        wanted = self._filter(where, folders)
        spaces = self._spaces
        reader = spaces.reader(Role.SEMANTIC)
        parts = [spaces.text_part(words, weight) for words, weight in weighted(text)]
        parts += [spaces.picture_part(picture, weight, reader.space) for picture, weight in weighted(image)]
        parts += [spaces.unwanted_part(thing, weight, reader.space) for thing, weight in weighted(less)]
        return search(
            self._catalog,
            reader,
            parts,
            spaces.calibration(reader),
            k=k,
            started=started,
            filter=wanted,
            collapsing=spaces.collapsing(),
        )

    def similar(
        self,
        image: object,
        *,
        k: int = 20,
        copies: bool = False,
        diverse: float = 0.0,
        where: Where | Sequence[str] | None = None,
        folders: Sequence[Path] = (),
    ) -> SearchResult:
        """The k images most like a picture, or like several together; those given are left out.

        Args:
            image: as in `search`; several weigh as said.
            copies: only (edited) copies of the one picture given.
            diverse: 0 the nearest as they come, 1 as unlike each other as can be.
        """
        started = time.perf_counter()
        spaces = self._spaces
        pictures = weighted(image)
        if copies and len(pictures) > 1:
            raise InvalidQueryError("copies are of one picture", hint="ask for each by itself")
        reader = spaces.reader(Role.COPY if copies else Role.SEMANTIC)
        known = (spaces.known_image(picture, reader.space) for picture, _ in pictures)
        return alike(
            self._catalog,
            reader,
            [spaces.picture_part(picture, weight, reader.space) for picture, weight in pictures],
            spaces.calibration(reader),
            k=k,
            started=started,
            filter=self._filter(where, folders),
            given=[one for one in known if one is not None],
            diverse=diverse,
            least=(copies and spaces.copy_threshold()) or -1.0,
        )

    def show(self, image: Path) -> ImageRecord:
        """What is known of one image, named by a file or by (the start of) its id.

        Raises:
            ImageNotFoundError: the library holds no such image.
        """
        return self._record(image)

    def status(self) -> LibraryStatus:
        """What the library is and holds."""
        spaces = tuple(self._catalog.spaces.all())
        return LibraryStatus(
            library=self._folder,
            folders=tuple(scope.path for scope in scopes(self._catalog)),
            counts=self._catalog.health.counts(),
            spaces=spaces,
            indexes={space.id: self._index_kind(space) for space in spaces},
            size_bytes=_size_below(self._folder),
            interrupted=bool(self._catalog.runs.unfinished()),
        )

    def embeddings(self, role: str = Role.SEMANTIC) -> tuple[list[str], Embeddings]:
        """Ids and (n, d) unit rows of every image present, for your own numpy: row i belongs to id i."""
        ids, rows = self._spaces.reader(as_role(role)).everything()
        records = self._catalog.images.get(ids.tolist())
        return [record.image_id for record in records], rows

    def thumbnails(self, paths: Sequence[str], size: int) -> list[Pixels | Failure]:
        """Small upright pictures (h, w, 3), longest side `size` pixels, of files or archive members.

        One for each path, in order; a Failure for what is no picture, or not there any more.
        """
        return thumbnails(paths, size)

    def thumbnail_files(self, paths: Sequence[str], size: int) -> list[bytes | Failure]:
        """The same as JPEG files without metadata."""
        return thumbnail_files(paths, size)

    def close(self) -> None:
        """Release files, indexes and memory."""
        self._spaces.close()
        self._catalog.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _refresh(self, progress: ReportProgress | None, *, force: bool, kind: str | None = None) -> None:
        """Bring what is derived in step; the caller holds the write lock."""
        refresh(
            self._catalog,
            self._indexes,
            self._spaces.encoder,
            self._spaces.readers(),
            report=progress or (lambda _: None),
            kind=kind,
            force=force,
        )

    def _index_kind(self, space: SpaceInfo) -> str:
        index = self._indexes.open(space)
        if isinstance(index, NoIndex):
            return f"none ({index.reason}); searched exactly"
        try:
            newer = self._catalog.health.counts().embeddings.get(space.id, 0) - index.size
            return f"{index.kind}" + (f", {newer:,} newer searched exactly" if newer > 0 else "")
        finally:
            index.close()

    def _discard_if_fresh(self) -> None:
        """Take back a library made for a folder that turned out to hold nothing, unless others use it."""
        with suppress(LibraryBusyError), self._catalog.writing():
            counts = self._catalog.health.counts()
            if not self._fresh or counts.images or counts.failed or counts.missing or self.cleanings():
                return
            self.close()
            shutil.rmtree(self._folder, ignore_errors=True)


def _size_below(folder: str) -> int:
    """Bytes of all files below a folder."""
    return sum(
        os.path.getsize(os.path.join(place, name)) for place, _, names in os.walk(folder) for name in names
    )
