"""Keep what is derived from the catalog in step with it: the index and the calibration of each space."""

import json
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np

from saccade.core.calibration import Calibration, calibrate
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.decoders import ReportProgress
from saccade.core.ports.encoders import Encoder
from saccade.core.ports.indexes import IndexStore
from saccade.core.texts import meaningless_texts, ordinary_texts
from saccade.core.types import Embeddings, Progress, Role, SpaceInfo
from saccade.engine.space import SpaceReader, open_index

_INDEX_KIND = "index_kind"
"""The note that says which kind of index a person chose."""

_SEED = 20261120
_TEXTS = 192
_SAMPLE = 512
_STALE_SHARE = 0.2
_STALE_ROWS = 1000


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
    """Rebuild the index of each space with many newer or gone rows, and measure chance again.

    Searches stay exact about newer rows meanwhile; this only keeps them fast. Call it while `writing()`.

    Args:
        kind: of index, also for later runs; None keeps what was chosen last, "auto" if nothing was.
        force: rebuild all.
    """
    chosen = kind or catalog.notes.get(_INDEX_KIND) or "auto"
    for reader in readers:
        space = reader.space
        rows = catalog.health.counts().embeddings.get(space.id, 0)
        if rows and (force or _stale(catalog, store, space, rows)):
            report(Progress(stage=f"index {space.role}", done=0, total=rows))
            batches = catalog.embeddings.after(space.id, 0)
            queries = _synthetic(encoder, meaning=True) if space.role == Role.SEMANTIC else None
            store.build(space, batches, kind=chosen, count=rows, queries=queries, report=report)
        known, present = load_calibration(catalog, space), reader.count()
        if force or known is None or abs(present - known.images) > _STALE_SHARE * known.images:
            save_calibration(catalog, space, measure(catalog, encoder, reader))
    if kind is not None:
        catalog.notes.save(_INDEX_KIND, kind)


def measure(catalog: Catalog, encoder: Encoder, reader: SpaceReader) -> Calibration:
    """How chance scores in a space now; see `saccade.core.calibration`."""
    rows = reader.count()
    sample = _sample(catalog, reader.space, rows)
    texts = _synthetic(encoder, meaning=False) if reader.space.role == Role.SEMANTIC else None
    best = reader.best_scores(texts, 1)[:, 0] if texts is not None and rows else None
    nearest = reader.best_scores(sample, 2)[:, -1] if rows > 1 else np.zeros(len(sample), np.float32)
    return calibrate(sample, nearest, best, texts, rows)


def load_calibration(catalog: Catalog, space: SpaceInfo) -> Calibration | None:
    """What was measured last; None if nothing was, or if what is kept is damaged."""
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


def _stale(catalog: Catalog, store: IndexStore, space: SpaceInfo, rows: int) -> bool:
    """Whether the index is missing, or too many rows are newer than it or gone."""
    index = open_index(catalog, store, space)
    if index is None:
        return True
    newer = max(0, rows - index.size)
    gone = len(catalog.embeddings.absent(space.id))
    index.close()
    return newer + gone > max(_STALE_ROWS, _STALE_SHARE * rows)


def _sample(catalog: Catalog, space: SpaceInfo, rows: int) -> Embeddings:
    """Embeddings of images spread evenly over the space."""
    ids = catalog.embeddings.sample(space.id, min(rows, _SAMPLE))
    return catalog.embeddings.get(space.id, ids)
