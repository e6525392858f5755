"""Checks whether a file that could not be decoded is truncated."""

import struct
from collections.abc import Callable, Iterator

_TAIL = 1 << 16
_STRIPS, _TILES = (273, 279), (324, 325)
_TYPE_SIZES = {
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    13: 4,
    16: 8,
    17: 8,
    18: 8,
}
_MAX_PARTS = 100_000


def ends_early(data: bytes, format: str) -> bool:
    """Whether the container declares more data than there is, or has no end marker."""
    check = _CHECKS.get(format)
    return check(data) if check else _boxes_end(data) > len(data)


def _boxes_end(data: bytes) -> int:
    """Where the last top-level box of an ISO media file ends; beyond the data if there are no pixels."""
    at, kinds = 0, set()
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        kinds.add(data[at + 4 : at + 8])
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        if size < 8:
            return len(data)  # 0 means "to the end"; less is invalid, not a truncation
        at += size
    return at if at >= len(data) and b"mdat" in kinds else len(data) + 1


def _tiff_end(data: bytes) -> int:
    """Where the last block referenced by the first page of a TIFF ends."""
    order = "<" if data[:2] == b"II" else ">"
    big = 43 in data[2:4]
    count, offset, entry_size = ("Q", "Q", 20) if big else ("H", "I", 12)
    try:
        at: int = struct.unpack_from(order + offset, data, 8 if big else 4)[0]
        (entries,) = struct.unpack_from(order + count, data, at)
        first = at + struct.calcsize(count)
        end = first + entries * entry_size + struct.calcsize(offset)
        values = {}
        for start in range(first, first + min(entries, 1000) * entry_size, entry_size):
            tag, kind, number = struct.unpack_from(order + "HH" + offset, data, start)
            size = number * _TYPE_SIZES.get(kind, 1)
            inline = struct.calcsize(offset)
            place = start + entry_size - inline
            if size > inline:
                (place,) = struct.unpack_from(order + offset, data, place)
                end = max(end, place + size)
            if tag in _STRIPS + _TILES:
                values[tag] = list(_numbers(data, order, kind, place, number))
        for offsets, lengths in (_STRIPS, _TILES):
            parts = zip(values.get(offsets, ()), values.get(lengths, ()), strict=False)
            end = max([end, *(start + length for start, length in parts)])
    except (struct.error, OverflowError):
        return len(data) + 1
    return int(end)


def _numbers(data: bytes, order: str, kind: int, place: int, number: int) -> Iterator[int]:
    """The unsigned integers of a tag."""
    letter = {3: "H", 4: "I", 16: "Q"}.get(kind)
    if letter:
        size = struct.calcsize(letter)
        for at in range(place, place + min(number, _MAX_PARTS) * size, size):
            yield int(struct.unpack_from(order + letter, data, at)[0])


_CHECKS: dict[str, Callable[[bytes], bool]] = {
    "JPEG": lambda data: b"\xff\xd9" not in data[-_TAIL:],
    "PNG": lambda data: b"IEND" not in data[-_TAIL:],
    "GIF": lambda data: not data.endswith(b";"),
    "WEBP": lambda data: int.from_bytes(data[4:8], "little") + 8 > len(data),
    "BMP": lambda data: int.from_bytes(data[2:6], "little") > len(data),
    "TIFF": lambda data: _tiff_end(data) > len(data),
}
