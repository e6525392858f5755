"""Themes as people are shown them: sizes, typical images, outliers, strangers."""

import time

import numpy as np
from numpy.typing import NDArray

from saccade.core.ports import Catalog
from saccade.core.types import Embeddings, Ids, ImageRecord
from saccade.usecases.clusters.flow.store import Stored
from saccade.usecases.clusters.rules.reports import Theme, ThemeGroup, ThemeMember, Themes, standing_for

_SHOWN = 6
_EDGE = 5
_STRANGERS = 24


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
) -> Themes:
    """What people are shown of themes; row i of `rows` is image i of `now`."""
    themes = [
        _theme(catalog, rows, now, old, place)
        for place, known in enumerate(now.themes)
        if (now.labels == known.id).any()
    ]
    themes.sort(key=lambda one: (-one.size, one.id))
    groups = []
    for group in now.groups:
        inside = [one for one in themes if one.group == group.id]
        if inside:
            groups.append(
                ThemeGroup(
                    id=group.id,
                    name=group.name,
                    themes=tuple(one.id for one in inside),
                    size=sum(one.size for one in inside),
                    words=group.words,
                )
            )
    groups.sort(key=lambda one: (-one.size, one.id))
    outside = np.flatnonzero(now.labels == 0)
    if len(now.middles) and len(outside):
        nearest = (rows[outside] @ now.middles.T).max(axis=1)
    else:
        nearest = np.zeros(len(outside), np.float32)
    order = np.argsort(nearest, kind="stable")[:_STRANGERS]
    return Themes(
        name=name,
        version=version,
        method=now.method,
        settings=now.settings,
        images=len(now.ids),
        themes=tuple(themes),
        groups=tuple(groups),
        noise=len(outside),
        strangers=_members(catalog, now.ids[outside[order]], nearest[order]),
        updated=updated,
        assigned=assigned,
        ill_fitting=ill_fitting,
        kept=kept,
        seconds=time.perf_counter() - started,
    )


def _theme(catalog: Catalog, rows: Embeddings, now: Stored, old: Stored | None, place: int) -> Theme:
    known, middle = now.themes[place], now.middles[place]
    members = np.flatnonzero(now.labels == known.id)
    near = rows[members] @ middle
    standing = standing_for(rows[members], middle, _SHOWN)
    edge = np.argsort(near, kind="stable")[: min(_EDGE, len(members) - len(standing))]
    had = np.zeros(0, np.int64) if old is None else old.ids[old.labels == known.id]
    return Theme(
        id=known.id,
        name=known.name,
        size=len(members),
        words=known.words,
        cohesion=float(near.mean(dtype=np.float64)),
        representatives=_members(catalog, now.ids[members[standing]], near[standing]),
        outliers=_members(catalog, now.ids[members[edge]], near[edge]),
        group=known.group,
        fresh=int((~np.isin(now.ids[members], had)).sum()),
    )


def _members(catalog: Catalog, ids: Ids, scores: NDArray[np.float32]) -> tuple[ThemeMember, ...]:
    records: list[ImageRecord] = list(catalog.images.get(ids.tolist()))
    return tuple(
        ThemeMember(record=record, score=float(score))
        for record, score in zip(records, scores.tolist(), strict=True)
    )
