"""Technical issues of a picture: blurred, dark, overexposed, empty, tiny, odd, a screenshot.

Each issue is a score in [0, 1] with a threshold of 0.5, from a small copy of the picture and its metadata.
docs/explanation/outliers.md explains the thresholds.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from saccade.core.types import Failure, ImageInfo, ImageRecord, Pixels

VERSION = "1"
"""Version of the formulas: images measured by another version are measured again."""
SIZE = 512
"""Longest side of the small copy, pixels: blur that shows at this size is visible to people."""
THRESHOLD = 0.5

ISSUES: Mapping[str, str] = {
    "blur": "blurred",
    "dark": "dark",
    "overexposed": "overexposed",
    "low_contrast": "low in contrast",
    "near_empty": "nearly empty",
    "tiny": "tiny",
    "odd_aspect": "odd in shape",
    "screenshot": "a screenshot",
}
"""Field name of each issue, and the issue in words."""

_TILES = 8
_SCREENS = frozenset(
    {
        (640, 1136), (720, 1280), (720, 1600), (750, 1334), (768, 1024), (768, 1366), (800, 1280),
        (828, 1792),
        (900, 1440), (900, 1600), (1024, 1280), (1050, 1680), (1080, 1920), (1080, 2160), (1080, 2220),
        (1080, 2280), (1080, 2340), (1080, 2400), (1125, 2436), (1170, 2532), (1179, 2556), (1200, 1920),
        (1206, 2622), (1242, 2208), (1242, 2688), (1284, 2778), (1290, 2796), (1320, 2868), (1440, 2560),
        (1440, 2960), (1440, 3040), (1440, 3200), (1440, 3440), (1488, 2266), (1536, 2048), (1600, 2560),
        (1620, 2160), (1640, 2360), (1668, 2224), (1668, 2388), (1664, 2560), (1800, 2880), (1964, 3024),
        (2048, 2732), (2160, 3840), (2234, 3456), (2880, 5120),
    }
)  # fmt: skip
"""Shorter and longer side of common screens, pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityIssue:
    """One issue of one image.

    Attributes:
        record: the image.
        issue: "blur", "dark", ...
        score: in [0.5, 1]; 0.5 is the threshold.
        reason: why, in words.
    """

    record: ImageRecord
    issue: str
    score: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityReport:
    """Technical issues of the images of a library.

    Attributes:
        images: how many were measured, now or before.
        measured: how many of them in this run.
        counts: {issue: images that have it}.
        issues: the worst images of each issue, worst first.
        failed: files that could not be read.
        stored: whether the scores are stored as fields: filters use `data.blur>=0.5`.
        seconds: wall time.
    """

    images: int
    measured: int
    counts: Mapping[str, int]
    issues: Mapping[str, tuple[QualityIssue, ...]]
    failed: tuple[Failure, ...]
    stored: bool
    seconds: float


def measure(pixels: Pixels, info: ImageInfo) -> dict[str, float]:
    """{issue: score in [0, 1]} of a picture.

    Args:
        pixels: (h, w, 3) copy, longest side at most SIZE.
        info: the file's metadata.
    """
    luma = pixels.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    low, bright = np.quantile(luma, (0.02, 0.98))
    dark = _score(float(np.quantile(luma, 0.9)), at=60.0, certain=15.0)
    empty = _score(_varied_share(luma), at=0.03, certain=0.0)
    screenshot = _screenshot(_flat_share(pixels), info)
    blown = _score(float((luma >= 250.0).mean()), at=0.25, certain=0.7)
    contrast = _score(float(bright - low), at=50.0, certain=10.0)
    # Report one issue per cause: a dark or empty picture has no contrast either, and its sharpness is
    # undefined; a white page is not overexposed.
    visible = dark < THRESHOLD and empty < THRESHOLD
    return {
        "blur": _score(sharpness(luma), at=0.5, certain=0.15) if empty < THRESHOLD else 0.0,
        "dark": dark,
        "overexposed": blown if screenshot < THRESHOLD else 0.0,
        "low_contrast": contrast if visible else 0.0,
        "near_empty": empty if dark < THRESHOLD else 0.0,
        "tiny": _score(float(min(info.width, info.height)), at=200.0, certain=32.0),
        "odd_aspect": _score(_aspect(info), at=3.0, certain=8.0),
        "screenshot": screenshot,
    }


