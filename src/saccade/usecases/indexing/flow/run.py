"""Brings a library up to date: plan, decode, encode, record. Once `record` returns, data is durable."""

import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TypeVar

import numpy as np

from saccade.core.decoding import Decoded, DecodeOutcome, DecodeTask, FileEntry, FileStamp, Hashed
from saccade.core.perceptual import phash
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.decoders import Decoder, ReportProgress
from saccade.core.ports.encoders import Encoder
from saccade.core.ports.files import SeenFile
from saccade.core.ports.images import NewImage
from saccade.core.ports.tools import Walk
from saccade.core.status import IndexReport
from saccade.core.types import Failure, Progress, Role
from saccade.engine.rehash import shows_all
from saccade.engine.scopes import remember
from saccade.usecases.indexing.flow.folders import failures_below, gone_images, no_images, patterns_of, widest
from saccade.usecases.indexing.flow.plan import Plan, make_plan

_T = TypeVar("_T")
BATCH = 64
"""Number of pictures encoded and recorded together, in one durable transaction."""

_HASHES = 2048
"""Number of perceptual hashes recorded together: if a run is killed, its last images have none."""

_EXCLUDED = "excluded"
_IMAGE_FILE = frozenset({"indexed", "failed"})
"""States of the files that a report counts."""
_TRANSIENT = frozenset({"file_changed", "file_vanished", "unreadable_file"})
_NEVER = FileStamp(size=-1, mtime_ns=0)
"""A stamp no file has: transient failures are retried in the next run."""


@dataclass(slots=True, kw_only=True)
class _Tally:
    """Counts during a run."""

    added: int = 0
    moved: int = 0
    excluded: int = 0
    embedded: int = 0
    failed: int = 0
    done: int = 0
    total: int = 0
    gone: Counter[int] = field(default_factory=Counter)
    """How many files of each image vanished in this run, less those found elsewhere."""


def index_paths(
    catalog: Catalog,
    decoder: Decoder,
    encoder: Encoder,
    walk: Walk,
    paths: Sequence[str],
    *,
    exclude: Sequence[str] = (),
    allow_empty: bool = False,
    progress: ReportProgress | None = None,
) -> IndexReport:
    """Index absolute paths (folders, archives, files); see IndexReport.

    Raises:
        PathNotFoundError: nothing was changed.
        NoImagesError: no image was found and none removed; only files that are not images were recorded.
        LibraryBusyError, DiskFullError, ReadOnlyError, StorageError: earlier records are kept.
    """
    started = time.monotonic()
    report = progress or (lambda _: None)
    paths = widest(paths)
    with catalog.writing():
        report(Progress(stage="scan", done=0, total=None))
        plans = [
            make_plan(
                catalog,
                walk,
                decoder,
                path,
                exclude=patterns_of(catalog, path, exclude),
                allow_empty=allow_empty,
            )
            for path in paths
        ]
        if not allow_empty and not any(plan.found or plan.gone for plan in plans):
            raise no_images(paths)
        for path, plan in zip(paths, plans, strict=True):
            if os.path.isdir(path):
                remember(catalog, plan.folder, plan.below, exclude)
        run = _Run(catalog, decoder, encoder, report)
        run.tally.gone = Counter(image for plan in plans for image in gone_images(plan))
        for plan in plans:
            run.work(plan)
        removed = run.finish(plans)
    tally = run.tally
    failed = tuple(failures_below(catalog, paths)) + tuple(
        failure for plan in plans for entry, failure in plan.failures if entry is None
    )
    unchanged = sum(plan.unchanged for plan in plans)
    files = unchanged + tally.added + tally.moved + len(failed)
    if not files and not removed and not allow_empty:
        raise no_images(paths)
    return IndexReport(
        files=files,
        added=tally.added,
        unchanged=unchanged,
        moved=tally.moved,
        removed=removed,
        excluded=tally.excluded + sum(plan.excluded for plan in plans),
        embedded=tally.embedded,
        failed=failed,
        seconds=time.monotonic() - started,
    )


