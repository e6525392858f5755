"""`Library`: everything you can do with a library."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Self

from saccade.core.errors import InputError
from saccade.core.filters import Where
from saccade.core.hits import SearchResult
from saccade.core.pictures import ImageId, Path
from saccade.core.ports.decoders import ReportProgress
from saccade.core.types import Embeddings, Failure, ImageRecord, Pixels, Role
from saccade.engine.context import LibraryContext
from saccade.engine.inputs import Pictures, Texts
from saccade.library.context import OpenedLibrary

if TYPE_CHECKING:
    from saccade.core.status import DoctorReport, ForgetReport, IndexReport, LibraryStatus
    from saccade.usecases.clusters.api import Clusters
    from saccade.usecases.duplicates.api import Duplicates
    from saccade.usecases.fields.api import Fields
    from saccade.usecases.indexing.api import Indexing
    from saccade.usecases.outliers.api import Outliers
    from saccade.usecases.recommendations.api import Recommendations
    from saccade.usecases.searching.api import Searching
    from saccade.usecases.tags.api import Tags


class Library:
    """A catalog with its spaces and indexes; returned by `open_library`.

    Close it, or use it as a context manager. Reading is thread-safe; writers take turns. Its namespaces
    (`lib.duplicates`, `lib.tags` ...) are loaded on first use.
    """

    def __init__(self, opened: OpenedLibrary) -> None:
        self._opened = opened
        self._fresh = opened.fresh

    @property
    def folder(self) -> str:
        """The library's own folder, absolute ("PHOTOS/.saccade")."""
        return self.context.folder

    @property
    def context(self) -> LibraryContext:
        """The parts used by use-cases."""
        return self._opened.context

    # --- namespaces

    @cached_property
    def duplicates(self) -> "Duplicates":
        """Find duplicates, check for them, and put spare files away."""
        from saccade.usecases.duplicates.api import Duplicates

        return Duplicates(self.context)

    @cached_property
    def clusters(self) -> "Clusters":
        """The library's images in named clusters, and a map of them."""
        from saccade.usecases.clusters.api import Clusters

        return Clusters(self.context)

    @cached_property
    def tags(self) -> "Tags":
        """Labels by hand, from words alone, and from a few examples."""
        from saccade.usecases.tags.api import Tags

        return Tags(self.context)

    @cached_property
    def outliers(self) -> "Outliers":
        """Unusual images, technical flaws, and defects."""
        from saccade.usecases.outliers.api import Outliers

        return Outliers(self.context)

    @cached_property
    def recommendations(self) -> "Recommendations":
        """Images for a user, and images that go together."""
        from saccade.usecases.recommendations.api import Recommendations

        return Recommendations(self.context)

    @cached_property
    def fields(self) -> "Fields":
        """Imported or computed facts about images."""
        from saccade.usecases.fields.api import Fields

        return Fields(self.context)

    @cached_property
    def _indexing(self) -> "Indexing":
        from saccade.usecases.indexing.api import Indexing

        return Indexing(self.context)

    @cached_property
    def _searching(self) -> "Searching":
        from saccade.usecases.searching.api import Searching

        return Searching(self.context)

    # --- filling it

    def index(
        self,
        *paths: Path,
        exclude: Sequence[str] = (),
        files: Iterable[str] = (),
        allow_empty: bool = False,
        progress: ReportProgress | None = None,
    ) -> "IndexReport":
        """Bring the library up to date with folders, archives and files; by default everything it covers.

        Args:
            paths: folders (recursively), zip or tar archives, single files.
            exclude: patterns of names or relative paths to leave out, such as "*.png" or "private/*".
            files: more single files.
            allow_empty: accept that a folder that had images is now empty (otherwise its disk counts as not
            mounted).
            progress: called a few times per second.
        Raises:
            PathNotFoundError: nothing was changed.
            NoImagesError: no image was found and none removed.
            LibraryBusyError, DiskFullError, ReadOnlyError: earlier work is kept.
        """
        try:
            report = self._indexing.index(
                *paths, exclude=exclude, files=files, allow_empty=allow_empty, progress=progress
            )
        except InputError:
            if self._fresh:
                self._opened.discard_if_empty()
            raise
        self._fresh = False
        return report

    def build_indexes(self, kind: str = "auto", *, progress: ReportProgress | None = None) -> None:
        """Rebuild every index, and remember the kind for later runs.

        Indexing does this automatically when needed; call it to choose another kind. Takes the write lock.

        Args:
            kind: "auto" (exact below 20,000 images, else IVF), "flat", "ivf" or "hnsw".
        """
        self._indexing.build_indexes(kind, progress=progress)

    def forget(
        self, *targets: Path | ImageId, dry_run: bool = False, progress: ReportProgress | None = None
    ) -> "ForgetReport":
        """Erase images with everything known about and derived from them. Files and backups are not touched.

        Takes the write lock. An image that is still in an indexed folder is new at the next indexing.

        Args:
            targets: images, by file or `ImageId`; folders and archives, present or not, with the images
                found nowhere else.
        Raises:
            ImageNotFoundError: the library does not know a target; nothing was changed.
            LibraryBusyError: another process writes, or keeps traces in the journal by reading: run it again.
        """
        return self._indexing.forget(*targets, dry_run=dry_run, progress=progress)

    def doctor(self, *, repair: bool = False, progress: ReportProgress | None = None) -> "DoctorReport":
        """Check that every file is accounted for and all stored data intact; `repair` fixes what it can."""
        return self._indexing.doctor(repair=repair, progress=progress)

    def backup(self, path: Path, *, overwrite: bool = False) -> None:
        """Write a consistent copy of the catalog to `path`, even while the library is in use.

        Saved as `.saccade/catalog.db` in a folder, it is a library for that folder; indexes are rebuilt.
        """
        self._indexing.backup(path, overwrite=overwrite)

    def status(self) -> "LibraryStatus":
        """The library's location and contents, and its jobs."""
        return self._indexing.status()

    def cancel(self, job: int) -> None:
        """Ask a running job of `status().jobs`, in any process, to stop after its current batch.

        It ends with JobCanceledError and keeps what it finished; `forget` ignores it once it erases.
        Raises NotFoundError: it is not running.
        """
        self._indexing.cancel(job)

    # --- asking it

    def search(
        self,
        text: Texts = None,
        *,
        image: Pictures = None,
        less: Pictures = None,
        k: int = 20,
        where: Where | Sequence[str] | None = None,
        folders: Sequence[Path] = (),
    ) -> SearchResult:
        """The k best images; fewer only if fewer match the filters.

        Args:
            text: words. Every part of a query may also be a list, optionally of (part, weight) pairs.
            image: a picture: path, encoded bytes, (H, W, 3) uint8 pixels, PIL image, or an `ImageId`.
            less: words (or a picture given as pathlib.Path, "./path" or `ImageId`) that hits should be
            unlike.
            where: {"taken": (">=", "2024-01-01"), "camera": "Canon"} or ["taken>=2024-01-01"].
            folders: only images in or below one of these.
        Raises:
            InvalidQueryError, InvalidFilterError, PathNotFoundError, UnreadableImageError: an invalid query.
            EncoderMismatchError, EncoderUnavailableError: the library was built with another encoder.
        """
        return self._searching.search(text, image=image, less=less, k=k, where=where, folders=folders)

    def similar(
        self,
        image: Pictures,
        *,
        k: int = 20,
        copies: bool = False,
        diverse: float = 0.0,
        where: Where | Sequence[str] | None = None,
        folders: Sequence[Path] = (),
    ) -> SearchResult:
        """The k images most similar to a picture, or to several together; the given ones are left out.

        Args:
            image: as in `search`; several count according to their weights.
            copies: only (edited) copies of the one picture given.
            diverse: from 0, the most similar ones, to 1, as different from each other as possible.
        """
        return self._searching.similar(
            image, k=k, copies=copies, diverse=diverse, where=where, folders=folders
        )

    def style(
        self,
        image: Pictures = None,
        *,
        mood: str = "",
        k: int = 20,
        where: Where | Sequence[str] | None = None,
        folders: Sequence[Path] = (),
        progress: ReportProgress | None = None,
    ) -> SearchResult:
        """The k images closest in color, light and composition, whatever their content.

        The first call reads every picture and stores its style; later calls read only new pictures.
        Pictures that cannot be read are left out. A hit's `parts` describe its look ("dark, warm").

        Args:
            image: a picture or a list of them, as in `search`; or None, with a mood.
            mood: words such as "dark warm"; with a picture, both count.
        Raises:
            InvalidQueryError, InputError: an empty query, or an unknown mood.
        """
        return self._searching.style(image, mood=mood, k=k, where=where, folders=folders, progress=progress)

    def show(self, image: Path | ImageId) -> ImageRecord:
        """Everything known about an image, given as a file or an id.

        Raises:
            ImageNotFoundError: the library has no such image.
        """
        return self._searching.show(image)

    def embeddings(self, role: str = Role.SEMANTIC) -> tuple[list[ImageId], Embeddings]:
        """Ids and (n, d) unit rows of every present image, for use with numpy: row i belongs to id i."""
        ids, rows = self.context.spaces.reader(Role(role)).everything()
        records = self.context.catalog.images.get(ids.tolist())
        return [record.image_id for record in records], rows

    def thumbnails(self, paths: Sequence[str], size: int) -> list[Pixels | Failure]:
        """Upright thumbnails (h, w, 3), longest side `size` pixels, of files or archive members.

        One for each path, in order; a Failure if it is missing or not a picture.
        """
        from saccade.engine.previews import thumbnails

        return thumbnails(self.context, paths, size)

    def close(self) -> None:
        """Release files, indexes, workers and memory; every later call but this one raises InputError."""
        self._opened.close()

    def __enter__(self) -> Self:
        self._opened.catalog.check_open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
