"""Numbers on how two pictures agree."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from saccade.core.pixels.alignment import IDENTITY
from saccade.core.pixels.comparison import Agreement, Prepared, compare
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


def agreement(a: Pixels, b: Pixels) -> Agreement:
    found = compare(Prepared(a, 224), Prepared(b, 224), IDENTITY)
    assert found is not None
    return found


def test_a_picture_agrees_with_itself() -> None:
    found = agreement(colored(), colored())
    assert found.agreeing == pytest.approx(1)
    assert found.correlation > 0.99
    assert found.detail > 0.97
    assert (found.covered_a, found.covered_b) == (pytest.approx(1), pytest.approx(1))


def test_brightness_and_contrast_do_not_count() -> None:
    before = agreement(colored(), colored())
    after = agreement(colored(), (colored() * 0.6 + 60).astype(np.uint8))
    assert after.correlation == pytest.approx(before.correlation, abs=0.01)
    assert after.agreeing == pytest.approx(1)


def test_other_pictures_do_not_agree() -> None:
    found = [agreement(colored(0), colored(seed)) for seed in range(1, 9)]
    assert max(one.agreeing for one in found) < 0.3
    assert max(one.detail for one in found) < 0.4


def test_what_is_covered_by_something_else_lowers_the_share_that_agrees() -> None:
    """A quarter of the picture from another one: the blocks there disagree, and no others."""
    changed = colored().copy()
    changed[:84, :112] = colored(9)[:84, :112]
    found = agreement(colored(), changed)
    assert 0.6 < found.agreeing < 0.85


def test_letters_over_a_picture_leave_its_blocks_fitting() -> None:
    """Thin strokes change few pixels of a block; something else in its place changes most of them."""
    written, replaced = colored().copy(), colored().copy()
    written[40:120, 30:200:16] = 255
    replaced[40:120, 30:200] = colored(9)[40:120, 30:200]
    letters, moved = agreement(colored(), written), agreement(colored(), replaced)
    assert letters.fitting > 0.97
    assert moved.fitting < 0.85


def test_any_change_of_light_that_keeps_levels_apart_leaves_all_fitting() -> None:
    """Gamma and a cut of the lightest tones of a gray picture."""
    gray = np.repeat(colored()[..., :1], 3, axis=2)
    gamma = (255 * (gray / 255.0) ** 2).astype(np.uint8)
    assert agreement(gray, gamma).fitting > 0.99
    assert agreement(gray, np.minimum(gray, 200)).fitting > 0.99


def test_a_map_that_no_edit_makes_is_not_compared() -> None:
    """One side of the copy five times as long as the other."""
    a = Prepared(colored(0), 224)
    assert compare(a, a, np.array([[1.0, 0, 0], [0, 0.2, 0.4]])) is None
    assert compare(a, a, np.array([[1.0, 0, 0], [0, 0.5, 0.2]])) is not None


def test_pictures_that_hardly_overlap_are_not_compared() -> None:
    a, b = Prepared(colored(0), 224), Prepared(colored(1), 224)
    assert compare(a, b, np.array([[1.0, 0, 0.99], [0, 1, 0]])) is None
    assert compare(a, b, np.array([[1.0, 0, 5], [0, 1, 5]])) is None
    assert compare(a, b, np.array([[0.001, 0, 0.5], [0, 0.001, 0.5]])) is None
    assert compare(a, b, np.array([[1.0, 1, 0], [1, 1, 0]])) is None


def test_the_shares_covered_follow_from_the_map() -> None:
    """A crop to half of each side lies in a quarter of the whole, which covers all of the crop."""
    whole = colored()
    found = compare(
        Prepared(whole, 224), Prepared(whole[:84, :112], 224), np.array([[0.5, 0, 0], [0, 0.5, 0]])
    )
    assert found is not None
    assert found.covered_a == pytest.approx(0.25, abs=0.01)
    assert found.covered_b == pytest.approx(1, abs=0.02)
    assert found.correlation > 0.98


def test_a_large_picture_is_averaged_down() -> None:
    picture = colored(2, 300, 400)
    assert Prepared(picture, 100).gray.shape == (75, 100)
    means = picture.reshape(75, 4, 100, 4, 3).mean((1, 3)) @ [0.299, 0.587, 0.114] / 255
    assert np.allclose(Prepared(picture, 100).gray, means, atol=1e-4)
    assert Prepared(picture[:50, :60], 100).gray.shape == (50, 60)
