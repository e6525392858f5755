"""Write the golden vectors of the shipped files: `python -m training.golden tests/golden/builtin.json`.

Three images from a formula and three texts; the first eight values of every output. They catch a
wrong resize order, a swapped channel, a runtime that computes otherwise.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np

from training.data import SIZE, Pixels
from training.evaluate import WEIGHTS, Towers

FORMULA = (
    "y, x, c = numpy.indices((224, 224, 3)); "
    "image(k) = ((x * (k + 1) + y * (2 * k + 1) + 85 * c + (x * y // 64) * k) % 256).astype('uint8')"
)
TEXTS = ("a dog runs on the beach", "coffee cup", "")
VALUES = 8


def image(k: int) -> Pixels:
    """Image k of `FORMULA`: uint8 (224, 224, 3)."""
    y, x, c = np.indices((SIZE, SIZE, 3))
    value = x * (k + 1) + y * (2 * k + 1) + 85 * c + (x * y // 64) * k
    return (value % 256).astype(np.uint8)


def main() -> None:
    """Write the file named on the command line."""
    towers = Towers(WEIGHTS)
    semantic, copy = towers.images(np.stack([image(k) for k in range(3)]))
    texts = towers.texts(TEXTS)
    golden = {
        "formula": FORMULA,
        "tolerance": 0.02,
        "images": [{"k": k, "semantic": _first(semantic[k]), "copy": _first(copy[k])} for k in range(3)],
        "texts": [{"text": t, "semantic": _first(v)} for t, v in zip(TEXTS, texts, strict=True)],
        "weights": json.loads((WEIGHTS / "manifest.json").read_text(encoding="utf-8"))["files"],
        "made_with": {name: version(name) for name in ("numpy", "onnxruntime", "tokenizers")},
    }
    Path(sys.argv[1]).write_text(json.dumps(golden, indent=1) + "\n", encoding="utf-8")


def _first(row: np.ndarray) -> list[float]:
    return [round(float(v), 6) for v in row[:VALUES]]


if __name__ == "__main__":
    main()
