"""Feature maps on one grid."""

import numpy as np
import pytest

from saccade.encoders.patches import one_grid


def test_a_map_of_the_grids_size_stays_as_it_is() -> None:
    """Only its channels go last."""
    given = np.random.default_rng(1).normal(size=(2, 3, 4, 5)).astype(np.float32)
    np.testing.assert_array_equal(one_grid([given], 4, 5), given.transpose(0, 2, 3, 1))


@pytest.mark.parametrize(("old", "new"), [(14, 28), (7, 28), (3, 7), (1, 4), (5, 2)])
def test_a_slope_stays_a_slope(old: int, new: int) -> None:
    """Linear interpolation between the centers of cells, the ends held."""
    centers = (np.arange(old, dtype=np.float32) + 0.5) / old
    given = np.broadcast_to(centers, (1, 1, 2, old))
    wanted = np.clip((np.arange(new) + 0.5) / new, centers[0], centers[-1])
    np.testing.assert_allclose(one_grid([given], 2, new)[0, 1, :, 0], wanted, atol=1e-6)


def test_maps_lie_side_by_side() -> None:
    """Channels in the order of the maps."""
    maps = [np.full((1, 2, 4, 4), 1, np.float32), np.full((1, 3, 2, 2), 2, np.float32)]
    np.testing.assert_allclose(one_grid(maps, 4, 4)[0, 0, 0], [1, 1, 2, 2, 2], rtol=1e-6)
