"""Builds the report of clusters: sizes, typical images, outliers, unassigned images."""

import time

import numpy as np
from numpy.typing import NDArray

from saccade.core.ports.catalog import Catalog
from saccade.core.ties import ranked
from saccade.core.types import Embeddings, Ids, ImageRecord
from saccade.usecases.clusters.flow.store import Stored
from saccade.usecases.clusters.rules.reports import (
    Cluster,
    ClusterGroup,
    ClusterMember,
    ClusterReport,
    representative_rows,
)

_SHOWN = 6
_EDGE = 5
_UNASSIGNED = 24


def report_of(
    catalog: Catalog,
    rows: Embeddings,
    now: Stored,
    old: Stored | None,
    *,
    name: str,
    version: int,
    kept: int,
    started: float,
    updated: bool = False,
    assigned: int = 0,
    ill_fitting: int = 0,
) -> ClusterReport:
    """The report of clusters; row i of `rows` is image i of `now`."""
    clusters = [
        _cluster(catalog, rows, now, old, place)
        for place, known in enumerate(now.clusters)
        if (now.labels == known.id).any()
    ]
    clusters.sort(key=lambda one: (-one.size, one.id))
    groups = []
    for group in now.groups:
        inside = [one for one in clusters if one.group == group.id]
        if inside:
            groups.append(
                ClusterGroup(
                    id=group.id,
                    name=group.name,
                    clusters=tuple(one.id for one in inside),
                    size=sum(one.size for one in inside),
                    words=group.words,
                )
            )
    groups.sort(key=lambda one: (-one.size, one.id))
    outside = np.flatnonzero(now.labels == 0)
    if len(now.centroids) and len(outside):
        nearest = (rows[outside] @ now.centroids.T).max(axis=1)
    else:
        nearest = np.zeros(len(outside), np.float32)
    order = ranked(catalog.images, now.ids[outside], -nearest, _UNASSIGNED)
    return ClusterReport(
        name=name,
        version=version,
        method=now.method,
        settings=now.settings,
        images=len(now.ids),
        clusters=tuple(clusters),
        groups=tuple(groups),
        noise=len(outside),
        unassigned=_members(catalog, now.ids[outside[order]], nearest[order]),
        updated=updated,
        assigned=assigned,
        ill_fitting=ill_fitting,
        kept=kept,
        seconds=time.perf_counter() - started,
    )


def _cluster(catalog: Catalog, rows: Embeddings, now: Stored, old: Stored | None, place: int) -> Cluster:
    known, centroid = now.clusters[place], now.centroids[place]
    members = np.flatnonzero(now.labels == known.id)
    near = rows[members] @ centroid
    typical = representative_rows(rows[members], centroid, _SHOWN)
    most = min(_EDGE, len(members) - len(typical))
    edge = ranked(catalog.images, now.ids[members], -near, most)
    had = np.zeros(0, np.int64) if old is None else old.ids[old.labels == known.id]
    return Cluster(
        id=known.id,
        name=known.name,
        size=len(members),
        words=known.words,
        cohesion=float(near.mean(dtype=np.float64)),
        representatives=_members(catalog, now.ids[members[typical]], near[typical]),
        outliers=_members(catalog, now.ids[members[edge]], near[edge]),
        group=known.group,
        fresh=int((~np.isin(now.ids[members], had)).sum()),
    )


def _members(catalog: Catalog, ids: Ids, scores: NDArray[np.float32]) -> tuple[ClusterMember, ...]:
    records: list[ImageRecord] = list(catalog.images.get(ids.tolist()))
    return tuple(
        ClusterMember(record=record, score=float(score))
        for record, score in zip(records, scores.tolist(), strict=True)
    )
