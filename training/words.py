"""Texts to learn from beyond the captions: names of things, their definitions, and plain nonsense.

Names and definitions of the ImageNet synsets (WordNet, Princeton University) come as text files
inside the package `timm` (Apache-2.0), installed with --no-deps; no code of it runs.
"""

from __future__ import annotations

import string
from collections import Counter
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokenizers import Tokenizer

Rng = np.random.Generator

TEMPLATES = (
    "{}",
    "{}",
    "a {}",
    "a photo of a {}",
    "a picture of a {}",
    "a close up of a {}",
    "two {}s",
    "{}s",
    "a photo of the {}",
    "a {} in the background",
    "a person with a {}",
    "there is a {} here",
)


@dataclass(frozen=True, slots=True)
class Synsets:
    """WordNet synsets: for each id its names (best first) and its definition."""

    ids: tuple[str, ...]
    names: tuple[tuple[str, ...], ...]
    definitions: tuple[str, ...]
    classes: tuple[int, ...]
    """Positions in `ids` of the 1000 classes of the backbone, in the order of its classifier."""


def read_synsets() -> Synsets:
    """The 21,844 synsets of the full ImageNet and which of them the backbone knows."""
    spec = find_spec("timm")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("install timm with --no-deps: it carries the names of the classes")
    folder = Path(spec.origin).parent / "data" / "_info"

    def table(name: str) -> dict[str, str]:
        lines = (folder / name).read_text(encoding="utf-8").splitlines()
        return dict(line.split("\t", 1) for line in lines)

    names, definitions = (
        table("imagenet_synset_to_lemma.txt"),
        table("imagenet_synset_to_definition.txt"),
    )
    ids = tuple(names)
    place = {synset: i for i, synset in enumerate(ids)}
    classes = (folder / "imagenet_synsets.txt").read_text(encoding="utf-8").split()
    return Synsets(
        ids,
        tuple(tuple(part.strip().lower() for part in names[s].split(",")) for s in ids),
        tuple(definitions[s] for s in ids),
        tuple(place[s] for s in classes),
    )


def phrase(name: str, rng: Rng) -> str:
    """`name` in a random template, with the right article."""
    text = TEMPLATES[rng.integers(len(TEMPLATES))].format(name)
    return text.replace("a " + name, "an " + name) if name[0] in "aeiou" else text


def mix(captions: Sequence[str], names: Sequence[str], count: int, rng: Rng) -> list[str]:
    """Captions in which one to three words are exchanged for names: new words in known places."""
    out: list[str] = []
    for i in rng.integers(0, len(captions), count):
        words = captions[i].rstrip(" .").split()
        for _ in range(int(rng.integers(1, 4))):
            words[rng.integers(len(words))] = names[rng.integers(len(names))]
        out.append(" ".join(words))
    return out


SCRIPTS = (
    (0x400, 0x450),
    (0x5D0, 0x5EB),
    (0x620, 0x64A),
    (0x4E00, 0x9F00),
    (0x3040, 0x30FF),
    (0x900, 0x940),
    (0x3B1, 0x3CA),
    (0xAC00, 0xD7A0),
    (0x1F300, 0x1F640),
)
"""Ranges of code points: Cyrillic, Hebrew, Arabic, Han, Kana, Devanagari, Greek, Hangul, emoji."""


def nonsense(words: Sequence[str], rng: Rng) -> str:
    """A text about nothing one can see: letters, other scripts, numbers, or words drawn blindly."""
    kind = rng.random()
    length = int(rng.integers(1, 9))
    if kind < 0.4:
        return " ".join(words[rng.integers(len(words))] for _ in range(length))
    if kind < 0.65:
        letters = list(string.ascii_lowercase)
        return " ".join("".join(rng.choice(letters, int(rng.integers(2, 11)))) for _ in range(length))
    if kind < 0.8:
        low, high = SCRIPTS[rng.integers(len(SCRIPTS))]
        sizes = rng.integers(1, 8, length)
        return " ".join("".join(chr(c) for c in rng.integers(low, high, size)) for size in sizes)
    if kind < 0.9:
        marks = list(string.digits + string.punctuation)
        return " ".join("".join(rng.choice(marks, int(rng.integers(1, 8)))) for _ in range(length))
    letters = list(string.ascii_letters + string.digits)
    return "".join(rng.choice(letters, int(rng.integers(4, 24))))


def prune_vocabulary(source: Tokenizer, texts: Sequence[str], common: int) -> list[str]:
    """Tokens worth keeping: those `texts` use, and the `common` most frequent ASCII ones.

    The source lists its tokens by frequency. Single characters always stay, so every ASCII word can
    be spelled.
    """
    used: Counter[str] = Counter()
    for encoding in source.encode_batch(list(texts), add_special_tokens=False):
        used.update(encoding.tokens)
    ranked = sorted(source.get_vocab().items(), key=lambda item: item[1])
    kept: list[str] = []
    for token, rank in ranked:
        plain = token.removeprefix("##")
        if token.startswith("[unused") or not token.isascii():
            continue
        special = token.startswith("[") and token.endswith("]") and len(token) > 2
        if special or len(plain) == 1 or used[token] or (plain.isalpha() and rank < common):
            kept.append(token)
    return kept
