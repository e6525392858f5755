"""Tags in the image files themselves, and the originals back."""

import hashlib
import json
import os
from collections.abc import Iterator, Sequence

import numpy as np

from saccade.core.errors import SaccadeError
from saccade.core.filters import Where
from saccade.core.ports import Decoder, ReportProgress
from saccade.core.types import Decoded, DecodeTask, Failure, ImageRecord, PixelRecipe, Progress
from saccade.engine.places import locate
from saccade.library.parts import LibraryParts, Path
from saccade.sources.image_tags import NotWritableError, picture_data, tagged_jpeg
from saccade.sources.walk import walk
from saccade.sources.whole_files import write_whole
from saccade.usecases.indexing.flow.run import index_paths
from saccade.usecases.tags.flow.exports import Tagged, tagged_ids, tagged_images
from saccade.usecases.tags.rules.reports import ExportReport

_PROOF = PixelRecipe(size=1024, fit="contain")
_MANIFEST = "written.jsonl"


class TagFiles(LibraryParts):
    """See `Library`."""

    def write_tags_to_files(
        self,
        *,
        where: Where | Sequence[str] | None = None,
        folders: Sequence[Path] = (),
        dry_run: bool = False,
        progress: ReportProgress | None = None,
    ) -> ExportReport:
        """Write tags into the JPEG files themselves, as XMP keywords; no pixel changes.

        The originals are kept in the library's folder (`restore_tagged_files` puts them back). Every file is
        proved to show the same picture before it takes the place of the old one, and indexed again with its
        tags; other formats are skipped, with the reason.
        """
        ids = tagged_ids(self._catalog, self._among(where, folders))
        images = list(reported(tagged_images(self._catalog, ids), len(ids), progress))
        written: list[tuple[str, ImageRecord]] = []
        skipped: list[Failure] = []
        unchanged = 0
        with self._decoder(_PROOF) as decoder:
            for one in images:
                for path in one.record.paths:
                    try:
                        changed = self._write_into(path, one, None if dry_run else decoder)
                    except (NotWritableError, OSError, SaccadeError) as error:
                        skipped.append(Failure(path=path, code="not_written", reason=reason_of(error)))
                        continue
                    if changed:
                        written.append((path, one.record))
                    else:
                        unchanged += 1
        if not dry_run:
            self._learn_anew(written)
        return ExportReport(
            format="files",
            images=len(images),
            written=tuple(path for path, _ in written),
            unchanged=unchanged,
            skipped=tuple(skipped),
            kept=self._originals if written and not dry_run else None,
            applied=not dry_run,
        )

    def restore_tagged_files(self, *, dry_run: bool = False) -> ExportReport:
        """Put back every file that `write_tags_to_files` changed, byte for byte.

        A file that was changed by others since is skipped, and its original stays where it is.
        """
        restored: list[tuple[str, ImageRecord]] = []
        skipped: list[Failure] = []
        first: dict[str, tuple[str, list[str]]] = {}
        for path, old, new in self._manifest():
            first.setdefault(path, (old, []))[1].append(new)
        for path, (old, news) in first.items():
            now = _digest(path)
            if now == old:
                continue
            if now not in news:
                skipped.append(Failure(path=path, code="changed", reason="it is gone or was changed since"))
                continue
            record = self._catalog.images.by_path(path)
            if not dry_run:
                with open(os.path.join(self._originals, old), "rb") as file:
                    write_whole(path, [file.read()], like=path)
            if record is not None:
                restored.append((path, record))
        if not dry_run:
            self._learn_anew(restored)
        return ExportReport(
            format="files",
            images=len(first),
            written=tuple(path for path, _ in restored),
            unchanged=len(first) - len(restored) - len(skipped),
            skipped=tuple(skipped),
            kept=None,
            applied=not dry_run,
        )

    @property
    def _originals(self) -> str:
        return os.path.join(self._folder, "originals")

    def _write_into(self, path: str, one: Tagged, decoder: Decoder | None) -> bool:
        """Write an image's tags into one of its files; whether that changes it (would, without decoder)."""
        if locate(path)[1]:
            raise NotWritableError("it lies in an archive")
        path = os.path.realpath(path)
        with open(path, "rb") as file:
            data = file.read()
        if hashlib.sha256(data).digest() != one.record.sha256:
            raise NotWritableError("it changed since it was indexed: run `saccade index` first")
        fresh = tagged_jpeg(data, [tag.label for tag in one.tags])
        if fresh == data:
            return False
        if picture_data(fresh) != picture_data(data):
            raise NotWritableError("its picture would change")
        if decoder is None:
            return True
        _prove_same(decoder, data, fresh)
        os.makedirs(self._originals, exist_ok=True)
        old = one.record.image_id
        if not os.path.exists(os.path.join(self._originals, old)):
            write_whole(os.path.join(self._originals, old), [data])
        # The manifest first: a kill after it leaves an entry about a file that is still the original.
        line = json.dumps({"path": path, "old": old, "new": hashlib.sha256(fresh).hexdigest()}) + "\n"
        with open(os.path.join(self._originals, _MANIFEST), "ab") as manifest:
            manifest.write(line.encode())
            manifest.flush()
            os.fsync(manifest.fileno())
        write_whole(path, [fresh], like=path)
        return True

    def _learn_anew(self, files: Sequence[tuple[str, ImageRecord]]) -> None:
        """Index files whose bytes changed, and give the new images the tags of the old."""
        if not files:
            return
        with self._decoder() as decoder:
            index_paths(
                self._catalog, decoder, self._spaces.encoder, walk, sorted({path for path, _ in files})
            )
        with self._catalog.writing("tagging"):
            for path, record in files:
                new = self._catalog.images.by_path(path)
                if new is None or new.id == record.id:
                    continue
                one = np.array([new.id], np.int64)
                for tag in self._catalog.tags.of([record.id]).get(record.id, ()):
                    self._catalog.tags.write(
                        tag.origin, {tag.label: (one, np.array([tag.score]))}, replace=False
                    )

    def _manifest(self) -> Iterator[tuple[str, str, str]]:
        """Path, digest before and digest after of every file ever written, oldest first."""
        content = content_of(os.path.join(self._originals, _MANIFEST)) or b""
        for line in content.splitlines():
            try:
                entry = json.loads(line)
                yield entry["path"], entry["old"], entry["new"]
            except (ValueError, KeyError, TypeError):
                continue  # the last line of a run that was killed while it wrote


