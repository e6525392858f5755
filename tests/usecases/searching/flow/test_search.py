"""Search: which images, in which order, how sure, and why; whatever state index and files are in."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest

from saccade.core.calibration import CONFIDENT
from saccade.core.errors import InvalidQueryError
from tests.helpers.searching import fill, many

Desk: TypeAlias = Any


# --- which and in which order


def test_the_nearest_color_comes_first_with_its_cosine(desk: Desk) -> None:
    """Hand-computed: orange is (255, 128, 0), so cos with red = 255 / |(255, 128, 0)|."""
    fill(desk, "red", "orange", "yellow", "blue")
    result = desk.ask("red")
    assert desk.names(result) == ["xred.png", "xorange.png", "xyellow.png", "xblue.png"]
    expected = [1.0, 255 / np.hypot(255, 128), np.sqrt(0.5), 0.0]
    assert [hit.score for hit in result] == pytest.approx(expected, abs=1e-6)
    assert [hit.rank for hit in result] == [1, 2, 3, 4]
    assert result.took_ms > 0


@pytest.mark.parametrize(("k", "count"), [(1, 1), (4, 4), (5, 4), (1000, 4)])
def test_k_hits_come_or_all_there_are(desk: Desk, k: int, count: int) -> None:
    """More than there are gives what there is."""
    fill(desk, "red", "orange", "yellow", "blue")
    assert len(desk.ask("red", k=k)) == count


@pytest.mark.parametrize("k", [3, 5, 60])
@pytest.mark.parametrize("indexed", [False, True, None])
def test_equal_scores_are_ordered_by_sha256(desk: Desk, k: int, indexed: bool | None) -> None:
    """Also where the k-th image ties with those after it; ids and the index, full or half, do not matter."""
    for number in range(40):
        desk.picture(f"x{number}.png", "red", mark=str(number))
        if number == 20:
            desk.index()
            if indexed is None:
                desk.refresh()
    desk.index()
    if indexed:
        desk.refresh()
    every = sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in desk.home.glob("*.png"))
    assert [hit.image_id for hit in desk.ask("red", k=k)] == every[:k]
    query = desk.part("red").vector[np.newaxis]
    for images in (desk.reader().candidates(query, k)[0], desk.reader().each_nearest(query, k)[0][0]):
        found = [record.image_id for record in desk.catalog.images.get(images.tolist())]
        assert found == every[: len(found)]


def test_two_libraries_of_the_same_images_answer_in_the_same_order(
    tmp_path: Path, make_desk: Callable[[Path], Desk]
) -> None:
    """Whatever was indexed first: pictures that tie, and pictures whose words tie."""
    colors = ("red", "red", "blue", "red", "blue", "orange", "red")
    orders = []
    for folder, step in (("a", 1), ("b", -1)):
        (tmp_path / folder).mkdir()
        desk = make_desk(tmp_path / folder)
        for number, color in list(enumerate(colors))[::step]:
            desk.picture(f"{number}/red boat.png", color, mark=str(number))
            desk.index()
        asked = (["red"], ["boat"], ["blue boat"])
        orders.append([[hit.image_id for hit in desk.ask(*parts)] for parts in asked])
        desk.close()
    assert orders[0] == orders[1]


@pytest.mark.parametrize("k", [0, -1])
def test_k_below_one_is_refused(desk: Desk, k: int) -> None:
    """With a hint."""
    fill(desk, "red")
    with pytest.raises(InvalidQueryError, match=f"k is {k}") as caught:
        desk.ask("red", k=k)
    assert caught.value.hint


def test_a_query_must_want_something(desk: Desk) -> None:
    """No part, or only parts to stay away from."""
    fill(desk, "red")
    for parts in ([], [desk.part("red", -1.0)]):
        with pytest.raises(InvalidQueryError, match="nothing to search for"):
            desk.ask(*parts)


def test_parts_that_cancel_each_other_are_refused(desk: Desk) -> None:
    """Red and no red has no direction."""
    fill(desk, "red", "green", "blue")
    with pytest.raises(InvalidQueryError, match="cancel"):
        desk.ask("red", desk.part("red", -1.0))


def test_an_empty_library_has_no_answer(desk: Desk) -> None:
    """And is not confident of it."""
    result = desk.ask("red")
    assert (result.hits, result.confident) == ((), False)


# --- mixtures


def test_parts_add_up_by_weight(desk: Desk) -> None:
    """3 red + 1 green = (3, 1, 0): orange .990, red .949, yellow .894, green .316."""
    fill(desk, "red", "orange", "yellow", "green")
    result = desk.ask(desk.part("red", 3.0), desk.part("green", 1.0))
    assert desk.names(result) == ["xorange.png", "xred.png", "xyellow.png", "xgreen.png"]
    assert [hit.score for hit in result] == pytest.approx([0.9897, 0.9487, 0.8944, 0.3162], abs=1e-3)


def test_an_unwanted_part_is_stayed_away_from(desk: Desk) -> None:
    """Yellow without green is red; and what clearly shows green is no confident match."""
    fill(desk, "red", "yellow", "green", "blue")
    plain = desk.ask("yellow")
    less = desk.ask("yellow", desk.part("green", -np.sqrt(0.5)))
    assert (plain[0].path, less[0].path) == (str(desk.home / "xyellow.png"), str(desk.home / "xred.png"))
    sure = {name: hit.confidence for name, hit in zip(desk.names(less), less, strict=True)}
    assert sure["xyellow.png"] < 0.01 < CONFIDENT <= plain[0].confidence


def test_a_picture_and_words_mix(desk: Desk) -> None:
    """Each kind counts by its own spread: the order is that of the sum of standardized scores."""
    fill(desk, "red", "blue", "magenta", "cyan", "orange", "white")
    known = desk.calibration()
    result = desk.ask("xred.png", "blue")
    sums = [
        hit.parts[0].score / known.image_spread + hit.parts[1].score / known.text_spread for hit in result
    ]
    assert len(sums) == 6
    assert sums == sorted(sums, reverse=True)


def test_every_hit_says_how_it_answers_each_part(desk: Desk) -> None:
    """The cosine with each part as asked."""
    fill(desk, "red", "magenta", "green")
    result = desk.ask("red", desk.part("blue", 0.5))
    parts = {name: hit.parts for name, hit in zip(desk.names(result), result, strict=True)}
    assert [part.part for part in parts["xmagenta.png"]] == ["red", "blue"]
    assert [part.score for part in parts["xmagenta.png"]] == pytest.approx([np.sqrt(0.5)] * 2, abs=1e-6)
    assert [part.score for part in parts["xgreen.png"]] == pytest.approx([0.0, 0.0], abs=1e-6)
    assert result.query == "red + 0.5:blue"


def test_an_image_left_out_is_no_answer(desk: Desk) -> None:
    """The k others come."""
    fill(desk, "red", "orange", "yellow")
    result = desk.ask("xred.png", k=2, leave_out=desk.image("xred.png"))
    assert desk.names(result) == ["xorange.png", "xyellow.png"]


def test_an_image_left_out_costs_no_hit_at_the_edge_of_the_pool(desk: Desk) -> None:
    """100 others are there, 100 are asked for, 100 come."""
    many(desk, 101)
    assert len(desk.ask("m000.png", k=100, leave_out=desk.image("m000.png"))) == 100


# --- filters


def test_filters_act_before_k(desk: Desk) -> None:
    """The nearest images do not match, and yet k hits come that do."""
    many(desk, 120)
    many(desk, 10, prefix="blue")
    for number in range(10):
        desk.picture(f"far{number}.png", (0, 10 * number, 255))
    desk.index()
    result = desk.ask("red", k=10, where=["name=far"])
    assert sorted(desk.names(result)) == [f"far{number}.png" for number in range(10)]
    assert desk.names(desk.ask("red", k=3, where=["name=far"])) == desk.names(result)[:3]


def test_a_filter_that_nothing_satisfies_gives_nothing(desk: Desk) -> None:
    """No hit, not confident, no error."""
    fill(desk, "red")
    result = desk.ask("red", where=["width>1000"])
    assert (len(result), result.confident) == (0, False)


def test_a_folder_restricts_to_what_lies_below(desk: Desk) -> None:
    """Not to what begins with its name."""
    for name in ("sub/a.png", "subway/b.png", "c.png"):
        desk.picture(name, mark=name)
    desk.index()
    assert desk.names(desk.ask("red", folders=["sub"])) == ["sub/a.png"]


def test_words_do_not_get_around_a_filter(desk: Desk) -> None:
    """A name that matches outside the folder stays outside."""
    desk.picture("in/green.png", "green")
    desk.picture("out/boat.png", "red")
    desk.index()
    assert desk.names(desk.ask("boat", folders=["in"])) == ["in/green.png"]


# --- words


def test_a_name_that_holds_the_words_is_fused_in(desk: Desk) -> None:
    """Third by color (1/63) and first by words (1/61) beats first by color (1/61)."""
    fill(desk, "red", "orange", "yellow")
    desk.picture("A red boat.png", (255, 200, 0))
    desk.index()
    result = desk.ask("the red boat")
    assert desk.names(result) == ["A red boat.png", "xred.png", "xorange.png", "xyellow.png"]
    assert [hit.words for hit in result] == [("red", "boat"), (), (), ()]


def test_words_alone_can_be_sure(desk: Desk) -> None:
    """1 of 30 names holds the word: by chance it would be 1/30, so confidence is 29/30."""
    many(desk, 29)
    desk.picture("sunset.png", (0, 0, 250))
    desk.index()
    result = desk.ask("sunset")
    assert desk.names(result)[0] == "sunset.png"
    assert result[0].confidence >= 29 / 30
    assert result.confident


def test_pictures_have_no_words(desk: Desk) -> None:
    """The name of the picture that is searched for is not searched for, nor are unwanted words."""
    fill(desk, "red", "orange")
    result = desk.ask("xred.png", desk.part("orange", -0.1))
    assert all(hit.words == () for hit in result)


# --- confidence


def test_a_meaningless_query_is_not_confident(desk: Desk) -> None:
    """A color that is there is; words that show nothing give hits, and say so."""
    fill(desk, "red", "green", "blue", "yellow")
    known, unknown = desk.ask("red"), desk.ask("qwertz")
    assert (known.confident, unknown.confident) == (True, False)
    assert len(unknown) == 4
    assert max(hit.confidence for hit in unknown) < CONFIDENT


def test_confidence_and_score_stay_in_bounds(desk: Desk) -> None:
    """[0, 1] and [-1, 1], for texts, pictures and both."""
    many(desk, 12)
    for parts in (["red"], ["m003.png"], ["m003.png", "green"]):
        for hit in desk.ask(*parts):
            assert 0 <= hit.confidence <= 1
            assert -1 <= hit.score <= 1


# --- near-identical hits


def test_near_identical_images_are_one_hit(desk: Desk) -> None:
    """The best stands for them and names them; another color stays a hit of its own."""
    for mark in ("", "x", "xy"):
        desk.picture(f"red{mark}.png", "red", mark=mark)
    desk.picture("xblue.png", "blue")
    desk.index()
    result = desk.ask("red", collapsed=True)
    assert [len(hit.similar) for hit in result] == [2, 0]
    ids = {hit.image_id for hit in desk.ask("red", k=3)}
    assert {result[0].image_id, *result[0].similar} == ids


def test_k_distinct_hits_come_however_many_copies_crowd_the_best(desk: Desk) -> None:
    """240 copies of red before four others: five hits."""
    for number in range(240):
        desk.picture(f"red{number:03}.png", "red", mark=str(number))
    fill(desk, "orange", "yellow", "green", "blue")
    result = desk.ask("red", k=5, collapsed=True)
    names = desk.names(result)[1:]
    assert sorted(names) == ["xblue.png", "xgreen.png", "xorange.png", "xyellow.png"]
    assert names[:2] == ["xorange.png", "xyellow.png"]
    assert len(result[0].similar) == 239
