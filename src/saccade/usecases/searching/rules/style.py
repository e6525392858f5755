"""Style features: color, light and composition, independent of content, from small pictures.

Everything is measured in CIELAB, where equal steps look equally large, by fixed formulas: the same pixels
give the same numbers in every library, so they are computed once for each image.
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from saccade.core.errors import InputError
from saccade.core.types import PixelRecipe, Pixels

STYLE_VERSION = "2"
"""Version of the formulas; features of other versions are recomputed."""

STYLE_RECIPE = PixelRecipe(size=64, fit="squash", resample="bilinear")
"""The input size: fine texture is not style."""

TRAITS = ("light", "contrast", "warm", "colorful", "detailed", "flat")
"""Meaning of the first features, in standard deviations of everyday photos."""

MOODS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "dark": {"light": -1.0}, "bright": {"light": 1.0}, "light": {"light": 1.0},
        "warm": {"warm": 1.0}, "cold": {"warm": -1.0}, "cool": {"warm": -1.0},
        "colorful": {"colorful": 1.0}, "vivid": {"colorful": 1.0, "contrast": 0.5},
        "muted": {"colorful": -1.0}, "gray": {"colorful": -1.0}, "pastel": {"colorful": -0.3, "light": 1.0},
        "contrasty": {"contrast": 1.0}, "dramatic": {"contrast": 1.0, "light": -1.0},
        "soft": {"contrast": -1.0, "detailed": -0.5}, "hazy": {"contrast": -1.0, "light": 0.5},
        "busy": {"detailed": 1.0}, "calm": {"detailed": -1.0, "flat": 0.5},
        "minimal": {"flat": 1.0, "detailed": -1.0}, "moody": {"light": -1.0, "colorful": -0.5},
        "cozy": {"warm": 1.0, "light": -0.5},
    }
)  # fmt: skip
"""Words for moods, as mixtures of traits."""

_WHITE = np.array([0.95047, 1.0, 1.08883])
_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_MEANS = np.array([47.7, 20.7, 7.0, 14.7, 6.2, 0.34])
_SPREADS = np.array([14.1, 5.7, 9.9, 8.6, 2.1, 0.17])
"""Means and spreads of the traits over flickr8k's training split."""
_BINS, _HUES, _CHROMAS, _GRID, _ANGLES = 8, 12, 5, 4, 8
_FLAT = 2.0
"""Steps of lightness between neighbors below this are not edges."""
_TONES_WEIGHT, _COLORS_WEIGHT, _LAYOUT_WEIGHT, _EDGES_WEIGHT = 3.0, 4.0, 0.2, 3.5
_WIDTH = 5.0
"""Distance of features at which similarity is 0.6."""


def style_features(pixels: Pixels) -> NDArray[np.float32]:
    """(n, STYLE_SIZE) features of (n, h, w, 3) uint8 sRGB pictures; compare with `style_scores`.

    The traits; how lightness, chroma and hue are distributed (square roots of histograms, whose Euclidean
    distance is Hellinger's); brightness and edges in a 4 x 4 grid; the direction of edges.
    """
    lab = _lab(pixels)
    light, chroma = lab[..., 0], np.hypot(lab[..., 1], lab[..., 2])
    down: NDArray[np.float64] = np.gradient(light, axis=1)
    across: NDArray[np.float64] = np.gradient(light, axis=2)
    steps = np.hypot(down, across)
    parts = (
        (_traits(lab, chroma, steps) - _MEANS) / _SPREADS,
        _TONES_WEIGHT * np.sqrt(_shares(light, np.linspace(0.0, 100.0, _BINS + 1))),
        _COLORS_WEIGHT * np.sqrt(_shares(chroma, np.array([0.0, 5.0, 12.0, 25.0, 45.0, 200.0]))),
        _COLORS_WEIGHT * np.sqrt(_hues(lab, chroma)),
        _LAYOUT_WEIGHT * (_cells(light) - light.mean(axis=(1, 2))[:, None]) / 12.0,
        _EDGES_WEIGHT * np.sqrt(_cells(steps) / (_cells(steps).sum(axis=1, keepdims=True) + 1.0)),
        _EDGES_WEIGHT * np.sqrt(_directions(down, across, steps)),
    )
    return np.concatenate(parts, axis=1).astype(np.float32)


STYLE_SIZE = len(TRAITS) + _BINS + _CHROMAS + _HUES + 2 * _GRID * _GRID + _ANGLES
"""Number of features."""


def style_scores(features: NDArray[np.float32], query: NDArray[np.float32]) -> NDArray[np.float64]:
    """(n,) similarity in (0, 1] of each row's look to the query's: exp(-distance^2 / 50); 1 is the same."""
    squared = np.square(features.astype(np.float64) - query).sum(axis=1)
    likeness: NDArray[np.float64] = np.exp(-squared / (2.0 * _WIDTH**2))
    return likeness


