"""Finds a library's clusters, matches them with the previous ones, names and stores them; or updates them."""

import time
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from saccade.core.errors import NoImagesError
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.decoders import ReportProgress
from saccade.core.ports.encoders import Encoder
from saccade.core.ports.engines import KMeans
from saccade.core.types import Embeddings, Ids, Progress, SpaceInfo
from saccade.engine.space import SpaceReader
from saccade.usecases.clusters.flow import store
from saccade.usecases.clusters.flow.clustering import Cut, Method, cut
from saccade.usecases.clusters.flow.keeping import found_again, joined
from saccade.usecases.clusters.flow.naming import named
from saccade.usecases.clusters.flow.report import report_of
from saccade.usecases.clusters.flow.store import Stored
from saccade.usecases.clusters.rules.clustering import NOISE
from saccade.usecases.clusters.rules.neighborhoods import unit
from saccade.usecases.clusters.rules.reports import ClusterReport

_FIT_QUANTILE = 0.01
_FIT_SLACK = 0.05
"""New images must fit a cluster as well as all but this fraction of its members, less this cosine: the
extent of a tight cluster of few images is not yet known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterQuery:
    """Options for clustering and storing the result.

    Attributes:
        name: to store the result under; None for the default, which only the whole library may use.
        store: whether to store it.
        update: let new images join the stored clusters instead of clustering again.
        method, k, min_size, seed: see `clustering.cut`.
    """

    name: str | None = None
    store: bool = True
    update: bool = False
    method: Method = "auto"
    k: int | None = None
    min_size: int | None = None
    seed: int = 0

    def stored_name(self, *, whole: bool) -> str:
        """The name to store the result under; "" if it is not stored."""
        if not self.store:
            return ""
        return self.name or (store.DEFAULT if whole else "")


def find_clusters(
    catalog: Catalog,
    reader: SpaceReader,
    encoder: Encoder,
    kmeans: KMeans,
    query: ClusterQuery,
    *,
    among: Ids | None = None,
    progress: ReportProgress | None = None,
) -> ClusterReport:
    """Cluster, or update stored clusters; clusters with mostly the same images keep their id and name.

    Takes the write lock to store the result, after all computing, as one unit.

    Args:
        among: sorted ids of the images to cluster; None for the whole library.
    Raises:
        NoImagesError: nothing to cluster.
        InvalidQueryError: an unknown method, or a number out of range.
        EncoderMismatchError: an update of clusters from another encoder.
        InputError: the field of that name has another origin.
    """
    if query.update:
        updated = _update(catalog, reader, query, among=among)
        if updated is not None:
            return updated
    started = time.perf_counter()
    name = query.stored_name(whole=among is None)
    ids, rows = _rows(reader, among)
    if name:
        store.check_name(catalog, name)
    notify = progress or (lambda _: None)
    found = cut(
        rows,
        kmeans,
        method=query.method,
        k=query.k,
        min_size=query.min_size,
        seed=query.seed,
        report=lambda stage, done: notify(Progress(stage=stage, done=done, total=len(ids))),
    )
    notify(Progress(stage="naming", done=0, total=None))
    found = replace(found, settings={**found.settings, "seed": query.seed})
    while True:
        old = store.load(catalog, name) if name else None
        made, kept = _matched(catalog, encoder, reader.space, ids, rows, found=found, old=old)
        version = _save(catalog, name, made, old)
        if version is not None:
            return report_of(catalog, rows, made, old, name=name, version=version, kept=kept, started=started)


def _update(
    catalog: Catalog, reader: SpaceReader, query: ClusterQuery, *, among: Ids | None
) -> ClusterReport | None:
    """Assign new images to stored clusters without moving others; None if nothing is stored."""
    started = time.perf_counter()
    name = query.stored_name(whole=among is None)
    while True:
        old = store.load(catalog, query.name or store.DEFAULT, reader.space)
        if old is None:
            return None
        ids, rows = _rows(reader, None if among is None else np.union1d(among, old.ids))
        known = np.isin(ids, old.ids)
        labels = np.zeros(len(ids), np.int64)
        labels[known] = old.labels[np.searchsorted(old.ids, ids[known])]
        labels[~known], ill_fitting = joined(
            rows[known],
            labels[known],
            rows[~known],
            clusters=np.array([one.id for one in old.clusters], np.int64),
            centroids=old.centroids,
            min_fit=old.min_fit,
        )
        # Keep images that are gone: they may come back.
        every = np.union1d(old.ids, ids)
        every_label = np.zeros(len(every), np.int64)
        every_label[np.searchsorted(every, old.ids)] = old.labels
        every_label[np.searchsorted(every, ids)] = labels
        version: int | None = old.version if name else 0
        if not known.all():
            version = _save(catalog, name, replace(old, ids=every, labels=every_label), old)
        if version is not None:
            return report_of(
                catalog,
                rows,
                replace(old, ids=ids, labels=labels),
                old,
                name=name,
                version=version,
                kept=len(old.clusters),
                started=started,
                updated=True,
                assigned=int((labels[~known] > 0).sum()),
                ill_fitting=int(ill_fitting.sum()),
            )


def _save(catalog: Catalog, name: str, made: Stored, old: Stored | None) -> int | None:
    """The new version; 0 if there is no name to store it under; None if `old` is no longer the newest."""
    if not name:
        return 0
    with catalog.unit("storing clusters"):
        newest = next((one.version for one in catalog.results.versions(store.KIND, name)), 0)
        return store.save(catalog, name, made) if newest == (0 if old is None else old.version) else None


def _matched(
    catalog: Catalog,
    encoder: Encoder,
    space: SpaceInfo,
    ids: Ids,
    rows: Embeddings,
    *,
    found: Cut,
    old: Stored | None,
) -> tuple[Stored, int]:
    """The clusters with ids and names, kept if found again; the number found again."""
    again = found_again(old.ids, old.labels, ids, found.labels) if old is not None else {}
    count = int(found.labels.max(initial=NOISE)) + 1
    next_id = old.next_id if old is not None else 1
    new_ids = iter(range(next_id, next_id + count))
    cluster_ids = np.array([again.get(one) or next(new_ids) for one in range(count)], np.int64)
    labels = np.where(found.labels == NOISE, 0, np.append(cluster_ids, 0)[found.labels])
    centroids, min_fit = _measured(rows, labels, cluster_ids)
    clusters, groups = named(
        catalog,
        encoder,
        ids,
        rows,
        labels=found.labels,
        cluster_ids=cluster_ids,
        centroids=centroids,
        before={one.id: one for one in old.clusters} if old is not None else {},
    )
    made = Stored(
        version=0,
        method=found.method,
        settings=found.settings,
        fingerprint=space.fingerprint,
        next_id=int(max([next_id - 1, *cluster_ids.tolist()])) + 1,
        clusters=clusters,
        groups=groups,
        ids=ids,
        labels=labels,
        centroids=centroids,
        min_fit=min_fit,
    )
    return made, len(again)


def _rows(reader: SpaceReader, among: Ids | None) -> tuple[Ids, Embeddings]:
    """Present images, only those among the sorted ids if given. Raises NoImagesError."""
    ids, rows = reader.everything()
    if among is not None:
        keep = np.isin(ids, among, assume_unique=True)
        ids, rows = ids[keep], rows[keep]
    if not len(ids):
        raise NoImagesError(
            "nothing to cluster: no images" + ("" if among is None else " match the filters"),
            hint="index some first: saccade index FOLDER" if among is None else "use fewer filters",
        )
    return ids, rows


def _measured(rows: Embeddings, labels: Ids, clusters: Ids) -> tuple[Embeddings, NDArray[np.float64]]:
    """Each cluster's centroid (unit row), and the cosine with it that a new image must reach."""
    centroids = np.zeros((len(clusters), rows.shape[1]), np.float32)
    min_fit = np.zeros(len(clusters))
    for place, cluster in enumerate(clusters):
        mine = rows[labels == cluster]
        centroids[place] = unit(mine.mean(axis=0, keepdims=True))[0]
        min_fit[place] = float(np.quantile(mine @ centroids[place], _FIT_QUANTILE)) - _FIT_SLACK
    return centroids, min_fit
