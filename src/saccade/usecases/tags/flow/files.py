"""Tags in the image files themselves, and the originals back.

In this order, each step durable before the next: the original is kept, the manifest says what is about to
happen, the file is replaced, the catalog records the new image with everything known about the old one. A
kill leaves an original that nothing needs, or a line about a file that is still the original, or a file that
the catalog does not know yet: the next call records it. It never leaves a changed file that cannot be put
back.
"""

import hashlib
import os
from collections.abc import Sequence

import numpy as np

from saccade.core.decoding import Decoded, DecodeTask
from saccade.core.errors import SaccadeError
from saccade.core.ports.decoders import Decoder, ReportProgress
from saccade.core.types import Failure, Ids, PixelRecipe
from saccade.engine.context import LibraryContext
from saccade.engine.places import locate
from saccade.usecases.tags.flow.exporting import content_of, reason_of, reported
from saccade.usecases.tags.flow.formats import TaggedImage, tagged_ids, tagged_images
from saccade.usecases.tags.flow.manifest import Change, Manifest
from saccade.usecases.tags.flow.recording import Recorder
from saccade.usecases.tags.rules.reports import ExportReport

_PROOF = PixelRecipe(size=1024, fit="contain")
_WRITING = "writing tags into files"
_RESTORING = "putting original files back"


def write_files(
    context: LibraryContext, among: Ids | None, *, dry_run: bool, progress: ReportProgress
) -> ExportReport:
    """Write tags into the JPEG files of images, after verifying that each still shows the same picture."""
    if dry_run:
        return _write(context, Manifest(context), among, dry_run=True, progress=progress)
    with context.catalog.writing(_WRITING):
        manifest = Manifest(context)
        _finish(context, manifest)
        return _write(context, manifest, among, dry_run=False, progress=progress)


def restore_files(context: LibraryContext, *, dry_run: bool, progress: ReportProgress) -> ExportReport:
    """Put back every file that `write_files` changed, byte for byte; files changed by others are skipped."""
    if dry_run:
        return _restore(context, Manifest(context), dry_run=True, progress=progress)
    with context.catalog.writing(_RESTORING):
        manifest = Manifest(context)
        _finish(context, manifest)
        return _restore(context, manifest, dry_run=False, progress=progress)


class _KeptError(ValueError):
    """A file that is not restored; the message says why."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def _finish(context: LibraryContext, manifest: Manifest) -> None:
    """Record what an interrupted run changed and did not record, and remove what it left half written."""
    folders = (os.path.dirname(change.path) for change in manifest.pending)
    context.tools.clear_scratch([manifest.folder, *folders])
    with Recorder(context, manifest, _WRITING) as recorder:
        for change in manifest.pending:
            if _digest(change.path) == change.new:
                recorder.add(_names(context, change.path, (change.old, change.new)), change)


def _write(
    context: LibraryContext,
    manifest: Manifest,
    among: Ids | None,
    *,
    dry_run: bool,
    progress: ReportProgress,
) -> ExportReport:
    ids = tagged_ids(context.catalog, among)
    written: list[str] = []
    skipped: list[Failure] = []
    images = unchanged = 0
    with (
        context.open_decoder(_PROOF) as decoder,
        Recorder(context, manifest, _WRITING) as recorder,
    ):
        for one in reported(tagged_images(context.catalog, ids), len(ids), progress):
            images += 1
            for path in one.record.paths:
                try:
                    change = _write_into(context, path, one, manifest, None if dry_run else decoder)
                except (ValueError, OSError, SaccadeError) as error:
                    skipped.append(Failure(path=path, code="not_written", reason=reason_of(error)))
                    continue
                if change is None:
                    unchanged += 1
                    continue
                written.append(path)
                if not dry_run:
                    recorder.add([path], change)
    return ExportReport(
        format="files",
        images=images,
        written=tuple(written),
        unchanged=unchanged,
        skipped=tuple(skipped),
        kept=manifest.folder if written and not dry_run else None,
        applied=not dry_run,
    )


def _write_into(
    context: LibraryContext, path: str, one: TaggedImage, manifest: Manifest, decoder: Decoder | None
) -> Change | None:
    """Write an image's tags into one of its files (only check, without a decoder); None if it has them.

    Raises:
        ValueError: the file cannot take them; the message says why.
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
        return None
    if keywords.picture_data(fresh) != keywords.picture_data(data):
        raise ValueError("its picture would change")
    change = Change(path=path, old=one.record.image_id, new=hashlib.sha256(fresh).hexdigest())
    if decoder is None:
        return change
    _prove_same(decoder, data, fresh)
    _keep(context, manifest, change.old, data)
    manifest.announce(change)
    context.tools.write_whole(path, [fresh], like=path)
    return change


