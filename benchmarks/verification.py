"""How well pictures are distinguished by their pixels, on photos that trained nothing.

Full-size photos of coco and imagenet. Same picture: a photo and its fourteen edits. Other picture: a photo,
or an edit, with what the copy space takes for its nearest among both folders and Flickr8k's dev split.
"""

import itertools
import time

import numpy as np

from benchmarks.common import DATA, Result
from saccade.core.pixels.verification import AlignmentVerifier
from saccade.core.ports.engines import Match, Verifier
from saccade.encoders.sift import SiftVerifier
from training.data import load, read_coco, read_flickr8k, read_imagenet
from training.evaluate import WEIGHTS, Towers
from training.judge import EDITS
from training.verify import HARD, Pair, contained, pairs

_SHOWN = 8
"""Wrongly matched pairs named in the result, for a person to look at."""


def verification(every: int = 4) -> Result:
    """Recall of each edit, precision and time of a pair, for both verifiers; edits each `every`-th photo."""
    judged = [*read_coco(DATA)[0].paths, *read_imagenet(DATA)[0]]
    edited = range(0, len(judged), every)
    paths = [*judged, *read_flickr8k(DATA, "dev").paths]
    photos = [load(path) for path in paths]
    names = [path.name for path in paths]
    return {
        verifier.name: _judged(
            verifier,
            list(pairs(photos, EDITS, Towers(WEIGHTS), verifier.recipe.size, edited=edited)),
            names,
        )
        | {"bridge_mods": _bridge(verifier)}
        for verifier in (AlignmentVerifier(), SiftVerifier())
    }


def _judged(verifier: Verifier, examples: list[Pair], names: list[str]) -> Result:
    found: list[Match] = []
    seconds = []
    for pair in examples:
        started = time.thread_time()
        found.append(verifier.verify(pair.a, pair.b, 0.0))
        seconds.append(time.thread_time() - started)
    same = np.array([match.same for match in found])
    kinds = np.array([pair.kind for pair in examples])
    hard = kinds == HARD
    milliseconds = np.array(seconds) * 1000
    wrong = [
        {
            "photos": sorted({names[pair.photo], names[pair.other]}),
            "probability": round(match.probability, 3),
        }
        for pair, match in zip(examples, found, strict=True)
        if match.same and pair.kind == HARD
    ]
    return {
        "photos": len({pair.photo for pair in examples}),
        "recall": round(float(same[~hard].mean()), 4),
        "recall_by_edit": {name: round(float(same[kinds == name].mean()), 4) for name in EDITS},
        "look_alikes": int(hard.sum()),
        "look_alikes_taken": int(same[hard].sum()),
        "precision": round(float(same[~hard].sum() / max(same.sum(), 1)), 4),
        "taken": wrong[:_SHOWN],
        "ms_per_pair": {
            "copy_p50": round(float(np.median(milliseconds[~hard])), 1),
            "copy_p95": round(float(np.quantile(milliseconds[~hard], 0.95)), 1),
            "look_alike_p50": round(float(np.median(milliseconds[hard])), 1),
            "look_alike_p95": round(float(np.quantile(milliseconds[hard], 0.95)), 1),
        },
    }


def _bridge(verifier: Verifier) -> str:
    """How many of the 11 edits of one photo are found from each other: "132 of 132" ordered pairs."""
    folder = DATA / "copydetect" / "threatexchange_pdq" / "bridge-mods"
    pictures = [contained(load(path), verifier.recipe.size) for path in sorted(folder.iterdir())]
    found = [verifier.verify(a, b, 0.0).same for a, b in itertools.permutations(pictures, 2)]
    return f"{sum(found)} of {len(found)}"
