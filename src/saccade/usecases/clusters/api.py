"""`lib.clusters`: what a library holds, grouped and named, and a map of it."""

from collections.abc import Sequence

from saccade.core.filters import Where
from saccade.core.pictures import Path
from saccade.core.ports import ReportProgress
from saccade.core.types import Role
from saccade.engine.context import LibraryContext
from saccade.usecases.clusters.flow import store as stores
from saccade.usecases.clusters.flow.clustering import Method
from saccade.usecases.clusters.flow.comparing import compare_clusters
from saccade.usecases.clusters.flow.finding import ClusterQuery, find_clusters
from saccade.usecases.clusters.flow.layout import check_layout
from saccade.usecases.clusters.flow.map import library_map
from saccade.usecases.clusters.rules.reports import ClusterMeans, ClusterReport, LibraryMap


class Clusters:
    """Clusters of the images of one library."""

    def __init__(self, context: LibraryContext) -> None:
        self._context = context

    def find(
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
    ) -> ClusterReport:
        """What the library holds: clusters with names, words, typical images, outliers and unassigned images.

        The result is stored, and a field of the same name holds each image's cluster: filters can say
        `data.cluster==NAME`, and `lib.fields.values("cluster")` lists every image with its cluster. A
        cluster that is found again keeps its id and name. Clusters of a part of the library (`where`,
        `folders`) are stored only under a name of their own.

        Takes the library's write lock to store the result, after all computing; result and field are stored
        together, or neither.

        Args:
            method: "density" (as many clusters as there are; images that fit none stay out), "kmeans" (every
                image in one of k clusters), or "auto": density from 3,000 images on unless `k` is given,
                else k-means.
            k: number of clusters for k-means.
            min_size: minimum number of images in a cluster.
            seed: the same seed gives the same clusters.
            update: only let new images join the stored clusters, without moving any other; clusters
                everything if nothing is stored yet.
            name: of the stored result and the field; None for the default, "cluster".
            store: whether to store the result.
            progress: called a few times per second.
        Raises:
            NoImagesError: nothing to cluster.
            InvalidQueryError: an unknown method, or k or min_size out of range.
            EncoderMismatchError: an update of clusters that another encoder made.
            InputError: the field of that name belongs to someone else.
            LibraryBusyError: another process writes.
        """
        context = self._context
        return find_clusters(
            context.catalog,
            context.spaces.reader(Role.SEMANTIC),
            context.spaces.encoder(),
            context.tools.kmeans(),
            ClusterQuery(
                name=name, store=store, update=update, method=method, k=k, min_size=min_size, seed=seed
            ),
            among=context.among(where, folders),
            progress=progress,
        )

    def rename(self, cluster: int, title: str, *, name: str = stores.DEFAULT) -> None:
        """Give a cluster a name of your own, which stays when the library is clustered again.

        Takes the library's write lock; the new name is stored with the field of all its images, or not at
        all.

        Args:
            cluster: its id.
            title: its new name.
            name: of the stored clusters.
        Raises:
            NotFoundError: no such cluster.
            InputError: an empty name, or another cluster's.
            LibraryBusyError: another process writes.
        """
        with self._context.catalog.unit("renaming a cluster"):
            stores.rename(self._context.catalog, name, cluster, title)

    def compare(
        self,
        column: str,
        *,
        confidence: float = 0.95,
        name: str = stores.DEFAULT,
        where: Where | Sequence[str] | None = None,
        folders: Sequence[Path] = (),
    ) -> ClusterMeans:
        """Which of the stored clusters does best by a field of numbers, with intervals. Writes nothing.

        Args:
            column: the field, imported with `lib.fields.import_csv` or computed.
            confidence: of the intervals and of "above" and "below", from 0.5 to below 1.
            name: of the stored clusters.
        Raises:
            NotFoundError: no clusters are stored.
            InvalidFilterError: no such field, or it holds text.
            InvalidQueryError: no clustered image has a value.
        """
        context = self._context
        return compare_clusters(
            context.catalog,
            stores.load(context.catalog, name),
            column,
            confidence=confidence,
            among=context.among(where, folders),
        )

    def map(
        self,
        *,
        rebuild: bool = False,
        seed: int = 0,
        store: bool = True,
        name: str = stores.DEFAULT,
        progress: ReportProgress | None = None,
    ) -> LibraryMap:
        """The whole library in the plane: similar images lie close together.

        Made once (by t-SNE, extra `map`) and stored. New images then join next to those most like them, and
        no image moves until the map is rebuilt. Takes the library's write lock to store the map, after all
        computing.

        Args:
            rebuild: make it again from scratch.
            seed: the same seed gives the same map.
            store: whether to store it.
            name: of the stored clusters whose ids the map carries.
            progress: called a few times per second.
        Raises:
            NoImagesError: the library is empty.
            MissingExtraError: openTSNE is not installed; nothing was changed.
            LibraryBusyError: another process writes.
        """
        context = self._context
        reader = context.spaces.reader(Role.SEMANTIC)
        return library_map(
            context.catalog,
            reader,
            context.tools.kmeans(),
            stores.load(context.catalog, name),
            rebuild=rebuild,
            seed=seed,
            store=store,
            progress=progress,
        )

    def check_map(self, *, rebuild: bool = False) -> None:
        """Fail now if `map` would fail for lack of openTSNE, before a long run starts. Writes nothing.

        Raises:
            MissingExtraError: openTSNE is needed and not installed.
        """
        context = self._context
        check_layout(context.catalog, context.spaces.reader(Role.SEMANTIC), rebuild=rebuild)
