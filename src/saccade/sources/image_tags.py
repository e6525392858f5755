"""Writes keywords into JPEG files without changing pixels: only the XMP segment changes.

Everything else is kept byte for byte; for other formats, keywords go into sidecars.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from saccade.sources.sidecars import UnreadableXmpError, with_keywords

_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_LONGEST = 0xFFFF - 2 - len(_XMP)
_APP0, _APP1, _APP2, _START_OF_SCAN = 0xE0, 0xE1, 0xE2, 0xDA


class NotWritableError(ValueError):
    """Keywords cannot be written into the file without loss; the message says why."""


@dataclass(frozen=True, slots=True)
class _Segment:
    """A segment before the picture's data: its marker, start and end in the file."""

    marker: int
    start: int
    end: int


def tagged_jpeg(data: bytes, labels: Sequence[str]) -> bytes:
    """The file with these labels among its XMP keywords; unchanged if it has them all.

    Raises:
        NotWritableError: it is not a JPEG, is damaged, or its XMP cannot be extended.
    """
    if not data.startswith(b"\xff\xd8"):
        raise NotWritableError("only JPEG files are written; use a sidecar: --export xmp")
    segments = list(_segments(data))
    old = [one for one in segments if one.marker == _APP1 and data[one.start + 4 : one.end].startswith(_XMP)]
    if len(old) > 1:
        raise NotWritableError("it has two XMP segments")
    packet = data[old[0].start + 4 + len(_XMP) : old[0].end] if old else None
    try:
        fresh = with_keywords(packet, labels)
    except UnreadableXmpError as error:
        raise NotWritableError(str(error)) from error
    if fresh == packet:
        return data
    if len(fresh) > _LONGEST:
        raise NotWritableError("its XMP would not fit into one segment")
    start, end = (old[0].start, old[0].end) if old else (_place(segments),) * 2
    # Later pictures are found by their offset from this segment, so positions must not change.
    if any(
        one.marker == _APP2 and data[one.start + 4 :].startswith(b"MPF\0") and one.start < start
        for one in segments
    ):
        raise NotWritableError("it contains several pictures, whose offsets would change")
    segment = b"\xff\xe1" + struct.pack(">H", len(fresh) + len(_XMP) + 2) + _XMP + fresh
    return data[:start] + segment + data[end:]


def picture_data(data: bytes) -> bytes:
    """Everything of a JPEG except its XMP: what must not change."""
    kept, at = [], 0
    for one in _segments(data):
        if one.marker == _APP1 and data[one.start + 4 : one.end].startswith(_XMP):
            kept.append(data[at : one.start])
            at = one.end
    return b"".join([*kept, data[at:]])


def _place(segments: Sequence[_Segment]) -> int:
    """Where a new segment goes: after the JFIF and EXIF segments, where readers expect it."""
    place = 2
    for one in segments:
        if one.marker not in {_APP0, _APP1}:
            break
        place = one.end
    return place


def _segments(data: bytes) -> Iterator[_Segment]:
    """The segments before the picture's data."""
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise NotWritableError("its segments are damaged")
        marker = data[at + 1]
        if marker == 0xFF:  # fill bytes may precede a marker
            at += 1
            continue
        if marker == _START_OF_SCAN:
            return
        length = struct.unpack(">H", data[at + 2 : at + 4])[0]
        end = at + 2 + length
        if length < 2 or end > len(data):
            raise NotWritableError("its segments are damaged")
        yield _Segment(marker, at, end)
        at = end
    raise NotWritableError("it ends before its picture begins")
