"""Fit what each fact weighs in "the same picture, edited": `python -m training.verify --data DIR`.

Prints the constants of `core.pixels.verification`. Photos of Flickr8k's `train` split only. Same picture:
photos with their edits. Other picture: the edits with the photos that the copy head takes for their nearest,
and the most alike photos of the whole split, many of them taken seconds apart.
"""

from __future__ import annotations

import argparse
import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from saccade.core.pixels.verification import COMPARED_SIZE, FACTS, WEIGHED, AlignmentVerifier
from training.data import Pixels, load_squashed, read_flickr8k, squash
from training.evaluate import WEIGHTS, Towers
from training.judge import EDITS, Edit
from training.views import rough, unsquash

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from saccade.core.ports.engines import Verifier

Floats = NDArray[np.float32]
HARD = "other photo"
ROUGH = "one or two random edits"
COPIES = (
    {"2851198725_37b6027625.jpg", "3050606344_af711c726c.jpg"},
    {"3640417354_b0b3e4aec9.jpg", "3656225270_cdf89e3240.jpg"},
    {"309687244_4bdf3b591f.jpg", "374828031_9d087da5cf.jpg"},
    {"3014015906_fdba461f36.jpg", "3156113206_53c2a7b5d8.jpg"},
)
"""Photos of the split that are copies of each other, seen by eye among those that were taken for the same."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pictures by a verifier's recipe: an edit of a photo, or (`HARD`) of another one that looks alike.

    `photo` and `other` are positions of the photos compared.
    """

    a: Pixels
    b: Pixels
    kind: str
    photo: int
    other: int


def contained(image: Image.Image, size: int) -> Pixels:
    """The picture with `size` as its longest side, or as it is if that is smaller."""
    part = size / max(image.size)
    if part < 1:
        shape = (max(1, round(image.width * part)), max(1, round(image.height * part)))
        image = image.resize(shape, Image.Resampling.BICUBIC)
    return np.ascontiguousarray(np.asarray(image, dtype=np.uint8))


def pairs(
    photos: Sequence[Image.Image],
    edits: Mapping[str, Edit],
    towers: Towers,
    size: int,
    *,
    hard: int = 1,
    edited: Sequence[int] | None = None,
    seed: int = 0,
) -> Iterator[Pair]:
    """Photos (at `edited`, or all) with each of their edits, and both with their `hard` nearest others."""
    rng = np.random.default_rng(seed)
    near = towers.images(np.stack([squash(photo) for photo in photos]))[1]
    small = [contained(photo, size) for photo in photos]
    for place in range(len(photos)) if edited is None else edited:
        photo = photos[place]
        yield from _hard(small, small[place], near @ near[place], place, hard)
        for name, edit in edits.items():
            changed = edit(photo, rng)
            shown = contained(changed, size)
            yield Pair(small[place], shown, name, place, place)
            scores = near @ towers.images(squash(changed)[None])[1][0]
            yield from _hard(small, shown, scores, place, hard)


def _hard(small: Sequence[Pixels], shown: Pixels, scores: Floats, own: int, hard: int) -> Iterator[Pair]:
    order = [int(other) for other in np.argsort(-scores, kind="stable")[: hard + 1] if other != own]
    for other in order[:hard]:
        yield Pair(small[other], shown, HARD, own, other)


def most_alike(paths: Sequence[Path], towers: Towers, most: int) -> Iterator[Pair]:
    """The `most` pairs of photos with the highest copy scores, copies left out."""
    pixels = load_squashed(paths)
    near = towers.images(pixels)[1]
    first, second = np.triu_indices(len(near), 1)
    scores = (near @ near.T)[first, second]
    for row in np.argsort(-scores, kind="stable")[:most]:
        a, b = int(first[row]), int(second[row])
        if {paths[a].name, paths[b].name} not in COPIES:
            yield Pair(pixels[a], pixels[b], HARD, a, b)


def facts_of(verifier: Verifier, examples: Iterable[Pair]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """(n, facts) of the best way to lay one onto the other, and whether it is the same picture.

    Pairs that nothing was found for are left out: they are not the same, whatever the weights.
    """
    rows, same = [], []
    for pair in examples:
        facts = verifier.verify(pair.a, pair.b, 0.0).facts
        if facts:
            rows.append([facts[name] for name in FACTS])
            same.append(pair.kind != HARD)
    return np.array(rows), np.array(same)


def fit(facts: NDArray[np.float64], same: NDArray[np.bool_], strength: float = 3e-5) -> NDArray[np.float64]:
    """Weights of a logistic regression on `WEIGHED`, none below zero, and its bias last.

    Copies count for a half of the loss; other pictures that share points and detail, which are other moments
    of one scene, for a quarter; the rest, which is easy, for the last quarter.
    """
    moment = ~same & (facts[:, FACTS.index("votes")] >= 8) & (facts[:, FACTS.index("detail")] >= 0.4)
    weight = np.zeros(len(same))
    for group, part in ((same, 0.5), (moment, 0.25), (~same & ~moment, 0.25)):
        weight[group] = part / max(group.sum(), 1)
    terms = facts[:, [FACTS.index(name) for name in WEIGHED]]
    scale, middle = terms.std(axis=0) + 1e-9, terms.mean(axis=0)
    inputs = np.column_stack([(terms - middle) / scale, np.ones(len(terms))])
    solution = np.zeros(inputs.shape[1])
    for _ in range(20_000):
        error = (1 / (1 + np.exp(-inputs @ solution)) - same) * weight
        gradient = inputs.T @ error
        gradient[:-1] += strength * solution[:-1]
        solution -= gradient
        solution[:-1] = np.maximum(solution[:-1], 0)
    weights = solution[:-1] / scale
    return np.append(weights, solution[-1] - weights @ middle)


def main() -> None:
    """Fit and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--photos", type=int, default=300)
    parser.add_argument("--alike", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    paths = read_flickr8k(arguments.data, "train").paths
    chosen = [paths[i] for i in rng.choice(len(paths), arguments.photos, replace=False)]
    photos = [unsquash(pixels, rng) for pixels in load_squashed(chosen)]
    edits = {**EDITS, ROUGH: lambda photo, its: Image.fromarray(rough(squash(photo), its))}
    towers = Towers(WEIGHTS)
    examples = itertools.chain(
        pairs(photos, edits, towers, COMPARED_SIZE, hard=2, seed=arguments.seed),
        most_alike(paths, towers, arguments.alike),
    )
    facts, same = facts_of(AlignmentVerifier(), examples)
    solution = fit(facts, same)
    for name, weight in zip((*WEIGHED, "bias"), solution, strict=True):
        print(f"{name:12s} {weight:8.2f}")


if __name__ == "__main__":
    main()
