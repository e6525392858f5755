"""Figures as SVG: points, lines and bars, for `report.Section.figure`.

No style attributes and no scripts, as the page's policy requires; colors are classes of the report's style
sheet, light and dark. Each figure has a <title> that describes it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from saccade.doors.page.document import jpeg, text

_WIDTH, _HEIGHT = 960, 560
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 24, 20, 48
_COLORS = 8
"""Distinct colors; further series reuse them and differ by their names."""
_BAR = 26
_THUMBNAIL = 56


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One line of a chart.

    Attributes:
        name: shown at its end.
        x, y: (n,) finite numbers, x ascending.
        low, high: (n,) an interval around y, or None.
    """

    name: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    low: NDArray[np.float64] | None = None
    high: NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar: its name, its length, an interval around its end if there is one, and its text."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    said: str = ""


def scatter(
    points: NDArray[np.floating],
    *,
    title: str,
    groups: NDArray[np.integer] | None = None,
    labels: Sequence[str] = (),
    pictures: Sequence[tuple[float, float, bytes]] = (),
) -> str:
    """Points in two dimensions, a color for each group, its label at the group's center.

    Args:
        points: (n, 2) finite; drawn with equal scale in both directions.
        title: what the figure shows, in words.
        groups: (n,) index of each point's label; -1 for none (gray).
        labels: a name for each group.
        pictures: JPEGs to show at (x, y), in the points' coordinates.
    """
    if not len(points):
        return _svg(title, _WIDTH, 80, _words(_WIDTH / 2, 44, "no points", anchor="middle"))
    belongs = np.zeros(len(points), np.int64) if groups is None else groups
    low, high = points.min(axis=0), points.max(axis=0)
    scale = min((_WIDTH - 80) / max(high[0] - low[0], 1e-9), (_HEIGHT - 80) / max(high[1] - low[1], 1e-9))
    middle = (low + high) / 2
    flip = np.array([1.0, -1.0])

    def placed(place: NDArray[np.floating]) -> NDArray[np.float64]:
        return np.asarray((place - middle) * scale * flip + [_WIDTH / 2, _HEIGHT / 2], np.float64)

    size = float(np.clip(90 / np.sqrt(len(points)), 2.0, 9.0))
    drawn = placed(points)
    parts, names = [], []
    for group in np.unique(belongs):
        mine = drawn[belongs == group]
        name = labels[group] if 0 <= group < len(labels) else ""
        # One path per group: zero-length round dots, a tenth of the bytes of circles.
        dots = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in mine)
        said = f"<title>{text(name)}: {len(mine):,}</title>" if name else ""
        parts.append(
            f'<path class="dots {_color(int(group))}" stroke-width="{size:.1f}" d="{dots}">{said}</path>'
        )
        if name:
            x, y = np.median(mine, axis=0)
            names.append(_words(x, y, name, anchor="middle", style="name-of"))
    half = _THUMBNAIL / 2
    for x, y, picture in pictures:
        left, top = placed(np.array([x, y])) - half
        parts.append(
            f'<image href="{jpeg(picture)}" x="{left:.1f}" y="{top:.1f}" width="{_THUMBNAIL}" '
            f'height="{_THUMBNAIL}" preserveAspectRatio="xMidYMid slice"/>'
        )
    return _svg(title, _WIDTH, _HEIGHT, "".join(parts + names))


def lines_chart(series: Sequence[Series], *, title: str, across: str, up: str) -> str:
    """Lines over a common axis, each with its name at its end and its interval as a band.

    Args:
        title: what the figure shows, in words.
        across, up: axis labels, units included.
    """
    drawn = [one for one in series if len(one.x)]
    if not drawn:
        return _svg(title, _WIDTH, 80, _words(_WIDTH / 2, 44, "no values", anchor="middle"))
    x_low, x_high = _range([one.x for one in drawn])
    bands = [edge for one in drawn for edge in (one.y, one.low, one.high) if edge is not None]
    y_low, y_high = _range(bands)
    right = _RIGHT + 9 * min(28, max(len(one.name) for one in drawn))
    wide, high = _WIDTH - _LEFT - right, _HEIGHT - _TOP - _BOTTOM

    def points(x: NDArray[np.float64], y: NDArray[np.float64]) -> str:
        across_at = _LEFT + (x - x_low) / (x_high - x_low) * wide
        down_at = _TOP + (y_high - y) / (y_high - y_low) * high
        return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(across_at, down_at, strict=True))

    parts = [_axes((x_low, x_high), (y_low, y_high), wide=wide, high=high, said=(across, up))]
    taken: list[float] = []
    for place, one in enumerate(drawn):
        if one.low is not None and one.high is not None:
            edge = points(np.concatenate([one.x, one.x[::-1]]), np.concatenate([one.low, one.high[::-1]]))
            parts.append(f'<polygon class="band {_fill(place)}" points="{edge}"/>')
        said = f"<title>{text(one.name)}</title>"
        parts.append(
            f'<polyline class="line {_color(place)}" points="{points(one.x, one.y)}">{said}</polyline>'
        )
        end = _free(_TOP + (y_high - float(one.y[-1])) / (y_high - y_low) * high, taken)
        mark = f'<circle class="{_fill(place)}" cx="{_LEFT + wide + 8}" cy="{end:.1f}" r="4"/>'
        parts.append(mark + _words(_LEFT + wide + 18, end + 4, one.name[:28]))
    return _svg(title, _WIDTH, _HEIGHT, "".join(parts))


