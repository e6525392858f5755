"""Lists the images of one stored cluster, most typical first, page by page."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from saccade.core.ports.catalog import Catalog
from saccade.core.ties import ranked
from saccade.core.types import Ids
from saccade.engine.space import SpaceReader
from saccade.engine.surviving import surviving
from saccade.usecases.clusters.flow import store
from saccade.usecases.clusters.rules.reports import ClusterMember

_PAGE = 2048
"""Number of members whose records are read together."""


def iter_members(catalog: Catalog, reader: SpaceReader, name: str, cluster: int) -> Iterator[ClusterMember]:
    """See `Clusters.iter_members`."""
    stored, place = store.load_cluster(catalog, name, cluster, reader.space)
    present, rows = reader.everything()
    mine = store.cluster_ids(stored, present) == cluster
    ids, scores = present[mine], rows[mine] @ stored.centroids[place]
    order = ranked(catalog.images, ids, scores)
    return _pages(catalog, ids[order], scores[order])


def _pages(catalog: Catalog, ids: Ids, scores: NDArray[np.float32]) -> Iterator[ClusterMember]:
    """The members that are not erased by the time their page is read."""
    for start in range(0, len(ids), _PAGE):
        page = ids[start : start + _PAGE]
        known = dict(zip(page.tolist(), scores[start : start + _PAGE].tolist(), strict=True))
        for record in surviving(catalog, list(known)):
            yield ClusterMember(record=record, score=known[record.id])
