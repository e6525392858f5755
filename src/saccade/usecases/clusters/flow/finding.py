"""The themes of a library: clustered, named, compared with those before, stored."""

import time
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from saccade.core.errors import NoImagesError
from saccade.core.ports import Catalog, Encoder, ReportProgress
from saccade.core.ports.engines import KMeans
from saccade.core.types import Embeddings, Ids, Progress
from saccade.engine.space import SpaceReader
from saccade.usecases.clusters.flow import store as theme_store
from saccade.usecases.clusters.flow.clustering import Method, cut
from saccade.usecases.clusters.flow.keeping import found_again, joined
from saccade.usecases.clusters.flow.report import report_of
from saccade.usecases.clusters.flow.store import Known, KnownGroup, Stored
from saccade.usecases.clusters.flow.words import looks_of, theme_words, written_words
from saccade.usecases.clusters.rules.clustering import NOISE, agglomerate
from saccade.usecases.clusters.rules.neighborhoods import unit
from saccade.usecases.clusters.rules.reports import Themes, ThemeWord, name_from

_LEAST_FIT = 0.01
_SLACK = 0.05
"""New images must fit a theme at least as well as all but this part of its own, less this cosine: a tight
theme of few images does not know yet how far it reaches."""
_FEW_THEMES = 4
"""Fewer themes are no more than groups themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What was asked for.

    Attributes:
        name: to store the result under; "" to store nothing.
        method, k, min_size, seed: see `pipelines.clustering.cut`.
    """

    name: str
    method: Method = "auto"
    k: int | None = None
    min_size: int | None = None
    seed: int = 0


def find_themes(
    catalog: Catalog,
    reader: SpaceReader,
    encoder: Encoder,
    kmeans: KMeans,
    wanted: Wanted,
    *,
    among: Ids | None = None,
    progress: ReportProgress | None = None,
) -> Themes:
    """Cluster anew; themes that hold much the same images as before keep their id and name.

    Raises:
        NoImagesError: nothing to cluster.
        InvalidQueryError: an unknown method, or a number out of range.
        InputError: the name's column was written by somebody else.
    """
    started = time.perf_counter()
    ids, rows = _rows(reader, among)
    old = None
    if wanted.name:
        theme_store.check_name(catalog, wanted.name)
        old = theme_store.load(catalog, wanted.name)
    tell = progress or (lambda _: None)
    found = cut(
        rows,
        kmeans,
        method=wanted.method,
        k=wanted.k,
        min_size=wanted.min_size,
        seed=wanted.seed,
        report=lambda stage, done: tell(Progress(stage=stage, done=done, total=len(ids))),
    )
    tell(Progress(stage="naming", done=0, total=None))
    again = found_again(old.ids, old.labels, ids, found.labels) if old is not None else {}
    count = int(found.labels.max(initial=NOISE)) + 1
    next_id = old.next_id if old is not None else 1
    new_ids = iter(range(next_id, next_id + count))
    theme_ids = np.array([again.get(one) or next(new_ids) for one in range(count)], np.int64)
    labels = np.where(found.labels == NOISE, 0, np.append(theme_ids, 0)[found.labels])
    middles, least = _measured(rows, labels, theme_ids)
    before = {one.id: one for one in old.themes} if old is not None else {}
    themes, groups = _named(
        catalog,
        encoder,
        ids,
        rows,
        labels=found.labels,
        theme_ids=theme_ids,
        middles=middles,
        before=before,
    )
    stored = Stored(
        version=0,
        method=found.method,
        settings={**found.settings, "seed": wanted.seed},
        fingerprint=reader.space.fingerprint,
        next_id=int(max([next_id - 1, *theme_ids.tolist()])) + 1,
        themes=themes,
        groups=groups,
        ids=ids,
        labels=labels,
        middles=middles,
        least=least,
    )
    version = theme_store.save(catalog, wanted.name, stored) if wanted.name else 0
    return report_of(
        catalog, rows, stored, old, name=wanted.name, version=version, kept=len(again), started=started
    )


def update_themes(
    catalog: Catalog, reader: SpaceReader, stored: Stored, name: str, *, among: Ids | None = None
) -> Themes:
    """Give new images a theme and leave all others where they are.

    Raises:
        NoImagesError: no image has an embedding.
    """
    started = time.perf_counter()
    ids, rows = _rows(reader, None if among is None else np.union1d(among, stored.ids))
    place = np.searchsorted(stored.ids, ids)
    known = np.isin(ids, stored.ids)
    labels = np.zeros(len(ids), np.int64)
    labels[known] = stored.labels[place[known]]
    theme_ids = np.array([one.id for one in stored.themes], np.int64)
    got, odd = joined(
        rows[known], labels[known], rows[~known], themes=theme_ids, middles=stored.middles, least=stored.least
    )
    labels[~known] = got
    # Images that are gone stay in what is stored: they may come back.
    every = np.union1d(stored.ids, ids)
    kept = np.zeros(len(every), np.int64)
    kept[np.searchsorted(every, stored.ids)] = stored.labels
    kept[np.searchsorted(every, ids)] = labels
    version = stored.version
    if not known.all():
        version = theme_store.save(catalog, name, replace(stored, ids=every, labels=kept))
    return report_of(
        catalog,
        rows,
        replace(stored, ids=ids, labels=labels),
        stored,
        name=name,
        version=version,
        kept=len(stored.themes),
        started=started,
        updated=True,
        assigned=int((got > 0).sum()),
        ill_fitting=int(odd.sum()),
    )


