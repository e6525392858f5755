"""Pixels of a library's images for comparison: read in batches and cached; changed files are reported."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence

from saccade.core.decoding import Decoded, DecodeTask
from saccade.core.ports.decoders import Decoder
from saccade.core.types import Failure, ImageRecord, Pixels
from saccade.engine.places import locate

_KEPT_BYTES = 128 << 20


class Thumbnails:
    """Pixels of images by a decoder's recipe.

    Attributes:
        failures: one for each image that can no longer be read from any of its files.

    Args:
        decoder: uses the required recipe.
        kept_bytes: pixels beyond this are evicted, least recently used first, and read again when needed.
    """

    def __init__(self, decoder: Decoder, *, kept_bytes: int = _KEPT_BYTES) -> None:
        self.failures: dict[int, Failure] = {}
        self._decoder = decoder
        self._most = kept_bytes
        self._kept: OrderedDict[int, Pixels] = OrderedDict()
        self._bytes = 0

    def get(self, records: Sequence[ImageRecord]) -> Mapping[int, Pixels]:
        """{image id: pixels} of those that can be read."""
        wanted = {record.id: record for record in records if record.id not in self.failures}
        found: dict[int, Pixels] = {}
        for image in wanted:
            if image in self._kept:
                self._kept.move_to_end(image)
                found[image] = self._kept[image]
        missing = [record for image, record in wanted.items() if image not in found]
        for record, outcome in read_images(self._decoder, missing):
            if isinstance(outcome, Failure):
                self.failures[record.id] = outcome
            else:
                found[record.id] = outcome.pixels
                self._keep(record.id, outcome.pixels)
        return found

    def _keep(self, image: int, pixels: Pixels) -> None:
        self._kept[image] = pixels
        self._bytes += pixels.nbytes
        while self._bytes > self._most and len(self._kept) > 1:
            _, old = self._kept.popitem(last=False)
            self._bytes -= old.nbytes


def read_images(
    decoder: Decoder, records: Sequence[ImageRecord]
) -> list[tuple[ImageRecord, Decoded | Failure]]:
    """Each image, read from the first file that still contains it; a Failure if none does."""
    left = list(records)
    found: dict[int, Decoded | Failure] = {}
    attempt = 0
    while left:
        tasks = [_task(record.paths[attempt]) for record in left]
        for record, outcome in zip(left, decoder.decode(tasks), strict=True):
            if isinstance(outcome, Decoded) and outcome.sha256 == record.sha256:
                found[record.id] = outcome
            else:
                found.setdefault(record.id, _failure(record, outcome))
        attempt += 1
        left = [
            record for record in left if isinstance(found[record.id], Failure) and attempt < len(record.paths)
        ]
    return [(record, found[record.id]) for record in records]


def _task(path: str) -> DecodeTask:
    file, member = locate(path)
    return DecodeTask(path=file, member=member)


def _failure(record: ImageRecord, outcome: object) -> Failure:
    """Why a file no longer contains the image that was indexed."""
    if isinstance(outcome, Failure):
        return outcome
    return Failure(
        path=record.paths[0], code="file_changed", reason="it changed since it was indexed; index it again"
    )
