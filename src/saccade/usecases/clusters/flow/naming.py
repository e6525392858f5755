"""Names clusters and groups of them after the words that set them apart."""

import numpy as np
from numpy.typing import NDArray

from saccade.core.ports.catalog import Catalog
from saccade.core.ports.encoders import Encoder
from saccade.core.types import Embeddings, Ids
from saccade.usecases.clusters.flow.store import NO_CLUSTER, Known, KnownGroup
from saccade.usecases.clusters.flow.words import cluster_words, looks_of, written_words
from saccade.usecases.clusters.rules.clustering import NOISE, agglomerate
from saccade.usecases.clusters.rules.neighborhoods import unit
from saccade.usecases.clusters.rules.reports import ClusterWord, name_from

_FEW = 4
"""Fewer clusters than this are not grouped: each is a separate group."""


def named(
    catalog: Catalog,
    encoder: Encoder,
    ids: Ids,
    rows: Embeddings,
    *,
    labels: Ids,
    cluster_ids: Ids,
    centroids: Embeddings,
    before: dict[int, Known],
) -> tuple[tuple[Known, ...], tuple[KnownGroup, ...]]:
    """Clusters and groups with their words and names; a cluster that had a name keeps it.

    Args:
        ids, rows, labels: (n,) images, their (n, d) embeddings, and their clusters from 0, -1 for none.
        cluster_ids, centroids: (c,) and (c, d), of clusters 0, 1, ...
        before: clusters of the previous result, by id.
    """
    if not len(cluster_ids):
        return (), ()
    center = rows.mean(axis=0)
    written, vocabulary = written_words(catalog, ids)
    words = cluster_words(written, vocabulary, labels, looks_of(catalog, encoder, centroids, center))
    group_of = _groups(unit(centroids - center))
    sizes = np.bincount(labels[labels != NOISE], minlength=len(cluster_ids)).astype(np.float32)
    group_words = cluster_words(
        written,
        vocabulary,
        np.where(labels == NOISE, NOISE, group_of[labels]),
        looks_of(catalog, encoder, _group_centroids(centroids, sizes, group_of), center),
    )
    taken = {one.name for one in before.values()} | {NO_CLUSTER}
    clusters = []
    for place, cluster in enumerate(cluster_ids.tolist()):
        known = before.get(cluster)
        name = known.name if known is not None else name_from(words[place], taken, f"cluster {cluster}")
        taken.add(name)
        clusters.append(
            Known(
                id=cluster,
                name=name,
                named=known is not None and known.named,
                group=int(group_of[place]) + 1,
                words=words[place],
            )
        )
    return tuple(clusters), _named_groups(group_words, clusters, sizes)


def _groups(directions: Embeddings) -> Ids:
    """(c,) group of each cluster: about as many groups as clusters per group."""
    count = len(directions)
    if count < _FEW:
        return np.arange(count, dtype=np.int64)
    return agglomerate(directions.astype(np.float64), np.ones(count), round(count**0.5))


def _group_centroids(centroids: Embeddings, sizes: NDArray[np.float32], group_of: Ids) -> Embeddings:
    """(g, d) mean centroid of each group, weighted by size."""
    means = [
        (centroids[group_of == one] * sizes[group_of == one, None]).sum(axis=0) / sizes[group_of == one].sum()
        for one in range(group_of.max() + 1)
    ]
    return np.array(means, np.float32)


def _named_groups(
    words: list[tuple[ClusterWord, ...]], clusters: list[Known], sizes: NDArray[np.float32]
) -> tuple[KnownGroup, ...]:
    """Groups named by the first words of their largest clusters, "dog, horse", or after their only one."""
    taken: set[str] = set()
    groups = []
    ranked = sorted(range(len(clusters)), key=lambda place: -float(sizes[place]))
    for place, mine in enumerate(words):
        inside = [clusters[one] for one in ranked if clusters[one].group == place + 1]
        first = [one.words[0] for one in inside if one.words]
        name = inside[0].name if len(inside) == 1 else name_from(first, taken, f"group {place + 1}")
        taken.add(name)
        groups.append(KnownGroup(id=place + 1, name=name, words=mine))
    return tuple(groups)
