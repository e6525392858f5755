"""Synthetic queries: meaningless ones to measure how chance scores, and ordinary ones to tune indexes.

Meaningless texts are abstract words, random letters, or other scripts.
Ordinary texts say what is where, as people do when they look for a photo.
"""

from __future__ import annotations  # avoids importing numpy.random just for a type

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

_ABSTRACT = tuple(
    """
    therefore policy ratio invoice theorem syntax clause average quarterly amendment liability
    hypothesis protocol merger tariff inference nominal threshold variance obligation consensus
    paragraph subsidy interest equity premise statute deficit coefficient parameter postponed although
    whereas hence mostly yield warranty audit compliance semester credibility semantics tax surplus
    efficiency scope mandate relevance standard percent version update deadline schedule budget estimate
    forecast integer logic grammar verb adjective pronoun opinion rumor doubt belief intention motive
    reason cause effect duty honor fate luck irony justice merit virtue ethics doctrine thesis decimal
    fraction exponent matrix vector median quotient remainder axiom lemma corollary proof converse
    password username bandwidth latency checksum compiler kernel database cache license copyright
    trademark patent contract lease mortgage dividend inflation currency pension salary refund discount
    receipt ledger account
    """.split()
)
_HOW = ("a", "two", "a small", "an old", "a red", "a white", "many", "a close-up of a")
_WHAT = (
    "dog", "cat", "man", "woman", "child", "car", "bicycle", "boat", "house", "church", "tree", "flower",
    "bird", "horse", "cup", "plate of food", "book", "chair", "street", "mountain", "lake", "airplane",
    "train", "shop",
)  # fmt: skip
_WHERE = (
    "in the snow", "on the beach", "at night", "in a garden", "on a table", "in the city", "by the water",
    "indoors", "on the grass", "in front of a wall", "at sunset", "in the rain",
)  # fmt: skip
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_SCRIPTS = ((0x0410, 0x044F), (0x05D0, 0x05EA), (0x0904, 0x0939), (0x4E00, 0x9FA5), (0xAC00, 0xD7A3))
"""Code point ranges, ends included: Cyrillic, Hebrew, Devanagari, Han, Hangul."""


def meaningless_texts(count: int, rng: np.random.Generator) -> list[str]:
    """`count` texts of one to six meaningless words, the three kinds in turn."""
    kinds = (_abstract, _letters, _script)
    return [
        " ".join(kinds[number % len(kinds)](rng) for _ in range(int(rng.integers(1, 7))))
        for number in range(count)
    ]


def ordinary_texts(count: int, rng: np.random.Generator) -> list[str]:
    """`count` short descriptions such as "a small dog in the snow"."""
    return [
        " ".join(words[int(rng.integers(len(words)))] for words in (_HOW, _WHAT, _WHERE))
        for _ in range(count)
    ]


def _abstract(rng: np.random.Generator) -> str:
    return _ABSTRACT[int(rng.integers(len(_ABSTRACT)))]


def _letters(rng: np.random.Generator) -> str:
    return "".join(
        _LETTERS[int(letter)] for letter in rng.integers(0, len(_LETTERS), int(rng.integers(3, 11)))
    )


def _script(rng: np.random.Generator) -> str:
    low, high = _SCRIPTS[int(rng.integers(len(_SCRIPTS)))]
    return "".join(chr(int(code)) for code in rng.integers(low, high + 1, int(rng.integers(2, 8))))
