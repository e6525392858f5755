"""Measures how well two aligned pictures agree, as the basis of a verdict."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from saccade.core.pixels.alignment import Transform, apply, inverse, pixel_centers, sample
from saccade.core.pixels.keypoints import Floats, Keypoints, blurred, find_keypoints, product
from saccade.core.types import Pixels

_LUMA = np.array([0.299 / 255, 0.587 / 255, 0.114 / 255], np.float32)
_GRID = 112
"""Points along the longest side of the overlap."""
_BLOCK = 14
"""Points along the side of a block: about 8 x 6 blocks are judged separately."""
_FAINT = 0.012
"""Contrast (standard deviation, full scale 1) below which a block has too little detail to judge."""
_AGREES = 0.8
"""Minimum correlation of a block that agrees."""

_LEVELS = 24
"""Levels of brightness that are matched between two pictures."""
_EQUAL = 0.25
"""How far, as a share of the contrast, a pixel may be off its level and still count as equal."""
_PURE = 0.015
"""Four levels of 255 from black or white: borders, corners of rotated pictures, clipped highlights. They are
ignored if enough of the overlap remains: the white border of one copy may overlap the black corners of
another."""
_BLANK = 0.1
"""Share of a blurred pixel that may be pure black or white."""
_STRETCH = 4.0
"""Maximum ratio of the stretch of one side to the other's."""
_BRIGHTER = 2.0
"""How much brighter or darker an edit may make a picture."""
_KEPT = 0.5
"""Share of a block's pixels that must be equal for it to match."""


class Prepared:
    """A grayscale picture, with its points found on first use.

    Args:
        pixels: (h, w, 3) uint8.
        longest: what the longest side is averaged down to if it is longer, pixels.
    """

    def __init__(self, pixels: Pixels, longest: int) -> None:
        gray: Floats = pixels.astype(np.float32) @ _LUMA
        self.gray: Floats = _shrunk(gray, longest)

        self._softened: dict[float, Floats] = {}

    def soft(self, sigma: float) -> Floats:
        """Blurred to a total of `sigma` pixels; the original has a blur of about half a pixel."""
        more = round(max(sigma * sigma - 0.25, 0.0) ** 0.5, 1)
        if more not in self._softened:
            self._softened[more] = blurred(self.gray, more)
        return self._softened[more]

    def blank(self, sigma: float) -> Floats | None:
        """How much of each pixel, once blurred, is pure black or white, 0 to 1; None if nothing is."""
        blank = (self.gray < _PURE) | (self.gray > 1 - _PURE)
        return blurred(blank.astype(np.float32), round(sigma, 1)) if blank.any() else None

    @cached_property
    def keypoints(self) -> Keypoints:
        """Its points."""
        return find_keypoints(self.gray)

    @cached_property
    def squashed(self) -> Floats:
        """(32, 32) of zero mean and unit length; zeros if the picture is flat."""
        small = _averaged(self.gray, 32, 32)
        small -= small.mean()
        length = float(np.linalg.norm(small))
        out: Floats = small / length if length > 32 * _FAINT / 2 else np.zeros_like(small)
        return out


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """The result of a comparison: shares and correlations.

    Attributes:
        covered_a: share of `a` that `b` covers; `covered_b` the other way around.
        agreeing: share of the overlap's blocks, by contrast, that look similar.
        correlation: of all of the overlap.
        blocks: mean correlation of the blocks.
        detail: the same for finer detail.
        fitting: share of the blocks, by contrast, that look similar or are mostly equal pixels. With text
            over a picture all blocks still fit; if a person moved, they do not.
        structure: share of the blocks with any detail: most of a photo, little of a logo.
        offset: mean difference in gray (full scale 1) once one is brightened or darkened, at most twice.
    """

    covered_a: float
    covered_b: float
    agreeing: float
    correlation: float
    blocks: float
    detail: float
    fitting: float
    structure: float
    offset: float


def zoom_of(a: Prepared, b: Prepared, transform: Transform) -> float:
    """Pixels of `a` along the side of a pixel of `b`, where the map from `b` to `a` puts it."""
    return float(np.clip(abs(np.linalg.det(_in_pixels(a, b, transform))) ** 0.5, 0.1, 10.0))


