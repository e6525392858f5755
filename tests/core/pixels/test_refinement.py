"""Maps made exact by the pixels."""

import numpy as np
from scipy.ndimage import gaussian_filter

from saccade.core.pixels.alignment import IDENTITY, apply, pixel_centers, sample
from saccade.core.pixels.comparison import Prepared
from saccade.core.pixels.refinement import refine
from saccade.core.types import Pixels


def colored(seed: int = 0, height: int = 168, width: int = 224) -> Pixels:
    """Blobs of many sizes in three colors."""
    rng = np.random.default_rng(seed)
    layers = []
    for _ in range(3):
        layer = sum(
            gaussian_filter(rng.normal(size=(height, width)), size, mode="nearest") * size
            for size in (1, 3, 9)
        )
        layers.append(np.clip(layer / layer.std() * 60 + 128, 0, 255))
    return np.stack(layers, axis=2).astype(np.uint8)


def test_refining_finds_the_map_to_a_fraction_of_a_pixel() -> None:
    """Also when the copy is darker and has less contrast."""
    a = colored(3, 160, 160)
    turn = np.deg2rad(7)
    linear = 0.8 * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    there = np.column_stack([linear, [0.15, 0.02]])
    b = (sample(a, apply(there, pixel_centers(160, 160)))[0] * 0.6).astype(np.uint8)
    rough = there + np.array([[0.01, -0.015, 0.012], [0.008, 0.01, -0.01]])
    found = refine(Prepared(a, 224), Prepared(b, 224), rough)
    corners = np.array([[0.2, 0.2], [0.8, 0.2], [0.2, 0.8], [0.8, 0.8]])
    assert np.abs(apply(rough, corners) - apply(there, corners)).max() > 1 / 160
    assert np.abs(apply(found, corners) - apply(there, corners)).max() < 0.25 / 160


def test_refining_leaves_a_map_that_it_cannot_better() -> None:
    """Flat pictures say nothing about the map."""
    flat = Prepared(np.full((100, 100, 3), 80, np.uint8), 224)
    assert np.allclose(refine(flat, flat, IDENTITY), IDENTITY, atol=1e-6)
