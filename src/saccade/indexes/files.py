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
from pathlib import Path

from saccade.core.ports.decoders import ReportProgress
from saccade.core.ports.indexes import Index, IndexSummary, NoIndex
from saccade.core.types import Embeddings, Ids, SpaceInfo
from saccade.indexes.durable import read, storage_errors, sync
from saccade.indexes.flat import FlatIndex
from saccade.indexes.manifest import (
    CURRENT,
    MANIFEST,
    Manifest,
    UnusableError,
    check_fully,
    check_quickly,
    generation,
)
from saccade.indexes.rows import Rows

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
        from saccade.indexes import writing  # noqa: PLC0415 - a search writes nothing

        wishes = writing.Wishes(kind=kind, queries=queries, count=count, report=report)
        return writing.build(self._place(space), space, batches, wishes)

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
        from saccade.indexes import writing  # noqa: PLC0415 - as above

        wishes = writing.Wishes(kind=kind, queries=queries, count=None, report=report)
        return writing.upsert(self._place(space), space, batches, wishes)

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
        from saccade.indexes import writing  # noqa: PLC0415 - as above

        wishes = writing.Wishes(kind=kind, queries=queries, count=None, report=report)
        answer = writing.delete(self._place(space), space, ids, sequence, wishes)
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

    def _place(self, space: SpaceInfo) -> Path:
        return self._folder / f"space-{space.id}"


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
