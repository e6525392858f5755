"""Embeds pictures in any form, in batches, with one encoder and one guarded decoder."""

from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from saccade.core.decoding import Decoded, DecodeTask
from saccade.core.errors import UnreadableImageError
from saccade.core.ports.decoders import Decoder
from saccade.core.ports.encoders import Encoder
from saccade.core.types import Embeddings, Pixels, Role

_BATCH = 32


def embed_pictures(encoder: Encoder, decoder: Decoder, tasks: Sequence[DecodeTask], role: Role) -> Embeddings:
    """(n, d) unit rows, one for each picture, in order.

    Raises:
        UnreadableImageError: for the first picture that cannot be decoded, with its name and the reason.
    """
    rows = [np.zeros((0, encoder.info.dims[role]), np.float32)]
    pixels = _pixels(decoder, tasks)
    while batch := list(islice(pixels, _BATCH)):
        rows.append(encoder.encode_pixels(np.stack(batch))[role])
    return np.concatenate(rows)


def _pixels(decoder: Decoder, tasks: Sequence[DecodeTask]) -> Iterator[Pixels]:
    for task, outcome in zip(tasks, decoder.decode(tasks), strict=True):
        if not isinstance(outcome, Decoded):
            reason = getattr(outcome, "reason", "it was not decoded")
            raise UnreadableImageError(
                f"{task.path}: {reason}", hint="give a JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF or HEIC"
            )
        yield outcome.pixels
