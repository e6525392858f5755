"""Encodes pixels in the formats that terminals read: PNG and sixel. No picture file is read here."""

import struct
import zlib
from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saccade.core.types import Pixels

_LEVELS = 6  # levels of each color: 216 colors, within the 256 that sixel terminals have
_BAND = 6  # rows that one line of sixels covers
_BAYER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) / 16 - 15 / 32


def png(pixels: "Pixels") -> bytes:
    """A PNG file of (h, w, 4) uint8 RGBA pixels."""
    height, width = pixels.shape[:2]
    rows = np.zeros((height, width * 4 + 1), dtype=np.uint8)  # every row begins with filter 0, "none"
    rows[:, 1:] = pixels.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)  # 8 bits, RGBA, not interlaced
    body = zlib.compress(rows.tobytes(), 6)
    chunks = (_chunk(b"IHDR", header), _chunk(b"IDAT", body), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    """Length, kind, data, checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def sixel(pixels: "Pixels") -> str:
    """(h, w, 4) uint8 RGBA pixels as sixels: 216 colors, ordered dither, transparent pixels left out."""
    height, width = pixels.shape[:2]
    dither = np.tile(_BAYER, (height // 4 + 1, width // 4 + 1))[:height, :width, np.newaxis]
    steps = pixels[..., :3] / 255 * (_LEVELS - 1) + dither
    levels = np.clip(np.rint(steps), 0, _LEVELS - 1).astype(np.int64)
    colors = levels @ np.array([_LEVELS * _LEVELS, _LEVELS, 1])
    colors[pixels[..., 3] == 0] = -1
    palette = "".join(_palette(color) for color in np.unique(colors[colors >= 0]).tolist())
    bands = (colors[top : top + _BAND] for top in range(0, height, _BAND))
    # P2 = 1: pixels not drawn keep the terminal's background.
    return f'\x1bP0;1q"1;1;{width};{height}{palette}' + "-".join(map(_band, bands)) + "\x1b\\"


def _palette(color: int) -> str:
    """The definition of a color, in percent of each primary."""
    parts = (color // _LEVELS**2, color // _LEVELS % _LEVELS, color % _LEVELS)
    red, green, blue = (round(100 * part / (_LEVELS - 1)) for part in parts)
    return f"#{color};2;{red};{green};{blue}"


def _band(colors: "NDArray[np.int64]") -> str:
    """One line of sixels: each color draws its pixels over the whole width, `$` goes back to the left."""
    bits = (1 << np.arange(len(colors)))[:, np.newaxis]
    lines = []
    for color in np.unique(colors[colors >= 0]).tolist():
        columns = ((colors == color) * bits).sum(axis=0).tolist()
        lines.append(f"#{color}" + "".join(_runs(columns)))
    return "$".join(lines)


def _runs(columns: list[int]) -> Iterator[str]:
    """Sixel characters, run-length encoded."""
    for value, group in groupby(columns):
        length = sum(1 for _ in group)
        char = chr(63 + value)
        yield f"!{length}{char}" if length > 3 else char * length
