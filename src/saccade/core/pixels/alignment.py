"""Aligns one picture with another: estimates affine maps and applies them.

A map is a (2, 3) float64 matrix from one picture to another, x and y of both in [0, 1]: (0, 0) is the upper
left corner of the first pixel, (1, 1) the lower right corner of the last.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from saccade.core.errors import InvalidVectorError
from saccade.core.pixels.keypoints import Floats, Keypoints, product
from saccade.core.types import Pixels

Transform = NDArray[np.float64]
"""(2, 3) affine map."""

IDENTITY: Transform = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
IDENTITY.setflags(write=False)

_RATIO = 0.9
"""A match counts if its distance is below this share of the second best's (Lowe uses 0.8; the geometric check
that follows rejects wrong matches, and too few matches are worse than some wrong ones)."""
_TOLERANCES = (0.08, 0.05, 0.03, 0.02)
"""Tolerances for a point's error, as shares of the longest side, used in turn while the map is fitted."""


def compose(outer: Transform, inner: Transform) -> Transform:
    """The map that applies `inner`, then `outer`."""
    return np.column_stack([outer[:, :2] @ inner[:, :2], outer[:, :2] @ inner[:, 2] + outer[:, 2]])


def inverse(transform: Transform) -> Transform:
    """The inverse map. Raises InvalidVectorError if it flattens the picture to a line."""
    linear = transform[:, :2]
    if not abs(float(np.linalg.det(linear))) > 1e-12:
        raise InvalidVectorError("the map has no inverse: it flattens the picture")
    back = np.linalg.inv(linear)
    return np.column_stack([back, -back @ transform[:, 2]])


def apply(transform: Transform, points: NDArray[np.floating]) -> NDArray[np.float64]:
    """(n, 2) points, transformed."""
    moved: NDArray[np.float64] = points @ transform[:, :2].T + transform[:, 2]
    return moved


def half_turns() -> Iterator[Transform]:
    """The 8 maps of the square onto itself: mirrored or not, rotated by 0, 90, 180 and 270 degrees."""
    for mirrored in (1.0, -1.0):
        for cos, sin in ((1, 0), (0, 1), (-1, 0), (0, -1)):
            linear = np.array([[cos, -sin], [sin, cos]]) @ np.diag([mirrored, 1.0])
            yield np.column_stack([linear, 0.5 - linear @ [0.5, 0.5]])


def sample(
    picture: NDArray[np.floating] | Pixels, points: NDArray[np.floating]
) -> tuple[Floats, NDArray[np.bool_]]:
    """Bilinear values of an (h, w) or (h, w, c) picture at (..., 2) points in [0, 1], and which are inside.

    Outside, the value is that of the nearest border pixel.
    """
    height, width = picture.shape[:2]
    x, y = points[..., 0], points[..., 1]
    inside = (x >= 0) & (x <= 1) & (y >= 0) & (y <= 1)
    x = np.clip(x * width - 0.5, 0, width - 1).astype(np.float32)
    y = np.clip(y * height - 0.5, 0, height - 1).astype(np.float32)
    left, top = x.astype(np.int32), y.astype(np.int32)
    right_part, lower_part = x - left, y - top
    flat = picture.reshape(height * width, -1) if picture.ndim == 3 else picture.ravel()
    if picture.ndim == 3:
        right_part, lower_part = right_part[..., None], lower_part[..., None]
    at = top * width + left
    step_right = (left < width - 1).astype(np.int32)
    below = at + width * (top < height - 1)
    upper = flat[at] * (1 - right_part) + flat[at + step_right] * right_part
    lower = flat[below] * (1 - right_part) + flat[below + step_right] * right_part
    values: Floats = upper * (1 - lower_part) + lower * lower_part
    return values, inside


def pixel_centers(height: int, width: int) -> NDArray[np.float64]:
    """(height, width, 2) x and y in [0, 1] of the pixels of a picture."""
    x = (np.arange(width) + 0.5) / width
    y = (np.arange(height) + 0.5) / height
    return np.stack(np.broadcast_arrays(x[None, :], y[:, None]), axis=-1)


def warp(picture: Pixels, transform: Transform, height: int, width: int) -> Pixels:
    """`picture` warped by `transform` into a frame of height x width pixels, black outside it."""
    values, inside = sample(picture, apply(inverse(transform), pixel_centers(height, width)))
    out: Pixels = np.where(inside[..., None], values + 0.5, 0).astype(np.uint8)
    return out