def _rows(reader: SpaceReader, among: Ids | None) -> tuple[Ids, Embeddings]:
    """Present images, those among the sorted ids if given. Raises NoImagesError."""
    ids, rows = reader.everything()
    if among is not None:
        keep = np.isin(ids, among, assume_unique=True)
        ids, rows = ids[keep], rows[keep]
    if not len(ids):
        raise NoImagesError(
            "there is no image to cluster" + ("" if among is None else " that matches the filters"),
            hint="index some first: saccade index FOLDER" if among is None else "ask for less",
        )
    return ids, rows


def _measured(rows: Embeddings, labels: Ids, themes: Ids) -> tuple[Embeddings, NDArray[np.float64]]:
    """Each theme's middle (unit row), and the cosine with it that nearly all of its images reach."""
    middles = np.zeros((len(themes), rows.shape[1]), np.float32)
    least = np.zeros(len(themes))
    for place, theme in enumerate(themes):
        mine = rows[labels == theme]
        middles[place] = unit(mine.mean(axis=0, keepdims=True))[0]
        least[place] = float(np.quantile(mine @ middles[place], _LEAST_FIT)) - _SLACK
    return middles, least


def _named(
    catalog: Catalog,
    encoder: Encoder,
    ids: Ids,
    rows: Embeddings,
    *,
    labels: Ids,
    theme_ids: Ids,
    middles: Embeddings,
    before: dict[int, Known],
) -> tuple[tuple[Known, ...], tuple[KnownGroup, ...]]:
    """Themes and groups with their words and names. What had a name before keeps it."""
    if not len(theme_ids):
        return (), ()
    everything = rows.mean(axis=0)
    written, vocabulary = written_words(catalog, ids)
    words = theme_words(written, vocabulary, labels, looks_of(catalog, encoder, middles, everything))
    group_of = _groups(unit(middles - everything))
    sizes = np.bincount(labels[labels != NOISE], minlength=len(theme_ids)).astype(np.float32)
    group_middles = np.array(
        [
            (middles[group_of == one] * sizes[group_of == one, None]).sum(axis=0)
            / sizes[group_of == one].sum()
            for one in range(group_of.max() + 1)
        ],
        np.float32,
    )
    group_labels = np.where(labels == NOISE, NOISE, group_of[labels])
    group_words = theme_words(
        written, vocabulary, group_labels, looks_of(catalog, encoder, group_middles, everything)
    )
    taken = {one.name for one in before.values()} | {theme_store.NO_THEME}
    themes = []
    for place, theme in enumerate(theme_ids.tolist()):
        known = before.get(theme)
        name = known.name if known is not None else name_from(words[place], taken, f"theme {theme}")
        taken.add(name)
        themes.append(
            Known(
                id=theme,
                name=name,
                named=known is not None and known.named,
                group=int(group_of[place]) + 1,
                words=words[place],
            )
        )
    return tuple(themes), _group_names(group_words, themes, sizes)


def _groups(directions: Embeddings) -> Ids:
    """(t,) group of each theme: about as many groups as each has themes."""
    count = len(directions)
    if count < _FEW_THEMES:
        return np.arange(count, dtype=np.int64)
    return agglomerate(directions.astype(np.float64), np.ones(count), round(count**0.5))


def _group_names(
    words: list[tuple[ThemeWord, ...]], themes: list[Known], sizes: NDArray[np.float32]
) -> tuple[KnownGroup, ...]:
    """A group is called by the first words of its largest themes, "dog, horse", or like its only one."""
    taken: set[str] = set()
    groups = []
    ranked = sorted(range(len(themes)), key=lambda place: -float(sizes[place]))
    for place, mine in enumerate(words):
        inside = [themes[one] for one in ranked if themes[one].group == place + 1]
        first = [one.words[0] for one in inside if one.words]
        name = inside[0].name if len(inside) == 1 else name_from(first, taken, f"group {place + 1}")
        taken.add(name)
        groups.append(KnownGroup(id=place + 1, name=name, words=mine))
    return tuple(groups)