class _Run:
    """One run over several plans."""

    def __init__(self, catalog: Catalog, decoder: Decoder, encoder: Encoder, report: ReportProgress) -> None:
        self._catalog = catalog
        self._decoder = decoder
        self._encoder = encoder
        self._report = report
        self._spaces: dict[Role, int] = {
            role: catalog.spaces.ensure(encoder.info, role).id for role in encoder.info.dims
        }
        self._number = 0
        self._hashes: dict[int, int] = {}
        self.tally = _Tally()

    def work(self, plan: Plan) -> None:
        """Read, encode and record everything a plan names."""
        seen = [SeenFile(entry=entry, image_id=image) for entry, image in plan.back]
        seen += [self._failed(entry, failure) for entry, failure in plan.failures if entry is not None]
        for _, image in plan.back:
            self._count_known(image)
        self._record(plan, seen)
        self.tally.total += len(plan.changed)
        sizes = self._catalog.images.sizes() if plan.changed else set()
        # A file as long as a known image may be that image, moved: its digest tells without decoding.
        suspects = [entry for entry in plan.changed if entry.stamp.size in sizes]
        fresh = [entry for entry in plan.changed if entry.stamp.size not in sizes]
        unknown: list[FileEntry] = []
        for batch in _batches(self._outcomes(suspects, hash_only=True)):
            unknown += self._store_hashed(plan, batch)
        for batch in _batches(self._outcomes([*unknown, *fresh], hash_only=False)):
            self._store_decoded(plan, batch)
        self._record(plan, [SeenFile(entry=entry, archive=True) for entry in plan.archives])

    def finish(self, plans: Sequence[Plan]) -> int:
        """Record vanished files and close the run; number of image files removed (excluding moved ones)."""
        removed = -self.tally.moved
        self._save_hashes()
        for plan in plans:
            if plan.gone:
                self._catalog.files.mark_missing(self._run(), plan.folder, plan.gone)
                removed += sum(file.state in _IMAGE_FILE for file in plan.gone.values())
        if self._number or self._catalog.runs.unfinished():
            # A run killed after recording all its work only needs to be marked as done.
            summary = {"added": self.tally.added, "moved": self.tally.moved, "removed": removed}
            self._catalog.runs.finish(self._run(), summary)
        return removed

    def _outcomes(
        self, entries: Sequence[FileEntry], *, hash_only: bool
    ) -> Iterator[tuple[FileEntry, DecodeOutcome]]:
        tasks = (DecodeTask(path=e.path, member=e.member, hash_only=hash_only) for e in entries)
        return zip(entries, self._decoder.decode(tasks), strict=True)

    def _store_hashed(self, plan: Plan, batch: Sequence[tuple[FileEntry, DecodeOutcome]]) -> list[FileEntry]:
        """Record known images; return the others, to be decoded."""
        digests = [outcome.sha256 for _, outcome in batch if isinstance(outcome, Hashed)]
        known = self._catalog.images.find(digests, list(self._spaces.values()))
        seen: list[SeenFile] = []
        unknown: list[FileEntry] = []
        for entry, outcome in batch:
            if isinstance(outcome, Failure):
                seen.append(self._failed(entry, outcome))
            elif outcome.sha256 in known:
                seen.append(SeenFile(entry=_as_read(entry, outcome), image_id=known[outcome.sha256]))
                self._count_known(known[outcome.sha256])
            else:
                unknown.append(entry)
        self._record(plan, seen)
        self._advance(len(seen))
        return unknown

    def _store_decoded(self, plan: Plan, batch: Sequence[tuple[FileEntry, DecodeOutcome]]) -> None:
        """Encode the pictures that are new, and record everything in one transaction."""
        pictures = {outcome.sha256: outcome for _, outcome in batch if isinstance(outcome, Decoded)}
        known = self._catalog.images.find(list(pictures), list(self._spaces.values()))
        new = [picture for digest, picture in pictures.items() if digest not in known]
        images = self._encode(new)
        seen: list[SeenFile] = []
        for entry, outcome in batch:
            if isinstance(outcome, Failure):
                seen.append(self._failed(entry, outcome))
            elif isinstance(outcome, Decoded) and outcome.sha256 in images:
                seen.append(SeenFile(entry=_as_read(entry, outcome), image=images[outcome.sha256]))
                self.tally.added += 1
            elif isinstance(outcome, Decoded):
                image = known[outcome.sha256]
                seen.append(SeenFile(entry=_as_read(entry, outcome), image_id=image))
                self._count_known(image)
        self._hash(new, seen, self._record(plan, seen))
        self.tally.embedded += len(new)
        self._advance(len(seen))

    def _encode(self, pictures: Sequence[Decoded]) -> dict[bytes, NewImage]:
        if not pictures:
            return {}
        rows = self._encoder.encode_pixels(np.stack([picture.pixels for picture in pictures]))
        return {
            picture.sha256: NewImage(
                sha256=picture.sha256,
                info=picture.info,
                embeddings={self._spaces[role]: rows[role][number] for role in self._spaces},
            )
            for number, picture in enumerate(pictures)
        }

    def _hash(
        self, pictures: Sequence[Decoded], seen: Sequence[SeenFile], images: Sequence[int | None]
    ) -> None:
        """Compute the perceptual hash of each new picture; many are stored in one transaction."""
        if pictures and shows_all(self._encoder.info.recipe):
            hashes = phash(np.stack([picture.pixels for picture in pictures])).tolist()
            of = {picture.sha256: value for picture, value in zip(pictures, hashes, strict=True)}
            self._hashes |= {
                image: of[file.image.sha256]
                for file, image in zip(seen, images, strict=True)
                if file.image is not None and image is not None
            }
        if len(self._hashes) >= _HASHES:
            self._save_hashes()

    def _save_hashes(self) -> None:
        if self._hashes:
            self._catalog.hashes.save(self._hashes)
        self._hashes = {}

    def _count_known(self, image: int) -> None:
        """A known picture at a new path: moved if it vanished elsewhere in this run, else one more copy."""
        if self.tally.gone[image] > 0:
            self.tally.gone[image] -= 1
            self.tally.moved += 1
        else:
            self.tally.added += 1

    def _failed(self, entry: FileEntry, failure: Failure) -> SeenFile:
        if failure.code == _EXCLUDED:
            self.tally.excluded += 1
            return SeenFile(entry=entry)
        self.tally.failed += 1
        if failure.code in _TRANSIENT:
            entry = replace(entry, stamp=_NEVER)
        return SeenFile(entry=entry, failure=failure)

    def _record(self, plan: Plan, seen: Sequence[SeenFile]) -> list[int | None]:
        """Record in durable batches; the image of each file."""
        images: list[int | None] = []
        for start in range(0, len(seen), 256):
            images += self._catalog.files.record(self._run(), plan.folder, seen[start : start + 256])
        return images

    def _run(self) -> int:
        """The run's number; a run that changes nothing writes nothing."""
        if not self._number:
            self._number = self._catalog.runs.start("index")
        return self._number

    def _advance(self, files: int) -> None:
        self.tally.done += files
        self._report(
            Progress(stage="images", done=self.tally.done, total=self.tally.total, failed=self.tally.failed)
        )


def _as_read(entry: FileEntry, outcome: Decoded | Hashed) -> FileEntry:
    """The entry with the stamp the file had when it was read, not when it was found."""
    return entry if outcome.stamp is None or entry.member else replace(entry, stamp=outcome.stamp)


def _batches(items: Iterable[_T]) -> Iterator[list[_T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, BATCH)):
        yield batch
