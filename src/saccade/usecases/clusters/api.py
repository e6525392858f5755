"""Themes, and the map of a library: this part of the facade."""

from collections.abc import Sequence

from saccade.core.filters import Where
from saccade.core.ports import ReportProgress
from saccade.core.types import Role
from saccade.indexes.kmeans import SphericalKMeans
from saccade.library.parts import LibraryParts, Path
from saccade.usecases.clusters.flow import store as theme_store
from saccade.usecases.clusters.flow.clustering import Method
from saccade.usecases.clusters.flow.comparing import theme_means
from saccade.usecases.clusters.flow.finding import Wanted, find_themes, update_themes
from saccade.usecases.clusters.flow.map import library_map
from saccade.usecases.clusters.rules.reports import LibraryMap, ThemeMeans, Themes


class ThemeTools(LibraryParts):
    """See `Library`."""

    def clusters(
        self,
        *,
        method: Method = "auto",
        k: int | None = None,
        min_size: int | None = None,
        seed: int = 0,
        update: bool = False,
        name: str | None = None,
        store: bool = True,
        where: Where | Sequence[str] | None = None,
        folders: Sequence[Path] = (),
        progress: ReportProgress | None = None,
    ) -> Themes:
        """What the library holds, by theme: named, with words, typical images, outliers and strangers.

        The result is stored, and a column of the same name says each image's theme: filters may say
        `data.theme==NAME`. A theme that is found again keeps its id and name. Themes of a part of the
        library (`where`, `folders`) are stored only under a name of their own.

        Args:
            method: "density" (themes of any number, images that fit none stay out), "kmeans" (every image
                in one of k themes), or "auto": density from 3,000 images on and without `k`, else k-means.
            k: number of themes for k-means.
            min_size: least images of a theme.
            seed: the same seed gives the same themes.
            update: only give new images a theme, without moving any other; clusters where nothing is
                stored yet.
            name: to store the result and the column under; "theme" for the whole library.
            store: whether to store it at all.
        Raises:
            NoImagesError: nothing to cluster.
            InvalidQueryError: an unknown method, or k or min_size out of range.
            EncoderMismatchError: an update of themes that another encoder made.
            InputError: the column of that name is somebody else's.
        """
        among = self._among(where, folders)
        kept = (name or (theme_store.DEFAULT if among is None else "")) if store else ""
        reader = self._spaces.reader(Role.SEMANTIC)
        known = name or theme_store.DEFAULT
        if update and (stored := theme_store.load(self._catalog, known, reader.space)) is not None:
            return update_themes(self._catalog, reader, stored, kept, among=among)
        return find_themes(
            self._catalog,
            reader,
            self._spaces.encoder,
            SphericalKMeans(),
            Wanted(name=kept, method=method, k=k, min_size=min_size, seed=seed),
            among=among,
            progress=progress,
        )

    def rename_theme(self, theme: int, title: str, *, name: str = theme_store.DEFAULT) -> None:
        """Give a theme a name of your own, which stays when the library is clustered again.

        Args:
            theme: its id.
            name: of the stored themes.
        Raises:
            NotFoundError: no such theme.   InputError: an empty name, or one that another theme bears.
        """
        theme_store.rename(self._catalog, name, theme, title)

    def theme_means(
        self,
        column: str,
        *,
        confidence: float = 0.95,
        name: str = theme_store.DEFAULT,
        where: Where | Sequence[str] | None = None,
        folders: Sequence[Path] = (),
    ) -> ThemeMeans:
        """Which of the stored themes does best by a column of numbers, with intervals.

        Args:
            column: imported with `saccade data import`, or computed.
            confidence: of the intervals and of "above" and "below", from 0.5 to below 1.
            name: of the stored themes.
        Raises:
            NotFoundError: no themes are stored.
            InvalidFilterError: no such column, or it holds text.
            InvalidQueryError: no image of a theme has the number.
        """
        stored = theme_store.load(self._catalog, name)
        among = self._among(where, folders)
        return theme_means(self._catalog, stored, column, confidence=confidence, among=among)

    def map(
        self,
        *,
        anew: bool = False,
        seed: int = 0,
        store: bool = True,
        name: str = theme_store.DEFAULT,
        progress: ReportProgress | None = None,
    ) -> LibraryMap:
        """The whole library in the plane: images that look alike lie close.

        Made once (by t-SNE, extra `map`) and stored. New images join where those most like them lie, and
        no image moves, until it is made anew.

        Args:
            anew: make it again from nothing.
            seed: the same seed gives the same map.
            store: whether to store it.
            name: of the stored themes whose ids it gives for each image.
        Raises:
            NoImagesError: the library is empty.
            MissingExtraError: openTSNE is not installed.
        """
        reader = self._spaces.reader(Role.SEMANTIC)
        themes = theme_store.load(self._catalog, name)
        return library_map(
            self._catalog,
            reader,
            SphericalKMeans(),
            themes,
            anew=anew,
            seed=seed,
            store=store,
            progress=progress,
        )
