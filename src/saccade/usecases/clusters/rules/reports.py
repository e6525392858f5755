"""What themes are: clusters with a name, words, pictures that stand for them, and what lies at their edge."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from saccade.core.types import Embeddings, Ids, ImageRecord

_NAMED = 2
"""Words in a name that was made up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThemeWord:
    """A word that tells a theme from the rest.

    Attributes:
        word: lower case.
        score: how much; comparable among words of one source only.
        source: "text" from captions, keywords, tags and names; "looks" from the encoder's text space.
    """

    word: str
    score: float
    source: Literal["text", "looks"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ThemeMember:
    """An image of a theme and its cosine with the theme's middle."""

    record: ImageRecord
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """Images that belong together.

    Attributes:
        id: kept when clustering again finds (much) the same images; from 1.
        name: distinct within a library; filters say data.theme==NAME.
        size: number of images.
        words: what tells it from the rest, best first.
        cohesion: mean cosine of its images with their middle, in [-1, 1]; higher is tighter.
        representatives: the most central image, then others unlike each other.
        outliers: its images farthest from the middle, farthest first.
        group: id of the group of themes it belongs to.
        fresh: images assigned now that were not in it before; all of a theme that is new.
    """

    id: int
    name: str
    size: int
    words: tuple[ThemeWord, ...]
    cohesion: float
    representatives: tuple[ThemeMember, ...]
    outliers: tuple[ThemeMember, ...]
    group: int
    fresh: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ThemeGroup:
    """Themes that are near each other: the level above.

    Attributes:
        id: within one result, from 1.
        name: from the words that tell it from the other groups.
        themes: their ids, largest first.
        size: number of images.
        words: best first.
    """

    id: int
    name: str
    themes: tuple[int, ...]
    size: int
    words: tuple[ThemeWord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Themes:
    """The themes of a library, or of what a filter left of it.

    Attributes:
        name: of the result and of the column that holds each image's theme ("theme"); "" if not stored.
        version: of the stored result; 0 if it was not stored.
        method: "density" or "kmeans"; `settings` are the numbers it used.
        images: number of images looked at.
        themes: largest first.
        groups: the level above, largest first.
        noise: number of images in no theme; `strangers` are some of those farthest from all themes.
        updated: whether new images were only given a theme, and none moved.
        assigned: new images that got one (update only).
        ill_fitting: new images that fit no theme (update only); many of them call for a new clustering.
        kept: themes that were there before under the same id.
        seconds: wall time.
    """

    name: str
    version: int
    method: str
    settings: dict[str, int]
    images: int
    themes: tuple[Theme, ...]
    groups: tuple[ThemeGroup, ...]
    noise: int
    strangers: tuple[ThemeMember, ...]
    updated: bool
    assigned: int
    ill_fitting: int
    kept: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryMap:
    """A library laid out in the plane: images that look alike lie close.

    Attributes:
        image_ids: (n,) hexadecimal ids.
        paths: (n,) one file of each.
        places: (n, 2) float32; only distances between near points mean anything.
        themes: (n,) id of each image's stored theme, 0 for none.
        added: images placed now; no other moved.
        anew: whether the whole map was made now.
        version: of the stored map.
        seconds: wall time.
    """

    image_ids: tuple[str, ...]
    paths: tuple[str, ...]
    places: NDArray[np.float32]
    themes: Ids
    added: int
    anew: bool
    version: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ThemeMean:
    """A number's mean over one theme's images.

    Attributes:
        theme: its id.   name: its name.
        count: images of it that have the number.
        mean: their mean.
        low, high: the interval that holds the true mean with the confidence asked for; None below 2 images.
        expected: the mean drawn towards that of all themes, the more the fewer images it rests on; themes
            are ranked by it, so that a theme of three lucky images does not win.
        p_value: that a difference so large between this theme and all other images is chance, corrected
            for looking at every theme; None where it cannot be told.
        verdict: "above" or "below" the others if p_value is small enough, else "unclear".
    """

    theme: int
    name: str
    count: int
    mean: float
    low: float | None
    high: float | None
    expected: float
    p_value: float | None
    verdict: Literal["above", "below", "unclear"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ThemeMeans:
    """Which theme does best by a number.

    Attributes:
        column: the number.
        count: images with a theme that have it.   mean: over these.
        confidence: of the intervals, e.g. 0.95.
        themes: best expected mean first.
        without: images with a theme that do not have the number.
    """

    column: str
    count: int
    mean: float
    confidence: float
    themes: tuple[ThemeMean, ...]
    without: int


def standing_for(rows: Embeddings, middle: NDArray[np.float32], count: int) -> Ids:
    """Positions of the row nearest to the middle, then of others that are central and unlike those before.

    Maximal marginal relevance (Carbonell and Goldstein 1998) with equal weights, among the more central
    half, so that no outlier stands for the rest.
    """
    near = rows @ middle
    central = np.argsort(-near, kind="stable")[: max(count, (len(rows) + 1) // 2)]
    chosen = [int(central[0])] if len(central) else []
    alike = rows[central] @ rows[chosen[0]] if chosen else near
    while len(chosen) < min(count, len(central)):
        value = near[central] - alike
        value[np.isin(central, chosen)] = -np.inf
        best = int(central[int(np.argmax(value))])
        chosen.append(best)
        alike = np.maximum(alike, rows[central] @ rows[best])
    return np.array(chosen, np.int64)


def name_from(words: Sequence[ThemeWord], taken: set[str], fallback: str) -> str:
    """The first words that are no forms of each other, "dog, grass"; made distinct from those taken."""
    distinct: list[str] = []
    for one in words:
        if not any(_same_stem(one.word, other) for other in distinct):
            distinct.append(one.word)
    for length in range(min(_NAMED, len(distinct)), len(distinct) + 1):
        name = ", ".join(distinct[:length])
        if name and name not in taken:
            return name
    base = ", ".join(distinct[:_NAMED]) or fallback
    number = 1
    name = base
    while name in taken:
        number += 1
        name = f"{base} {number}"
    return name


def _same_stem(one: str, other: str) -> bool:
    """Whether the words are (roughly) forms of one: dog and dogs, run and running."""
    short, long = sorted((one, other), key=len)
    for ending in ("s", "es", "ing", "er", "ers", "ed"):
        short, long = short.removesuffix(ending) or short, long.removesuffix(ending) or long
    return short == long or (len(short) >= 4 and long.startswith(short)) or long == short + short[-1:]
