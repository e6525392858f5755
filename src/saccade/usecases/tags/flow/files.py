"""Writes tags into image files, and restores the originals.

In this order, each step durable before the next: the original is copied, the manifest records the change, the
file is replaced. A kill in between leaves an unneeded original, or a line about a file that is still the
original; never a changed file that cannot be restored.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from saccade.core.errors import SaccadeError
from saccade.core.ports import Decoder, ReportProgress
from saccade.core.types import Decoded, DecodeTask, Failure, Ids, ImageRecord, PixelRecipe
from saccade.engine.context import LibraryContext
from saccade.engine.places import locate
from saccade.engine.record import embedded, inherit, read_again, record
from saccade.usecases.tags.flow.exporting import content_of, reason_of, reported
from saccade.usecases.tags.flow.formats import Tagged, tagged_ids, tagged_images
from saccade.usecases.tags.rules.reports import ExportReport

_PROOF = PixelRecipe(size=1024, fit="contain")
_MANIFEST = "written.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A line of the manifest: a file, and the digests of its bytes before and after."""

    path: str
    old: str
    new: str


def write_files(
    context: LibraryContext, among: Ids | None, *, dry_run: bool, progress: ReportProgress | None
) -> ExportReport:
    """Write tags into the JPEG files of images; every file is first verified to show the same picture."""
    ids = tagged_ids(context.catalog, among)
    images = list(reported(tagged_images(context.catalog, ids), len(ids), progress))
    written: list[tuple[str, ImageRecord]] = []
    skipped: list[Failure] = []
    unchanged = 0
    with context.open_decoder(_PROOF) as decoder:
        for one in images:
            for path in one.record.paths:
                try:
                    changed = _write_into(context, path, one, None if dry_run else decoder)
                except (ValueError, OSError, SaccadeError) as error:
                    skipped.append(Failure(path=path, code="not_written", reason=reason_of(error)))
                    continue
                if changed:
                    written.append((path, one.record))
                else:
                    unchanged += 1
    if not dry_run:
        _learn(context, written)
    return ExportReport(
        format="files",
        images=len(images),
        written=tuple(path for path, _ in written),
        unchanged=unchanged,
        skipped=tuple(skipped),
        kept=originals(context) if written and not dry_run else None,
        applied=not dry_run,
    )


def restore_files(context: LibraryContext, *, dry_run: bool) -> ExportReport:
    """Put back every file that `write_files` changed, byte for byte; files changed by others are skipped."""
    restored: list[tuple[str, ImageRecord]] = []
    skipped: list[Failure] = []
    first: dict[str, tuple[str, list[str]]] = {}
    for line in _manifest(context):
        first.setdefault(line.path, (line.old, []))[1].append(line.new)
    for path, (old, news) in first.items():
        now = _digest(path)
        if now == old:
            continue
        if now not in news:
            skipped.append(Failure(path=path, code="changed", reason="it is gone, or changed since"))
            continue
        before = context.catalog.images.by_path(path)
        if before is None:  # the manifest is in the library's folder and untrusted
            skipped.append(Failure(path=path, code="not_indexed", reason="the library does not index it"))
            continue
        if not dry_run:
            content = content_of(os.path.join(originals(context), old))
            if content is None or hashlib.sha256(content).hexdigest() != old:
                skipped.append(Failure(path=path, code="no_original", reason="its original is damaged"))
                continue
            context.tools.write_whole(path, [content], like=path)
        restored.append((path, before))
    if not dry_run:
        _learn(context, restored)
    return ExportReport(
        format="files",
        images=len(first),
        written=tuple(path for path, _ in restored),
        unchanged=len(first) - len(restored) - len(skipped),
        skipped=tuple(skipped),
        kept=None,
        applied=not dry_run,
    )


def originals(context: LibraryContext) -> str:
    """The folder of the originals."""
    return os.path.join(context.folder, "originals")


def _write_into(context: LibraryContext, path: str, one: Tagged, decoder: Decoder | None) -> bool:
    """Write an image's tags into one of its files; whether that changes it (or would, without a decoder).

    Raises:
        ValueError: the file cannot store them; the message says why.
    """
    if locate(path)[1]:
        raise ValueError("it is in an archive")
    path = os.path.realpath(path)
    with open(path, "rb") as file:
        data = file.read()
    if hashlib.sha256(data).digest() != one.record.sha256:
        raise ValueError("it changed since it was indexed: run `saccade index` first")
    keywords = context.tools.keywords
    fresh = keywords.tagged_jpeg(data, [tag.label for tag in one.tags])
    if fresh == data:
        return False
    if keywords.picture_data(fresh) != keywords.picture_data(data):
        raise ValueError("its picture would change")
    if decoder is None:
        return True
    _prove_same(decoder, data, fresh)
    place = os.path.join(originals(context), one.record.image_id)
    os.makedirs(originals(context), exist_ok=True)
    if not os.path.exists(place):
        context.tools.write_whole(place, [data])
    line = {"path": path, "old": one.record.image_id, "new": hashlib.sha256(fresh).hexdigest()}
    context.tools.append_line(os.path.join(originals(context), _MANIFEST), json.dumps(line))
    context.tools.write_whole(path, [fresh], like=path)
    return True


def _learn(context: LibraryContext, files: Sequence[tuple[str, ImageRecord]]) -> None:
    """Record files whose bytes changed, and copy the old images' metadata to the new ones."""
    pictures = read_again(context, [path for path, _ in files])
    if not pictures:
        return
    images = embedded(context, list(pictures.values()))
    before = {path: one.id for path, one in files}
    with context.catalog.unit("recording tagged files"):
        now = record(context, pictures, images)
        inherit(context, {new: before[path] for path, new in now.items() if new != before[path]})


def _manifest(context: LibraryContext) -> Iterator[_Line]:
    """Every file ever written, oldest first."""
    content = content_of(os.path.join(originals(context), _MANIFEST)) or b""
    for line in content.splitlines():
        try:
            entry = json.loads(line)
            yield _Line(path=entry["path"], old=entry["old"], new=entry["new"])
        except (ValueError, KeyError, TypeError):
            continue  # the last line of a run that was killed while it wrote


def _prove_same(decoder: Decoder, data: bytes, fresh: bytes) -> None:
    """Decode both, and fail if a pixel differs."""
    tasks = [DecodeTask(path="before", data=data), DecodeTask(path="after", data=fresh)]
    before, after = decoder.decode(tasks)
    if not isinstance(before, Decoded) or not isinstance(after, Decoded):
        raise ValueError("it cannot be decoded")  # noqa: TRY004 - a rejected file, not a wrong type
    if not np.array_equal(before.pixels, after.pixels):
        raise ValueError("its picture would change")


def _digest(path: str) -> str | None:
    """SHA-256 of a file; None if it cannot be read."""
    try:
        content = content_of(path)
    except OSError:
        return None
    return None if content is None else hashlib.sha256(content).hexdigest()