def reason(issue: str, score: float, info: ImageInfo) -> str:
    """Why an image has an issue, in words."""
    word = ISSUES[issue]
    if issue in {"tiny", "odd_aspect"}:
        return f"{word}: {info.width} x {info.height} pixels"
    if issue == "screenshot":
        return f"perhaps {word} ({score:.2f}): large areas of one exact color"
    return f"{word} ({score:.2f}; threshold {THRESHOLD})"


def sharpness(luma: NDArray[np.float32]) -> float:
    """The share of the change between pixels that a slight blur removes, where it is sharpest, in [0, 1].

    After Crete et al. 2007, https://doi.org/10.1117/12.702790: a blurred picture loses little. It is
    relative, so contrast does not matter; the sharpest eighth of the busy tiles counts, so that a sharp
    subject in front of a soft background is sharp.
    """
    if min(luma.shape) < 4 * _TILES:
        return 1.0  # too few pixels to judge
    losses, weights = [], []
    for axis in (0, 1):
        change = np.abs(np.diff(luma, axis=axis))
        soft = np.abs(np.diff(_slightly_blurred(luma, axis), axis=axis))
        lost = np.maximum(change - soft, 0.0)
        losses.append(_tiles(lost))
        weights.append(_tiles(change))
    lost_here, change_here = losses[0] + losses[1], weights[0] + weights[1]
    busy = change_here >= max(float(np.quantile(change_here, 0.5)), 1e-3)
    share = np.where(change_here > 0, lost_here / np.maximum(change_here, 1e-6), 0.0)[busy]
    return float(np.quantile(share, 0.875)) if len(share) else 0.0


def _slightly_blurred(luma: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """Means of 9 along the axis, with the ends repeated."""
    width = [(0, 0), (0, 0)]
    width[axis] = (5, 4)
    total = np.cumsum(np.pad(luma, width, mode="edge"), axis=axis, dtype=np.float64)
    count = luma.shape[axis]
    upper = np.take(total, np.arange(9, 9 + count), axis=axis)
    lower = np.take(total, np.arange(count), axis=axis)
    return np.asarray((upper - lower) / 9.0, np.float32)


def _tiles(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Means of 8 x 8 tiles."""
    rows = np.linspace(0, values.shape[0], _TILES + 1).astype(int)
    columns = np.linspace(0, values.shape[1], _TILES + 1).astype(int)
    sums = np.add.reduceat(np.add.reduceat(values, rows[:-1], axis=0), columns[:-1], axis=1)
    area = np.diff(rows)[:, np.newaxis] * np.diff(columns)
    return np.asarray(sums / area, np.float64)


def _flat_share(pixels: Pixels) -> float:
    """Share of pixels equal to their right and lower neighbors: photos have noise."""
    if min(pixels.shape[:2]) < 2:
        return 1.0
    right = (pixels[:-1, :-1] == pixels[:-1, 1:]).all(axis=2)
    below = (pixels[:-1, :-1] == pixels[1:, :-1]).all(axis=2)
    return float((right & below).mean())


def _varied_share(luma: NDArray[np.float32]) -> float:
    """Share of pixels that differ visibly (by 10 of 255) from the median brightness of the picture."""
    return float((np.abs(luma - np.median(luma)) >= 10.0).mean())


def _aspect(info: ImageInfo) -> float:
    """Ratio of the longer to the shorter side."""
    return max(info.width, info.height) / max(1, min(info.width, info.height))


def _screenshot(flat: float, info: ImageInfo) -> float:
    """How likely it is a screenshot: a heuristic, fooled by drawings and charts."""
    sides = (min(info.width, info.height), max(info.width, info.height))
    if info.camera is not None:
        return 0.0
    score = 0.45 * min(1.0, flat / 0.6)
    score += 0.25 if sides in _SCREENS else 0.0
    score += 0.25 if info.format == "PNG" else 0.0
    return score if flat >= 0.05 else 0.0


def _score(value: float, *, at: float, certain: float) -> float:
    """0.5 at the threshold `at`, 1 at `certain`, falling to 0 at the same distance on the other side."""
    return float(np.clip(0.5 + 0.5 * (value - at) / (certain - at), 0.0, 1.0))
