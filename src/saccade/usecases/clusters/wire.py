"""The answers of `lib.clusters` for `--json`, HTTP and MCP."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from saccade.core.wire import Answer
from saccade.usecases.clusters.rules.reports import (
    Cluster,
    ClusterGroup,
    ClusterMeans,
    ClusterMember,
    ClusterReport,
    ClusterWord,
    LibraryMap,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberAnswer:
    """One image.

    Attributes:
        image_id: SHA-256 of the file's bytes, hexadecimal.
        paths: its files; archive members as "ARCHIVE!/MEMBER".
        score: cosine with the centroid of its cluster, or of the nearest one if it has none, in [-1, 1].
    """

    image_id: str
    paths: tuple[str, ...]
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterAnswer:
    """Images that belong together.

    Attributes:
        id: from 1; stays the same when clustering again finds mostly the same images.
        name: unique; used in filters: data.cluster==NAME.
        group: id of the group it belongs to.
        size: number of images.
        fresh: images that joined in this run.
        cohesion: mean cosine of its images with their centroid, in [-1, 1].
        words: words that set it apart from the rest, best first.
        representatives: typical images.
        outliers: its images farthest from the centroid, farthest first.
    """

    id: int
    name: str
    group: int
    size: int
    fresh: int
    cohesion: float
    words: tuple[ClusterWord, ...]
    representatives: tuple[MemberAnswer, ...]
    outliers: tuple[MemberAnswer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MapPoint:
    """One image's position on the map.

    Attributes:
        image_id: SHA-256 of the file's bytes, hexadecimal.
        path: one of its files; empty if it is gone.
        x, y: only short distances are meaningful.
        cluster: id of its stored cluster, 0 for none.
    """

    image_id: str
    path: str
    x: float
    y: float
    cluster: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MapAnswer:
    """A library laid out in two dimensions.

    Attributes:
        version: of the stored map; 0 if it was not stored.
        added: images placed in this run; no others moved.
        rebuilt: whether the whole map was rebuilt in this run.
        seconds: wall time.
        points: one for each image.
    """

    version: int
    added: int
    rebuilt: bool
    seconds: float
    points: tuple[MapPoint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClustersAnswer:
    """The clusters of a library, or of part of it.

    Attributes:
        name: of the stored result and of its field; empty if not stored.
        version: of the stored result; 0 if it was not stored.
        method: "density" or "kmeans".
        settings: the numbers it used.
        images: images clustered.
        noise: images in no cluster.
        updated: whether new images only joined existing clusters, and no others moved.
        assigned: new images that joined a cluster (--update).
        ill_fitting: new images that fit no cluster (--update).
        kept: clusters found again under the same id.
        seconds: wall time.
        groups: one level up, largest first.
        clusters: largest first.
        unassigned: some of the images in no cluster, those farthest from every cluster first.
        means: the result of --by; null without it.
        map: the result of --map; null without it.
    """

    name: str
    version: int
    method: str
    settings: Mapping[str, int]
    images: int
    noise: int
    updated: bool
    assigned: int
    ill_fitting: int
    kept: int
    seconds: float
    groups: tuple[ClusterGroup, ...]
    clusters: tuple[ClusterAnswer, ...]
    unassigned: tuple[MemberAnswer, ...]
    means: ClusterMeans | None
    map: MapAnswer | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameAnswer:
    """A cluster's new name.

    Attributes:
        cluster: its id.
        name: its new name.
    """

    cluster: int
    name: str


def clusters_answer(
    report: ClusterReport, means: ClusterMeans | None, drawn: LibraryMap | None
) -> ClustersAnswer:
    """Convert a run."""
    return ClustersAnswer(
        name=report.name,
        version=report.version,
        method=report.method,
        settings=report.settings,
        images=report.images,
        noise=report.noise,
        updated=report.updated,
        assigned=report.assigned,
        ill_fitting=report.ill_fitting,
        kept=report.kept,
        seconds=report.seconds,
        groups=report.groups,
        clusters=tuple(map(_cluster, report.clusters)),
        unassigned=_members(report.unassigned),
        means=means,
        map=None if drawn is None else _map(drawn),
    )


def _cluster(cluster: Cluster) -> ClusterAnswer:
    return ClusterAnswer(
        id=cluster.id,
        name=cluster.name,
        group=cluster.group,
        size=cluster.size,
        fresh=cluster.fresh,
        cohesion=cluster.cohesion,
        words=cluster.words,
        representatives=_members(cluster.representatives),
        outliers=_members(cluster.outliers),
    )


def _members(members: Sequence[ClusterMember]) -> tuple[MemberAnswer, ...]:
    return tuple(
        MemberAnswer(image_id=one.record.image_id, paths=one.record.paths, score=one.score) for one in members
    )


def _map(drawn: LibraryMap) -> MapAnswer:
    rows = zip(drawn.image_ids, drawn.paths, drawn.places.tolist(), drawn.clusters.tolist(), strict=True)
    return MapAnswer(
        version=drawn.version,
        added=drawn.added,
        rebuilt=drawn.rebuilt,
        seconds=drawn.seconds,
        points=tuple(
            MapPoint(image_id=image, path=path, x=x, y=y, cluster=cluster)
            for image, path, (x, y), cluster in rows
        ),
    )


ANSWERS = (
    Answer(name="clusters", command="saccade clusters", kind=ClustersAnswer),
    Answer(name="clusters-rename", command="saccade clusters --rename", kind=RenameAnswer),
)
