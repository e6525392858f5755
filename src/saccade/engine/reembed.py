"""Recomputes embeddings from the files, for images whose embeddings are damaged or missing."""

from collections.abc import Sequence

import numpy as np

from saccade.core.decoding import Decoded
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.decoders import Decoder, ReportProgress
from saccade.core.ports.encoders import Encoder
from saccade.core.types import Progress
from saccade.engine.space import SpaceReader
from saccade.engine.thumbnails import read_images

_BATCH = 32


def reembed(
    catalog: Catalog,
    decoder: Decoder,
    encoder: Encoder,
    readers: Sequence[SpaceReader],
    images: Sequence[int],
    *,
    report: ReportProgress,
    kind: str = "repair",
) -> int:
    """Number of images that got all their missing embeddings. Call it while `writing()`.

    An image that none of its files contains anymore stays without; the next indexing run handles it.

    Args:
        decoder: of the encoder's recipe.
        readers: of spaces that hold this encoder's embeddings.
        kind: of the run that is recorded, and the stage that is reported.
    """
    run = catalog.runs.start(kind)
    made = 0
    for start in range(0, len(images), _BATCH):
        records = [record for record in catalog.images.get(images[start : start + _BATCH]) if record.paths]
        found = [
            (record.id, one) for record, one in read_images(decoder, records) if isinstance(one, Decoded)
        ]
        if found:
            ids = np.array([image for image, _ in found], np.int64)
            rows = encoder.encode_pixels(np.stack([picture.pixels for _, picture in found]))
            with catalog.unit("embedding again"):
                for reader in readers:
                    catalog.embeddings.save(reader.space.id, ids, rows[reader.space.role])
            made += len(found)
        report(Progress(stage=kind, done=start + len(records), total=len(images)))
    catalog.runs.finish(run, {"embedded": made})
    return made