def bars(rows: Sequence[Bar], *, title: str) -> str:
    """Horizontal bars from zero, each with its name, its interval as a whisker, and its value.

    Args:
        title: what the figure shows, in words.
    """
    if not rows:
        return _svg(title, _WIDTH, 80, _words(_WIDTH / 2, 44, "no values", anchor="middle"))
    ends = [end for row in rows for end in (row.value, row.low, row.high, 0.0) if end is not None]
    low, high = min(ends), max(ends)
    left = 24 + 7.2 * min(40, max(len(row.name) for row in rows))
    right = 24 + 7.2 * min(30, max(len(row.said or f"{row.value:.3g}") for row in rows))
    scale = (_WIDTH - left - right) / max(high - low, 1e-12)
    zero = left - low * scale
    parts = []
    for place, row in enumerate(rows):
        y = 12 + place * _BAR
        end = zero + row.value * scale
        said = row.said or f"{row.value:.3g}"
        y_middle = y + _BAR / 2
        parts.append(
            f'<rect class="{_fill(0 if row.value >= 0 else 1)}" x="{min(zero, end):.1f}" y="{y + 4}" '
            f'width="{abs(end - zero):.1f}" height="{_BAR - 8}" rx="2">'
            f"<title>{text(row.name)}: {text(said)}</title></rect>"
        )
        if row.low is not None and row.high is not None:
            a, b, top = zero + row.low * scale, zero + row.high * scale, y_middle - 4
            whisker = f"M{a:.1f} {y_middle}H{b:.1f}M{a:.1f} {top}v8M{b:.1f} {top}v8"
            parts.append(f'<path class="whisker" d="{whisker}"/>')
        parts.append(_words(left - 10, y_middle + 4, row.name[:40], anchor="end"))
        reach = max(0.0, row.value, row.high or 0.0)
        parts.append(_words(zero + reach * scale + 8, y_middle + 4, said))
    height = 24 + len(rows) * _BAR
    parts.append(f'<path class="axis" d="M{zero:.1f} 8V{height - 8}"/>')
    return _svg(title, _WIDTH, height, "".join(parts))


def _svg(title: str, width: int, height: int, inside: str) -> str:
    """The figure with its title; screen readers announce it as one image."""
    return (
        f'<svg role="img" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'xmlns="http://www.w3.org/2000/svg"><title>{text(title)}</title>{inside}</svg>'
    )


def _color(group: int) -> str:
    """The class that strokes in a group's color; gray for -1."""
    return f"c{group % _COLORS + 1 if group >= 0 else 0}"


def _fill(group: int) -> str:
    """The class that fills in a group's color."""
    return f"f{group % _COLORS + 1 if group >= 0 else 0}"


def _words(x: float, y: float, words: str, *, anchor: str = "start", style: str = "") -> str:
    """A line of text."""
    named = f' class="{style}"' if style else ""
    return f'<text{named} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text(words)}</text>'


def _range(values: Sequence[NDArray[np.float64]]) -> tuple[float, float]:
    """Minimum and maximum of all values; never equal."""
    low, high = min(float(one.min()) for one in values), max(float(one.max()) for one in values)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _free(place: float, taken: list[float]) -> float:
    """The nearest position at or below `place` that is 15 pixels from all taken ones; now taken too."""
    while any(abs(place - other) < 15 for other in taken):
        place += 3
    taken.append(place)
    return place


def _axes(
    x_range: tuple[float, float],
    y_range: tuple[float, float],
    *,
    wide: float,
    high: float,
    said: tuple[str, str],
) -> str:
    """Grid lines at round numbers over a plot of `wide` x `high` pixels, and the axis labels."""
    (x_low, x_high), (y_low, y_high), (across, up), parts = x_range, y_range, said, []
    for value in _ticks(y_low, y_high):
        y = _TOP + (y_high - value) / (y_high - y_low) * high
        parts.append(f'<path class="axis" d="M{_LEFT} {y:.1f}h{wide:.1f}"/>')
        parts.append(_words(_LEFT - 8, y + 4, f"{value:g}", anchor="end"))
    for value in _ticks(x_low, x_high):
        x = _LEFT + (value - x_low) / (x_high - x_low) * wide
        parts.append(_words(x, _TOP + high + 18, f"{value:g}", anchor="middle"))
    parts.append(_words(_LEFT + wide / 2, _HEIGHT - 8, across, anchor="middle"))
    parts.append(_words(_LEFT, 12, up))
    return "".join(parts)


def _ticks(low: float, high: float) -> list[float]:
    """Four to nine round numbers between low and high."""
    step = 10.0 ** np.floor(np.log10((high - low) / 4))
    step = next(step * many for many in (1, 2, 5, 10) if (high - low) / (step * many) <= 8)
    first = np.ceil(low / step - 1e-9)
    return [
        float(f"{value:.12g}") + 0.0 for value in step * np.arange(first, np.floor(high / step + 1e-9) + 1)
    ]
