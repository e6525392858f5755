"""Maps between pictures: algebra, pictures moved by them, and finding them from points."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter, map_coordinates

from saccade.core.errors import InvalidVectorError
from saccade.core.pixels.alignment import (
    IDENTITY,
    Transform,
    apply,
    candidates,
    compose,
    half_turns,
    inverse,
    overlay,
    pixel_centers,
    sample,
    warp,
)
from saccade.core.pixels.keypoints import Floats, find_keypoints
from saccade.core.types import Pixels


def texture(seed: int = 0, height: int = 120, width: int = 160) -> Floats:
    """Blobs of many sizes in [0, 1]."""
    rng = np.random.default_rng(seed)
    picture = sum(
        gaussian_filter(rng.normal(size=(height, width)), size, mode="nearest") * size
        for size in (1, 2, 4, 8)
    )
    return ((picture - picture.min()) / np.ptp(picture)).astype(np.float32)


def colored(seed: int = 0, height: int = 120, width: int = 160) -> Pixels:
    return np.stack([texture(seed * 3 + part, height, width) * 255 for part in range(3)], 2).astype(np.uint8)


def about(degrees: float, scale: float, x: float, y: float) -> Transform:
    """Turned and scaled about the middle of a square, then moved."""
    turn = np.deg2rad(degrees)
    linear = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return np.column_stack([linear, np.array([0.5 + x, 0.5 + y]) - linear @ [0.5, 0.5]])


@given(st.floats(-180, 180), st.floats(0.2, 5), st.floats(-1, 1), st.floats(-1, 1))
def test_a_map_and_its_inverse_cancel(degrees: float, scale: float, x: float, y: float) -> None:
    there = about(degrees, scale, x, y)
    assert np.allclose(compose(there, inverse(there)), IDENTITY, atol=1e-9)
    points = np.array([[0.1, 0.9], [0.5, 0.2]])
    assert np.allclose(apply(inverse(there), apply(there, points)), points)


def test_compose_does_the_inner_map_first() -> None:
    outer, inner = about(30, 1.2, 0.1, 0), about(-80, 0.5, 0, 0.2)
    points = np.array([[0.3, 0.8]])
    assert np.allclose(apply(compose(outer, inner), points), apply(outer, apply(inner, points)))


def test_a_map_that_flattens_has_no_inverse() -> None:
    with pytest.raises(InvalidVectorError, match="flattens"):
        inverse(np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0]]))


def test_the_half_turns_are_the_symmetries_of_a_square() -> None:
    """Each of the 8 exact ways to turn and mirror an array is undone by one of them, each by another."""
    picture = colored(1, 24, 24)
    turned = [np.rot90(one, turns) for one in (picture, picture[:, ::-1]) for turns in range(4)]
    undone = [
        [bool((warp(np.ascontiguousarray(one), way, 24, 24) == picture).all()) for way in half_turns()]
        for one in turned
    ]
    assert np.array(undone).sum(axis=0).tolist() == [1] * 8
    assert np.array(undone).sum(axis=1).tolist() == [1] * 8


def test_sampling_is_bilinear_between_pixel_centers() -> None:
    """As scipy interpolates linearly, borders repeated."""
    picture = texture(2, 17, 23)
    rng = np.random.default_rng(0)
    points = rng.uniform(-0.2, 1.2, (200, 2))
    values, inside = sample(picture, points)
    wanted = map_coordinates(
        picture, [points[:, 1] * 17 - 0.5, points[:, 0] * 23 - 0.5], order=1, mode="nearest"
    )
    assert np.allclose(values, wanted, atol=1e-5)
    assert (inside == ((points >= 0) & (points <= 1)).all(axis=1)).all()


def test_sampling_at_the_pixels_gives_the_pixels() -> None:
    picture = colored(3, 9, 13)
    values, inside = sample(picture, pixel_centers(9, 13))
    assert np.allclose(values, picture)
    assert inside.all()


def test_warping_cuts_a_crop_and_leaves_black_what_is_not_covered() -> None:
    picture = colored(4, 40, 60)
    part = picture[10:30, 15:45]
    back = np.array([[0.5, 0.0, 0.25], [0.0, 0.5, 0.25]])  # from the crop to the whole
    whole = warp(part, back, 40, 60)
    assert (whole[10:30, 15:45] == part).all()
    whole[10:30, 15:45] = 0
    assert not whole.any()
    assert (warp(picture, inverse(back), 20, 30) == part).all()


def test_an_overlay_shows_both_and_black_where_they_are_equal() -> None:
    picture = colored(5, 50, 100)
    shown = overlay(picture, np.ascontiguousarray(picture[:, ::-1]), np.array([[-1.0, 0, 1], [0, 1, 0]]))
    assert shown.shape == (50, 304, 3)
    assert (shown[:, :100] == picture).all()
    assert (shown[:, 102:202] == picture).all()
    assert not shown[:, 204:].any()


def test_an_overlay_is_gray_where_the_other_does_not_reach() -> None:
    picture = colored(6, 50, 100)
    half = np.array([[0.5, 0.0, 0.0], [0.0, 1.0, 0.0]])
    shown = overlay(picture, np.ascontiguousarray(picture[:, :50]), half)
    assert not shown[:, 204:254].any()
    assert (shown[:, 254:] == 64).all()


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize(
    "there", [about(0, 1, 0, 0), about(25, 1, 0.05, 0), about(-140, 0.8, 0, 0.1), about(5, 0.6, 0.1, -0.1)]
)
def test_the_map_between_a_picture_and_its_turned_scaled_part_is_found(
    there: Transform, *, mirrored: bool
) -> None:
    """To within a pixel at the corners."""
    a = texture(7, 160, 160)
    if mirrored:
        there = compose(there, np.array([[-1.0, 0, 1], [0, 1, 0]]))
    b = sample(a, apply(there, pixel_centers(160, 160)))[0]
    found = candidates(find_keypoints(a), find_keypoints(b), a.shape, b.shape)
    corners = np.array([[0.2, 0.2], [0.8, 0.2], [0.2, 0.8], [0.8, 0.8]])
    assert found[0][1] >= 10
    assert np.abs(apply(found[0][0], corners) - apply(there, corners)).max() < 2 / 160


def test_other_pictures_have_no_map_many_points_agree_with() -> None:
    pictures = [texture(seed) for seed in range(8)]
    points = [find_keypoints(one) for one in pictures]
    votes = [
        candidates(points[i], points[j], pictures[i].shape, pictures[j].shape)
        for i in range(8)
        for j in range(i)
    ]
    assert max((one[0][1] for one in votes if one), default=0) <= 6


def test_pictures_without_points_have_no_map() -> None:
    flat = find_keypoints(np.zeros((50, 50), np.float32))
    some = find_keypoints(texture())
    assert candidates(flat, some, (50, 50), (120, 160)) == []
    assert candidates(some, flat, (120, 160), (50, 50)) == []