def check_mood(mood: str) -> NDArray[np.float64]:
    """(traits,) how much each trait counts for the words of a mood; zeros for no word at all.

    Raises:
        InputError: a word not in MOODS, or words that cancel each other.
    """
    weights = np.zeros(len(TRAITS))
    words = mood.lower().replace(",", " ").split()
    unknown = [word for word in words if word not in MOODS]
    if unknown:
        raise InputError(f"unknown mood {unknown[0]!r}", hint=f"any of: {', '.join(sorted(MOODS))}")
    for word in words:
        for trait, weight in MOODS[word].items():
            weights[TRAITS.index(trait)] += weight
    if words and not weights.any():
        raise InputError(f"the words of {mood!r} cancel each other", hint="leave one out")
    return weights


def mood_scores(features: NDArray[np.float32], mood: str) -> NDArray[np.float64]:
    """(n,) how well each row fits a mood ("dark warm"), in standard deviations of everyday photos.

    Raises:
        InputError: a word not in MOODS.
    """
    weights = check_mood(mood)
    length = float(np.linalg.norm(weights))
    if not length:
        raise InputError("no mood was given", hint=f"any of: {', '.join(sorted(MOODS))}")
    traits = np.clip(features[:, : len(TRAITS)].astype(np.float64), -5.0, 5.0)
    scores: NDArray[np.float64] = traits @ (weights / length)
    return scores


def standing_out(features: NDArray[np.float32]) -> tuple[tuple[str, float], tuple[str, float]]:
    """The two most prominent traits of one (STYLE_SIZE,) row: ("dark", 2.1), in standard deviations."""
    words = (
        ("dark", "bright"),
        ("soft", "contrasty"),
        ("cool", "warm"),
        ("muted", "colorful"),
        ("calm", "busy"),
    )
    traits = features[: len(words)]
    first, second, *_ = (
        (words[trait][int(traits[trait] > 0)], float(abs(traits[trait])))
        for trait in np.argsort(-np.abs(traits), kind="stable").tolist()
    )
    return first, second


def _lab(pixels: Pixels) -> NDArray[np.float64]:
    """CIELAB (D65) of sRGB, IEC 61966-2-1 and CIE 15."""
    share = pixels / 255.0
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    xyz = linear @ _TO_XYZ.T / _WHITE
    root = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    x, y, z = root[..., 0], root[..., 1], root[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def _traits(
    lab: NDArray[np.float64], chroma: NDArray[np.float64], steps: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(n, 6) mean lightness, its spread, mean a + b (orange against blue), chroma, steps, share flat."""
    over = (1, 2)
    columns = (
        lab[..., 0].mean(axis=over),
        lab[..., 0].std(axis=over),
        (lab[..., 1] + lab[..., 2]).mean(axis=over),
        chroma.mean(axis=over),
        steps.mean(axis=over),
        (steps < _FLAT).mean(axis=over),
    )
    return np.stack(columns, axis=1)


def _shares(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, bins) share of each picture's pixels between the edges; values outside count in the last bins."""
    place = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2)
    shares: NDArray[np.float64] = _counted(place, np.ones_like(values), len(edges) - 1) / values[0].size
    return shares


def _hues(lab: NDArray[np.float64], chroma: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 12) how much of each hue there is: chroma summed by hue, 1 for a chroma of 60 all over."""
    turn = np.arctan2(lab[..., 2], lab[..., 1]) / (2 * np.pi) % 1.0
    hues = _counted((turn * _HUES).astype(np.int64) % _HUES, chroma, _HUES)
    shares: NDArray[np.float64] = hues / (60.0 * chroma[0].size)
    return shares


def _directions(
    down: NDArray[np.float64], across: NDArray[np.float64], steps: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(n, 8) share of the steps in each direction."""
    turn = np.arctan2(down, across) / np.pi % 1.0
    strength = _counted((turn * _ANGLES).astype(np.int64) % _ANGLES, steps, _ANGLES)
    shares: NDArray[np.float64] = strength / (strength.sum(axis=1, keepdims=True) + 1.0)
    return shares


def _counted(place: NDArray[np.int64], weights: NDArray[np.float64], bins: int) -> NDArray[np.float64]:
    """(n, bins) weights summed by bin, for each picture separately."""
    count = len(place)
    flat = (place.reshape(count, -1) + bins * np.arange(count)[:, None]).ravel()
    sums = np.bincount(flat, weights=weights.reshape(-1), minlength=bins * count)
    return sums.astype(np.float64).reshape(count, bins)


def _cells(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 16) mean of each cell of a 4 x 4 grid."""
    count, height, width = values.shape
    cells = values.reshape(count, _GRID, height // _GRID, _GRID, width // _GRID)
    means: NDArray[np.float64] = cells.mean(axis=(2, 4)).reshape(count, -1)
    return means
