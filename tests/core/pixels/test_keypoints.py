"""Points are found again after the picture is changed, and described the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from saccade.core.pixels import keypoints
from saccade.core.pixels.keypoints import Floats, blurred, find_keypoints
from tests.helpers.properties import examples


def texture(seed: int = 0, height: int = 120, width: int = 160) -> Floats:
    """Blobs of many sizes in [0, 1]."""
    rng = np.random.default_rng(seed)
    picture = sum(
        gaussian_filter(rng.normal(size=(height, width)), size, mode="nearest") * size
        for size in (1, 2, 4, 8)
    )
    return ((picture - picture.min()) / np.ptp(picture)).astype(np.float32)


@pytest.mark.parametrize("sigma", [0.5, 1.3, 4.0])
def test_blur_is_the_gaussian_with_repeated_borders(sigma: float) -> None:
    picture = texture(1, 40, 60)
    wanted = gaussian_filter(picture, sigma, mode="nearest", radius=int(np.ceil(3 * sigma)) + 1)
    assert np.allclose(blurred(picture, sigma), wanted, atol=1e-5)


def test_no_blur_is_the_picture_itself() -> None:
    picture = texture(1, 20, 20)
    assert blurred(picture, 0.0) is picture


def test_points_lie_in_the_picture_and_descriptors_have_unit_length() -> None:
    found = find_keypoints(texture())
    assert len(found) >= 50
    assert (found.places >= 0).all()
    assert (found.places <= [160, 120]).all()
    assert np.allclose(np.linalg.norm(found.descriptors, axis=1), 1, atol=1e-5)
    assert found.descriptors.shape == (len(found), 128)


def test_at_most_as_many_points_as_asked_for() -> None:
    """A point with two main directions counts once for the limit, so there may be more rows, not places."""
    found = find_keypoints(texture(), most=20)
    assert len(np.unique(found.places, axis=0)) <= 20


def test_a_blob_is_found_where_it_is_with_its_size() -> None:
    """A Gaussian blob of radius s is strongest at scale s (Lindeberg, 1998), within a sampling step."""
    y, x = np.mgrid[0:80, 0:100] + 0.5
    for size in (2.0, 4.0, 5.0):
        picture = np.exp(-((x - 40.3) ** 2 + (y - 33.8) ** 2) / (2 * size**2)).astype(np.float32)
        found = find_keypoints(picture)
        assert np.abs(found.places[0] - [40.3, 33.8]).max() < 0.6
        assert size / 1.4 < found.scales[0] < size * 1.4


@pytest.mark.parametrize("shape", [(120, 160), (10, 300), (1, 1), (19, 19), (21, 21)])
def test_a_flat_or_tiny_picture_has_no_points(shape: tuple[int, int]) -> None:
    found = find_keypoints(np.full(shape, 0.5, np.float32))
    assert len(found) == 0
    assert len(found.mirrored(shape[1])) == 0


def test_mirroring_the_points_is_mirroring_the_picture() -> None:
    """The same descriptors at mirrored places. An odd width is halved the same way from both ends."""
    picture = texture(3, 96, 97)
    wanted = find_keypoints(np.ascontiguousarray(picture[:, ::-1]))
    got = find_keypoints(picture).mirrored(97)
    apart = np.linalg.norm(wanted.places[:, None] - got.places[None], axis=2)
    alike = wanted.descriptors @ got.descriptors.T
    same = (apart < 0.05) & (alike > 0.99)
    assert same.any(axis=1).mean() > 0.95


@examples(60)
@given(st.integers(1, 70), st.integers(1, 70), st.integers(0, 2**32 - 1), st.sampled_from([0.1, 0.5, 50.0]))
def test_any_picture_has_finite_points_inside_it(height: int, width: int, seed: int, contrast: float) -> None:
    rng = np.random.default_rng(seed)
    picture = np.clip(0.5 + contrast * rng.normal(size=(height, width)), 0, 1).astype(np.float32)
    found = find_keypoints(picture)
    assert np.isfinite(found.descriptors).all()
    assert ((found.places >= 0) & (found.places <= [width, height])).all()


@pytest.mark.parametrize("shift", [-0.5, 0.5])
def test_a_peak_halfway_to_a_level_without_slopes_is_described(
    monkeypatch: pytest.MonkeyPatch, shift: float
) -> None:
    """Such a peak was once looked up past the end of the last octave."""
    monkeypatch.setattr(keypoints, "_vertex", lambda *three: np.full_like(three[1], shift))
    found = find_keypoints(texture())
    assert len(found) >= 50
    assert np.allclose(np.linalg.norm(found.descriptors, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_descriptors_do_not_change_when_the_picture_is_turned(turns: int) -> None:
    """Quarter turns move pixels without resampling, so nearly all points come back."""
    picture = texture(4, 96, 96)
    before, after = find_keypoints(picture), find_keypoints(np.ascontiguousarray(np.rot90(picture, turns)))
    x, y = before.places.T
    places = {1: (y, 96 - x), 2: (96 - x, 96 - y), 3: (96 - y, x)}[turns]
    apart = np.linalg.norm(np.stack(places, 1)[:, None] - after.places[None], axis=2)
    same = (apart < 1.5) & (before.descriptors @ after.descriptors.T > 0.95)
    assert same.any(axis=1).mean() > 0.8


def test_descriptors_do_not_change_with_brightness_and_contrast() -> None:
    picture = texture(5)
    before, after = find_keypoints(picture), find_keypoints(picture * 0.5 + 0.2)
    apart = np.linalg.norm(before.places[:, None] - after.places[None], axis=2)
    same = (apart < 0.1) & (before.descriptors @ after.descriptors.T > 0.999)
    assert same.any(axis=1).mean() > 0.75  # the faintest are lost, weaker ones take their place
