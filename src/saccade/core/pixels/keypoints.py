"""Keypoints: points that can be found again after a picture is cropped, rotated, scaled or recolored.

Extrema of differences of Gaussians with gradient histograms, after Lowe, "Distinctive image
features from scale-invariant keypoints", IJCV 60, 2004; simplified where a small picture allows it: no
doubled first octave, gradients taken at the nearest pixel, directions weighted by the cosine.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_FIRST_BLUR = 1.2
"""Standard deviation of the finest level, pixels. Lowe's 1.6 finds too few points in a small picture."""
_INTERVALS = 3
_SMALLEST = 20
"""Shorter side, pixels, of the last octave."""
_PHOTO_BLUR = 0.5
"""Blur that any photo has, pixels (Lowe: 0.5)."""
_NOISE = 0.002
"""Weaker extrema than this, in units of full contrast, are noise."""
_EDGE = 10.0
"""Maximum ratio of principal curvatures; above it, a point slides along an edge (Lowe: 10)."""
_CELLS, _DIRECTIONS, _SAMPLES = 4, 8, 16
_REACH = 6.0
"""Half the side of the patch that describes a point, in units of its scale."""
_SMALL_PRODUCT = 1 << 18
"""Number of multiplications up to which OpenBLAS uses one thread."""
_CLIP = 0.2
"""No direction may dominate a description (Lowe: 0.2)."""

_X, _Y, _LEVEL, _STRENGTH, _OCTAVE, _WIDTH, _HEIGHT, _START = range(8)
_COLUMNS = 8
"""A point in progress: place and level in its octave, the octave's size, and the offset of its level's slopes
among all slopes."""


@dataclass(frozen=True, slots=True, eq=False)
class Keypoints:
    """Points of one picture, the strongest first.

    Attributes:
        places: (n, 2) x and y in pixels; the center of the first pixel is (0.5, 0.5).
        scales: (n,) radius of the blob, pixels.
        angles: (n,) direction, radians.
        descriptors: (n, 128) unit rows; cosine compares them.
    """

    places: Floats
    scales: Floats
    angles: Floats
    descriptors: Floats

    def __len__(self) -> int:
        return len(self.scales)

    def mirrored(self, width: int) -> "Keypoints":
        """The points of the mirrored picture."""
        cells = self.descriptors.reshape(-1, _CELLS, _CELLS, _DIRECTIONS)
        turned = cells[:, ::-1][..., -np.arange(_DIRECTIONS) % _DIRECTIONS]
        return Keypoints(
            self.places * np.array([-1, 1], np.float32) + np.array([width, 0], np.float32),
            self.scales,
            np.float32(np.pi) - self.angles,
            np.ascontiguousarray(turned.reshape(len(self), _CELLS**2 * _DIRECTIONS)),
        )


def blurred(gray: Floats, sigma: float) -> Floats:
    """(h, w) blurred by a Gaussian of standard deviation `sigma` pixels, borders repeated."""
    if sigma < 0.1:
        return gray
    weights = np.exp(-(np.arange(np.ceil(3 * sigma) + 2) ** 2) / (2 * sigma * sigma))
    weights /= 2 * weights.sum() - weights[0]
    upright = _blurred_columns(gray, weights.astype(np.float32))
    turned = _blurred_columns(np.ascontiguousarray(upright.T), weights.astype(np.float32))
    out: Floats = np.ascontiguousarray(turned.T)
    return out


