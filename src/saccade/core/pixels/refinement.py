"""Refines a rough map between two pictures to subpixel accuracy."""

from typing import NamedTuple

import numpy as np

from saccade.core.pixels.alignment import Transform, apply, inverse, pixel_centers, sample
from saccade.core.pixels.comparison import Prepared, edge_of, zoom_of


class _Stage(NamedTuple):
    """Points along the longest side, blur in steps of that grid, and iterations of a stage of refinement."""

    longest: int
    blur: float
    iterations: int


_STAGES = (_Stage(56, 1.2, 5), _Stage(88, 0.8, 4))


def refine(a: Prepared, b: Prepared, transform: Transform) -> Transform:
    """Refine the map from `b` to `a` to subpixel accuracy, using the pixels of the overlap.

    Gauss-Newton on the squared differences, after a gain and an offset of brightness, each pixel weighted by
    how well it fits (Baker and Matthews, "Lucas-Kanade 20 years on", IJCV 56, 2004; Cauchy weights). If that
    does not help, the map is returned unchanged.
    """
    best = transform
    for stage in _STAGES:
        best = _descend(a, b, best, stage)
    return best


def _descend(a: Prepared, b: Prepared, transform: Transform, stage: _Stage) -> Transform:
    """One stage of the refinement."""
    height, width = a.gray.shape
    step = max(height, width) / stage.longest
    zoom = zoom_of(a, b, transform)
    sigma = stage.blur * max(step, zoom)
    shape = max(4, round(height / step)), max(4, round(width / step))
    edge_a, edge_b = edge_of(a, sigma), edge_of(b, sigma / zoom)
    points = pixel_centers(*shape).reshape(-1, 2) * (1 - 2 * edge_a) + edge_a
    target, _ = sample(a.soft(sigma), points)
    smooth = b.soft(sigma / zoom)
    slopes = np.gradient(smooth)
    layers = np.stack([smooth, slopes[1] * b.gray.shape[1], slopes[0] * b.gray.shape[0]], axis=-1)
    back = inverse(transform)
    best, least = back, np.inf
    basis = np.column_stack([points, np.ones(len(points))]).astype(np.float32)
    for _ in range(stage.iterations + 1):
        moved = apply(back, points)
        inside = ((moved >= edge_b) & (moved <= 1 - edge_b)).all(axis=1)
        values, _ = sample(layers, moved)
        count = int(inside.sum())
        if count < 60:
            break
        seen, wanted, rows = values[inside], target[inside], basis[inside]
        level = seen[:, 0] - seen[:, 0].mean()
        rest = wanted - wanted.mean()
        gain = float(level @ rest) / max(float(level @ level), 1e-9)
        error = rest - gain * level
        error -= np.median(error)
        loss = (
            float(np.abs(error).mean() / max(float(np.abs(rest).mean()), 1e-6)) / (count / len(points)) ** 0.5
        )
        if loss < least:
            best, least = back, loss
        scale = 2 * float(np.median(np.abs(error))) + 0.01
        weight = 1 / (1 + (error / scale) ** 2)
        jacobian = np.concatenate(
            [
                gain * seen[:, 1:2] * rows,
                gain * seen[:, 2:3] * rows,
                level[:, None],
                np.ones((count, 1), np.float32),
            ],
            1,
        )
        left = (jacobian * weight[:, None]).T
        normal = (left @ jacobian).astype(np.float64)
        normal[np.diag_indices(8)] *= 1.001
        normal[np.diag_indices(8)] += 1e-6
        delta = np.linalg.solve(normal, (left @ error).astype(np.float64))[:6].reshape(2, 3)
        if np.abs(delta).max() > 0.3:
            break
        back = back + delta
        if not abs(np.linalg.det(back[:, :2])) > 1e-3:
            break
    return inverse(best)