def overlay(a: Pixels, b: Pixels, transform: Transform) -> Pixels:
    """A picture to check a match by eye: `a`, `b` aligned, and their difference.

    Args:
        a, b: (h, w, 3) and (h', w', 3) uint8.
        transform: from `b` to `a`.
    Returns:
        (h, 3 w + 2 gaps, 3) uint8. In the third part black means equal; what `b` does not cover is gray.
    """
    height, width = a.shape[:2]
    moved = warp(b, transform, height, width)
    _, covered = sample(b, apply(inverse(transform), pixel_centers(height, width)))
    apart = np.abs(a.astype(np.int16) - moved).astype(np.uint8)
    apart[~covered] = 64
    gap = np.full((height, max(1, width // 50), 3), 255, np.uint8)
    return np.concatenate([a, gap, moved, gap, apart], axis=1)


def candidates(
    a: Keypoints, b: Keypoints, shape_a: tuple[int, int], shape_b: tuple[int, int], most: int = 3
) -> list[tuple[Transform, int]]:
    """Maps from `b` to `a` that points of both vote for, each with how many agree, best first.

    Each match alone determines how `b` is rotated, scaled and moved; the map that most matches agree with is
    fitted to them as an affine map, also with `b` mirrored.

    Args:
        shape_a, shape_b: (height, width) of the pictures in pixels.
    """
    found: list[tuple[Transform, int]] = []
    height_a, width_a = shape_a
    height_b, width_b = shape_b
    to_unit = np.diag([1 / width_a, 1 / height_a])
    for mirrored in (False, True):
        other = b.mirrored(width_b) if mirrored else b
        from_unit = np.array([[width_b, 0, 0], [0, height_b, 0]], float)
        if mirrored:
            from_unit = np.array([[-width_b, 0, width_b], [0, height_b, 0]], float)
        for pixels, votes in _agreeing(a, other, max(shape_a), most):
            whole = compose(pixels, from_unit)
            found.append((to_unit @ whole, votes))
    found.sort(key=lambda one: -one[1])
    return found[:most]


def _matches(a: Keypoints, b: Keypoints) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row numbers of points of `a` and `b` that are clearly each other's best match."""
    cosines = product(a.descriptors, b.descriptors.T)
    best = cosines.argmax(axis=1)
    rows = np.arange(len(a))
    first = cosines[rows, best]
    mutual = cosines.argmax(axis=0)[best] == rows
    cosines[rows, best] = -1
    second = cosines.max(axis=1)
    clear = (1 - first) < _RATIO**2 * (1 - second)
    keep = np.flatnonzero(mutual & clear)
    return keep, best[keep]


def _agreeing(a: Keypoints, b: Keypoints, longest: int, most: int) -> list[tuple[Transform, int]]:
    """Maps in pixels from `b` to `a` with the number of points that agree."""
    if len(a) < 2 or len(b) < 2:
        return []
    rows_a, rows_b = _matches(a, b)
    if len(rows_a) < 3:
        return []
    to, start = a.places[rows_a].astype(np.float64), b.places[rows_b].astype(np.float64)
    size = a.scales[rows_a] / b.scales[rows_b]
    turn = a.angles[rows_a] - b.angles[rows_b]
    cos, sin = size * np.cos(turn), size * np.sin(turn)
    linear = np.stack([np.stack([cos, -sin], 1), np.stack([sin, cos], 1)], axis=1)  # (m, 2, 2)
    moved = start @ linear.transpose(0, 2, 1)  # (m maps, m points, 2)
    shift = to - moved[np.arange(len(to)), np.arange(len(to))]
    misses = np.linalg.norm(moved + shift[:, None] - to[None], axis=2) / longest
    close = np.maximum(0, 1 - (misses / _TOLERANCES[0]) ** 2).sum(axis=1)
    found: list[tuple[Transform, int]] = []
    taken = np.zeros(len(to), bool)
    for guess in np.argsort(-close, kind="stable"):
        if taken[guess] or len(found) == most:
            continue
        transform, inliers = _fit(np.column_stack([linear[guess], shift[guess]]), start, to, longest)
        taken |= inliers
        votes = len(np.unique(to[inliers].round(), axis=0))
        if votes >= 3:
            found.append((transform, votes))
        if not found and close[guess] < 2:
            break
    return found


def _fit(
    transform: Transform, start: NDArray[np.float64], to: NDArray[np.float64], longest: int
) -> tuple[Transform, NDArray[np.bool_]]:
    """An affine map fitted to the points that agree with it, iteratively and ever more strictly."""
    inliers = np.zeros(len(start), bool)
    for tolerance in _TOLERANCES:
        misses = np.linalg.norm(apply(transform, start) - to, axis=1)
        inliers = misses < tolerance * longest
        if inliers.sum() < 4:
            return transform, inliers
        matrix = np.column_stack([start[inliers], np.ones(int(inliers.sum()))])
        transform = np.linalg.lstsq(matrix, to[inliers], rcond=None)[0].T
    inliers = np.linalg.norm(apply(transform, start) - to, axis=1) < _TOLERANCES[-1] * longest
    return transform, inliers
