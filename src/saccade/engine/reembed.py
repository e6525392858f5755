"""Recomputes embeddings from the files, for images whose embeddings are damaged or missing."""

from collections.abc import Sequence

import numpy as np

from saccade.core.decoding import Decoded, DecodeTask, FileEntry
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.decoders import Decoder, ReportProgress
from saccade.core.ports.encoders import Encoder
from saccade.core.ports.files import Folder, SeenFile
from saccade.core.ports.images import NewImage
from saccade.core.types import ImageRecord, Progress
from saccade.engine.places import locate
from saccade.engine.space import SpaceReader

_BATCH = 32


def reembed(
    catalog: Catalog,
    decoder: Decoder,
    encoder: Encoder,
    readers: Sequence[SpaceReader],
    images: Sequence[int],
    *,
    report: ReportProgress,
) -> int:
    """Number of images that got all their missing embeddings. Call it while `writing()`.

    An image that none of its files contains any more stays without; the next indexing run handles it.
    """
    spaces = {reader.space.role: reader.space.id for reader in readers}
    run = catalog.runs.start("repair")
    made = 0
    for start in range(0, len(images), _BATCH):
        records = [record for record in catalog.images.get(images[start : start + _BATCH]) if record.paths]
        pictures = [
            (record, picture) for record in records if (picture := _read(decoder, record)) is not None
        ]
        if pictures:
            rows = encoder.encode_pixels(np.stack([picture.pixels for _, picture in pictures]))
            for number, (record, picture) in enumerate(pictures):
                embeddings = {spaces[role]: rows[role][number] for role in spaces}
                new = NewImage(sha256=picture.sha256, info=picture.info, embeddings=embeddings)
                folder, entry = _entry(catalog, record.paths[0])
                catalog.files.record(run, folder, [SeenFile(entry=entry, image=new)])
            made += len(pictures)
        report(Progress(stage="repair", done=start + len(records), total=len(images)))
    catalog.runs.finish(run, {"embedded": made})
    return made


def _read(decoder: Decoder, record: ImageRecord) -> Decoded | None:
    """The picture, if the first file still has the same bytes."""
    file, member = locate(record.paths[0])
    (outcome,) = decoder.decode([DecodeTask(path=file, member=member)])
    return outcome if isinstance(outcome, Decoded) and outcome.sha256 == record.sha256 else None


def _entry(catalog: Catalog, path: str) -> tuple[Folder, FileEntry]:
    """The catalog's entry for a path, with its stored stamp."""
    file, member = locate(path)
    folder, below = catalog.files.ensure_folder(file)
    known = catalog.files.known(folder, below)[below, member]
    return folder, FileEntry(path=file, member=member, stamp=known.stamp)
