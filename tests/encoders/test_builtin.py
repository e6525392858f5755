"""The built-in encoder itself: its golden numbers, its size, and photos stored in any orientation."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import saccade
from saccade.core.types import Role
from saccade.encoders.registry import load

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
        for role in Role:
            np.testing.assert_allclose(rows[role][number, :8], one[role], atol=golden["tolerance"])


@pytest.mark.parametrize("family", ["Landscape", "Portrait"])
def test_an_orientation_tag_changes_nothing(shared_data: Path, family: str) -> None:
    """The same photo stored in nine ways (no tag, and tags 1 to 8): cosine >= 0.99 between any two."""
    folder = shared_data / "decoder" / "exif_orientation"
    photos = [folder / f"{family}_{tag}.jpg" for tag in range(9)]
    encoder = saccade.load_encoder()
    for role in Role:
        rows = encoder.encode_images(photos, role=role)
        assert (rows @ rows.T).min() >= 0.99
    encoder.close()
