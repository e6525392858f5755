"""Tags for other programs: tables and sidecars."""

import os
from collections.abc import Iterator, Sequence

from saccade.core.errors import InputError, SaccadeError
from saccade.core.filters import Where
from saccade.core.ports import ReportProgress
from saccade.core.types import Failure
from saccade.engine.places import locate
from saccade.library.parts import Path
from saccade.library.tag_files import TagFiles, content_of, reason_of, reported
from saccade.sources.sidecars import UnreadableXmpError, sidecar_of, with_keywords
from saccade.sources.whole_files import write_whole
from saccade.usecases.tags.flow.exports import (
    Tagged,
    coco_parts,
    csv_parts,
    hf_parts,
    tagged_ids,
    tagged_images,
)
from saccade.usecases.tags.rules.reports import ExportReport

_NAMES = {"csv": "tags.csv", "hf": "metadata.jsonl", "coco": "tags.json"}


class TagExports(TagFiles):
    """See `Library`."""

    def export_tags(
        self,
        format: str,
        to: Path | None = None,
        *,
        where: Where | Sequence[str] | None = None,
        folders: Sequence[Path] = (),
        dry_run: bool = False,
        progress: ReportProgress | None = None,
    ) -> ExportReport:
        """Write tags for other programs; each file appears whole or not at all.

        Args:
            format: "csv" (path, label, origin, score), "hf" (metadata.jsonl of an image folder), "coco"
                (annotations of whole images) or "xmp" (a sidecar IMG.jpg.xmp beside each image, merged into
                one that is there).
            to: the file to write; default: tags.csv, metadata.jsonl or tags.json beside the library. Nothing
                for "xmp".
            where, folders: only these images.
        Raises:
            InputError: an unknown format, or a file that is there already.
        """
        ids = tagged_ids(self._catalog, self._among(where, folders))
        images = reported(tagged_images(self._catalog, ids), len(ids), progress)
        if format == "xmp":
            if to is not None:
                raise InputError("sidecars lie beside their images", hint="leave out --to")
            return self._sidecars(images, dry_run=dry_run)
        if format not in _NAMES:
            raise InputError(f"no format is called {format!r}", hint=f"one of: {', '.join(_NAMES)}, xmp")
        home = os.path.dirname(self._folder)
        target = os.path.abspath(os.path.join(home, _NAMES[format]) if to is None else os.fspath(to))
        if os.path.exists(target):
            raise InputError(f"{target} is there already", hint="move it away, or choose another with --to")
        skipped: list[Failure] = []
        if not dry_run:
            if format == "csv":
                parts = csv_parts(images)
            elif format == "hf":
                parts = hf_parts(images, os.path.dirname(target), skipped)
            else:
                parts = coco_parts(images, list(self._catalog.tags.labels()))
            write_whole(target, parts)
        return ExportReport(
            format=format,
            images=len(ids),
            written=(target,),
            unchanged=0,
            skipped=tuple(skipped),
            kept=None,
            applied=not dry_run,
        )

    def _sidecars(self, images: Iterator[Tagged], *, dry_run: bool) -> ExportReport:
        """A sidecar beside each file, merged into what is there."""
        written, skipped, unchanged, count = [], [], 0, 0
        for one in images:
            count += 1
            labels = [tag.label for tag in one.tags]
            for path in one.record.paths:
                file, member = locate(path)
                if member:
                    skipped.append(Failure(path=path, code="not_written", reason="it lies in an archive"))
                    continue
                target = sidecar_of(file)
                try:
                    old = content_of(target)
                    fresh = with_keywords(old, labels)
                    if fresh == old:
                        unchanged += 1
                        continue
                    if not dry_run:
                        write_whole(target, [fresh])
                except (UnreadableXmpError, OSError, SaccadeError) as error:
                    skipped.append(Failure(path=target, code="not_written", reason=reason_of(error)))
                    continue
                written.append(target)
        return ExportReport(
            format="xmp",
            images=count,
            written=tuple(written),
            unchanged=unchanged,
            skipped=tuple(skipped),
            kept=None,
            applied=not dry_run,
        )