def _keep(context: LibraryContext, manifest: Manifest, digest: str, data: bytes) -> None:
    """Keep an original, once."""
    manifest.make_folder()
    place = os.path.join(manifest.folder, digest)
    if _digest(place) != digest:
        context.tools.write_whole(place, [data])


def _restore(
    context: LibraryContext, manifest: Manifest, *, dry_run: bool, progress: ReportProgress
) -> ExportReport:
    restored: list[str] = []
    skipped: list[Failure] = []
    unchanged = 0
    with Recorder(context, manifest, _RESTORING) as recorder:
        for path in reported(manifest.paths, len(manifest.paths), progress):
            try:
                found = _restorable(context, manifest, path)
                if found is None:
                    unchanged += 1
                    continue
                names, change, original = found
                if not dry_run:
                    manifest.announce(change, restored=True)
                    context.tools.write_whole(path, [original], like=path)
                    recorder.add(names, change)
            except (ValueError, OSError, SaccadeError) as error:
                code = error.code if isinstance(error, (_KeptError, SaccadeError)) else "not_restored"
                skipped.append(Failure(path=path, code=code, reason=reason_of(error)))
                continue
            restored.append(names[0])
    return ExportReport(
        format="files",
        images=len(manifest.paths),
        written=tuple(restored),
        unchanged=unchanged,
        skipped=tuple(skipped),
        kept=None,
        applied=not dry_run,
    )


def _restorable(
    context: LibraryContext, manifest: Manifest, path: str
) -> tuple[Sequence[str], Change, bytes] | None:
    """The library's names of a file, the change that puts its original back, and that; None if it is there.

    Raises:
        ValueError: it stays as it is; the message says why.
    """
    data = content_of(path)
    if data is None:
        raise _KeptError("changed", "it is missing")
    digest = hashlib.sha256(data).hexdigest()
    old = manifest.original(path, digest)
    if old is None:
        if manifest.is_original(path, digest):
            return None
        raise _KeptError("changed", "it was changed since")
    names = _names(context, path, (digest, old))
    if not names:
        raise _KeptError("not_indexed", "it is not indexed")
    original = content_of(os.path.join(manifest.folder, old))
    if original is None or hashlib.sha256(original).hexdigest() != old:
        raise _KeptError("no_original", "its original is damaged")
    keywords = context.tools.keywords
    if keywords.picture_data(original) != keywords.picture_data(data):
        raise _KeptError("no_original", "its original shows another picture")
    return names, Change(path=path, old=digest, new=old), original


def _names(context: LibraryContext, path: str, digests: Sequence[str]) -> Sequence[str]:
    """The library's names of a file: its path, or symbolic links to it among the files of these images."""
    images = context.catalog.images
    there = images.by_path(path)
    known = {image for ids in images.by_ids(digests).values() for image in ids}
    records = images.get(sorted(known if there is None else {there.id, *known}))
    return [name for record in records for name in record.paths if os.path.realpath(name) == path]


def _prove_same(decoder: Decoder, data: bytes, fresh: bytes) -> None:
    """Decode both versions, and refuse if any pixel differs."""
    tasks = [DecodeTask(path="before", data=data), DecodeTask(path="after", data=fresh)]
    before, after = decoder.decode(tasks)
    if not isinstance(before, Decoded) or not isinstance(after, Decoded):
        raise ValueError("it cannot be decoded")  # noqa: TRY004 - a file that is refused, not a wrong type
    if not np.array_equal(before.pixels, after.pixels):
        raise ValueError("its picture would change")


def _digest(path: str) -> str | None:
    """SHA-256 of a file; None if it cannot be read."""
    try:
        content = content_of(path)
    except OSError:
        return None
    return None if content is None else hashlib.sha256(content).hexdigest()
