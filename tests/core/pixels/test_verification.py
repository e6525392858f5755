"""The same picture, edited, is told from another picture."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from saccade.core.pixels.alignment import IDENTITY, apply
from saccade.core.pixels.comparison import Agreement
from saccade.core.pixels.verification import FACTS, SAME, AlignmentVerifier, judge
from saccade.core.ports.engines import Verifier
from saccade.core.types import Pixels


def scene(seed: int = 0, height: int = 168, width: int = 224) -> Pixels:
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


def framed(picture: Pixels) -> Pixels:
    return np.pad(picture, ((20, 20), (20, 20), (0, 0)), constant_values=255)


def captioned(picture: Pixels) -> Pixels:
    changed = picture.copy()
    changed[80:100, 20:190:7] = 255
    return changed


LUMA = np.array([0.299, 0.587, 0.114])
EDITS = {
    "itself": lambda one: one,
    "mirror": lambda one: one[:, ::-1],
    "quarter turn": np.rot90,
    "upside down": lambda one: one[::-1, ::-1],
    "crop": lambda one: one[20:140, 30:180],
    "small crop": lambda one: one[50:150, 60:190],
    "half size": lambda one: one[::2, ::2],
    "dark": lambda one: (one * 0.5).astype(np.uint8),
    "gray": lambda one: np.repeat((one @ LUMA)[..., None], 3, axis=2).astype(np.uint8),
    "flattened": lambda one: one[::2],
    "border": framed,
    "captioned": captioned,
    "mirrored crop": lambda one: one[20:140, 180:30:-1],
    "negative": lambda one: 255 - one,
}


@pytest.fixture(scope="module")
def verifier() -> Verifier:
    return AlignmentVerifier()


@pytest.mark.parametrize("edit", [name for name in EDITS if name != "negative"])
def test_an_edited_picture_is_the_same(verifier: Verifier, edit: str) -> None:
    picture = scene()
    copy = np.ascontiguousarray(EDITS[edit](picture))
    for first, second in ((picture, copy), (copy, picture)):
        found = verifier.verify(first, second, 0.8)
        assert found.same
        assert found.probability >= SAME
        assert found.transform is not None
        assert found.transform.shape == (2, 3)
        assert tuple(found.facts) == FACTS


def test_the_map_says_where_the_copy_lies(verifier: Verifier) -> None:
    """Corners of the crop, to a hundredth of the picture."""
    picture = scene()
    found = verifier.verify(picture, np.ascontiguousarray(picture[20:140, 30:180]), 0.8)
    assert found.transform is not None
    corners = apply(found.transform, np.array([[0.0, 0.0], [1.0, 1.0]]))
    assert np.abs(corners - [[30 / 224, 20 / 168], [180 / 224, 140 / 168]]).max() < 0.01


def test_two_edits_of_one_picture_are_the_same(verifier: Verifier) -> None:
    """Neither is the original: crops from opposite corners, one mirrored."""
    picture = scene()
    a, b = picture[:130, :170], np.ascontiguousarray(picture[30:, 45:][:, ::-1])
    assert verifier.verify(a, b, 0.8).same


def test_other_pictures_are_not_the_same(verifier: Verifier) -> None:
    for seed in range(1, 9):
        found = verifier.verify(scene(0), scene(seed), 0.99)
        assert not found.same
        assert found.probability < 0.05


def test_a_negative_is_not_the_same(verifier: Verifier) -> None:
    """Its light is reversed: that is another look, not an edit that is looked for."""
    assert not verifier.verify(scene(), 255 - scene(), 0.8).same


def test_another_moment_is_not_the_same(verifier: Verifier) -> None:
    """The background stands still, what is in front, 40 % of the picture, has changed."""
    before, after = scene(0).copy(), scene(0).copy()
    before[30:140, 60:170], after[30:140, 60:170] = scene(1)[30:140, 60:170], scene(2)[30:140, 60:170]
    assert not verifier.verify(before, after, 0.9).same


@pytest.mark.parametrize("shape", [(168, 224), (1, 1), (3, 500), (500, 3)])
def test_a_picture_that_shows_nothing_is_like_none(verifier: Verifier, shape: tuple[int, int]) -> None:
    """Flat pictures have nothing to compare; equal ones are found by their pixels, not here."""
    flat = np.full((*shape, 3), 128, np.uint8)
    assert not verifier.verify(flat, flat, 1.0).same
    assert not verifier.verify(scene(), flat, 1.0).same
    assert not verifier.verify(flat, scene(), 1.0).same


def test_the_same_question_has_the_same_answer(verifier: Verifier) -> None:
    """Whatever was asked before, and to the last digit."""
    picture, crop = scene(), np.ascontiguousarray(scene()[20:140, 30:180])
    first = verifier.verify(picture, crop, 0.8)
    verifier.verify(scene(5), picture, 0.8)
    again = AlignmentVerifier().verify(picture, crop, 0.1)
    assert first.facts == again.facts
    assert first.probability == again.probability
    assert first.transform is not None
    assert again.transform is not None
    assert (first.transform == again.transform).all()


def test_inputs_are_left_as_they_are(verifier: Verifier) -> None:
    a, b = scene(1), scene(2)
    verifier.verify(a, b, 0.8)
    assert (a == scene(1)).all()
    assert (b == scene(2)).all()


def test_more_agreement_never_lowers_the_probability() -> None:
    def probability(fitting: float, detail: float) -> float:
        found = Agreement(
            covered_a=1,
            covered_b=1,
            agreeing=0.9,
            correlation=0.95,
            blocks=0.9,
            detail=detail,
            fitting=fitting,
            structure=1,
            offset=0,
        )
        return judge(IDENTITY, found, 20).probability

    steps = np.linspace(0, 1, 11)
    assert np.all(np.diff([probability(step, 0.9) for step in steps]) >= 0)
    assert np.all(np.diff([probability(0.9, step) for step in steps]) >= 0)
    assert probability(1, 1) > 0.99
    assert probability(0, 0) < 0.01


def disk(ground: tuple[int, int, int], color: tuple[int, int, int]) -> Pixels:
    """A disk on a plain ground."""
    y, x = np.mgrid[:120, :160]
    inside = (x - 80) ** 2 + (y - 60) ** 2 < 30**2
    return np.where(inside[..., None], color, ground).astype(np.uint8)


def test_plain_pictures_of_one_shape_are_the_same_only_in_the_same_tones(verifier: Verifier) -> None:
    """A yellow sun in the sky is no red ball on grass; a little brighter it is still the sun."""
    sun, ball = disk((135, 206, 235), (255, 255, 0)), disk((0, 100, 0), (255, 0, 0))
    assert not verifier.verify(sun, ball, 0.9).same
    assert verifier.verify(sun, (sun * 0.8).astype(np.uint8), 0.9).same


def floor(seed: int) -> Pixels:
    """Tiles of some size in two colors, with a disk on them and noise."""
    rng = np.random.default_rng(seed)
    down, right = np.mgrid[:96, :96]
    base, front = rng.integers(0, 256, (2, 3))
    middle, radius = rng.integers(20, 76, 2), rng.integers(10, 40)
    inside = (down - middle[0]) ** 2 + (right - middle[1]) ** 2 < radius**2
    tiles = (right // rng.integers(6, 30) + down // rng.integers(6, 30)) % 2 == 0
    picture = np.where(tiles[..., None], base, 255 - base)
    picture = np.where(inside[..., None], front, picture) + rng.normal(0, 8, (96, 96, 3))
    return np.clip(picture, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("seed", [0, 2, 3, 7, 11])
def test_patterns_that_repeat_are_not_laid_onto_each_other(verifier: Verifier, seed: int) -> None:
    """A few tiles of one fit a few of the other once stretched, and few points vote for that."""
    assert not verifier.verify(floor(seed), floor(16), 0.8).same
