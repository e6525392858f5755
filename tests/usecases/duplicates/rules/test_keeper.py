"""Keepers: each rule in its turn, in words that say why."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saccade.core.errors import InputError
from saccade.core.types import ImageInfo
from saccade.usecases.duplicates.rules.keeper import (
    ALL_RULES,
    Choice,
    Chooser,
    Look,
    Rule,
    look_of,
    parse_rules,
)


def choice(path: str = "/p/a.jpg", *, kin: int = 0, look: Look | None = None, **facts: object) -> Choice:
    """A file of 1000 x 800 pixels and 200 kB, and what makes it different."""
    usual: dict[str, object] = {"width": 1000, "height": 800, "format": "JPEG", "size_bytes": 200_000}
    info = ImageInfo(**(usual | facts))  # type: ignore[arg-type]
    return Choice(path=path, info=info, look=look or Look(), kin=kin or hash((path, str(facts))))


BETTER = [
    (Rule.RESOLUTION, choice(width=1200), choice("/p/b.jpg"), "larger: 1200 x 800", "smaller: 1000 x 800"),
    (
        Rule.RESOLUTION,
        choice(),
        choice("/b.jpg", look=Look(shown=0.6)),
        "larger: 1000 x 800",
        "smaller: 1000 x 800",
    ),
    (Rule.QUALITY, choice(), choice("/b.jpg", look=Look(gray=True)), "in color", "gray"),
    (
        Rule.QUALITY,
        choice("/deep/a.jpg"),
        choice("/b.jpg", look=Look(shown=0.6), width=1600),
        "full frame",
        "bars around it",
    ),
    (Rule.QUALITY, choice(format="PNG"), choice("/b.jpg"), "better format: PNG", "lesser format: JPEG"),
    (Rule.QUALITY, choice(), choice("/b.gif", format="GIF"), "better format: JPEG", "lesser format: GIF"),
    (
        Rule.QUALITY,
        choice(),
        choice("/b.jpg", size_bytes=50_000),
        "more bytes per pixel: 0.25",
        "fewer bytes per pixel: 0.06",
    ),
    (
        Rule.METADATA,
        choice(latitude=1.0, longitude=2.0, keywords=("x",)),
        choice("/b.jpg", title="t"),
        "has place, keywords",
        "has title",
    ),
    (Rule.NAME, choice("/long/IMG_1.jpg"), choice("/IMG_1 (1).jpg"), "plain name", "named like a copy"),
    (
        Rule.DATE,
        choice("/long/b.jpg", taken_at="2019-05-01T10:00:00"),
        choice("/b.jpg", taken_at="2020-05-01T10:00:00"),
        "taken 2019-05-01T10:00:00",
        "taken 2020-05-01T10:00:00",
    ),
    (Rule.PATH, choice("/z.jpg"), choice("/deep/a.jpg"), "shorter path", "longer path"),
]


@pytest.mark.parametrize(("rule", "keeper", "other", "kept", "left"), BETTER)
def test_every_rule_chooses_and_says_why(
    rule: Rule, keeper: Choice, other: Choice, kept: str, left: str
) -> None:
    """The better file comes first whatever the order, for the rule's own reason."""
    chooser = Chooser(rules=parse_rules([rule]))
    assert chooser.ranked([keeper, other]) == [0, 1]
    assert chooser.ranked([other, keeper]) == [1, 0]
    assert chooser.reasons(keeper, [other]) == (kept, [left])


def test_a_preferred_folder_beats_everything() -> None:
    """Also in an archive; a folder whose name only begins alike is another one."""
    small = choice("/best/a.jpg", width=10)
    chooser = Chooser(prefer=["/best", "/good/"])
    assert chooser.ranked([choice("/x/a.jpg"), choice("/good/b.jpg"), small]) == [2, 1, 0]
    assert chooser.reasons(small, [choice("/bestest/a.jpg")]) == ("in a preferred folder", ["elsewhere"])
    assert chooser.ranked([choice("/x/a.jpg"), choice("/best!/b.jpg", width=20)]) == [1, 0]


