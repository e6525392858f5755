"""Points of a picture that can be found again after it is cropped, turned, scaled or recolored.

Extrema of differences of Gaussians with histograms of gradient directions, after Lowe, "Distinctive image
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
_NOISE = 0.002
"""Weaker extrema than this, in units of full contrast, are noise."""
_EDGE = 10.0
"""Principal curvatures may differ by this factor; more is an edge, along which a point slides (Lowe: 10)."""
_CELLS, _DIRECTIONS, _SAMPLES = 4, 8, 16
_REACH = 6.0
"""Half the side of the patch a point is described by, in units of its scale."""
_CLIP = 0.2
"""No direction may dominate a description (Lowe: 0.2)."""


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
        """The points that the same picture, left and right exchanged, would have."""
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
    rows, columns = (_blur(side, round(sigma, 2)) for side in gray.shape)
    lines: Floats = rows @ gray
    out: Floats = lines @ columns.T
    return out


def find_keypoints(gray: Floats, most: int = 250) -> Keypoints:
    """The `most` strongest points of an (h, w) gray picture in [0, 1]; fewer or none in a flat one."""
    found, pools = [], []
    offset, octave, picture = 0, 0, gray
    while min(picture.shape) >= _SMALLEST:
        step = 2.0 ** (1 / _INTERVALS)
        sigmas = [_FIRST_BLUR * step**level for level in range(_INTERVALS + 3)]
        # What an octave starts with is already as blurred as its first level; a photo is by half a pixel.
        already = _FIRST_BLUR if octave else 0.5
        levels = np.stack([blurred(picture, float(np.sqrt(max(s * s - already**2, 0)))) for s in sigmas])
        rows = _extrema(levels[1:] - levels[:-1])
        # level, y, x, strength -> x, y, sigma (all in pixels of this octave), strength, octave, start in pool
        height, width = picture.shape
        sigma = _FIRST_BLUR * step ** rows[:, 0]
        start = offset + (np.clip(rows[:, 0].round(), 1, _INTERVALS) - 1) * height * width
        ones = np.ones_like(sigma)
        found.append(
            np.stack(
                [
                    rows[:, 2],
                    rows[:, 1],
                    sigma,
                    rows[:, 3],
                    octave * ones,
                    start,
                    width * ones,
                    height * ones,
                ],
                1,
            )
        )
        inner = levels[1 : _INTERVALS + 1]
        pools.append(np.stack([_slope(inner, 2), _slope(inner, 1)], axis=-1).reshape(-1, 2))
        offset += len(pools[-1])
        picture = levels[_INTERVALS][::2, ::2]
        octave += 1
    if not found:
        return _no_points()
    points = np.concatenate(found)
    points = points[np.argsort(-points[:, 3], kind="stable")[:most]]
    if len(points) == 0:
        return _no_points()
    slopes = np.concatenate(pools)
    which, angles = _directions(points, slopes)
    points = points[which]
    zoom = 2.0 ** points[:, 4]
    # Pixel i of a halved picture is pixel 2 i of the one before, so centers line up at pixel 0.
    places = points[:, :2] * zoom[:, None] + 0.5
    descriptors = _describe(points, angles, slopes)
    return Keypoints(
        places.astype(np.float32),
        (points[:, 2] * zoom).astype(np.float32),
        angles.astype(np.float32),
        descriptors,
    )


def _no_points() -> Keypoints:
    none = np.zeros(0, np.float32)
    return Keypoints(none.reshape(0, 2), none, none, np.zeros((0, _CELLS**2 * _DIRECTIONS), np.float32))


def _slope(levels: Floats, axis: int) -> Floats:
    """Central differences along an axis, zero at the borders."""
    out = np.zeros_like(levels)
    if axis == 2:
        out[:, :, 1:-1] = levels[:, :, 2:] - levels[:, :, :-2]
    else:
        out[:, 1:-1] = levels[:, 2:] - levels[:, :-2]
    return out


def _extrema(bands: Floats) -> NDArray[np.float64]:
    """(n, 4) level, y, x (to a fraction of a pixel) and strength of extrema in (levels, h, w) differences."""
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
    rows = np.stack(
        [
            level + _vertex(finer, at, coarser),
            y + _vertex(above, at, below),
            x + _vertex(left, at, right),
            np.abs(at),
        ],
        axis=1,
    )
    return rows[good].astype(np.float64)


def _over_3(bands: Floats, pick: np.ufunc) -> Floats:
    """The greatest (or least) of each 3 x 3 x 3 neighborhood."""
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
    place = (points[:, None, :2] + offsets).round().astype(np.int64)
    width, height = points[:, 6, None].astype(np.int64), points[:, 7, None].astype(np.int64)
    x, y = place[..., 0], place[..., 1]
    inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    index = points[:, 5, None].astype(np.int64) + np.where(inside, y * width + x, 0)
    return slopes[index], inside


def _directions(points: NDArray[np.float64], slopes: Floats) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Main directions of the slopes around each point: row numbers (some twice) and radians."""
    grid = np.arange(-4, 5)
    unit = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2)
    taken, inside = _take(points, unit[None] * points[:, None, 2:3], slopes)
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
    taken, inside = _take(points, (unit @ turn) * points[:, None, 2:3], slopes)
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


@lru_cache(maxsize=512)
def _blur(length: int, sigma: float) -> Floats:
    """(length, length) matrix that blurs a line; what hangs over an end counts as the end."""
    place = np.arange(length)
    reach = int(np.ceil(3 * sigma)) + 1
    weights = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * sigma * sigma))
    weights /= weights.sum()
    matrix = np.zeros((length, length))
    for shift, weight in zip(range(-reach, reach + 1), weights, strict=True):
        np.add.at(matrix, (place, np.clip(place + shift, 0, length - 1)), weight)
    out: Floats = matrix.astype(np.float32)
    out.setflags(write=False)
    return out
