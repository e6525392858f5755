"""`saccade clusters`: what it asks the library for, what it prints, and its page."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from saccade.core.errors import NotFoundError
from saccade.core.types import ImageRecord
from saccade.usecases.clusters.rules.reports import (
    LibraryMap,
    Theme,
    ThemeGroup,
    ThemeMean,
    ThemeMeans,
    ThemeMember,
    Themes,
    ThemeWord,
)

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "schemas" / "clusters.json").read_text())
WORD = ThemeWord(word="dog", score=4.5, source="text")


@pytest.fixture
def member(make_info: Callable[..., Any]) -> Callable[[str], ThemeMember]:
    """An image of a theme by its name."""

    def make(name: str) -> ThemeMember:
        record = ImageRecord(id=1, sha256=bytes(range(32)), info=make_info(), paths=(f"/photos/{name}",))
        return ThemeMember(record=record, score=0.5)

    return make


@pytest.fixture
def themes(member: Callable[[str], ThemeMember]) -> Themes:
    """Two themes in one group, and a stranger whose name is hostile."""
    dog = Theme(
        id=3, name="dog, grass", size=1200, words=(WORD,), cohesion=0.61, representatives=(member("a.jpg"),),
        outliers=(member("b.jpg"),), group=1, fresh=2,
    )  # fmt: skip
    cat = replace(dog, id=4, name="cat <b>", size=7, words=())
    return Themes(
        name="theme", version=2, method="density", settings={"min_size": 5, "seed": 0}, images=1210,
        themes=(dog, cat),
        groups=(ThemeGroup(id=1, name="dog, cat", themes=(3, 4), size=1207, words=(WORD,)),),
        noise=3, strangers=(member("odd\x1b[31m.jpg"),),
        updated=False, assigned=0, ill_fitting=0, kept=1, seconds=1.5,
    )  # fmt: skip


MEANS = ThemeMeans(
    column="clicks", count=1207, mean=2.5, confidence=0.95, without=4,
    themes=(
        ThemeMean(theme=3, name="dog, grass", count=1200, mean=3.0, low=2.8, high=3.2, expected=2.99,
                  p_value=0.001, verdict="above"),
        ThemeMean(theme=4, name="cat <b>", count=1, mean=9.0, low=None, high=None, expected=2.7,
                  p_value=None, verdict="unclear"),
    ),
)  # fmt: skip
MAP = LibraryMap(
    image_ids=(bytes(range(32)).hex(), "ab" * 32), paths=("/photos/a.jpg", "/photos/c.jpg"),
    places=np.array([[0.0, 1.0], [1.0, 0.5]], np.float32), themes=np.array([3, 0]), added=1, anew=False,
    version=1, seconds=0.25,
)  # fmt: skip


@pytest.fixture
def asked(library: Any, themes: Themes) -> dict[str, dict[str, object]]:
    """What the library was asked for; it answers with the themes."""
    calls: dict[str, dict[str, object]] = {}

    def answer(name: str, value: object) -> Callable[..., object]:
        def call(*args: object, **arguments: object) -> object:
            calls[name] = {"args": args, **arguments}
            if library.error is not None:
                raise library.error
            return value

        return call

    library.clusters = answer("clusters", themes)
    library.theme_means = answer("theme_means", MEANS)
    library.map = answer("map", MAP)
    library.rename_theme = answer("rename_theme", None)
    return calls


def test_themes_are_listed_by_group(run: Callable[..., Any], asked: dict[str, Any]) -> None:
    """Sizes, words, a typical file, strangers made harmless, and how to filter by a theme."""
    ran = run("clusters")
    assert ran.status == 0
    lines = ran.out.splitlines()
    assert lines[0].startswith("1,210 images in 2 themes, 1 group of themes, 3 images (0 %) in none; density")
    assert lines[1] == "1 theme found again under the same id"
    assert "dog, cat (1,207 images)" in lines
    assert any(line.split() == ["3", "dog,", "grass", "1,200", "dog"] for line in lines)
    assert r"odd\x1b[31m.jpg" in ran.out
    assert 'data.theme==dog, grass"' in ran.err
    assert asked["clusters"]["method"] == "auto"
    assert asked["clusters"]["store"] is True


def test_an_update_says_what_joined(
    run: Callable[..., Any], asked: dict[str, Any], library: Any, themes: Themes
) -> None:
    """Also when nothing did."""
    library.clusters = lambda **_: replace(themes, updated=True, assigned=12, ill_fitting=1)
    said = "12 new images joined a theme, 1 fit none well; no other image moved"
    assert run("clusters", "--update").out.splitlines()[1] == said
    library.clusters = lambda **_: replace(themes, updated=True)
    assert (
        run("clusters", "--update").out.splitlines()[1].startswith("0 new images joined a theme, 0 fit none")
    )


def test_options_reach_the_library(run: Callable[..., Any], asked: dict[str, Any]) -> None:
    """Every one of them."""
    said = "--method kmeans --k 9 --min-size 4 --seed 5 --update --name x --dry-run --where width>9 --in trip"
    run("clusters", *said.split())
    known = {key: value for key, value in asked["clusters"].items() if key not in {"progress", "args"}}
    assert known == {
        "method": "kmeans", "k": 9, "min_size": 4, "seed": 5, "update": True, "name": "x", "store": False,
        "where": ["width>9"], "folders": ("trip",),
    }  # fmt: skip


@pytest.mark.parametrize("extra", [(), ("--by", "clicks", "--map")])
def test_json_fits_its_schema(run: Callable[..., Any], asked: dict[str, Any], extra: tuple[str, ...]) -> None:
    """One object, with null for what was not asked for."""
    ran = run("clusters", "--json", *extra)
    assert ran.status == 0
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    value = ran.json()
    jsonschema.validate(value, SCHEMA)
    assert set(value) == set(SCHEMA["properties"])
    assert (value["means"] is None, value["map"] is None) == (not extra, not extra)
    assert value["themes"][0]["words"] == [{"word": "dog", "score": 4.5, "source": "text"}]


def test_means_are_a_table(run: Callable[..., Any], asked: dict[str, Any]) -> None:
    """n, mean, interval, expected mean and verdict; a dash where there is no interval."""
    out = run("clusters", "--by", "clicks", "--confidence", "0.9").out
    assert asked["theme_means"]["args"] == ("clicks",)
    assert asked["theme_means"]["confidence"] == 0.9
    assert "clicks: mean 2.5 over 1,207 images of a theme (4 without a value)" in out
    rows = [line.split() for line in out.splitlines()]
    assert ["dog,", "grass", "1,200", "3", "2.8", "to", "3.2", "2.99", "above", "(p", "0.001)"] in rows
    assert ["cat", "<b>", "1", "9", "-", "2.7", "unclear"] in rows


def test_the_map_is_told(run: Callable[..., Any], asked: dict[str, Any]) -> None:
    """Joined or made anew."""
    assert "map of 2 images: 1 image joined, none moved (250 ms)" in run("clusters", "--map").out
    run("clusters", "--new-map")
    assert asked["map"]["anew"] is True


def test_the_page_shows_map_means_and_themes(
    run: Callable[..., Any], asked: dict[str, Any], tmp_path: Path
) -> None:
    """Everything escaped; the pictures inside."""
    ran = run("clusters", "--html", "page.html", "--map", "--by", "clicks")
    assert ran.status == 0
    page = (tmp_path / "page.html").read_text()
    assert "cat &lt;b&gt;" in page
    assert "<b>" not in page
    for wanted in ("Themes by clicks", "A map of 2 images", "hardly fits", "In no theme"):
        assert wanted in page


def test_a_theme_is_renamed(run: Callable[..., Any], asked: dict[str, Any]) -> None:
    """And nothing is clustered."""
    ran = run("clusters", "--rename", "3", "our dog")
    assert ran.status == 0
    assert asked == {"rename_theme": {"args": (3, "our dog"), "name": "theme"}}
    assert run("clusters", "--rename", "dog", "our dog").status == 2


@pytest.mark.parametrize(
    "args", [("--by", "clicks", "--dry-run"), ("--by", "clicks", "--where", "width>9"), ("--method", "magic")]
)
def test_options_that_exclude_each_other(
    run: Callable[..., Any], asked: dict[str, Any], args: tuple[str, ...]
) -> None:
    """Refused before any work."""
    assert run("clusters", *args).status == 2
    assert asked == {}


def test_errors_are_told(run: Callable[..., Any], library: Any, asked: dict[str, Any]) -> None:
    """One line, a hint, the right status."""
    library.error = NotFoundError("there is no theme 9", hint="saccade clusters lists them")
    ran = run("clusters", "--rename", "9", "x")
    assert ran.status == 3
    assert ran.err == "saccade: there is no theme 9\n  saccade clusters lists them\n"