def test_rules_come_in_the_order_asked_for() -> None:
    """With metadata first, the small file that says more is kept."""
    large, small = choice(width=2000), choice("/b.jpg", title="a title")
    assert Chooser().ranked([small, large]) == [1, 0]
    assert Chooser(rules=parse_rules(["metadata"])).ranked([large, small]) == [1, 0]


def test_a_border_is_no_resolution() -> None:
    """1,250 x 1,050 with a white border has no more picture than 1,000 x 800."""
    bordered = choice("/a copy.jpg", width=1250, height=1050, look=Look(shown=0.61))
    assert Chooser().ranked([bordered, choice("/the/original.jpg")]) == [1, 0]


def test_equal_pixels_are_equally_good() -> None:
    """A PNG made of a JPEG is no better than it: what the JPEG says decides."""
    png = choice("/a.png", kin=5, format="PNG", size_bytes=900_000)
    jpeg = choice("/b.jpg", kin=5, camera="Canon")
    assert Chooser().ranked([png, jpeg]) == [1, 0]


@given(st.permutations(range(6)))
def test_the_order_given_does_not_matter(order: list[int]) -> None:
    """The ranking is of the files, not of their places."""
    files = [keeper for _, keeper, _, _, _ in BETTER][:3] + [other for _, _, other, _, _ in BETTER][4:7]
    usual = [files[place] for place in Chooser().ranked(files)]
    shuffled = [files[place] for place in order]
    assert [shuffled[place] for place in Chooser().ranked(shuffled)] == usual


@pytest.mark.parametrize("names", [["size"], ["path", "path"]])
def test_rules_that_cannot_be(names: list[str]) -> None:
    """An unknown rule, or one that comes twice, is refused."""
    with pytest.raises(InputError, match=names[0]):
        parse_rules(names)


def test_rules_left_out_follow() -> None:
    """In their usual order."""
    assert parse_rules(["path", "date"])[:3] == (Rule.PATH, Rule.DATE, Rule.FOLDER)
    assert sorted(parse_rules(["path"])) == sorted(ALL_RULES)


def test_bars_and_corners_are_seen(rng: np.random.Generator) -> None:
    """A border of an eighth leaves 64 % of the area; four corners of one color count, one alone not."""
    picture = rng.integers(0, 256, (80, 80, 3), dtype=np.uint8)
    assert look_of(picture).shown == pytest.approx(1.0, abs=0.01)
    assert look_of(np.pad(picture, ((10, 10), (10, 10), (0, 0)), constant_values=255)).shown == pytest.approx(
        0.64, abs=0.01
    )
    near = np.add.outer(np.arange(80), np.arange(80)) < 40
    night, turned = picture.copy(), picture.copy()
    night[near] = 0
    assert look_of(night).shown == 1.0
    for corner in (near, near[::-1], near[:, ::-1], near[::-1, ::-1]):
        turned[corner] = 0
    shown = 1 - float((turned == 0).all(axis=2).mean())
    assert 0.45 < shown < 0.55
    assert look_of(turned).shown == pytest.approx(shown, abs=0.01)
    picture[20:60, 20:60] = 0
    assert look_of(picture).shown == pytest.approx(1.0, abs=0.01)


def test_gray_is_seen(rng: np.random.Generator) -> None:
    """Three equal channels, also if a JPEG made them unequal a little."""
    gray = rng.integers(0, 250, (30, 30, 1)).repeat(3, axis=2)
    noise = rng.integers(0, 5, gray.shape)
    assert look_of((gray + noise).astype(np.uint8)).gray
    assert not look_of(rng.integers(0, 256, (30, 30, 3), dtype=np.uint8)).gray


def test_a_picture_of_one_color_shows_itself() -> None:
    """All of it is bars; it must not be worth nothing."""
    assert look_of(np.full((9, 9, 3), 7, np.uint8)) == Look(shown=1.0, gray=True)


@pytest.mark.parametrize(("spread", "gray"), [(0, True), (7, True), (8, False)])
def test_a_picture_is_gray_below_8_levels_of_color(spread: int, gray: bool) -> None:
    """The mean difference of its channels; old scans have a slight tint."""
    pixels = np.random.default_rng(1).integers(0, 200, (32, 32, 1)).astype(np.uint8).repeat(3, axis=2)
    pixels[..., 0] += np.uint8(spread)
    assert look_of(pixels).gray is gray
