"""Heat maps: where a picture differs from good ones, and the picture with the heat drawn on it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from saccade.core.types import Pixels

_STOPS = (0.0, 0.25, 0.5, 1.0)
_COLORS = ((30, 40, 220, 255), (60, 80, 30, 230), (160, 220, 40, 30))
"""Red, green and blue at each stop: blue over red to yellow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatMap:
    """Where a picture differs from good ones.

    Attributes:
        heat: (h, w) float32 in [0, 1]; 0.5 is the hottest spot of the few good pictures that the model
            calls bad.
        pixels: (h, w, 3) the picture, in the same size.
        value: its anomaly over the model's threshold; above 1 it is called bad.
        score: share of the good pictures with a lower anomaly, in [0, 1].
    """

    heat: NDArray[np.float32]
    pixels: Pixels
    value: float
    score: float

    def overlay(self) -> Pixels:
        """(h, w, 3) the picture in gray with the heat on it: red at 0.5, yellow at 1, gray below 0.2."""
        gray = self.pixels.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
        color = np.stack([np.interp(self.heat, _STOPS, levels) for levels in _COLORS], axis=-1)
        cover = np.interp(self.heat, (0.2, 0.5, 1.0), (0.0, 0.55, 0.75))[..., np.newaxis]
        return np.clip(gray[..., np.newaxis] * (1 - cover) + color * cover, 0, 255).astype(np.uint8)


def enlarged(heat: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    """(rows, columns) heat as (height, width), interpolated linearly between the centers of cells."""
    down = np.interp(_centers(height), _centers(heat.shape[0]), np.arange(heat.shape[0]))
    across = np.interp(_centers(width), _centers(heat.shape[1]), np.arange(heat.shape[1]))
    top, left = np.floor(down).astype(int), np.floor(across).astype(int)
    bottom, right = np.minimum(top + 1, heat.shape[0] - 1), np.minimum(left + 1, heat.shape[1] - 1)
    part_down, part_across = (down - top)[:, np.newaxis], across - left
    upper = heat[top][:, left] * (1 - part_across) + heat[top][:, right] * part_across
    lower = heat[bottom][:, left] * (1 - part_across) + heat[bottom][:, right] * part_across
    return np.asarray(upper * (1 - part_down) + lower * part_down, np.float32)


def _centers(count: int) -> NDArray[np.float64]:
    return (np.arange(count) + 0.5) / count
