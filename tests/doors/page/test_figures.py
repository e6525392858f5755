"""Figures: well-formed SVG that says in words what it shows, and obeys the page's policy."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from saccade.doors.page.figures import Bar, Series, bars, lines_chart, scatter

_SVG = "{http://www.w3.org/2000/svg}"
EVIL = '"><script>alert(1)</script>&'


def _parsed(figure: str) -> ET.Element:
    root = ET.fromstring(figure)
    assert root.tag == f"{_SVG}svg"
    assert root.get("role") == "img"
    for element in root.iter():
        assert "style" not in element.attrib
        assert not any(name.startswith("on") for name in element.attrib)
        assert element.tag != f"{_SVG}script"
    return root


def _texts(root: ET.Element) -> list[str]:
    return [element.text or "" for element in root.iter(f"{_SVG}text")]


def test_scatter_draws_every_point_once(rng: np.random.Generator) -> None:
    """A path per group, a dot per point, inside the frame; a name at each named group."""
    points = rng.normal(size=(500, 2)) * [1000.0, 1.0]
    groups = rng.integers(-1, 3, 500)
    root = _parsed(scatter(points, title=EVIL, groups=groups, labels=[EVIL, "b", "c"]))
    assert root.find(f"{_SVG}title").text == EVIL  # type: ignore[union-attr]
    dots = [path.get("d") or "" for path in root.iter(f"{_SVG}path")]
    assert sum(path.count("h0") for path in dots) == 500
    assert sorted(_texts(root)) == sorted([EVIL, "b", "c"])
    numbers = [float(word) for path in dots for word in path.replace("M", " ").replace("h0", " ").split()]
    assert min(numbers) >= 0
    assert max(numbers) <= 960


def test_scatter_of_one_place() -> None:
    """Points that all lie in one place are drawn in the middle, not divided by zero."""
    root = _parsed(scatter(np.ones((3, 2)), title="same"))
    path = next(root.iter(f"{_SVG}path"))
    assert path.get("d") == "M480.0 280.0h0" * 3


def test_bars_have_lengths_in_proportion() -> None:
    """Twice the value, twice the length; the interval is a whisker; a negative one goes left."""
    root = _parsed(bars([Bar(name=EVIL, value=2.0, low=1.0, high=3.0), Bar(name="b", value=-1.0)], title="t"))
    widths = [float(bar.get("width") or 0) for bar in root.iter(f"{_SVG}rect")]
    assert widths[0] == pytest.approx(2 * widths[1], abs=0.2)
    assert len([one for one in root.iter(f"{_SVG}path") if one.get("class") == "whisker"]) == 1


def test_lines_name_every_series() -> None:
    """Names at the ends, the interval as a band, round numbers at the axes."""
    x = np.arange(5.0)
    series = [Series(name=EVIL, x=x, y=x, low=x - 1, high=x + 1), Series(name="flat", x=x, y=x * 0)]
    root = _parsed(lines_chart(series, title="t", across="examples", up="accuracy"))
    assert {EVIL, "flat", "examples", "accuracy", "0", "4"} <= set(_texts(root))
    assert len(list(root.iter(f"{_SVG}polyline"))) == 2
    assert len(list(root.iter(f"{_SVG}polygon"))) == 1


@pytest.mark.parametrize(
    "figure",
    [
        scatter(np.zeros((0, 2)), title="t"),
        bars([], title="t"),
        lines_chart([], title="t", across="", up=""),
        lines_chart([Series(name="a", x=np.zeros(1), y=np.zeros(1))], title="t", across="", up=""),
        bars([Bar(name="a", value=0.0)], title="t"),
    ],
)
def test_nothing_to_show_is_still_a_figure(figure: str) -> None:
    """Empty and constant input give a figure, not an error or an endless axis."""
    _parsed(figure)
    assert "nan" not in figure
