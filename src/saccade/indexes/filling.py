"""Writes the files of a generation: the rows, and the faiss structure where one is wanted and good enough."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from saccade.core.errors import InputError
from saccade.core.ports.decoders import ReportProgress
from saccade.core.types import Embeddings, Ids, Progress, SpaceInfo
from saccade.core.vectors import check_embeddings
from saccade.indexes.manifest import Manifest, Seal, seal
from saccade.indexes.rows import IDS, VECTORS, Rows
from saccade.indexes.staging import write_rows

if TYPE_CHECKING:
    from saccade.indexes.build import Built

FLAT_BELOW = 20_000
"""Number of embeddings below which "auto" means flat: comparing them all takes a few milliseconds."""

_KINDS = ("auto", "flat", "ivf", "hnsw")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the caller of a store asks of an index; see `saccade.core.ports.indexes.IndexStore.build`."""

    kind: str
    queries: Embeddings | None
    count: int | None
    report: ReportProgress | None

    def check(self, dim: int) -> None:
        """Raise InputError (unknown kind) or InvalidVectorError (queries that are no embeddings)."""
        if self.kind not in _KINDS:
            raise InputError(f"unknown kind of index {self.kind!r}", hint=f"one of: {', '.join(_KINDS)}")
        if self.queries is not None:
            check_embeddings(self.queries, dim)

    def kind_of(self, size: int) -> str:
        """The kind an index of this size gets."""
        if self.kind == "auto":
            return "flat" if size < FLAT_BELOW else "ivf"
        return self.kind if size else "flat"

    def stored(self, done: int) -> None:
        """Report progress of the first pass."""
        if self.report is not None:
            self.report(Progress(stage="storing vectors", done=done, total=self.count))

    def added(self, done: int) -> None:
        """Report progress of the second pass."""
        if self.report is not None:
            self.report(Progress(stage="building the index", done=done, total=self.count))


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The generation that another one is made from.

    Attributes:
        folder, manifest, rows: what it is.
        kept: (n,) which of its rows the other one has too.
    """

    folder: Path
    manifest: Manifest
    rows: Rows
    kept: NDArray[np.bool_]


def fill(
    folder: Path,
    space: SpaceInfo,
    batches: Iterable[tuple[int, Ids, Embeddings]],
    wishes: Wishes,
    origin: Origin | None = None,
) -> Manifest:
    """Write every file of an index except its manifest; that is returned.

    Args:
        batches: every row, as `write_rows` takes them.
        origin: to change its structure, where that is possible, instead of building one.
    """
    size, sequence = write_rows(folder, batches, space.dim, wishes.stored)
    files: dict[str, Seal] = {name: seal(folder / name) for name in (IDS, VECTORS)}
    kind = wishes.kind_of(size)
    parameters: dict[str, int] = {}
    recall, note = None, ""
    if kind != "flat":
        from saccade.indexes import ann, build  # noqa: PLC0415 - faiss takes 0.1 s to import, flat has no need

        built = _structure(folder, Rows.open(folder, size, space.dim), kind, wishes, origin)
        if built.recall < build.RECALL_GATE:
            note = f"{kind} found only {built.recall:.3f} of the nearest neighbors"
            kind = "flat"
        else:
            parameters, recall = dict(built.parameters), built.recall
            ann.write(built.structure, folder / ann.FILE)
            files[ann.FILE] = seal(folder / ann.FILE, ann.head_size(folder / ann.FILE, size, space.dim, kind))
    return Manifest(
        kind=kind,
        size=size,
        dim=space.dim,
        sequence=sequence,
        role=str(space.role),
        fingerprint=space.fingerprint,
        parameters=parameters,
        recall=recall,
        note=note,
        files=files,
    )


def _structure(folder: Path, rows: Rows, kind: str, wishes: Wishes, origin: Origin | None) -> "Built":
    """The origin's structure, changed, if that is possible and passes the gate; else a new one."""
    from saccade.indexes import ann, build, change  # noqa: PLC0415 - as above

    was = origin.manifest if origin is not None else None
    if origin and was and was.kind == kind and change.changeable(kind, was.parameters, len(rows)):
        old = ann.read(origin.folder / ann.FILE, mapped=False)
        structure = change.changed(old, origin.rows.ids, origin.kept, rows, wishes.added)
        recall = build.judged(structure, folder, rows, was.parameters, wishes.queries)
        if recall >= build.RECALL_GATE:
            return build.Built(structure=structure, parameters=was.parameters, recall=recall)
    return build.build(folder, rows, kind, wishes.queries, wishes.added)