def product(left: Floats, right: Floats) -> Floats:
    """The matrix product, in pieces small enough that the linear algebra library uses one thread.

    Pictures are already compared in several threads; more would only wait for each other.
    """
    rows = max(1, _SMALL_PRODUCT // right.size)
    out = np.empty((len(left), right.shape[1]), np.float32)
    for start in range(0, len(left), rows):
        out[start : start + rows] = left[start : start + rows] @ right
    return out


def find_keypoints(gray: Floats, most: int = 250) -> Keypoints:
    """The `most` strongest points of an (h, w) gray picture in [0, 1]; fewer or none in a flat one."""
    found, slopes = [np.zeros((0, _COLUMNS))], [np.zeros((0, 2), np.float32)]
    octave, start, picture, blur = 0, 0, gray, _PHOTO_BLUR
    while min(picture.shape) >= _SMALLEST:
        levels = _levels(picture, blur)
        height, width = picture.shape
        rows = _extrema(levels[1:] - levels[:-1])
        inner = levels[1 : _INTERVALS + 1]
        rows[:, _OCTAVE], rows[:, _WIDTH], rows[:, _HEIGHT] = octave, width, height
        rows[:, _START] = start + (np.clip(rows[:, _LEVEL].round(), 1, _INTERVALS) - 1) * height * width
        found.append(rows)
        slopes.append(np.stack([_slope(inner, 2), _slope(inner, 1)], axis=-1).reshape(-1, 2))
        start += len(slopes[-1])
        # The level with twice the blur of the first, at half the size, has the first level's blur again.
        octave, picture, blur = octave + 1, levels[_INTERVALS][::2, ::2], _FIRST_BLUR
    points = np.concatenate(found)
    points = points[np.argsort(-points[:, _STRENGTH], kind="stable")[:most]]
    if len(points) == 0:
        none = np.zeros(0, np.float32)
        return Keypoints(none.reshape(0, 2), none, none, np.zeros((0, _CELLS**2 * _DIRECTIONS), np.float32))
    pool = np.concatenate(slopes)
    which, angles = _directions(points, pool)
    points = points[which]
    zoom = 2.0 ** points[:, _OCTAVE]
    # Pixel i of a halved picture is pixel 2 i of the one before, so centers line up at pixel 0.
    places = points[:, [_X, _Y]] * zoom[:, None] + 0.5
    return Keypoints(
        places.astype(np.float32),
        (_scales(points) * zoom).astype(np.float32),
        angles.astype(np.float32),
        _describe(points, angles, pool),
    )


def _levels(picture: Floats, blur: float) -> Floats:
    """(levels, h, w): the picture, which has a blur of `blur`, blurred more and more."""
    levels = [picture]
    for level in range(_INTERVALS + 3):
        wanted = _FIRST_BLUR * 2.0 ** (level / _INTERVALS)
        more = max(wanted * wanted - blur * blur, 0.0) ** 0.5  # squares of blurs add up
        levels.append(blurred(levels[-1], more))
        blur = wanted
    return np.stack(levels[1:])


def _scales(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Blur of each point's level, pixels of its octave."""
    scales: NDArray[np.float64] = _FIRST_BLUR * 2.0 ** (points[:, _LEVEL] / _INTERVALS)
    return scales


def _slope(levels: Floats, axis: int) -> Floats:
    """Central differences along an axis, zero at the borders."""
    out = np.zeros_like(levels)
    if axis == 2:
        out[:, :, 1:-1] = levels[:, :, 2:] - levels[:, :, :-2]
    else:
        out[:, 1:-1] = levels[:, 2:] - levels[:, :-2]
    return out


def _extrema(bands: Floats) -> NDArray[np.float64]:
    """Points, (n, columns), at the extrema of (levels, h, w) differences; the octave is filled in later."""
    middle = bands[1:-1, 1:-1, 1:-1]
    strong = np.abs(middle) > _NOISE
    highest, lowest = _over_3(bands, np.maximum), _over_3(bands, np.minimum)
    level, y, x = np.nonzero(strong & ((middle >= highest) | (middle <= lowest)))
    level, y, x = level + 1, y + 1, x + 1
    at = bands[level, y, x]
    left, right = bands[level, y, x - 1], bands[level, y, x + 1]
    above, below = bands[level, y - 1, x], bands[level, y + 1, x]
    finer, coarser = bands[level - 1, y, x], bands[level + 1, y, x]
    xx, yy = left + right - 2 * at, above + below - 2 * at
    xy = (
        bands[level, y + 1, x + 1]
        - bands[level, y + 1, x - 1]
        - bands[level, y - 1, x + 1]
        + bands[level, y - 1, x - 1]
    ) / 4
    trace, determinant = xx + yy, xx * yy - xy * xy
    good = trace * trace * _EDGE < (_EDGE + 1) ** 2 * determinant
    rows = np.zeros((len(at), _COLUMNS))
    rows[:, _LEVEL] = level + _vertex(finer, at, coarser)
    rows[:, _Y] = y + _vertex(above, at, below)
    rows[:, _X] = x + _vertex(left, at, right)
    rows[:, _STRENGTH] = np.abs(at)
    return rows[good]


def _over_3(bands: Floats, pick: np.ufunc) -> Floats:
    """The maximum (or minimum) of each 3 x 3 x 3 neighborhood."""
    bands = pick(pick(bands[:, :, :-2], bands[:, :, 1:-1]), bands[:, :, 2:])
    bands = pick(pick(bands[:, :-2], bands[:, 1:-1]), bands[:, 2:])
    out: Floats = pick(pick(bands[:-2], bands[1:-1]), bands[2:])
    return out


def _vertex(before: Floats, at: Floats, after: Floats) -> Floats:
    """Where the parabola through three neighbors peaks, within half a step."""
    bend = before + after - 2 * at
    shift = np.divide(before - after, 2 * bend, out=np.zeros_like(at), where=bend != 0)
    out: Floats = np.clip(shift, -0.5, 0.5)
    return out


def _take(
    points: NDArray[np.float64], offsets: NDArray[np.float64], slopes: Floats
) -> tuple[Floats, NDArray[np.bool_]]:
    """(n, m, 2) slopes at each point's (n, m, 2) offsets, at the nearest pixel, and whether that exists."""
    place = (points[:, None, [_X, _Y]] + offsets).round().astype(np.int64)
    width, height = points[:, _WIDTH, None].astype(np.int64), points[:, _HEIGHT, None].astype(np.int64)
    x, y = place[..., 0], place[..., 1]
    inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    index = points[:, _START, None].astype(np.int64) + np.where(inside, y * width + x, 0)
    return slopes[index], inside


def _directions(points: NDArray[np.float64], slopes: Floats) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Main directions of the slopes around each point: row numbers (some twice) and radians."""
    grid = np.arange(-4, 5)
    unit = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2)
    taken, inside = _take(points, unit[None] * _scales(points)[:, None, None], slopes)
    weight = np.exp(-(unit**2).sum(1) / (2 * 1.5**2 * 2)) * inside
    strength = np.hypot(taken[..., 0], taken[..., 1]) * weight
    turn = np.arctan2(taken[..., 1], taken[..., 0]) / (2 * np.pi) * 36
    low = np.floor(turn).astype(np.int64)
    part = turn - low
    row = np.arange(len(points))[:, None] * 36
    bins = np.concatenate([(row + low % 36).ravel(), (row + (low + 1) % 36).ravel()])
    shares = np.concatenate([(strength * (1 - part)).ravel(), (strength * part).ravel()])
    counts = np.bincount(bins, weights=shares, minlength=len(points) * 36)
    wheel = counts.astype(np.float64).reshape(-1, 36)
    for _ in range(2):
        wheel = (np.roll(wheel, 1, 1) + wheel + np.roll(wheel, -1, 1)) / 3
    before, after = np.roll(wheel, 1, 1), np.roll(wheel, -1, 1)
    peak = (wheel >= before) & (wheel > after) & (wheel >= 0.8 * wheel.max(axis=1, keepdims=True))
    which, place = np.nonzero(peak)
    at = wheel[which, place]
    bend = before[which, place] + after[which, place] - 2 * at
    shift = (before[which, place] - after[which, place]) / np.where(bend == 0, 1, 2 * bend)
    return which, (place + shift) * (2 * np.pi / 36)


@lru_cache(maxsize=1)
def _patch() -> tuple[NDArray[np.float64], Floats]:
    """(256, 2) sample offsets in units of the scale, and (256, 16) weights of the cells at each."""
    middle = (np.arange(_SAMPLES) + 0.5) / _SAMPLES * 2 - 1
    y, x = (grid.ravel() for grid in np.meshgrid(middle, middle, indexing="ij"))
    centers = (np.arange(_CELLS) + 0.5) / _CELLS * 2 - 1
    near_x = np.maximum(0, 1 - np.abs(x[:, None] - centers) * _CELLS / 2)
    near_y = np.maximum(0, 1 - np.abs(y[:, None] - centers) * _CELLS / 2)
    weights = (near_y[:, :, None] * near_x[:, None, :]).reshape(-1, _CELLS**2)
    weights *= np.exp(-(x**2 + y**2) / 2)[:, None]
    return np.stack([x, y], axis=1) * _REACH, weights.astype(np.float32)


def _describe(points: NDArray[np.float64], angles: NDArray[np.float64], slopes: Floats) -> Floats:
    """(n, 128) unit rows: cells (rows across the direction, columns along it) x 8 directions."""
    unit, weights = _patch()
    cos, sin = np.cos(angles), np.sin(angles)
    turn = np.stack([np.stack([cos, sin], 1), np.stack([-sin, cos], 1)], axis=1)  # rows of R^T
    taken, inside = _take(points, (unit @ turn) * _scales(points)[:, None, None], slopes)
    taken = taken * inside[..., None]
    compass = np.arange(_DIRECTIONS) * (2 * np.pi / _DIRECTIONS) + angles[:, None]
    towards = np.stack([np.cos(compass), np.sin(compass)], axis=1).astype(np.float32)
    along = np.maximum(taken @ towards, 0)  # (n, 256, 8)
    rows: Floats = (weights.T @ along).reshape(len(points), -1)
    for _ in range(2):
        rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
        rows = np.minimum(rows, _CLIP)
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return rows


def _blurred_columns(values: Floats, weights: Floats) -> Floats:
    """Each column as the weighted sum of itself, shifted up and down by 0, 1, 2 ... rows."""
    reach, height = len(weights) - 1, len(values)
    padded = np.concatenate([values[:1].repeat(reach, axis=0), values, values[-1:].repeat(reach, axis=0)])
    out: Floats = values * weights[0]
    both: Floats = np.empty_like(out)
    for shift in range(1, reach + 1):
        above, below = reach - shift, reach + shift
        np.add(padded[above : above + height], padded[below : below + height], out=both)
        both *= weights[shift]
        out += both
    return out
