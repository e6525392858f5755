"""The built-in encoder itself: its golden numbers, its size, and photos stored in any orientation."""

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import saccade
from saccade.core.decoding import Decoded, DecodeTask
from saccade.core.types import Role
from saccade.encoders.registry import load
from saccade.sources.pool import GuardedDecoder

STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}  # fmt: skip
"""How the upright picture is turned to be stored under each tag."""
GOLDEN = Path(__file__).parents[1] / "golden" / "builtin.json"
WEIGHTS = Path(str(files("saccade.encoders"))) / "weights"


def test_the_weights_are_small() -> None:
    """They travel inside the wheel: at most 15 MB in all."""
    assert 0 < sum(file.stat().st_size for file in WEIGHTS.iterdir()) <= 15_000_000


def picture(k: int) -> np.ndarray:
    """The formula that the golden file states, written out again."""
    y, x, c = np.indices((224, 224, 3))
    return ((x * (k + 1) + y * (2 * k + 1) + 85 * c + (x * y // 64) * k) % 256).astype(np.uint8)


@pytest.fixture(scope="module")
def golden() -> dict[str, Any]:
    """What the weights' makers wrote down; weights without it are not to be trusted."""
    assert GOLDEN.is_file(), (
        "weights without golden vectors: python -m training.golden tests/golden/builtin.json"
    )
    loaded: dict[str, Any] = json.loads(GOLDEN.read_text(encoding="utf-8"))
    return loaded


def test_golden_vectors_belong_to_these_weights(golden: dict[str, Any]) -> None:
    """Made from files with the very same digests."""
    manifest = json.loads((WEIGHTS / "manifest.json").read_text(encoding="utf-8"))
    assert golden["weights"] == manifest["files"]


def test_golden_vectors_are_reproduced(golden: dict[str, Any]) -> None:
    """Texts and pictures give what they gave when the weights were made.

    The one test that catches a swapped channel, a wrong mean, or a tokenizer of another encoder.
    """
    encoder = load("builtin", threads=1)
    texts = encoder.encode_texts([one["text"] for one in golden["texts"]])
    for row, one in zip(texts, golden["texts"], strict=True):
        np.testing.assert_allclose(row[:8], one["semantic"], atol=golden["tolerance"])
    rows = encoder.encode_pixels(np.stack([picture(one["k"]) for one in golden["images"]]))
    assert len(golden["images"]) == len(golden["texts"]) == 3
    for number, one in enumerate(golden["images"]):
        for role in (Role.SEMANTIC, Role.COPY):
            np.testing.assert_allclose(rows[role][number, :8], one[role], atol=golden["tolerance"])


@pytest.fixture(scope="module")
def encoder() -> Iterator[saccade.ImageEncoder]:
    """The built-in encoder."""
    made = saccade.load_encoder()
    yield made
    made.close()


@pytest.mark.parametrize("family", ["Landscape", "Portrait"])
def test_the_orientation_photos_give_the_same_embedding(shared_data: Path, family: str) -> None:
    """One photo stored with no tag and with tags 1 to 8: cosine >= 0.99 between any two, in both roles.

    Each of the nine has its number painted in the middle and the words left and right at slightly other
    places, so that band (17 % of the height) is made the same first. As they are, they are not the same
    picture, and the least cosine is about 0.95 (semantic) and 0.88 (copy).
    """
    model = load("builtin", threads=1)
    folder = shared_data / "decoder" / "exif_orientation"
    tasks = [DecodeTask(path=str(folder / f"{family}_{tag}.jpg")) for tag in range(9)]
    with GuardedDecoder(model.info.recipe, workers=1) as decoder:
        outcomes = list(decoder.decode(tasks))
    assert [outcome.info.orientation for outcome in outcomes if isinstance(outcome, Decoded)] == [
        1,
        *range(1, 9),
    ]
    pixels = np.stack([outcome.pixels for outcome in outcomes if isinstance(outcome, Decoded)])
    pixels[:, 90:128] = pixels[1, 90:128]
    for rows in model.encode_pixels(pixels).values():
        assert (rows @ rows.T).min() >= 0.99


@pytest.mark.parametrize("tag", range(1, 9))
def test_an_orientation_tag_changes_nothing(
    encoder: saccade.ImageEncoder, shared_data: Path, tmp_path: Path, tag: int
) -> None:
    """A photo turned or mirrored, with the tag that says so, is the photo (cosine >= 0.99).

    The same without the tag is not, which shows that the tag is what is read.
    """
    upright = Image.open(next(iter(sorted((shared_data / "imagenet_photos").rglob("*.[Jj]*"))))).convert(
        "RGB"
    )
    upright = upright.crop((0, 0, 320, 240))
    stored = upright if tag == 1 else upright.transpose(STORED[tag])
    exif = Image.Exif()
    exif[0x0112] = tag
    stored.save(tmp_path / "tagged.jpg", quality=95, exif=exif)
    stored.save(tmp_path / "plain.jpg", quality=95)
    upright.save(tmp_path / "upright.jpg", quality=95)
    names = ("upright", "tagged", "plain")
    for role in ("semantic", "copy"):
        true, tagged, plain = encoder.encode_images([tmp_path / f"{name}.jpg" for name in names], role=role)
        assert true @ tagged >= 0.99
        assert tag == 1 or true @ plain < true @ tagged
