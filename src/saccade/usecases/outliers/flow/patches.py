"""Computes features of pictures, and reads pictures in batches, from the library or any files."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from saccade.core.decoding import Decoded, DecodeTask
from saccade.core.errors import EncoderUnavailableError
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.decoders import Decoder
from saccade.core.ports.encoders import Encoder
from saccade.core.ports.engines import LookEncoder, PatchEncoder
from saccade.core.types import Failure, Ids, ImageRecord, Pixels, Role
from saccade.engine.places import locate
from saccade.engine.thumbnails import read_images

Features: TypeAlias = Callable[[Pixels], NDArray[np.float32]]
"""(n, size, size, 3) pixels to (n, rows, columns, channels) features."""

_BATCH = 32


def patch_features(encoder: Encoder) -> Features | None:
    """The function that computes patch features of pixels; None if the encoder has none."""
    try:
        if isinstance(encoder, PatchEncoder) and min(encoder.patch_shape) > 0:
            return encoder.encode_patches
    except EncoderUnavailableError:  # supported by this kind of encoder, but not by these weights
        return None
    return None


def look_encoder(encoder: Encoder) -> LookEncoder | None:
    """The encoder if it supports looks, else None."""
    try:
        return encoder if isinstance(encoder, LookEncoder) and encoder.look_dim > 0 else None
    except EncoderUnavailableError:  # supported by this kind of encoder, but not by these weights
        return None


def whole_features(encoder: Encoder) -> Features:
    """The semantic embedding as the features of a single patch, the whole picture."""

    def features(pixels: Pixels) -> NDArray[np.float32]:
        return encoder.encode_pixels(pixels)[Role.SEMANTIC][:, np.newaxis, np.newaxis]

    return features


def image_batches(
    catalog: Catalog, decoder: Decoder, ids: Ids, size: int = _BATCH
) -> Iterator[tuple[list[tuple[int, Decoded]], list[Failure]]]:
    """The library's images, decoded: ([(image id, picture)], failures) of each batch.

    A file that changed since it was indexed is a failure: it is now another image.
    """
    for start in range(0, len(ids), size):
        records = catalog.images.get(ids[start : start + size].tolist())
        pictures: list[tuple[int, Decoded]] = []
        failures: list[Failure] = []
        for record, outcome in read_images(decoder, [record for record in records if record.paths]):
            if isinstance(outcome, Failure):
                failures.append(outcome)
            else:
                pictures.append((record.id, outcome))
        yield pictures, failures


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A picture to judge: a file and, for an image of the library, its id and its digest when indexed."""

    path: str
    image: int | None = None
    sha256: bytes | None = None

    @classmethod
    def of(cls, record: ImageRecord) -> Self:
        """An image of the library, by its first file."""
        return cls(path=record.paths[0], image=record.id, sha256=record.sha256)


def subject_batches(
    decoder: Decoder, subjects: Sequence[Subject], size: int = _BATCH
) -> Iterator[tuple[list[tuple[int, Decoded]], list[Failure]]]:
    """The pictures: ([(position in `subjects`, picture)], failures) of each batch."""
    tasks = (DecodeTask(path=file, member=member) for file, member in (locate(one.path) for one in subjects))
    outcomes = enumerate(decoder.decode(tasks))
    while batch := list(islice(outcomes, size)):
        pictures: list[tuple[int, Decoded]] = []
        failures: list[Failure] = []
        for place, outcome in batch:
            if isinstance(outcome, Failure):
                failures.append(outcome)
            elif isinstance(outcome, Decoded) and subjects[place].sha256 in {None, outcome.sha256}:
                pictures.append((place, outcome))
            else:
                failures.append(changed(subjects[place].path))
        yield pictures, failures


def changed(path: str) -> Failure:
    """The failure of a file whose content has changed since it was indexed."""
    reason = "it changed since it was indexed; index it again"
    return Failure(path=path, code="file_changed", reason=reason)
