"""Measures how each image of a library looks, in a few numbers that are stored in the catalog."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from saccade.core.errors import InputError
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.decoders import Decoder, ReportProgress
from saccade.core.ports.engines import LookEncoder
from saccade.core.ports.results import ImageRows
from saccade.core.types import Failure, Ids, Progress
from saccade.usecases.outliers.flow.patches import image_batches
from saccade.usecases.outliers.rules.anomalies import Look, arrays_of, fit_look, look_from

KIND = "looks"
_FIT = 20_000
"""Maximum number of pictures used for the yardstick: 75 MB of raw measurements."""
_KEEP_EVERY = 5_000
_OUTGROWN = 2
"""The yardstick is recomputed when a library is this many times larger than before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """Looks of images.

    Attributes:
        ids: (n,) sorted ids.   rows: (n, d) as `Look.rows` gives them; the last column is the remainder.
        failed: images that could not be read.
    """

    ids: Ids
    rows: NDArray[np.float32]
    failed: tuple[Failure, ...]


class LookMaker:
    """Measures how images look, and stores the result.

    Args:
        encoder: computes looks. fingerprint: of the space of its embeddings.
        decoder: uses the encoder's recipe.
        keep: whether to store measurements.
    """

    def __init__(
        self,
        catalog: Catalog,
        decoder: Decoder,
        encoder: LookEncoder,
        fingerprint: str,
        *,
        keep: bool,
        report: ReportProgress,
    ) -> None:
        self._catalog = catalog
        self._decoder = decoder
        self._encoder = encoder
        self._name = fingerprint
        self._keep = keep
        self._report = report
        self._done = self._total = 0
        self._failures: list[Failure] = []

    def measure(self, ids: Ids) -> Looks:
        """The looks of these images (sorted ids); stored measurements are reused.

        Raises:
            InputError: all look exactly the same, so nothing can stand out.
        """
        known_ids, known, look, fitted = self._load()
        if look is not None and len(ids) >= _OUTGROWN * fitted:
            known_ids, known, look = known_ids[:0], known[:0], None
        missing = np.setdiff1d(ids, known_ids)
        self._total = len(missing)
        if look is None and len(missing):
            first = missing[np.unique(np.linspace(0, len(missing) - 1, min(_FIT, len(missing)), dtype=int))]
            found, raw = self._appearances(first)
            look = fit_look(raw) if len(raw) else None
            if look is None and len(raw) > 1:
                raise InputError("all these images look exactly the same", hint="nothing can stand out")
            if look is None:
                return Looks(ids=found[:0], rows=known, failed=tuple(self._failures))
            fitted = len(ids)
            known_ids, known = found, _stored(look.rows(raw))
            if self._keep:
                facts, rows = {"fitted": fitted}, _rows(known_ids, known)
                self._catalog.results.save(KIND, self._name, facts, arrays_of(look), rows=rows, keep=1)
            missing = np.setdiff1d(missing, first)
        for start in range(0, len(missing), _KEEP_EVERY):
            found, raw = self._appearances(missing[start : start + _KEEP_EVERY])
            assert look is not None
            fresh = _stored(look.rows(raw))
            if self._keep and len(found):
                self._catalog.results.extend(KIND, self._name, _rows(found, fresh))
            known_ids, known = np.concatenate([known_ids, found]), np.concatenate([known, fresh])
        order = np.argsort(known_ids)
        known_ids, known = known_ids[order], known[order]
        wanted = np.isin(known_ids, ids)
        return Looks(ids=known_ids[wanted], rows=known[wanted], failed=tuple(self._failures))

    def _appearances(self, ids: Ids) -> tuple[Ids, NDArray[np.float32]]:
        """Ids of those that could be read, and their raw (n, c) measurements."""
        found: list[int] = []
        rows: list[NDArray[np.float32]] = []
        for pictures, failures in image_batches(self._catalog, self._decoder, ids):
            self._failures += failures
            if pictures:
                pixels = np.stack([picture.pixels for _, picture in pictures])
                rows.append(self._encoder.encode_looks(pixels))
                found += [image for image, _ in pictures]
            self._done += len(pictures) + len(failures)
            self._report(
                Progress(stage="look", done=self._done, total=self._total, failed=len(self._failures))
            )
        return np.array(found, np.int64), np.concatenate(rows) if rows else np.zeros((0, 1), np.float32)

    def _load(self) -> tuple[Ids, NDArray[np.float32], Look | None, int]:
        """The stored data: ids, rows, the yardstick, and the number of images when it was computed."""
        kept = self._catalog.results.load(KIND, self._name)
        if kept is None:
            return np.zeros(0, np.int64), np.zeros((0, 1), np.float32), None, 0
        fitted = kept.facts["fitted"]
        assert isinstance(fitted, int)
        rows = kept.rows.arrays["rows"].astype(np.float32)
        return kept.rows.ids, rows, look_from(kept.arrays), fitted


def _rows(ids: Ids, rows: NDArray[np.float32]) -> ImageRows:
    return ImageRows(ids=ids, arrays={"rows": rows.astype(np.float16)})


def _stored(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows rounded to half precision, as stored, so that results are the same when read back."""
    return np.minimum(rows, 60_000.0).astype(np.float16).astype(np.float32)
