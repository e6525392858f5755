"""Compares clusters by a numeric field: clicks, sales, ratings."""

from collections.abc import Sequence

import numpy as np

from saccade.core.errors import InvalidQueryError, NotFoundError
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.stores import Numbers
from saccade.core.types import Ids
from saccade.usecases.clusters.flow.store import Known, Stored
from saccade.usecases.clusters.rules.reports import ClusterMean, ClusterMeans, Verdict
from saccade.usecases.clusters.rules.statistics import group_means, holm, rest_means, shrunk, welch


def compare_clusters(
    catalog: Catalog,
    stored: Stored | None,
    column: str,
    *,
    confidence: float = 0.95,
    among: Ids | None = None,
) -> ClusterMeans:
    """The field's mean in each cluster, best expected mean first.

    Intervals are Student's t within each cluster. A cluster is called above or below the rest if Welch's
    test of its images against those of all other clusters says so after Holm's correction.

    Raises:
        NotFoundError: no clusters are stored.
        InvalidFilterError: no such field, or it holds text.
        InvalidQueryError: a confidence not between 0.5 and 1, or no clustered image has a value.
    """
    if stored is None:
        raise NotFoundError("no clusters are stored yet", hint="find them first: saccade clusters")
    if not 0.5 <= confidence < 1:
        raise InvalidQueryError(f"the confidence is {confidence}; it must be from 0.5 to below 1")
    ids, values = catalog.columns.numbers(column, among)
    here = np.isin(ids, stored.ids)
    ids, values = ids[here], values[here]
    labels = stored.labels[np.searchsorted(stored.ids, ids)]
    inside = labels > 0
    if not inside.any():
        raise InvalidQueryError(
            f"no clustered image has a value in {column!r}",
            hint="import some: saccade fields import FILE.csv",
        )
    known = sorted(stored.clusters, key=lambda one: one.id)
    groups = np.searchsorted([one.id for one in known], labels[inside])
    wanted = stored.ids if among is None else np.intersect1d(stored.ids, among)
    clustered = int((stored.labels[np.searchsorted(stored.ids, wanted)] > 0).sum())
    answer = _means(known, values[inside], groups, confidence)
    answer.sort(key=lambda one: (-one.expected, -one.count, one.cluster))
    return ClusterMeans(
        column=column,
        count=int(inside.sum()),
        mean=float(values[inside].mean()),
        confidence=confidence,
        clusters=tuple(answer),
        without=max(0, clustered - int(inside.sum())),
    )


def _means(known: Sequence[Known], values: Numbers, groups: Ids, confidence: float) -> list[ClusterMean]:
    """The mean of each group that has a value; group i is the cluster `known[i]`."""
    from scipy import stats  # noqa: PLC0415 - half a second

    own = group_means(values, groups, len(known))
    others = rest_means(values, own)
    expected = shrunk(own)
    t, freedom = welch(own, others)
    with np.errstate(invalid="ignore"):
        raw = np.where(np.isnan(t), np.nan, 2.0 * stats.t.sf(np.abs(t), np.maximum(freedom, 1.0)))
        margin = stats.t.ppf((1 + confidence) / 2, np.maximum(own.count - 1, 1)) * np.sqrt(
            own.variance / np.maximum(own.count, 1)
        )
    p_values = holm(raw)
    found = []
    for one, cluster in enumerate(known):
        count, mean = int(own.count[one]), float(own.mean[one])
        if not count:
            continue
        p_value = None if np.isnan(p_values[one]) else float(p_values[one])
        verdict: Verdict = "unclear"
        if p_value is not None and p_value <= 1 - confidence:
            verdict = "above" if mean > others.mean[one] else "below"
        found.append(
            ClusterMean(
                cluster=cluster.id,
                name=cluster.name,
                count=count,
                mean=mean,
                low=mean - float(margin[one]) if count > 1 else None,
                high=mean + float(margin[one]) if count > 1 else None,
                expected=float(expected[one]),
                p_value=p_value,
                verdict=verdict,
            )
        )
    return found
