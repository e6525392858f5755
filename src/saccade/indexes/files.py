"""Index files: built separately, switched atomically, checked when opened.

    FOLDER/space-ID/current.json       which generation is current, and the digest of its manifest
    FOLDER/space-ID/gen-*/             one index, never changed once it is in place
        manifest.json                  its description, and the seals of the other files
        ids.i64, vectors.f32           ascending ids and their rows, little-endian, nothing else
        candidates.faiss               not for flat

A build ends by replacing current.json. Anything else is left from a killed build, or is an old generation:
the next build removes it. Readers keep the files they have mapped.
"""

import hashlib
import json
import re
import secrets
import shutil
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from saccade.core.errors import InputError
from saccade.core.ports.decoders import ReportProgress
from saccade.core.ports.indexes import Index, IndexSummary, NoIndex
from saccade.core.types import Embeddings, Ids, Progress, SpaceInfo
from saccade.core.vectors import check_embeddings
from saccade.indexes.durable import read, storage_errors, sync, write
from saccade.indexes.flat import FlatIndex
from saccade.indexes.manifest import (
    FORMAT,
    MANIFEST,
    Manifest,
    UnusableError,
    check_fully,
    check_quickly,
    load_json,
    read_manifest,
    seal,
)
from saccade.indexes.rows import IDS, VECTORS, Rows
from saccade.indexes.staging import write_rows

FLAT_BELOW = 20_000
"""Number of embeddings below which "auto" means flat: comparing them all takes a few milliseconds."""

_CURRENT = "current.json"
_GENERATION = re.compile(r"gen-[0-9a-f-]+")
_KINDS = ("auto", "flat", "ivf", "hnsw")
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
                current = (place / _CURRENT).read_bytes()
                folder, manifest = _generation(place, current)
                manifest.check_space(space)
                check_quickly(folder, manifest.files)
                return _open(folder, manifest)
            except (UnusableError, OSError, ValueError) as error:
                reason = str(error)
                now = read(place / _CURRENT)
                if now is None:
                    return NoIndex(reason="no index was built", damaged=False)
                if now == current:  # else a build replaced it meanwhile: try again
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
        if kind not in _KINDS:
            raise InputError(f"unknown kind of index {kind!r}", hint=f"one of: {', '.join(_KINDS)}")
        if queries is not None:
            check_embeddings(queries, space.dim)
        place = self._place(space)
        with storage_errors(place):
            place.mkdir(parents=True, exist_ok=True)
            _sweep(place)
            try:
                name = f"gen-{secrets.token_hex(8)}"
                staging = place / f"tmp-{name}"
                staging.mkdir()
                manifest = _fill(
                    staging, space, batches, kind=kind, queries=queries, steps=_Steps(report, count)
                )
                text = manifest.to_json()
                write(staging / MANIFEST, text)
                sync(staging)
                staging.rename(place / name)
                sync(place)
                _point(place, name, hashlib.sha256(text).hexdigest())
            finally:
                _sweep(place)
        return IndexSummary(
            kind=manifest.kind,
            size=manifest.size,
            sequence=manifest.sequence,
            recall=1.0 if manifest.recall is None else manifest.recall,
            note=manifest.note,
            size_bytes=sum(file.size for file in manifest.files.values()),
        )

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
            current = read(place / _CURRENT)
            if current is None:
                return []
            try:
                folder, manifest = _generation(place, current)
                problems += [
                    f"the index of space {space.id}: {one}" for one in check_fully(folder, manifest.files)
                ]
            except (UnusableError, OSError) as error:
                problems = problems or [f"the index of space {space.id} cannot be read: {error}"]
            if not problems or read(place / _CURRENT) == current:
                break
        return problems

    def remove(self, space: SpaceInfo) -> None:
        """Delete the files of the space's index; open readers are not affected."""
        place = self._place(space)
        with storage_errors(place):
            if place.exists():
                (place / _CURRENT).unlink(missing_ok=True)
                sync(place)
                shutil.rmtree(place)

    def _place(self, space: SpaceInfo) -> Path:
        return self._folder / f"space-{space.id}"


class _Steps:
    """Progress of the two passes over the rows."""

    def __init__(self, report: ReportProgress | None, count: int | None) -> None:
        self._report = report
        self._count = count

    def stored(self, done: int) -> None:
        if self._report is not None:
            self._report(Progress(stage="storing vectors", done=done, total=self._count))

    def added(self, done: int) -> None:
        if self._report is not None:
            self._report(Progress(stage="building the index", done=done, total=self._count))


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


def _fill(
    folder: Path,
    space: SpaceInfo,
    batches: Iterable[tuple[int, Ids, Embeddings]],
    *,
    kind: str,
    queries: Embeddings | None,
    steps: _Steps,
) -> Manifest:
    """Write every file of an index except its manifest."""
    size, sequence = write_rows(folder, batches, space.dim, steps.stored)
    files = {name: seal(folder / name) for name in (IDS, VECTORS)}
    if kind == "auto":
        kind = "flat" if size < FLAT_BELOW else "ivf"
    if size == 0:
        kind = "flat"
    parameters: dict[str, int] = {}
    recall, note = None, ""
    if kind != "flat":
        from saccade.indexes import ann, build  # noqa: PLC0415 - as above

        built = build.build(folder, Rows.open(folder, size, space.dim), kind, queries, steps.added)
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


def _generation(place: Path, current: bytes) -> tuple[Path, Manifest]:
    """The generation that the content of current.json names. Raises UnusableError or OSError."""
    pointer = load_json(current, _CURRENT)
    name, digest = pointer.get("generation"), pointer.get("manifest")
    if not isinstance(name, str) or not isinstance(digest, str) or not _GENERATION.fullmatch(name):
        raise UnusableError(f"{_CURRENT} is damaged")
    return place / name, read_manifest(place / name, digest)


def _point(place: Path, generation: str, digest: str) -> None:
    """Make this the current generation, in one step."""
    new = place / f"tmp-{_CURRENT}"
    pointer = {"format": FORMAT, "generation": generation, "manifest": digest}
    write(new, json.dumps(pointer).encode())
    new.replace(place / _CURRENT)
    sync(place)


def _sweep(place: Path) -> None:
    """Remove everything but the current generation."""
    current = read(place / _CURRENT)
    keep = {_CURRENT}
    if current is not None:
        with suppress(UnusableError, OSError):  # unusable files need not be kept
            keep.add(_generation(place, current)[0].name)
    for entry in place.iterdir():
        if entry.name not in keep:
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
