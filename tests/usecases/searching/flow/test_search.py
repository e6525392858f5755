"""Search: which images, in which order, how sure, and why; whatever state index and files are in."""

import hashlib
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest
from sqlalchemy import Engine, event

from saccade.core.calibration import CONFIDENT
from saccade.core.errors import InvalidQueryError
from saccade.core.types import Role
from saccade.core.vectors import top_k

Desk: TypeAlias = Any


def fill(desk: Desk, *colors: str) -> None:
    """One picture of each color, all indexed; "xred.png" is red, and no word of a query."""
    for color in colors:
        desk.picture(f"x{color}.png", color)
    desk.index()


def many(desk: Desk, count: int, prefix: str = "m") -> None:
    """Pictures from red to yellow, `count` of them, each a color of its own."""
    for number in range(count):
        desk.picture(f"{prefix}{number:03}.png", (255, 255 * number // count, 7))
    desk.index()


def brute_force(desk: Desk, query: np.ndarray, k: int) -> list[tuple[int, float]]:
    """Present images by exact score, from the catalog alone."""
    ids, rows = desk.reader().everything()
    found, scores = top_k(query, rows, k, ids)
    return list(zip(found[0].tolist(), scores[0].tolist(), strict=True))


def answer(desk: Desk, *parts: str, k: int = 100) -> list[tuple[str, float]]:
    return [(hit.image_id, hit.score) for hit in desk.ask(*parts, k=k)]


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
    for images in (desk.reader().candidates(query, k)[0], desk.reader().best_scores(query, 40)[0][0]):
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


# --- index and catalog


def test_rows_newer_than_the_index_are_found_at_once_and_in_place(desk: Desk) -> None:
    """Merged by score, as if the index held them."""
    many(desk, 40)
    desk.refresh()
    for number in range(6):
        desk.picture(f"new{number}.png", (255, 40 * number + 3, 0))
    desk.index()
    assert isinstance(desk.store.open(desk.reader().space).size, int)
    query = desk.part("red").vector[np.newaxis]
    assert desk.store.open(desk.reader().space).size == 40
    expected = brute_force(desk, query, 30)
    ids, scores = desk.reader().candidates(query, 30)
    assert ids.tolist() == [identifier for identifier, _ in expected]
    assert scores.tolist() == pytest.approx([score for _, score in expected], abs=1e-6)


@pytest.mark.parametrize("damage", ["lost", "truncated", "garbage", "flipped"])
def test_a_lost_or_damaged_index_changes_no_answer(desk: Desk, damage: str) -> None:
    """It is derived; the catalog answers alone."""
    many(desk, 30)
    desk.refresh()
    before = answer(desk, "red", "green")
    desk.reopen()
    folder = desk.home / ".saccade" / "indexes"
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    assert files
    if damage == "lost":
        shutil.rmtree(folder)
    for file in files if damage != "lost" else []:
        content = bytearray(file.read_bytes())
        if damage == "flipped" and file.suffix == ".json":
            content[len(content) // 2] ^= 0x40
        elif damage == "truncated":
            del content[len(content) // 2 :]
        elif damage == "garbage":
            content[:] = b"garbage" * 9
        file.write_bytes(content)
    assert answer(desk, "red", "green") == before


def test_an_image_embedded_again_counts_once(desk: Desk) -> None:
    """Index and newer rows both hold it; the newer counts."""
    many(desk, 20)
    desk.refresh()
    before = answer(desk, "red")
    for role in (Role.SEMANTIC, Role.COPY):
        assert desk.catalog.embeddings.remove(desk.reader(role).space.id, [desk.image("m004.png")]) == 1
    file = desk.home / "m004.png"
    file.touch()
    assert desk.index().embedded == 1
    assert answer(desk, "red") == before
    assert desk.reader().count() == 20


def test_an_image_whose_embedding_is_gone_is_no_error(desk: Desk) -> None:
    """Deleted by a repair that was killed: neither index nor word match may fail on it."""
    fill(desk, "red", "green", "blue")
    desk.refresh()
    desk.picture("boat.png", "yellow")
    desk.index()
    gone = [desk.image("xred.png"), desk.image("boat.png")]
    for role in (Role.SEMANTIC, Role.COPY):
        desk.catalog.embeddings.remove(desk.reader(role).space.id, gone)
    for query in ("red", "boat"):
        assert sorted(desk.names(desk.ask(query, collapsed=True))) == ["xblue.png", "xgreen.png"]


def test_a_file_that_goes_away_in_the_middle_of_a_search_is_no_answer(
    desk: Desk, make_desk: Callable[[Path], Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process takes it away between finding it and showing it: the search is done anew."""
    fill(desk, "red", "green", "blue")
    desk.refresh()
    real = desk.catalog.reading

    def reading() -> AbstractContextManager[None]:
        if (desk.home / "xred.png").exists():
            (desk.home / "xred.png").unlink()
            other = make_desk(desk.home)
            other.index()
            other.close()
        return real()

    monkeypatch.setattr(desk.catalog, "reading", reading)
    assert sorted(desk.names(desk.ask("red", where=["name=x"]))) == ["xblue.png", "xgreen.png"]


def test_a_search_asks_little_of_the_catalog(desk: Desk) -> None:
    """One transaction of eight statements, however many hits: each costs more than finding them."""
    many(desk, 60)
    desk.refresh()
    desk.ask("red", "green", collapsed=True)
    asked: list[str] = []

    def note(*arguments: Any) -> None:
        asked.append(arguments[2])

    event.listen(Engine, "before_cursor_execute", note)
    try:
        assert len(desk.ask("red", "green", k=40)) == 40
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert asked.count("BEGIN") == 1 + 1  # the desk itself reads the calibration each time
    assert len(asked) <= 8 + 2


def test_an_image_embedded_again_while_being_searched_is_found_once(desk: Desk) -> None:
    """By its newest row, though the reader knows the row before as well."""
    fill(desk, "green")
    desk.refresh()
    fill(desk, "red")
    assert len(desk.ask("red")) == 2
    space, image = desk.reader().space.id, desk.image("xred.png")
    desk.catalog.embeddings.remove(space, [image])
    blue = desk.encoder.encode_texts(["blue"])
    desk.catalog.embeddings.save(space, np.array([image], np.int64), blue)
    ids, scores = desk.reader().candidates(blue, 9)
    assert ids.tolist() == [image, desk.image("xgreen.png")]
    assert scores[0] == pytest.approx(1.0)
    assert desk.reader().count() == 2


def test_a_missing_image_is_never_found_and_a_revived_one_is(desk: Desk) -> None:
    """Though the index holds it all the while."""
    fill(desk, "red", "green", "blue")
    desk.refresh()
    content = (desk.home / "xred.png").read_bytes()
    (desk.home / "xred.png").unlink()
    desk.index()
    assert desk.found() == {"xgreen.png", "xblue.png"}
    assert desk.reader().count() == 2
    assert sorted(desk.names(desk.ask("red", where=["name=png"]))) == ["xblue.png", "xgreen.png"]
    desk.write("xred.png", content)
    desk.index()
    assert desk.names(desk.ask("red"))[0] == "xred.png"


def test_what_another_process_writes_is_found_at_once(desk: Desk, make_desk: Callable[[Path], Desk]) -> None:
    """A reader that stays open follows."""
    fill(desk, "green")
    assert desk.names(desk.ask("red")) == ["xgreen.png"]
    other = make_desk(desk.home)
    other.picture("xred.png", "red")
    other.index()
    other.refresh(force=True)
    assert desk.names(desk.ask("red")) == ["xred.png", "xgreen.png"]
    other.close()


def test_best_scores_are_those_of_single_searches(desk: Desk) -> None:
    """Many queries at once, over index and newer rows."""
    many(desk, 15)
    desk.refresh()
    fill(desk, "blue")
    queries = desk.encoder.encode_texts(["red", "blue", "yellow"])
    ids, scores = desk.reader().best_scores(queries, 4)
    for row, query in enumerate(queries):
        one_ids, one_scores = desk.reader().candidates(query[np.newaxis], 4)
        assert ids[row].tolist() == one_ids.tolist()
        assert scores[row].tolist() == pytest.approx(one_scores.tolist(), abs=1e-6)


def test_everything_is_every_present_image_by_id(desk: Desk) -> None:
    """With its own row."""
    fill(desk, "red", "green", "blue")
    (desk.home / "xgreen.png").unlink()
    desk.index()
    ids, rows = desk.reader().everything()
    assert ids.tolist() == sorted([desk.image("xred.png"), desk.image("xblue.png")])
    np.testing.assert_array_equal(rows, desk.catalog.embeddings.get(desk.reader().space.id, ids))