def _prove_same(decoder: Decoder, data: bytes, fresh: bytes) -> None:
    """Decode both, and refuse when a pixel differs."""
    tasks = [DecodeTask(path="before", data=data), DecodeTask(path="after", data=fresh)]
    before, after = decoder.decode(tasks)
    if not isinstance(before, Decoded) or not isinstance(after, Decoded):
        raise NotWritableError("it cannot be decoded")
    if not np.array_equal(before.pixels, after.pixels):
        raise NotWritableError("its picture would change")


def reported(images: Iterator[Tagged], total: int, progress: ReportProgress | None) -> Iterator[Tagged]:
    """The images, while it is told how many went by."""
    for done, one in enumerate(images, 1):
        yield one
        if progress is not None and (done % 100 == 0 or done == total):
            progress(Progress(stage="export", done=done, total=total))


def content_of(path: str) -> bytes | None:
    """Bytes of a file; None if there is none."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def _digest(path: str) -> str | None:
    """SHA-256 of a file; None if it cannot be read."""
    try:
        content = content_of(path)
    except OSError:
        return None
    return None if content is None else hashlib.sha256(content).hexdigest()


def reason_of(error: Exception) -> str:
    """Why something was not written, in a few words."""
    if isinstance(error, SaccadeError):
        return error.message
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
