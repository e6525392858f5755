"""Index files: built separately, switched atomically, checked when opened.

    FOLDER/space-ID/current.json       which generation is current, and the digest of its manifest
    FOLDER/space-ID/gen-*/             one index, never changed once it is in place
        manifest.json                  its description, and the seals of the other files
        ids.i64, vectors.f32           ascending ids and their rows, little-endian, nothing else
        candidates.faiss               not for flat

A build or a change ends by replacing current.json. Anything else is left from a killed one, or is an old
generation: the next one removes it. Readers keep the files they have mapped.
"""

import shutil
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from saccade.core.ports.decoders import ReportProgress
from saccade.core.ports.indexes import Index, IndexSummary, NoIndex
from saccade.core.types import Embeddings, Ids, SpaceInfo
from saccade.indexes.durable import read, storage_errors, sync
from saccade.indexes.filling import Origin, Wishes, fill
from saccade.indexes.flat import FlatIndex
from saccade.indexes.generations import CURRENT, generation, publish, sweep
from saccade.indexes.manifest import MANIFEST, Manifest, UnusableError, check_fully, check_quickly
from saccade.indexes.rows import Rows
from saccade.indexes.staging import collected, merged

_ATTEMPTS = 10


class IndexFiles:
    """The indexes in one folder; a `core.ports.indexes.IndexStore`."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)

    def open(self, space: SpaceInfo) -> Index | NoIndex:
        """The index of the space as last built; any problem with its files gives a NoIndex."""
        place = self._place(space)
        reason = "it is being replaced faster than it can be read"
        for _ in range(_ATTEMPTS):
            current = b""
            try:
                current = (place / CURRENT).read_bytes()
                folder, manifest = generation(place, current)
                manifest.check_space(space)
                check_quickly(folder, manifest.files)
                return _open(folder, manifest)
            except (UnusableError, OSError, ValueError) as error:
                reason = str(error)
                now = read(place / CURRENT)
                if now is None:
                    return NoIndex(reason="no index was built", damaged=False)
                if now == current:  # else another process replaced it meanwhile: try again
                    break
        return NoIndex(reason=f"the index of space {space.id} cannot be used: {reason}", damaged=True)

    def build(
        self,
        space: SpaceInfo,
        batches: Iterable[tuple[int, Ids, Embeddings]],
        *,
        kind: str = "auto",
        queries: Embeddings | None = None,
        count: int | None = None,
        report: ReportProgress | None = None,
    ) -> IndexSummary:
        """Replace the index of the space; see `saccade.core.ports.indexes.IndexStore`."""
        wishes = Wishes(kind=kind, queries=queries, count=count, report=report)
        wishes.check(space.dim)
        return _summary(
            publish(self._place(space), partial(fill, space=space, batches=batches, wishes=wishes))
        )

    def upsert(
        self,
        space: SpaceInfo,
        batches: Iterable[tuple[int, Ids, Embeddings]],
        *,
        kind: str = "auto",
        queries: Embeddings | None = None,
        report: ReportProgress | None = None,
    ) -> IndexSummary | NoIndex:
        """Add rows, or replace those of the same ids; see `saccade.core.ports.indexes.IndexStore`."""
        sequence, ids, rows = collected(batches, space.dim)
        wishes = Wishes(kind=kind, queries=queries, count=None, report=report)
        return self._change(space, ids, (ids, rows), wishes, least=sequence)

    def delete(
        self,
        space: SpaceInfo,
        ids: Ids,
        *,
        sequence: int,
        kind: str = "auto",
        queries: Embeddings | None = None,
        report: ReportProgress | None = None,
    ) -> IndexSummary | NoIndex:
        """Take ids out; see `saccade.core.ports.indexes.IndexStore`."""
        wishes = Wishes(kind=kind, queries=queries, count=None, report=report)
        nothing = np.empty(0, np.int64), np.empty((0, space.dim), np.float32)
        answer = self._change(space, ids, nothing, wishes, most=sequence)
        if isinstance(answer, NoIndex):
            self.remove(space)
        return answer

    def verify(self, space: SpaceInfo) -> Sequence[str]:
        """One line for each problem with its files, after reading every byte; none if there is no index."""
        place = self._place(space)
        problems: list[str] = []
        for _ in range(_ATTEMPTS):
            index = self.open(space)
            if isinstance(index, NoIndex):
                problems = [index.reason] if index.damaged else []
            else:
                index.close()
            current = read(place / CURRENT)
            if current is None:
                return []
            try:
                folder, manifest = generation(place, current)
                problems += [
                    f"the index of space {space.id}: {one}" for one in check_fully(folder, manifest.files)
                ]
            except (UnusableError, OSError) as error:
                problems = problems or [f"the index of space {space.id} cannot be read: {error}"]
            if not problems or read(place / CURRENT) == current:
                break
        return problems

    def remove(self, space: SpaceInfo) -> None:
        """Delete the files of the space's index; open readers are not affected."""
        place = self._place(space)
        with storage_errors(place):
            if place.exists():
                (place / CURRENT).unlink(missing_ok=True)
                sync(place)
                shutil.rmtree(place)

    def _change(
        self,
        space: SpaceInfo,
        leaving: Ids,
        new: tuple[Ids, Embeddings],
        wishes: Wishes,
        *,
        least: int = 0,
        most: int | None = None,
    ) -> IndexSummary | NoIndex:
        """Publish the rows of the index without the ids that leave, and with the new ones.

        Its sequence stays within the bounds.
        """
        wishes.check(space.dim)
        place = self._place(space)
        with storage_errors(place):
            current = read(place / CURRENT)
            if current is None:
                return NoIndex(reason="no index was built", damaged=False)
            try:
                folder, manifest = generation(place, current)
                manifest.check_space(space)
                # Every byte: a new seal must not vouch for rows that are damaged.
                problems = check_fully(folder, manifest.files)
            except (UnusableError, OSError) as error:
                problems = [str(error)]
            if problems:
                return NoIndex(reason=f"the index of space {space.id}: {problems[0]}", damaged=True)
            rows = Rows.open(folder, manifest.size, manifest.dim)
        sequence = max(manifest.sequence, least) if most is None else min(manifest.sequence, most)
        gone = rows.find(leaving)
        if len(gone) == 0 and len(new[0]) == 0 and sequence == manifest.sequence:
            with storage_errors(place):
                sweep(place)  # what a killed change left may hold rows that were to go
            return _summary(manifest)
        kept = np.ones(len(rows), dtype=np.bool_)
        kept[gone] = False
        origin = Origin(folder=folder, manifest=manifest, rows=rows, kept=kept)
        batches = merged(rows, kept, *new, sequence)
        return _summary(
            publish(place, partial(fill, space=space, batches=batches, wishes=wishes, origin=origin))
        )

    def _place(self, space: SpaceInfo) -> Path:
        return self._folder / f"space-{space.id}"


def _summary(manifest: Manifest) -> IndexSummary:
    return IndexSummary(
        kind=manifest.kind,
        size=manifest.size,
        sequence=manifest.sequence,
        recall=1.0 if manifest.recall is None else manifest.recall,
        note=manifest.note,
        size_bytes=sum(file.size for file in manifest.files.values()),
    )


def _open(folder: Path, manifest: Manifest) -> Index:
    """The index of a generation whose files passed the checks."""
    rows = Rows.open(folder, manifest.size, manifest.dim)
    if manifest.kind == "flat":
        return FlatIndex(rows, manifest.sequence)
    from saccade.indexes import ann  # noqa: PLC0415 - faiss takes 0.1 s to import, flat needs none of it

    structure = ann.read(folder / ann.FILE)
    if (structure.ntotal, structure.d) != (manifest.size, manifest.dim):
        raise UnusableError(f"{ann.FILE} does not belong to {MANIFEST}")
    return ann.ApproximateIndex(
        structure, rows, kind=manifest.kind, sequence=manifest.sequence, parameters=manifest.parameters
    )
