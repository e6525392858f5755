"""Chooses the file of a group to keep: ordered rules, and a reason in words for each file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from saccade.core.errors import InputError
from saccade.core.paths import holds
from saccade.core.types import ImageInfo, Pixels


class Rule(StrEnum):
    """Rules for the file to keep; the first rule that distinguishes two files decides."""

    FOLDER = "folder"
    """It is in (or below) a preferred folder; earlier ones are preferred more."""
    RESOLUTION = "resolution"
    """It has more pixels, not counting bars of one color. Differences within 10 % are ignored."""
    QUALITY = "quality"
    """Color over gray; a full frame over one with bars or rotation corners; lossless formats over lossy ones,
    those over GIF; then more bytes per pixel, ignoring differences within a half. Files with identical pixels
    are equally good."""
    METADATA = "metadata"
    """It has more metadata: place, time, camera, title, caption, keywords, creator, rights."""
    NAME = "name"
    """Its name does not look like a copy's ("photo (1).jpg", "photo_edited.jpg")."""
    DATE = "date"
    """It was taken earlier."""
    PATH = "path"
    """Its path is shorter; then the first alphabetically."""


ALL_RULES = tuple(Rule)

_LOSSLESS = frozenset({"PNG", "TIFF", "BMP"})
_COPY_WORDS = (
    "copy", "copie", "kopie", "copia", "edit", "resiz", "small", "thumb", "preview", "screenshot", "crop",
    "rotat", "export", "whatsapp", "-wa0", "duplicate", "~", "(1)", "(2)", "(3)",
)  # fmt: skip
_SAME_SIZE = 0.9
_SAME_DENSITY = 0.5
_COLOR, _FULL = 20.0, 10.0
"""Weight of color and of a full frame, compared with 0 to 2 for the format."""
_FLAT = 6
"""Gray levels by which a one-color bar may vary: JPEG blurs its edge."""
_NO_DATE = "~"
"""Sorts after every date."""
_GRAY = 8
"""Mean difference of the channels, in gray levels, below which a picture counts as gray."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What the pixels say about a picture's quality.

    Attributes:
        shown: share of its area that is not bars or corners of one color.
        gray: whether it has no color.
    """

    shown: float = 1.0
    gray: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One file to choose from. `kin`: images with identical pixels have the same number."""

    path: str
    info: ImageInfo
    look: Look
    kin: int


def look_of(pixels: Pixels) -> Look:
    """The look of an (h, w, 3) picture.

    A bar or corner starts at the edge of the picture and ends, row by row and column by column, where the
    color of its corner does, as in borders, letterboxes and rotated pictures. All four corners must have one
    color; a night sky in one corner is part of the picture.
    """
    values = pixels.astype(np.int16)
    spread = float(values.max(axis=2).mean() - values.min(axis=2).mean())
    corners = values[[0, 0, -1, -1], [0, -1, 0, -1]]
    if np.ptp(corners, axis=0).max() > _FLAT:
        return Look(gray=spread < _GRAY)
    bars = np.zeros(values.shape[:2], np.bool_)
    for rows, columns in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        turned = values[::rows, ::columns]
        flat = (np.abs(turned - turned[0, 0]) <= _FLAT).all(axis=2)
        reach = np.logical_and.accumulate(flat, axis=0) | np.logical_and.accumulate(flat, axis=1)
        bars[::rows, ::columns] |= reach
    shown = 1.0 - float(bars.mean())
    return Look(shown=shown if shown > 0 else 1.0, gray=spread < _GRAY)


def parse_rules(names: Sequence[str]) -> tuple[Rule, ...]:
    """Rules by name, missing ones last. Raises InputError for unknown or repeated names."""
    unknown = [name for name in names if name not in ALL_RULES]
    if unknown or len(set(names)) < len(names):
        raise InputError(
            f"cannot choose keepers by {', '.join(names)}", hint=f"rules: {', '.join(ALL_RULES)}, each once"
        )
    first = tuple(Rule(name) for name in names)
    return first + tuple(rule for rule in ALL_RULES if rule not in first)


class Chooser:
    """Orders files by the rules.

    Args:
        prefer: absolute folders, the most preferred first.
        rules: all rules, most important first.
        lies_in: whether a path is in a folder; the default reads "best!/a.jpg" as in a folder "best!" and as
            in an archive "best".
    """

    def __init__(
        self,
        *,
        prefer: Sequence[str] = (),
        rules: Sequence[Rule] = ALL_RULES,
        lies_in: Callable[[str, str], bool] = lambda path, folder: holds(folder, path),
    ) -> None:
        self._lies_in = lies_in
        self._prefer = tuple(folder.rstrip("/\\") for folder in prefer)
        self._rules = tuple(rules)

    def ranked(self, choices: Sequence[Choice], *, apart: bool = False) -> list[int]:
        """Positions of the choices, the best to keep first.

        Args:
            apart: they are not in one group, so "within 10 % of the largest" is undefined: numbers are
                rounded instead, which is less precise.
        """
        keys = self._keys(choices, _rounded if apart else _capped)
        return sorted(range(len(choices)), key=lambda place: keys[place])

    def reasons(self, keeper: Choice, others: Sequence[Choice]) -> tuple[str, list[str]]:
        """Why the keeper is kept, and why the others are not, in words.

        Each by the first rule that favors the keeper; the keeper is compared with the best of the others.
        """
        key, *against = self._keys([keeper, *others], _capped)
        said = []
        for other, other_key in zip(others, against, strict=True):
            rules = zip(self._rules, key, other_key, strict=True)
            rule = next((rule for rule, one, two in rules if one < two), None)
            both = ("as good", "as good as the one kept")
            said.append(
                both if rule is None else (self._said(rule, keeper, other), self._said(rule, other, keeper))
            )
        best = min(range(len(others)), key=lambda place: against[place])
        return said[best][0], [words for _, words in said]

    def _keys(self, choices: Sequence[Choice], alike: "_Alike") -> list[tuple[tuple[float | str, ...], ...]]:
        """A sort key for each choice, one part per rule; the lowest is the best to keep."""
        areas = alike(np.array([_area(choice) for choice in choices]), _SAME_SIZE)
        full = alike(np.array([choice.look.shown for choice in choices]), _SAME_SIZE)
        kinds = np.array([_kind(choice) for choice in choices]) + _FULL * (full == full.max(initial=0.0))
        density = np.array([_density(choice) for choice in choices])
        for kind in np.unique(kinds):
            density[kinds == kind] = alike(density[kinds == kind], _SAME_DENSITY)
        quality: dict[int, tuple[float, float]] = {}
        for choice, one in zip(choices, zip(kinds.tolist(), density.tolist(), strict=True), strict=True):
            quality[choice.kin] = max(quality.get(choice.kin, one), one)
        return [
            self._key(choice, area, quality[choice.kin])
            for choice, area in zip(choices, areas.tolist(), strict=True)
        ]

    def _key(
        self, choice: Choice, area: float, quality: tuple[float, float]
    ) -> tuple[tuple[float | str, ...], ...]:
        keys: dict[Rule, tuple[float | str, ...]] = {
            Rule.FOLDER: (self._place(choice.path),),
            Rule.RESOLUTION: (-area,),
            Rule.QUALITY: (-quality[0], -quality[1]),
            Rule.METADATA: (-len(_facts(choice.info)),),
            Rule.NAME: (_copy_words(choice.path),),
            Rule.DATE: (choice.info.taken_at or _NO_DATE,),
            Rule.PATH: (len(choice.path), choice.path),
        }
        return tuple(keys[rule] for rule in self._rules)

    def _place(self, path: str) -> int:
        """Index of the preferred folder of the path; their number if none."""
        inside = (number for number, folder in enumerate(self._prefer) if self._lies_in(path, folder))
        return next(inside, len(self._prefer))

    def _said(self, rule: Rule, one: Choice, other: Choice) -> str:
        """How a rule that distinguishes two files describes one of them."""
        info = one.info
        size = _than(_area(one), _area(other), "larger", "smaller")
        said = {
            Rule.FOLDER: "in a preferred folder"
            if self._place(one.path) < len(self._prefer)
            else "elsewhere",
            Rule.RESOLUTION: f"{size}: {info.width} x {info.height}",
            Rule.QUALITY: _quality(one, other),
            Rule.METADATA: f"has {', '.join(_facts(info)) or 'no metadata'}",
            Rule.NAME: _than(
                _copy_words(one.path), _copy_words(other.path), "named like a copy", "plain name"
            ),
            Rule.DATE: f"taken {info.taken_at}" if info.taken_at else "no date",
            Rule.PATH: _than(len(one.path), len(other.path), "longer path", "shorter path", "by name"),
        }
        return said[rule]


def _quality(one: Choice, other: Choice) -> str:
    """How the quality rule describes one of two files that it distinguishes."""
    if one.look.gray != other.look.gray:
        return "gray" if one.look.gray else "in color"
    if min(one.look.shown, other.look.shown) < _SAME_SIZE * max(one.look.shown, other.look.shown):
        return _than(one.look.shown, other.look.shown, "full frame", "bars around it")
    if _kind(one) != _kind(other):
        return f"{_than(_kind(one), _kind(other), 'better', 'lesser')} format: {one.info.format}"
    return f"{_than(_density(one), _density(other), 'more', 'fewer')} bytes per pixel: {_density(one):.2f}"


def _capped(values: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """The values, with those within a share of the maximum made equal."""
    capped: NDArray[np.float64] = np.minimum(values, share * values.max(initial=0.0))
    return capped


def _rounded(values: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """The values, rounded to powers of the share."""
    rounded: NDArray[np.float64] = share ** np.round(np.log(values) / np.log(share))
    return rounded


_Alike: TypeAlias = Callable[[NDArray[np.float64], float], NDArray[np.float64]]


def _than(one: float, other: float, more: str, less: str, same: str = "") -> str:
    """The word for how one number compares with another."""
    return more if one > other else less if one < other else same


def _area(choice: Choice) -> float:
    """Pixels outside bars."""
    return max(1.0, choice.info.width * choice.info.height * choice.look.shown)


def _density(choice: Choice) -> float:
    """Bytes per pixel outside bars."""
    return choice.info.size_bytes / _area(choice)


def _kind(choice: Choice) -> float:
    """The order of color and formats."""
    lossless = 2.0 if choice.info.format in _LOSSLESS else 0.0 if choice.info.format == "GIF" else 1.0
    return lossless + (0.0 if choice.look.gray else _COLOR)


def _facts(info: ImageInfo) -> list[str]:
    """Names of the metadata that the file has."""
    said: Mapping[str, object] = {
        "place": info.latitude is not None,
        "time": info.taken_at,
        "camera": info.camera,
        "title": info.title,
        "caption": info.caption,
        "keywords": info.keywords,
        "creator": info.creator,
        "rights": info.rights,
    }
    return [name for name, value in said.items() if value]


def _copy_words(path: str) -> int:
    """How much a file's name sounds like a copy's."""
    name = path.replace("\\", "/").rpartition("/")[2].lower()
    return sum(word in name for word in _COPY_WORDS) - ("orig" in name)
