"""`lib.duplicates`: find duplicates, check for them, and put spare files away."""

import time
from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from saccade.core.errors import InputError
from saccade.core.filters import Where
from saccade.core.pictures import ImageId, Path, Picture
from saccade.core.ports.decoders import ReportProgress
from saccade.core.quarantine import QuarantineRun, UndoReport
from saccade.core.types import Failure, Role
from saccade.engine.context import LibraryContext, OpenLibrary
from saccade.engine.inputs import absolute, picture_task
from saccade.usecases.duplicates.rules.applying import USUAL_TIERS, ApplyReport
from saccade.usecases.duplicates.rules.reports import (
    CheckResult,
    DuplicateGroup,
    DuplicateReport,
    OverlapReport,
    Tier,
)
from saccade.usecases.duplicates.rules.savings import PriceTable
from saccade.usecases.duplicates.rules.tiers import checked_tier, pair_tiers

SAME = (Tier.BYTES, Tier.PIXELS, Tier.PICTURE)
"""The tiers that apply to two single pictures."""


class Duplicates:
    """Duplicates in one library."""

    def __init__(self, context: LibraryContext) -> None:
        self._context = context

    def find(
        self,
        *,
        tiers: Sequence[str] = SAME,
        where: Where | Sequence[str] | None = None,
        folders: Sequence[Path] = (),
        prefer: Sequence[Path] = (),
        keep: Sequence[str] = (),
        burst_seconds: float = 10.0,
        verify: str = "base",
        progress: ReportProgress | None = None,
    ) -> DuplicateReport:
        """Find groups of duplicate files, and the one to keep in each. Changes no file.

        Pairs are compared only once; later calls compare only new images with the others. Results are stored
        in the catalog if it can be written; no lock is needed.

        Args:
            tiers: of "bytes", "pixels", "picture", "burst", "scene"; see `Tier`.
            where, folders: only these images; only files in the folders are listed, and can be kept.
            prefer: folders whose files are kept, the most preferred first.
            keep: rules that choose the keeper, most important first, of "folder", "resolution",
                "quality", "metadata", "name", "date", "path"; omitted ones follow in this order.
            burst_seconds: longest time between two pictures of a burst.
            verify: "base" (needs nothing), or "sift" (the extra `verify`: slower, no better on photos).
            progress: called a few times per second.
        Raises:
            InputError: an unknown tier, rule or verifier; MissingExtraError: "sift" without the extra.
            InvalidQueryError: the encoder has no copy embeddings.
        """
        from saccade.usecases.duplicates.flow.finding import find_duplicates
        from saccade.usecases.duplicates.flow.selection import request_of
        from saccade.usecases.duplicates.flow.tools import duplicate_tools

        request = request_of(
            self._context,
            tiers=tiers,
            where=where,
            folders=folders,
            prefer=prefer,
            keep=keep,
            burst_seconds=burst_seconds,
        )
        with self._context.jobs.run("duplicates", progress) as job:
            report = find_duplicates(duplicate_tools(self._context, verify), request, progress=job.report)
            job.done(groups=len(report.groups))
        return report

    def iter_groups(
        self,
        *,
        tiers: Sequence[str] = SAME,
        where: Where | Sequence[str] | None = None,
        folders: Sequence[Path] = (),
        prefer: Sequence[Path] = (),
        keep: Sequence[str] = (),
        burst_seconds: float = 10.0,
        verify: str = "base",
        progress: ReportProgress | None = None,
    ) -> Iterator[DuplicateGroup]:
        """The groups of `find`, in the same order, in batches: for libraries too large for its report.

        Arguments and errors are those of `find`. The call compares; the groups are built later, as they are
        taken. Files that cannot be read are left out.
        """
        from saccade.usecases.duplicates.flow.finding import iter_groups
        from saccade.usecases.duplicates.flow.selection import request_of
        from saccade.usecases.duplicates.flow.tools import duplicate_tools

        request = request_of(
            self._context,
            tiers=tiers,
            where=where,
            folders=folders,
            prefer=prefer,
            keep=keep,
            burst_seconds=burst_seconds,
        )
        with self._context.jobs.run("duplicates", progress) as job:
            return iter_groups(duplicate_tools(self._context, verify), request, progress=job.report)

    def check(
        self, *pictures: Picture, tiers: Sequence[str] = SAME, verify: str = "base"
    ) -> Sequence[CheckResult]:
        """Check whether the library already has pictures: for each, the images it matches. Writes nothing.

        Args:
            pictures: paths, encoded bytes, PIL images or (H, W, 3) uint8 pixels, in the library or not; a
                file in the library is compared with all others.
            tiers: of "bytes", "pixels", "picture".
            verify: as for `find`.
        Raises:
            PathNotFoundError: no such file. For a picture that cannot be read, the result says why.
        """
        from saccade.usecases.duplicates.flow.checking import check
        from saccade.usecases.duplicates.flow.tools import checker

        wanted = pair_tiers(tiers)
        tasks = [picture_task(picture, self._context.tools.pictures) for picture in pictures]
        return check(checker(self._context, verify, wanted), tasks)

    def leaks(
        self,
        train: Path,
        test: Path,
        *,
        field: str | None = None,
        tiers: Sequence[str] = SAME,
        verify: str = "base",
        progress: ReportProgress | None = None,
    ) -> OverlapReport:
        """Find pictures that two sets share, such as test images that were also in the training data.

        Args:
            train, test: two folders; with `field`, two values of a field of text.
            field: such as "split".
            tiers: of "bytes", "pixels", "picture".
            verify: as for `find`.
        Raises:
            InputError: a set has no images.   InvalidFilterError: no such field.
        """
        from saccade.usecases.duplicates.flow.overlap import find_leaks
        from saccade.usecases.duplicates.flow.selection import images_of_set
        from saccade.usecases.duplicates.flow.tools import duplicate_tools

        wanted = pair_tiers(tiers)
        one, two = (images_of_set(self._context, name, field) for name in (train, test))
        with self._context.jobs.run("leaks", progress) as job:
            tools = duplicate_tools(self._context, verify)
            report = find_leaks(tools, one, two, wanted, progress=job.report)
            job.done(pairs=len(report.pairs))
        return report

    def overlap(
        self,
        other: OpenLibrary,
        *,
        tiers: Sequence[str] = SAME,
        verify: str = "base",
        progress: ReportProgress | None = None,
    ) -> OverlapReport:
        """Find pictures in both this library (`a` of each pair) and another one (`b`). Stores no result.

        Raises:
            EncoderMismatchError: the libraries use different encoders.
        """
        from saccade.usecases.duplicates.flow.overlap import find_shared
        from saccade.usecases.duplicates.flow.tools import duplicate_tools

        wanted = pair_tiers(tiers)
        tools, space = duplicate_tools(self._context, verify), other.context.spaces.reader(Role.COPY).space
        encoder = self._context.spaces.encoder(Role.COPY).info
        with self._context.jobs.run("overlap", progress) as job:
            report = find_shared(tools, encoder, other.context.catalog, space, wanted, progress=job.report)
            job.done(pairs=len(report.pairs))
        return report

    def mark_distinct(
        self, image: Path | ImageId, other: Path | ImageId, *more: Path | ImageId, distinct: bool = True
    ) -> int:
        """Mark images as not duplicates of each other; the number of pairs changed.

        This is permanent: they are never grouped again. `distinct=False` undoes it. Takes the write lock.

        Raises:
            ImageNotFoundError: the library holds no such image.
            InputError: two names of one image: its files hold the same bytes.
        """
        ids = np.unique(self._context.ids([image, other, *more])).tolist()
        if len(ids) < 2 + len(more):
            raise InputError(
                "two of these are one image: the files hold the same bytes", hint="name each image once"
            )
        with self._context.catalog.writing("marking pictures as distinct"):
            return self._context.catalog.pairs.set_distinct(list(combinations(ids, 2)), distinct=distinct)

    def apply(
        self,
        report: DuplicateReport,
        *,
        dry_run: bool = False,
        to: Path | None = None,
        tiers: Sequence[Tier | str] = USUAL_TIERS,
        prices: Path | PriceTable | None = None,
        progress: ReportProgress | None = None,
    ) -> ApplyReport:
        """Put the spare files of a report away, or report what that would do.

        Nothing is deleted. The others of each group move to a quarantine and their keepers take over their
        metadata (tags, and columns named `merged_...`); `undo` reverses all of it. A file that
        changed since it was indexed, is in an archive, or whose keeper is not certain to stay is skipped and
        reported. Takes the write lock; each batch of files is durable before the next one moves. If it is
        canceled, between two files, earlier moves can be undone, and the same call resumes.

        Args:
            report: from `find`.
            dry_run: change nothing, read no picture.
            to: an existing folder for the quarantine, outside the indexed folders; may be on another disk.
                Default: in the library's own folder.
            tiers: which tiers to move. Bursts and scenes are different pictures, and are moved only if named.
            prices: a price table in TOML; an example unless given.
            progress: called a few times per second.
        Raises:
            InputError, PathNotFoundError: the tiers, the folder or the price table; nothing was changed.
            LibraryBusyError; DiskFullError, ReadOnlyError, StorageError: earlier moves can be undone, and the
                same call resumes.
        """
        from saccade.usecases.duplicates.flow.prices import price_table
        from saccade.usecases.duplicates.flow.tools import applier

        context, table = self._context, price_table(prices)
        wanted = frozenset(map(checked_tier, tiers))
        place = None if to is None else absolute([to])[0]
        if dry_run:
            return applier(context, table, lambda _: None).plan(report, wanted, place)
        created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(context.clock()))
        with context.jobs.run("apply", progress) as job:
            applied = applier(context, table, job.report).apply(report, wanted, place, created)
            job.done(moved=len(applied.moves), skipped=len(applied.skipped))
        return applied

    def undo(self, run: str | int | None = None, *, progress: ReportProgress | None = None) -> UndoReport:
        """Put back everything that a run of `apply` moved, byte for byte, with times and permissions.

        Nothing is overwritten: if a path is taken, the file is put next to it. Safe to repeat, and after any
        interruption. Takes the write lock.

        Args:
            run: as `runs` lists it; default: the newest that still has files.
        Raises:
            NotFoundError: there is no such run, or nothing to undo.
            LibraryBusyError; DiskFullError, ReadOnlyError, StorageError: call it again to resume.
        """
        from saccade.usecases.duplicates.flow.undoing import undo

        tools, name = self._context.tools, None if run is None else str(run)
        journal = tools.journal(self._context.folder)
        with self._context.jobs.run("undo", progress) as job:
            report = undo(self._context.catalog, tools.quarantine, journal, name, progress=job.report)
            job.done(restored=len(report.restored), failed=len(report.failed))
        return report

    def runs(self) -> Sequence[QuarantineRun]:
        """Every run that put files away, oldest first, and what its quarantine holds now."""
        from saccade.usecases.duplicates.flow.undoing import quarantine_runs

        tools = self._context.tools
        return quarantine_runs(tools.quarantine, tools.journal(self._context.folder))

    def differences(
        self, pairs: Sequence[tuple[str, str, Sequence[float]]], size: int = 320
    ) -> Sequence[bytes | Failure]:
        """How pictures differ from their originals once aligned with them, as JPEG files.

        Black is equal; what the second picture does not cover is gray.

        Args:
            pairs: path of the original, path of the other, and `Evidence.transform`.
            size: longest side, pixels.
        """
        from saccade.usecases.duplicates.flow.differences import differences

        return differences(self._context, pairs, size)
