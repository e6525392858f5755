"""Keep what is derived from the catalog in step with it: the index and the calibration of each space."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from saccade.core.calibration import Calibration, calibrate
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.decoders import ReportProgress
from saccade.core.ports.encoders import Encoder
from saccade.core.ports.indexes import IndexStore, NoIndex
from saccade.core.texts import meaningless_texts, ordinary_texts
from saccade.core.types import Embeddings, Ids, Progress, Role, SpaceInfo
from saccade.engine.space import SpaceReader, open_index

_INDEX_KIND = "index_kind"
"""The note that says which kind of index a person chose."""

_SEED = 20261120
_TEXTS = 192
_SAMPLE = 512
_STALE_ROWS = 1000
_UPSERT_SHARE = 0.02
_BUILD_SHARE = 0.2
"""Shares of a space's rows that are newer than its index.

Up to the first, or to `_STALE_ROWS`, they are compared one by one. However few they are, an upsert copies the
index and judges it: with 2 % of 200,000 rows new, lists took 0.18 of the CPU time of a build, with a fifth
0.27, and flat rows about half (decision 0001). It keeps the centers, so beyond a fifth a build is due.
"""

_REMEASURE_SHARE = 0.2


def refresh(
    catalog: Catalog,
    store: IndexStore,
    encoder: Encoder,
    readers: Sequence[SpaceReader],
    *,
    report: ReportProgress,
    kind: str | None = None,
    force: bool = False,
) -> None:
    """Bring the index of each space with many newer rows up to date, and measure chance again.

    Searches stay exact about newer rows meanwhile; this only keeps them fast. Call it while `writing()`.

    Args:
        kind: of index, also for later runs; None keeps what was chosen last, "auto" if nothing was.
        force: rebuild all.
    """
    chosen = kind or catalog.notes.get(_INDEX_KIND) or "auto"
    for reader in readers:
        space = reader.space
        update = _Update(
            catalog=catalog, store=store, space=space, kind=chosen, encoder=encoder, report=report
        )
        update.run(force=force)
        known, present = load_calibration(catalog, space), reader.count()
        if force or known is None or abs(present - known.images) > _REMEASURE_SHARE * known.images:
            save_calibration(catalog, space, measure(catalog, encoder, reader))
    if kind is not None:
        catalog.notes.save(_INDEX_KIND, kind)


def erase(
    catalog: Catalog,
    store: IndexStore,
    encoder: Encoder,
    readers: Sequence[SpaceReader],
    forgotten: Ids,
    *,
    report: ReportProgress,
) -> None:
    """Take items that have left the catalog out of the index of each space, and drop its calibration.

    The next refresh measures that again. Call it while `writing()`.

    Args:
        forgotten: sorted ids.
    """
    chosen = catalog.notes.get(_INDEX_KIND) or "auto"
    for reader in readers:
        space = reader.space
        update = _Update(
            catalog=catalog, store=store, space=space, kind=chosen, encoder=encoder, report=report
        )
        update.delete(forgotten)
        catalog.notes.save(_key(space), "")


def measure(catalog: Catalog, encoder: Encoder, reader: SpaceReader) -> Calibration:
    """How chance scores in a space now; see `saccade.core.calibration`."""
    rows = reader.count()
    sample = _sample(catalog, reader.space, rows)
    texts = _synthetic(encoder, meaning=False) if reader.space.role == Role.SEMANTIC else None
    best = reader.best_scores(texts, 1)[:, 0] if texts is not None and rows else None
    nearest = reader.best_scores(sample, 2)[:, -1] if rows > 1 else np.zeros(len(sample), np.float32)
    return calibrate(sample, nearest, best, texts, rows)


def load_calibration(catalog: Catalog, space: SpaceInfo) -> Calibration | None:
    """What was measured last; None if nothing was, or it was dropped, or what is kept is damaged."""
    note = catalog.notes.get(_key(space))
    if note is None:
        return None
    try:
        raw = json.loads(note)
        return Calibration(**{**raw, "chance": tuple(raw["chance"]), "nearest": tuple(raw["nearest"])})
    except (ValueError, TypeError, KeyError):
        return None


def save_calibration(catalog: Catalog, space: SpaceInfo, calibration: Calibration) -> None:
    """Keep it in the catalog, so that a backup carries it."""
    catalog.notes.save(_key(space), json.dumps(asdict(calibration)))


def _key(space: SpaceInfo) -> str:
    return f"calibration:{space.id}"


def _synthetic(encoder: Encoder, *, meaning: bool) -> Embeddings | None:
    """Embeddings of synthetic texts, ordinary or meaningless; None if the encoder reads no text."""
    if not encoder.info.reads_text:
        return None
    make = ordinary_texts if meaning else meaningless_texts
    return encoder.encode_texts(make(_TEXTS, np.random.default_rng(_SEED)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Update:
    """Brings the index of one space up to date."""

    catalog: Catalog
    store: IndexStore
    space: SpaceInfo
    kind: str
    encoder: Encoder
    report: ReportProgress

    def delete(self, forgotten: Ids) -> None:
        """Take out what has left the catalog; an index that is not intact is removed."""
        index = self.store.open(self.space)
        last = 0
        if not isinstance(index, NoIndex):
            index.close()
            last = self.catalog.embeddings.last_sequence(self.space.id, upto=index.sequence)
        kind, queries, report = self.kind, self._queries(), self.report
        self.store.delete(self.space, forgotten, sequence=last, kind=kind, queries=queries, report=report)

    def run(self, *, force: bool) -> None:
        """Build it, if it is missing or far behind, or if forced; upsert where it is a little behind."""
        rows = self.catalog.health.counts().embeddings.get(self.space.id, 0)
        if not rows:
            return
        index = None if force else open_index(self.catalog, self.store, self.space)
        if index is None:
            self._build(rows)
            return
        index.close()
        newer = self.catalog.embeddings.newer(self.space.id, index.sequence)
        lost = index.size - (rows - newer)  # in the index, but no longer in the catalog, or embedded again
        if newer + lost > max(_STALE_ROWS, _BUILD_SHARE * rows):
            self._build(rows)
        elif newer > max(_STALE_ROWS, _UPSERT_SHARE * rows) and index.kind != "hnsw":
            self._tell(newer)
            new = self.catalog.embeddings.after(self.space.id, index.sequence)
            kind, queries, report = self.kind, self._queries(), self.report
            done = self.store.upsert(self.space, new, kind=kind, queries=queries, report=report)
            if isinstance(done, NoIndex):
                self._build(rows)

    def _build(self, rows: int) -> None:
        self._tell(rows)
        every = self.catalog.embeddings.after(self.space.id, 0)
        kind, queries, report = self.kind, self._queries(), self.report
        self.store.build(self.space, every, kind=kind, queries=queries, count=rows, report=report)

    def _queries(self) -> Embeddings | None:
        """Typical queries, for tuning."""
        return _synthetic(self.encoder, meaning=True) if self.space.role == Role.SEMANTIC else None

    def _tell(self, total: int) -> None:
        self.report(Progress(stage=f"index {self.space.role}", done=0, total=total))


def _sample(catalog: Catalog, space: SpaceInfo, rows: int) -> Embeddings:
    """Embeddings of images spread evenly over the space."""
    ids = catalog.embeddings.sample(space.id, min(rows, _SAMPLE))
    return catalog.embeddings.get(space.id, ids)
