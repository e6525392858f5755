"""Writes tags for other programs: tables, and sidecars next to the images."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from saccade.core.errors import InputError, SaccadeError
from saccade.core.ports.decoders import ReportProgress
from saccade.core.types import Failure, Ids, Progress
from saccade.engine.context import LibraryContext
from saccade.engine.places import locate
from saccade.usecases.tags.flow.formats import (
    TaggedImage,
    coco_parts,
    csv_parts,
    hf_parts,
    tagged_ids,
    tagged_images,
)
from saccade.usecases.tags.rules.reports import ExportReport

NAMES = {"csv": "tags.csv", "hf": "metadata.jsonl", "coco": "tags.json"}
"""{format: default file name}."""
SIDECARS = "xmp"
_Image = TypeVar("_Image")


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What to export.

    Attributes:
        format: a key of `NAMES`, or `SIDECARS`.
        target: the file to write, absolute; None for the default one.
        among: sorted ids; None for every image that has tags.
        dry_run: only report what would be written.
    """

    format: str
    target: str | None
    among: Ids | None
    dry_run: bool


def export(context: LibraryContext, wanted: Export, progress: ReportProgress) -> ExportReport:
    """Write tags for other programs; each file is written atomically.

    Raises:
        InputError: an unknown format, or a file that exists.
    """
    catalog = context.catalog
    ids = tagged_ids(catalog, wanted.among)
    images = reported(tagged_images(catalog, ids), len(ids), progress)
    if wanted.format == SIDECARS:
        if wanted.target is not None:
            raise InputError("sidecars are written next to their images", hint="leave out --to")
        return _sidecars(context, images, dry_run=wanted.dry_run)
    if wanted.format not in NAMES:
        known = ", ".join((*NAMES, SIDECARS))
        raise InputError(f"unknown format {wanted.format!r}", hint=f"one of: {known}")
    target = wanted.target or os.path.join(os.path.dirname(context.folder), NAMES[wanted.format])
    if os.path.exists(target):
        raise InputError(f"{target} already exists", hint="move it away, or choose another with --to")
    skipped: list[Failure] = []
    if not wanted.dry_run:
        if wanted.format == "csv":
            parts = csv_parts(images)
        elif wanted.format == "hf":
            parts = hf_parts(images, os.path.dirname(target), skipped)
        else:
            parts = coco_parts(images, list(catalog.tags.labels()))
        context.tools.clear_scratch([os.path.dirname(target)])
        context.tools.write_whole(target, parts)
    return ExportReport(
        format=wanted.format,
        images=len(ids),
        written=(target,),
        unchanged=0,
        skipped=tuple(skipped),
        kept=None,
        applied=not wanted.dry_run,
    )


def _sidecars(context: LibraryContext, images: Iterator[TaggedImage], *, dry_run: bool) -> ExportReport:
    """A sidecar next to each file, merged into an existing one."""
    written, skipped, unchanged, count = [], [], 0, 0
    cleared: set[str] = set()
    for one in images:
        count += 1
        labels = [tag.label for tag in one.tags]
        for path in one.record.paths:
            file, member = locate(path)
            if member:
                skipped.append(Failure(path=path, code="not_written", reason="it is in an archive"))
                continue
            target = context.tools.keywords.sidecar_of(file)
            folder = os.path.dirname(target)
            if folder not in cleared and not dry_run:
                context.tools.clear_scratch([folder])
                cleared.add(folder)
            try:
                old = content_of(target)
                fresh = context.tools.keywords.with_keywords(old, labels)
                if fresh == old:
                    unchanged += 1
                    continue
                if not dry_run:
                    context.tools.write_whole(target, [fresh])
            except (ValueError, OSError, SaccadeError) as error:
                skipped.append(Failure(path=target, code="not_written", reason=reason_of(error)))
                continue
            written.append(target)
    return ExportReport(
        format=SIDECARS,
        images=count,
        written=tuple(written),
        unchanged=unchanged,
        skipped=tuple(skipped),
        kept=None,
        applied=not dry_run,
    )


def reported(images: Iterable[_Image], total: int, progress: ReportProgress) -> Iterator[_Image]:
    """The images, with progress reported as they pass."""
    for done, one in enumerate(images, 1):
        yield one
        if done % 100 == 0 or done == total:
            progress(Progress(stage="export", done=done, total=total))


def content_of(path: str) -> bytes | None:
    """Bytes of a file; None if there is none."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def reason_of(error: Exception) -> str:
    """Why something was not written, in a few words."""
    if isinstance(error, SaccadeError):
        return error.message
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