def edge_of(picture: Prepared, blur: float) -> NDArray[np.float64]:
    """Width of the edge to leave out, as a share of width and height, when it is blurred by `blur` pixels.

    A picture may have a border or black corners, which blurring draws in. At most a fifth, so that something
    remains.
    """
    return np.minimum(0.2, 1.5 * blur / np.array(picture.gray.shape[::-1]))


def compare(a: Prepared, b: Prepared, transform: Transform) -> Agreement | None:
    """How well `b`, aligned with `a` by the map, agrees with it.

    None if they hardly overlap, or if the map stretches one side far more than the other, as no edit does.
    """
    corners = apply(transform, np.array([[0, 0], [1, 0], [0, 1], [1, 1]], float))
    low, high = np.clip(corners.min(axis=0), 0, 1), np.clip(corners.max(axis=0), 0, 1)
    height, width = a.gray.shape
    span = (high - low) * [width, height]
    if span.min() < 4 or not abs(np.linalg.det(transform[:, :2])) > 1e-4:
        return None
    longer, shorter = np.linalg.svd(_in_pixels(a, b, transform), compute_uv=False)
    if longer > _STRETCH * shorter:
        return None
    step = max(float(span.max()) / _GRID, 1e-6)
    shape = tuple(max(2, round(float(side) / step)) for side in span[::-1])
    points = pixel_centers(*shape) * (high - low) + low
    back = apply(inverse(transform), points)
    zoom = zoom_of(a, b, transform)
    fine = 0.7 * max(step, 1.0, zoom)
    edge_a, edge_b = edge_of(a, fine), edge_of(b, fine / zoom)
    covered = (back >= 0).all(axis=-1) & (back <= 1).all(axis=-1)
    inside = ((back >= edge_b) & (back <= 1 - edge_b)).all(axis=-1)
    inside &= ((points >= edge_a) & (points <= 1 - edge_a)).all(axis=-1)
    if inside.sum() < 2 * _BLOCK**2:
        return None
    shown = inside.copy()
    for blank, where in ((a.blank(fine), points), (b.blank(fine / zoom), back)):
        if blank is not None:
            shown &= sample(blank, where)[0] < _BLANK
    if shown.sum() >= max(2 * _BLOCK**2, inside.sum() / 4):
        inside = shown
    mask = np.asarray(inside, np.float32)
    left, _ = sample(a.soft(fine), points)
    right, _ = sample(b.soft(fine / zoom), back)
    detail = _blocks(left, right, mask, _BLOCK)
    coarse = _blocks(_halved(left), _halved(right), np.floor(_halved(mask)), _BLOCK // 2)
    kept = _sums(_equal(left, right, inside), _BLOCK) >= _KEPT * _sums(mask, _BLOCK)
    fits = kept | (detail.correlation >= _AGREES)
    area = float(covered.mean() * (high - low).prod())
    weight = coarse.weight
    return Agreement(
        covered_a=area,
        covered_b=min(1.0, area / abs(float(np.linalg.det(transform[:, :2])))),
        agreeing=float(((coarse.correlation >= _AGREES) * weight).sum() / weight.sum()),
        correlation=coarse.whole,
        blocks=float((coarse.correlation * weight).sum() / weight.sum()),
        detail=float((detail.correlation * detail.weight).sum() / detail.weight.sum()),
        fitting=float((fits * detail.weight).sum() / detail.weight.sum()),
        structure=detail.structure,
        offset=_offset(left[inside], right[inside]),
    )


@dataclass(frozen=True, slots=True)
class _Blocks:
    correlation: Floats
    weight: Floats
    whole: float
    structure: float


def _equal(left: Floats, right: Floats, inside: NDArray[np.bool_]) -> Floats:
    """1 where a pixel has the value that the other picture's brightness level usually maps to, 0 elsewhere.

    So any change of light that treats equal levels equally (brightness, contrast, gamma, clipping) leaves it
    at 1, and so does thin text, which changes few pixels. Moved content does not.
    """
    there, here = right[inside], left[inside]
    count = len(there) // _LEVELS
    order = np.argsort(there, kind="stable")[: count * _LEVELS]
    became = np.median(here[order].reshape(_LEVELS, count), axis=1)
    level = there[order].reshape(_LEVELS, count).mean(axis=1)
    out: Floats = np.zeros_like(left)
    out[inside] = np.abs(here - np.interp(there, level, became)) < _EQUAL * max(float(here.std()), _FAINT)
    return out


def _halved(values: Floats) -> Floats:
    """Means of 2 x 2; an odd last row or column is left out."""
    height, width = (side // 2 * 2 for side in values.shape)
    rows = values[0:height:2, :width] + values[1:height:2, :width]
    out: Floats = (rows[:, ::2] + rows[:, 1::2]) * np.float32(0.25)
    return out


def _blocks(left: Floats, right: Floats, mask: Floats, block: int) -> _Blocks:
    """Each block's correlation and weight, and the overall correlation."""
    left, right = left - left.mean(), right - right.mean()  # keeps the squares precise
    parts = (np.ones_like(left), left, right, left * left, right * right, left * right)
    sums = np.stack([_sums(values * mask, block) for values in parts])
    count = sums[0]
    correlation, contrast = _correlate(sums)
    full = count > block**2 / 3
    weight = count / block**2 * np.minimum(contrast, 0.1) * full
    weight = np.where(contrast > _FAINT, weight, weight * 0.1) + 1e-9
    whole, _ = _correlate(sums.sum(axis=(1, 2)))
    structure = float(((contrast > _FAINT) & full).sum() / max(1, int(full.sum())))
    return _Blocks(correlation, weight, float(whole), structure)


def _offset(left: Floats, right: Floats) -> float:
    """Mean difference after matching the brightness of `right` to `left`, within what an edit may do."""
    gain = float(np.clip((left @ right) / max(float(right @ right), 1e-9), 1 / _BRIGHTER, _BRIGHTER))
    return float(np.abs(left - gain * right).mean())


def _correlate(sums: Floats) -> tuple[Floats, Floats]:
    """Correlation and the greater contrast, from sums of 1, a, b, aa, bb, ab."""
    count, a, b, aa, bb, ab = sums
    full = np.maximum(count, 1)
    var_a = np.maximum(aa / full - (a / full) ** 2, 0)
    var_b = np.maximum(bb / full - (b / full) ** 2, 0)
    both = ab / full - a * b / full**2
    correlation = both / np.sqrt((var_a + _FAINT**2 / 4) * (var_b + _FAINT**2 / 4))
    return correlation, np.sqrt(np.maximum(var_a, var_b))


def _sums(values: Floats, block: int) -> Floats:
    """Sums over blocks; the last row and column of blocks may be cut off."""
    rows = np.arange(0, values.shape[0], block)
    columns = np.arange(0, values.shape[1], block)
    out: Floats = np.add.reduceat(np.add.reduceat(values, rows, axis=0), columns, axis=1)
    return out


def _in_pixels(a: Prepared, b: Prepared, transform: Transform) -> NDArray[np.float64]:
    """(2, 2) linear part of the map, from pixels of `b` to pixels of `a`."""
    out: NDArray[np.float64] = (
        np.diag(a.gray.shape[::-1]) @ transform[:, :2] @ np.diag([1 / side for side in b.gray.shape[::-1]])
    )
    return out


def _shrunk(gray: Floats, longest: int) -> Floats:
    height, width = gray.shape
    if max(height, width) <= longest:
        return np.ascontiguousarray(gray)
    part = longest / max(height, width)
    return _averaged(gray, max(1, round(height * part)), max(1, round(width * part)))


def _averaged(gray: Floats, height: int, width: int) -> Floats:
    """(height, width) picture whose pixels are means of the area they cover."""
    lines = product(_area(gray.shape[0], height), gray)
    return product(lines, _area(gray.shape[1], width).T)


def _area(length: int, parts: int) -> Floats:
    """(parts, length) matrix that averages a line to fewer values."""
    edges = np.arange(parts + 1)[:, None] * (length / parts)
    until = np.clip(edges - np.arange(length)[None, :], 0.0, 1.0)
    out: Floats = ((until[1:] - until[:-1]) * (parts / length)).astype(np.float32)
    return out
