"""Parses a typed query: words, phrases and pictures, each with an optional weight in front."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from saccade.core.errors import PathNotFoundError

_WEIGHTED = re.compile(r"(\d+(?:\.\d+)?):(.+)", re.DOTALL)
_PICTURE = re.compile(r"(\.{1,2}|~)?/.*", re.DOTALL)

Weighted: TypeAlias = tuple[str, float]
"""Words, a path or an id, and its weight (default 1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The parts of a query."""

    texts: tuple[Weighted, ...]
    pictures: tuple[Weighted, ...]


def parse_query(words: Sequence[str]) -> Asked:
    """Sort a command line's words into texts and pictures.

    An argument that begins with ./ ../ / or ~/ is a picture. Consecutive single words are one phrase (quotes
    are easily forgotten); an argument with a space in it (it was quoted) or with a weight is a phrase by
    itself.

    Raises:
        PathNotFoundError: a picture that does not exist.
    """
    texts: list[Weighted] = []
    pictures: list[Weighted] = []
    phrase: list[str] = []
    for word in words:
        thing, weight = split_weight(word)
        if not is_picture(thing) and thing == word and not any(char.isspace() for char in word):
            phrase.append(word)
            continue
        if phrase:
            texts.append((" ".join(phrase), 1.0))
            phrase = []
        if is_picture(thing):
            pictures.append((existing_picture(thing), weight))
        else:
            texts.append((thing, weight))
    if phrase:
        texts.append((" ".join(phrase), 1.0))
    return Asked(texts=tuple(texts), pictures=tuple(pictures))


def parse_less(words: Sequence[str]) -> list[tuple[str | os.PathLike[str], float]]:
    """What hits should be less like: words as text, pictures (recognized by their prefix) as paths.

    Raises:
        PathNotFoundError: a picture that does not exist.
    """
    from pathlib import Path  # late: few queries need it

    parts = [split_weight(word) for word in words]
    return [
        (Path(existing_picture(thing)) if is_picture(thing) else thing, weight) for thing, weight in parts
    ]


def parse_near(pictures: Sequence[str]) -> list[Weighted]:
    """Pictures named by a path or an id; a file whose name looks weighted is still that file."""
    return [(name, 1.0) if os.path.exists(name) else split_weight(name) for name in pictures]


def split_weight(word: str) -> Weighted:
    """`2.5:beach` as ("beach", 2.5); anything without a weight as it is, with 1."""
    match = _WEIGHTED.fullmatch(word)
    return (match[2], float(match[1])) if match else (word, 1.0)


def is_picture(word: str) -> bool:
    """Whether it names a picture, judged by its prefix."""
    return _PICTURE.fullmatch(word) is not None


def existing_picture(word: str) -> str:
    """The path of a picture named in a query.

    Raises:
        PathNotFoundError: it does not exist.
    """
    path = os.path.expanduser(word)
    if not os.path.exists(path):
        raise PathNotFoundError(
            f"no such picture: {word}",
            hint="a query that begins with ./ or / is a picture, anything else is text",
        )
    return path
