"""A 64-bit perceptual hash for finding near-identical pictures without an encoder.

The algorithm is pHash (Zauner, "Implementation and benchmarking of perceptual image hash functions", 2010):
the signs of the lowest frequencies of the small gray picture against their median. It survives resizing,
recompression, grayscale and mild changes of light; not mirroring, rotation or cropping.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from saccade.core.errors import InvalidVectorError
from saccade.core.types import Pixels

RECIPE = "phash-1"
"""The algorithm and its version, stored with every hash: hashes of another recipe are not comparable.

It hashes the whole picture, so pixels of a recipe that crops do not give one. Change it with the algorithm.
"""

Hashes = NDArray[np.uint64]
"""(n,) uint64, 64 bits each; `NO_HASH` for a picture that shows nothing."""

NO_HASH = np.uint64(0)
"""The hash of a picture without detail: it carries no information, so it must match nothing.

No other picture has it: a real hash has about half of its bits set.
"""

NEAR = 3
"""Bits of 64 that may differ after resizing; hashes of two different pictures hardly ever are this close."""
_BANDS, _CROWD = 4, 64

_SIDE = 32
"""The picture is averaged down to 32 x 32 first, so that fine detail and noise do not matter."""
_KEPT = 8
"""Frequencies kept along each side: 8 x 8 = 64 bits."""
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""ITU-R BT.601, the usual weights for grayscale."""
_SMALL_PRODUCT = 1 << 18
"""Number of multiplications up to which OpenBLAS uses one thread."""
_FLAT = 2.0
"""Root mean square of the frequencies below which a picture is flat: a contrast of about one gray level."""


def phash(pixels: Pixels) -> Hashes:
    """(n, H, W, 3) uint8 pictures of one size -> (n,) uint64 hashes; `NO_HASH` for flat pictures.

    Bit (r, c) of the 8 x 8, the most significant first, row by row: whether that frequency is above the
    median of them all. The frequencies are those of `imagehash.phash`, whose hashes differ in a few bits
    because it reduces to 32 x 32 differently.

    Raises:
        InvalidVectorError: the pixels are of another shape or type.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[3] != 3 or 0 in pixels.shape[1:]:
        raise InvalidVectorError(f"expected (n, H, W, 3) uint8 pixels, got {pixels.shape} {pixels.dtype}")
    rows, columns = _waves(pixels.shape[1]), _waves(pixels.shape[2]).T
    levels = np.empty((len(pixels), _KEPT * _KEPT), np.float32)
    for place, picture in enumerate(pixels):  # one at a time, to stay in the cache
        # Reduction, gray and cosine transform are all linear, so the order is free: shrink most first.
        levels[place] = ((_lines(rows, picture).reshape(_KEPT, -1, 3) @ _LUMA) @ columns).ravel()
    bits = levels > np.median(levels, axis=1, keepdims=True)
    hashes = np.packbits(bits, axis=1).view(">u8").astype(np.uint64).ravel()
    hashes[np.square(levels[:, 1:]).mean(axis=1) < _FLAT**2] = NO_HASH
    return hashes


def hamming(a: Hashes, b: Hashes) -> NDArray[np.uint8]:
    """How many of the 64 bits differ, 0 to 64, of each pair of hashes (arrays broadcast)."""
    return np.bitwise_count(np.bitwise_xor(a, b))


def hash_pairs(hashes: Hashes, most: int = NEAR) -> NDArray[np.int64]:
    """(m, 2) places i < j of hashes that differ in at most `most` bits, each pair once, sorted.

    Two hashes that differ in 3 of 64 bits agree in at least one of 4 bands of 16 bits (Manku, Jain and Das
    Sarma, "Detecting near-duplicates for web crawling", WWW 2007), so sorting by each band brings every such
    pair together. If more than `_CROWD` hashes share a band, each is compared with the next `_CROWD` only, so
    time and memory grow linearly with the number of hashes. `NO_HASH` is in no pair.

    Raises:
        ValueError: more bits than the bands guarantee.
    """
    if not 0 <= most < _BANDS:
        raise ValueError(f"most is {most}; hashes are paired up to {_BANDS - 1} bits")
    found = [np.zeros((0, 2), np.int64)]
    for band in range(_BANDS):
        part = (hashes >> np.uint64(16 * band)) & np.uint64(0xFFFF)
        order = np.lexsort((hashes, part))
        order = order[hashes[order] != NO_HASH]
        values, parts = hashes[order], part[order]
        for step in range(1, min(_CROWD, len(order) - 1) + 1):
            near = parts[step:] == parts[:-step]
            if not near.any():
                break
            near &= hamming(values[step:], values[:-step]) <= most
            places = np.flatnonzero(near)
            found.append(np.stack([order[places], order[places + step]], axis=1))
    pairs = np.sort(np.concatenate(found), axis=1)
    return np.unique(pairs, axis=0)


def _lines(rows: NDArray[np.float32], picture: Pixels) -> NDArray[np.float32]:
    """The (8, W * 3) product of (8, H) rows with an (H, W, 3) picture, a few columns at a time.

    Products this small stay on one thread; on a busy machine, more threads would wait longer than they work.
    """
    flat = picture.reshape(len(picture), -1)
    lines = np.empty((_KEPT, flat.shape[1]), np.float32)
    step = max(1, _SMALL_PRODUCT // (_KEPT * len(picture)))
    for start in range(0, flat.shape[1], step):
        part = slice(start, start + step)
        lines[:, part] = rows @ flat[:, part].astype(np.float32)
    return lines


@lru_cache(maxsize=64)
def _waves(length: int) -> NDArray[np.float32]:
    """(8, length) matrix: averages `length` pixels down to 32 and takes the first 8 cosine coefficients.

    The type-II cosine transform (Ahmed, Natarajan and Rao, 1974), scaled so that a row's response does not
    depend on `length`.
    """
    edges = np.arange(_SIDE + 1)[:, None] * (length / _SIDE)
    pixel = np.arange(length)[None, :]
    until = np.clip(edges - pixel, 0.0, 1.0)  # how much of each pixel is before each edge
    average = (until[1:] - until[:-1]) * (_SIDE / length)
    wave = np.cos(np.pi * np.arange(_KEPT)[:, None] * (np.arange(_SIDE)[None, :] + 0.5) / _SIDE)
    matrix: NDArray[np.float32] = (wave @ average / np.sqrt(_SIDE)).astype(np.float32)
    matrix.setflags(write=False)
    return matrix
