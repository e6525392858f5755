"""The verifier of the extra `verify`."""

import builtins
import sys
from types import ModuleType

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from saccade.core.errors import MissingExtraError
from saccade.core.pixels.alignment import apply
from saccade.core.types import Pixels
from saccade.encoders.sift import SiftVerifier


def scene(seed: int = 0, height: int = 240, width: int = 320) -> Pixels:
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


@pytest.fixture(scope="module")
def verifier() -> SiftVerifier:
    pytest.importorskip("cv2", reason="OpenCV is missing: install the extra `verify`")
    return SiftVerifier()


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_crop_is_found_where_it_lies(verifier: SiftVerifier, *, mirrored: bool) -> None:
    """Corners to a hundredth of the picture, also of the mirrored crop."""
    picture = scene()
    crop = picture[24:216, 64:256]
    corners = np.array([[0.2, 0.1], [0.8, 0.9]])
    if mirrored:
        crop = crop[:, ::-1]
        corners = np.array([[0.8, 0.1], [0.2, 0.9]])
    found = verifier.verify(picture, np.ascontiguousarray(crop), 0.8)
    assert found.same
    assert found.facts["votes"] >= 20
    assert found.transform is not None
    assert np.abs(apply(found.transform, np.array([[0.0, 0.0], [1.0, 1.0]])) - corners).max() < 0.01


def test_other_pictures_are_not_the_same(verifier: SiftVerifier) -> None:
    for seed in range(1, 5):
        found = verifier.verify(scene(0), scene(seed), 0.99)
        assert not found.same
        assert found.probability < 0.05


def test_a_picture_that_shows_nothing_is_like_none(verifier: SiftVerifier) -> None:
    flat = np.full((100, 200, 3), 90, np.uint8)
    assert not verifier.verify(flat, flat, 1.0).same
    assert not verifier.verify(scene(), flat, 1.0).same
    assert not verifier.verify(flat[:1, :1], scene(), 1.0).same


def test_without_opencv_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(MissingExtraError, match="OpenCV") as caught:
        SiftVerifier()
    assert "saccade[verify]" in caught.value.hint


def test_opencv_is_loaded_only_when_a_verifier_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Importing the module must work without the extra."""
    real = builtins.__import__

    def refuse(name: str, *rest: object, **more: object) -> ModuleType:
        assert not name.startswith("cv2")
        return real(name, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", refuse)
    monkeypatch.delitem(sys.modules, "saccade.encoders.sift")
    __import__("saccade.encoders.sift")
