"""What the built-in encoder finds: `training.evaluate` on photos it never saw, and confidence as shown."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import saccade
from benchmarks.common import DATA, Result
from benchmarks.query import captions
from saccade.core.metrics import auroc
from training.judge import nothing_queries

_ROOT = Path(__file__).parents[1]


def encoder() -> Result:
    """Retrieval, copy detection and speed of the shipped files, as `training.evaluate` prints them."""
    command = [sys.executable, "-m", "training.evaluate", "--data", str(DATA)]
    printed = subprocess.run(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
    result: Result = json.loads(printed)
    return result


def confidence(queries: int = 500) -> Result:
    """How well the confidence of the best hit tells dev captions from queries about nothing.

    The library holds the dev photos; it was calibrated with different meaningless queries.
    """
    with (DATA / "flickr8k" / "captions.csv").open(encoding="utf-8") as file:
        dev = sorted({line.split(",", 2)[0] for line in file if line.split(",", 2)[1] == "dev"})
    with tempfile.TemporaryDirectory() as home, saccade.open_library(home) as library:
        library.index(*[DATA / "flickr8k" / "images" / name for name in dev])
        real = np.array([library.search(text, k=1)[0].confidence for text in captions(queries)])
        nothing = {
            kind: np.array([library.search(text, k=1)[0].confidence for text in texts])
            for kind, texts in nothing_queries(queries).items()
        }
    everything = np.concatenate(list(nothing.values()))
    return {
        "auroc": round(auroc(real, everything), 4),
        "auroc_by_kind": {kind: round(auroc(real, values), 4) for kind, values in nothing.items()},
        "captions_confident": round(float((real >= 0.95).mean()), 3),
        "nothing_confident": round(float((everything >= 0.95).mean()), 3),
    }
