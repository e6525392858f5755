"""Counts the frames or pages of a file without decoding, up to a bound."""

import struct

_GIF_EXTENSION, _GIF_IMAGE = 0x21, 0x2C


def count_frames(data: bytes, format: str, most: int) -> int:
    """At least 1, at most `most` + 1. GIF and TIFF only; 1 for other formats."""
    try:
        if format == "GIF":
            return max(1, _count_gif(data, most + 1))
        if format == "TIFF":
            return max(1, _count_tiff(data, most + 1))
    except (struct.error, IndexError):
        return 1
    return 1


def _count_gif(data: bytes, most: int) -> int:
    """Image blocks up to the trailer, the end of the data, or `most`."""
    at = 13 + _color_table_size(data[10])
    count = 0
    while at < len(data) and count < most:
        kind = data[at]
        if kind == _GIF_EXTENSION:
            at += 2
        elif kind == _GIF_IMAGE:
            count += 1
            at += 11 + _color_table_size(data[at + 9])
        else:
            break
        while at < len(data) and data[at]:
            at += data[at] + 1
        at += 1
    return count


def _color_table_size(flags: int) -> int:
    """Size in bytes of the color table declared by these packed fields."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _count_tiff(data: bytes, most: int) -> int:
    """Image file directories in the chain, each counted once."""
    order = "<" if data[:2] == b"II" else ">"
    big = 43 in data[2:4]
    number, offset, entry = ("Q", "Q", 20) if big else ("H", "I", 12)
    at = struct.unpack_from(order + offset, data, 8 if big else 4)[0]
    seen: set[int] = set()
    while at and at not in seen and at < len(data) and len(seen) < most:
        seen.add(at)
        entries = struct.unpack_from(order + number, data, at)[0]
        at = struct.unpack_from(order + offset, data, at + struct.calcsize(number) + entries * entry)[0]
    return len(seen)
