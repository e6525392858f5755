"""What every encoder with patch features must do, and what one without must say."""

import json
import shutil
import threading
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from saccade.core.errors import EncoderUnavailableError, InvalidVectorError
from saccade.core.ports.engines import PatchEncoder
from saccade.encoders.onnx import OnnxEncoder
from saccade.encoders.registry import known_encoders, load

WEIGHTS = Path(str(files("saccade.encoders"))) / "weights"
SIZE = 224


@pytest.fixture(scope="module", params=known_encoders())
def encoder(request: pytest.FixtureRequest) -> PatchEncoder:
    """Each encoder there is, by name."""
    made = load(request.param, threads=2)
    assert isinstance(made, PatchEncoder)
    return made


def pictures(count: int, seed: int = 3) -> np.ndarray:
    """Smooth random pictures."""
    coarse = np.random.default_rng(seed).integers(0, 256, (count, 7, 7, 3), np.uint8)
    return np.ascontiguousarray(coarse.repeat(SIZE // 7, axis=1).repeat(SIZE // 7, axis=2))


def test_features_have_the_shape_that_was_said(encoder: PatchEncoder) -> None:
    """(n, rows, columns, channels) float32, finite, C order; past one inner batch; none of nothing."""
    features = encoder.encode_patches(pictures(11))
    assert features.shape == (11, *encoder.patch_shape)
    assert features.dtype == np.float32
    assert features.flags.c_contiguous
    assert np.isfinite(features).all()
    assert encoder.encode_patches(pictures(0)).shape == (0, *encoder.patch_shape)


def test_a_batch_is_each_alone(encoder: PatchEncoder) -> None:
    """A picture's features do not depend on its neighbors in a batch, and the input is left as it is."""
    given = pictures(9)
    before = given.copy()
    batch = encoder.encode_patches(given)
    for number in (0, 7, 8):
        np.testing.assert_allclose(
            encoder.encode_patches(given[number : number + 1])[0], batch[number], atol=1e-4
        )
    np.testing.assert_array_equal(given, before)


@pytest.mark.parametrize("row", [0, 3, 6])
@pytest.mark.parametrize("column", [0, 3, 6])
def test_a_patch_sees_its_own_part_of_the_picture(encoder: PatchEncoder, row: int, column: int) -> None:
    """A spot changes the patches around it most: ((c + 0.5) / columns, (r + 0.5) / rows) is where."""
    flat = np.full((2, SIZE, SIZE, 3), 128, np.uint8)
    step = SIZE // 7
    flat[1, row * step : (row + 1) * step, column * step : (column + 1) * step] = (255, 0, 0)
    features = encoder.encode_patches(flat)
    change = np.linalg.norm(features[1] - features[0], axis=2)
    rows, columns, _ = encoder.patch_shape
    near = change > 0.7 * change.max()
    assert np.average((np.nonzero(near)[0] + 0.5) / rows) == pytest.approx((row + 0.5) / 7, abs=0.08)
    assert np.average((np.nonzero(near)[1] + 0.5) / columns) == pytest.approx((column + 0.5) / 7, abs=0.08)


@pytest.mark.parametrize(
    "spoiled",
    [np.zeros((SIZE, SIZE, 3), np.uint8), np.zeros((1, 8, 8, 3), np.uint8), np.zeros((1, SIZE, SIZE, 3))],
    ids=["one picture", "too small", "float"],
)
def test_pixels_of_another_shape_or_kind_are_refused(encoder: PatchEncoder, spoiled: np.ndarray) -> None:
    """Expected and got are in the message."""
    with pytest.raises(InvalidVectorError, match=r"\(n, 224, 224, 3\) uint8"):
        encoder.encode_patches(spoiled)


def test_many_threads_at_once_get_the_right_answers(encoder: PatchEncoder) -> None:
    """From the first call on, beside embeddings, which stay what they are."""
    made = load("builtin", threads=1)
    assert isinstance(made, PatchEncoder)
    given = pictures(4)
    features = encoder.encode_patches(given)
    right: list[bool] = []

    def work(number: int) -> None:
        made.encode_pixels(given[number : number + 1])
        found = made.encode_patches(given[number : number + 1])[0]
        right.append(bool(np.allclose(found, features[number], atol=1e-4)))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert right == [True] * 4


def manifest_with(folder: Path, patches: object) -> OnnxEncoder:
    """The built-in encoder with another "patches" in its manifest."""
    shutil.copytree(WEIGHTS, folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"patches": patches}))
    return OnnxEncoder(folder, threads=1)


def test_an_encoder_without_patches_says_so(tmp_path: Path) -> None:
    """With what to do; all else it says is what one with them says."""
    without = manifest_with(tmp_path / "w", None)
    for ask in (lambda: without.encode_patches(pictures(1)), lambda: without.patch_shape):
        with pytest.raises(EncoderUnavailableError, match="no patch features") as caught:
            ask()
        assert caught.value.hint
    known = load("builtin", threads=1).info
    assert replace(without.info, fingerprint=known.fingerprint) == known


@pytest.mark.parametrize(
    "patches",
    [3, {}, {"outputs": [], "shape": [2, 2, 2]}, {"outputs": ["x"], "shape": [0, 2, 2]}, {"outputs": ["x"]}],
)
def test_a_manifest_with_senseless_patches_is_told(tmp_path: Path, patches: object) -> None:
    """When the encoder is opened, not in the middle of the work."""
    with pytest.raises(EncoderUnavailableError, match="manifest"):
        manifest_with(tmp_path / "w", patches)
