"""Which theme does best by a number that people imported: clicks, sales, ratings."""

import numpy as np

from saccade.core.errors import InvalidQueryError, NotFoundError
from saccade.core.ports import Catalog
from saccade.core.ports.stores import Numbers
from saccade.core.types import Ids
from saccade.usecases.clusters.flow.store import Stored
from saccade.usecases.clusters.rules.reports import ThemeMean, ThemeMeans
from saccade.usecases.clusters.rules.statistics import GroupMeans, drawn_together, group_means, holm, welch


def theme_means(
    catalog: Catalog,
    stored: Stored | None,
    column: str,
    *,
    confidence: float = 0.95,
    among: Ids | None = None,
) -> ThemeMeans:
    """The number's mean in each theme, best expected mean first.

    Intervals are Student's t for each theme alone. A theme is called above or below the rest if Welch's
    test of its images against those of all other themes says so after Holm's correction.

    Raises:
        NotFoundError: no themes are stored.
        InvalidFilterError: no such column, or it holds text.
        InvalidQueryError: a confidence not between 0.5 and 1, or no image of a theme has the number.
    """
    if stored is None:
        raise NotFoundError("no themes are stored yet", hint="find them first: saccade clusters")
    if not 0.5 <= confidence < 1:
        raise InvalidQueryError(f"the confidence is {confidence}; it must be from 0.5 to below 1")
    ids, values = catalog.columns.numbers(column, among)
    here = np.isin(ids, stored.ids)
    ids, values = ids[here], values[here]
    labels = stored.labels[np.searchsorted(stored.ids, ids)]
    inside = labels > 0
    if not inside.any():
        raise InvalidQueryError(
            f"no image of a theme has a value in {column!r}", hint="import some: saccade data import FILE.csv"
        )
    themes = [one.id for one in stored.themes]
    groups = np.searchsorted(np.sort(themes), labels[inside])
    order = np.argsort(themes, kind="stable")
    wanted = stored.ids if among is None else np.intersect1d(stored.ids, among)
    themed = int((stored.labels[np.searchsorted(stored.ids, wanted)] > 0).sum())
    rows = _rows(values[inside], groups, len(themes), confidence)
    answer = [
        ThemeMean(theme=stored.themes[place].id, name=stored.themes[place].name, **rows[rank])  # type: ignore[arg-type]
        for rank, place in enumerate(order)
        if rows[rank] is not None
    ]
    answer.sort(key=lambda one: (-one.expected, -one.count, one.theme))
    return ThemeMeans(
        column=column,
        count=int(inside.sum()),
        mean=float(values[inside].mean()),
        confidence=confidence,
        themes=tuple(answer),
        without=max(0, themed - int(inside.sum())),
    )


def _rows(values: Numbers, groups: Ids, number: int, confidence: float) -> list[dict[str, object] | None]:
    """What is to be said of each group; None of one without a value."""
    from scipy import stats  # noqa: PLC0415, half a second

    own = group_means(values, groups, number)
    others = _rest(values, own)
    expected = drawn_together(own)
    t, freedom = welch(own, others)
    with np.errstate(invalid="ignore"):
        raw = np.where(np.isnan(t), np.nan, 2.0 * stats.t.sf(np.abs(t), np.maximum(freedom, 1.0)))
        margin = stats.t.ppf((1 + confidence) / 2, np.maximum(own.count - 1, 1)) * np.sqrt(
            own.variance / np.maximum(own.count, 1)
        )
    p_values = holm(raw)
    rows: list[dict[str, object] | None] = []
    for one in range(number):
        count, mean = int(own.count[one]), float(own.mean[one])
        if not count:
            rows.append(None)
            continue
        p_value = None if np.isnan(p_values[one]) else float(p_values[one])
        sure = p_value is not None and p_value <= 1 - confidence
        side = "above" if mean > others.mean[one] else "below"
        rows.append(
            {
                "count": count,
                "mean": mean,
                "low": mean - float(margin[one]) if count > 1 else None,
                "high": mean + float(margin[one]) if count > 1 else None,
                "expected": float(expected[one]),
                "p_value": p_value,
                "verdict": side if sure else "unclear",
            }
        )
    return rows


def _rest(values: Numbers, own: GroupMeans) -> GroupMeans:
    """All values outside each group."""
    count = len(values) - own.count
    middle = float(values.mean())  # from here, sums of squares lose little
    sums = np.nan_to_num(own.mean - middle) * own.count
    squares = (
        own.variance * np.maximum(own.count - 1, 0) + np.square(np.nan_to_num(own.mean - middle)) * own.count
    )
    total = float(np.square(values - middle).sum())
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = -sums / count
        spread = np.maximum(total - squares - count * np.square(mean), 0.0)
    variance = np.where(count > 1, spread / np.maximum(count - 1, 1), 0.0)
    return GroupMeans(count=count, mean=mean + middle, variance=variance)
