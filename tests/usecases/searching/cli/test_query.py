"""A query as it is typed."""

from pathlib import Path

import pytest

from saccade.core.errors import PathNotFoundError
from saccade.usecases.searching.cli.query import parse_less, parse_near, parse_query, split_weight


@pytest.mark.parametrize(
    ("words", "texts"),
    [
        (["a", "dog", "on", "the", "beach"], [("a dog on the beach", 1.0)]),
        (["a dog on the beach"], [("a dog on the beach", 1.0)]),
        (["red car", "at night"], [("red car", 1.0), ("at night", 1.0)]),
        (["2:beach", "sunset"], [("beach", 2.0), ("sunset", 1.0)]),
        (["big", "0.5:old dog", "red", "hat"], [("big", 1.0), ("old dog", 0.5), ("red hat", 1.0)]),
        ([], []),
    ],
)
def test_parse_query_joins_single_words_and_keeps_phrases(
    words: list[str], texts: list[tuple[str, float]]
) -> None:
    """Words in a row are one phrase; a quoted phrase or a weighted word stands for itself."""
    asked = parse_query(words)
    assert (list(asked.texts), asked.pictures) == (texts, ())


def test_parse_query_takes_a_path_for_a_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What begins with ./ or / is a picture, with or without a weight; a bare name is a word."""
    (tmp_path / "my cat.jpg").touch()
    monkeypatch.chdir(tmp_path)
    asked = parse_query(["./my cat.jpg", f"3:{tmp_path}/my cat.jpg", "cat.jpg"])
    assert asked.pictures == (("./my cat.jpg", 1.0), (f"{tmp_path}/my cat.jpg", 3.0))
    assert asked.texts == (("cat.jpg", 1.0),)


def test_parse_query_refuses_a_picture_that_is_not_there(tmp_path: Path) -> None:
    """It is never quietly searched for as words."""
    with pytest.raises(PathNotFoundError, match=r"no such picture: ./no\.jpg"):
        parse_query(["./no.jpg"])


def test_parse_less_tells_words_from_pictures(tmp_path: Path) -> None:
    """Pictures are paths, words are text."""
    picture = tmp_path / "a.jpg"
    picture.touch()
    assert parse_less(["people", f"2:{picture}"]) == [("people", 1.0), (picture, 2.0)]


def test_parse_near_prefers_a_file_that_exists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file called `2:a.jpg` is that file; otherwise the number is a weight."""
    (tmp_path / "2:a.jpg").touch()
    monkeypatch.chdir(tmp_path)
    assert parse_near(["2:a.jpg", "2:b.jpg", "c.jpg"]) == [("2:a.jpg", 1.0), ("b.jpg", 2.0), ("c.jpg", 1.0)]


@pytest.mark.parametrize("word", ["beach", ":beach", "x:beach", "2:", "-2:beach"])
def test_split_weight_leaves_other_words_alone(word: str) -> None:
    """Only a number, a colon and something behind it are a weight."""
    assert split_weight(word) == (word, 1.0)
