"""`lib.clusters`: a library's images in named groups, and a map of them."""

from collections.abc import Iterator, Sequence

from saccade.core.filters import Where
from saccade.core.pictures import Path
from saccade.core.ports.decoders import ReportProgress
from saccade.core.types import Role
from saccade.engine.context import LibraryContext
from saccade.usecases.clusters.flow import store as stores
from saccade.usecases.clusters.flow.clustering import Method
from saccade.usecases.clusters.flow.comparing import compare_clusters
from saccade.usecases.clusters.flow.finding import ClusterQuery, find_clusters
from saccade.usecases.clusters.flow.layout import check_layout
from saccade.usecases.clusters.flow.map import library_map
from saccade.usecases.clusters.flow.members import iter_members
from saccade.usecases.clusters.rules.reports import ClusterMeans, ClusterMember, ClusterReport, LibraryMap


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
        """Find clusters, with names, words, typical images and outliers, and the unassigned images.

        The result is stored, and a field of the same name holds each image's cluster: filters can say
        `data.cluster==NAME`, and `lib.fields.values("cluster")` lists every image with its cluster. A
        cluster that is found again keeps its id and name. Clusters of part of the library (`where`,
        `folders`) are stored only under a separate `name`.

        Takes the library's write lock to store the result, after all computing; result and field are stored
        together, or neither.

        Args:
            method: "density" (finds the number of clusters; images that fit none are left out), "kmeans"
                (every image in one of k clusters), or "auto": density from 3,000 images on unless `k` is
                given, else k-means.
            k: number of clusters for k-means.
            min_size: minimum number of images in a cluster.
            seed: the same seed gives the same clusters.
            update: only add new images to the stored clusters, without moving any others; clusters
                everything if nothing is stored yet.
            name: of the stored result and the field; None for the default, "cluster".
            store: whether to store the result.
            progress: called a few times per second.
        Raises:
            NoImagesError: nothing to cluster.
            InvalidQueryError: an unknown method, or k or min_size out of range.
            EncoderMismatchError: an update of clusters from another encoder.
            InputError: the field of that name has another origin.
            LibraryBusyError: another process is writing.
        """
        context = self._context
        query = ClusterQuery(
            name=name, store=store, update=update, method=method, k=k, min_size=min_size, seed=seed
        )
        among = context.among(where, folders)
        with context.jobs.run("clusters", progress) as job:
            report = find_clusters(
                context.catalog,
                context.spaces.reader(Role.SEMANTIC),
                context.spaces.encoder(),
                context.tools.kmeans(),
                query,
                among=among,
                progress=job.report,
            )
            job.done(clusters=len(report.clusters))
        return report

    def iter_members(self, cluster: int, *, name: str = stores.DEFAULT) -> Iterator[ClusterMember]:
        """The images of a stored cluster, most typical first, page by page. Writes nothing.

        Images whose files are gone are left out, and so are those erased before their page is read.

        Args:
            cluster: its id.
            name: of the stored clusters.
        Raises:
            NotFoundError: no such cluster.
            EncoderMismatchError: the clusters are from another encoder.
        """
        context = self._context
        return iter_members(context.catalog, context.spaces.reader(Role.SEMANTIC), name, cluster)

    def rename(self, cluster: int, title: str, *, name: str = stores.DEFAULT) -> None:
        """Rename a cluster; the name is kept when the library is clustered again.

        Takes the library's write lock; the new name is stored with the field of all its images, or not at
        all.

        Args:
            cluster: its id.
            title: its new name.
            name: of the stored clusters.
        Raises:
            NotFoundError: no such cluster.
            InputError: an empty name, or another cluster's.
            LibraryBusyError: another process is writing.
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
        """Compare the stored clusters by a numeric field, with intervals. Writes nothing.

        Args:
            column: the field, imported with `lib.fields.import_csv` or computed.
            confidence: confidence level of the intervals and of "above" and "below", from 0.5 to below 1.
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
        """Lay out the library in two dimensions, similar images close together.

        Computed once (by t-SNE, extra `map`) and stored. New images are then placed next to the most similar
        ones, and no image moves until the map is rebuilt. Takes the library's write lock to store the map,
        after all computing.

        Args:
            rebuild: rebuild it from scratch.
            seed: the same seed gives the same map.
            store: whether to store it.
            name: of the stored clusters whose ids the map shows.
            progress: called a few times per second.
        Raises:
            NoImagesError: the library is empty.
            MissingExtraError: openTSNE is not installed; nothing was changed.
            LibraryBusyError: another process is writing.
        """
        context = self._context
        reader = context.spaces.reader(Role.SEMANTIC)
        with context.jobs.run("map", progress) as job:
            found = library_map(
                context.catalog,
                reader,
                context.tools.kmeans(),
                stores.load(context.catalog, name),
                rebuild=rebuild,
                seed=seed,
                store=store,
                progress=job.report,
            )
            job.done(added=found.added)
        return found

    def check_map(self, *, rebuild: bool = False) -> None:
        """Fail before a long run if `map` would fail because openTSNE is not installed. Writes nothing.

        Raises:
            MissingExtraError: openTSNE is needed but not installed.
        """
        context = self._context
        check_layout(context.catalog, context.spaces.reader(Role.SEMANTIC), rebuild=rebuild)
