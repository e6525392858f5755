"""Heat maps: enlarged, and drawn on the picture."""

import numpy as np

from saccade.usecases.outliers.rules.heat import HeatMap, enlarged


def test_heat_is_enlarged_linearly() -> None:
    """A slope stays a slope; the size of a single cell is all of it."""
    slope = np.tile((np.arange(4, dtype=np.float32) + 0.5) / 4, (3, 1))
    large = enlarged(slope, 30, 80)
    assert large.shape == (30, 80)
    np.testing.assert_allclose(large[5], np.clip((np.arange(80) + 0.5) / 80, 0.125, 0.875), atol=1e-6)
    np.testing.assert_allclose(enlarged(np.full((1, 1), 0.3, np.float32), 5, 7), 0.3, rtol=1e-6)


def test_the_overlay_colors_what_is_hot_only() -> None:
    """Cool parts are the picture in gray; the input stays."""
    pixels = np.random.default_rng(4).integers(0, 256, (6, 8, 3)).astype(np.uint8)
    before = pixels.copy()
    heat = np.zeros((6, 8), np.float32)
    heat[0, 0] = 1.0
    shown = HeatMap(heat=heat, pixels=pixels, value=1.0, score=0.5).overlay()
    assert (np.ptp(shown[1:], axis=2) == 0).all()
    assert int(shown[0, 0, 0]) > int(shown[0, 0, 2]) + 100
    np.testing.assert_array_equal(pixels, before)
