"""What search by words and filters must do in every catalog."""

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saccade.core.filters import FIELDS, Condition, Filter, Kind, condition, parse_where
from tests.contracts.catalog.shelf import IMPLEMENTATIONS, Shelf
from tests.helpers.properties import examples


def test_match_words_finds_parts_of_names_captions_and_keywords(shelf: Shelf) -> None:
    """Split at punctuation, case and digits; stemmed; accents aside; all words must be there."""
    beach, dogs, tower = shelf.record(
        shelf.picture("IMG_beach-2020.jpg", b"1", keywords=("Été",)),
        shelf.picture("x/MyDogs12.png", b"2", caption="Running dogs, l'hiver"),
        shelf.picture("東京タワー.jpg", b"3", title="BEACH house"),
    )
    for query, found in {
        "beach": [beach, tower],
        "2020": [beach],
        "IMG_beach-2020.jpg": [beach],
        "ete": [beach],
        "ÉTÉ": [beach],
        "e\u0301te\u0301": [beach],
        "dog": [dogs],
        "mydogs12": [dogs],
        "MyDogs": [dogs],
        "hiver": [dogs],
        "run": [dogs],
        "東京": [tower],
        "beach house": [tower],
        "beach dog": [],
        "bea": [],
        "": [],
        "!!!": [],
    }.items():
        assert shelf.words(*query.split()) == found, query


@pytest.mark.parametrize(
    "hostile",
    ['"', '" OR "', "beach* OR 1", "names:beach", "NEAR(a b)", "a AND", "-beach", "^beach", "(", "\0",
     "'; DROP", "\ud800", "*", "{names}: x", "x" * 100_000, " ".join(["beach"] * 3000)],
    ids=lambda text: ascii(text)[:16],
)  # fmt: skip
def test_match_words_takes_a_users_words_literally(shelf: Shelf, hostile: str) -> None:
    """No word is ever syntax: at worst it finds nothing."""
    (image,) = shelf.record(shelf.picture("beach.jpg", b"1"))
    for words in ([hostile], hostile.split(), ["beach", hostile]):
        assert set(shelf.words(*words)) <= {image}
    assert shelf.words("beach") == [image]


def test_match_words_ranks_and_limits(shelf: Shelf) -> None:
    """A short name with the word beats a long caption with it; among restricts before the limit."""
    named, told, _ = shelf.record(
        shelf.picture("boat.jpg", b"1"),
        shelf.picture("b.jpg", b"2", caption="a long story about many things, one of them a boat at last"),
        shelf.picture("c.jpg", b"3"),
    )
    assert shelf.catalog.images.match_words(["boat"], 10).ids.tolist() == [named, told]
    assert shelf.catalog.images.match_words(["boat"], 1).ids.tolist() == [named]
    assert shelf.catalog.images.match_words(["boat"], 1, np.array([told])).ids.tolist() == [told]
    assert shelf.catalog.images.match_words(["boat"], 0).ids.tolist() == []
    assert shelf.catalog.images.match_words(["boat"], 5, np.empty(0, np.int64)).ids.tolist() == []


def test_match_words_does_not_rank_a_very_common_word(shelf: Shelf) -> None:
    """Too many to rank; the limit and `among` still hold exactly."""
    count = 2500
    ids = shelf.record(*(shelf.picture(f"dog_{n}.jpg", b"%d" % n) for n in range(count)))
    few = shelf.catalog.images.match_words(["dog"], 5)
    assert (len(few.ids), few.ranked) == (5, False)
    assert sorted(shelf.catalog.images.match_words(["dog"], 10**6).ids.tolist()) == ids
    some = np.array(ids[10:20])
    assert sorted(shelf.catalog.images.match_words(["dog"], 100, some).ids.tolist()) == some.tolist()


_TEXTS = st.sampled_from(
    ["Canon", "canon EOS", "Été", "100%", "a_b", "axb", "%", "\\", "Ss", "ß", "'x'", None]
)
_FACTS = st.fixed_dictionaries(
    {
        "taken_at": st.sampled_from(
            [None, "2023-12-31T23:59:59", "2024-01-01T00:00:00", "2024-05-01T10:30:00", "2024-05-31T23:59:59",
             "2025-01-01T00:00:00"]
        ),
        "camera": _TEXTS,
        "title": _TEXTS,
        "keywords": st.lists(_TEXTS.filter(bool), max_size=2).map(tuple),
        "width": st.integers(1, 4),
        "latitude": st.sampled_from([None, -1.5, 0.0, 2.0]),
    }
)  # fmt: skip
_CONDITIONS = st.one_of(
    st.tuples(
        st.just("taken"),
        st.sampled_from(["=", "!=", "<", "<=", ">", ">="]),
        st.sampled_from(["2024", "2024-05", "2024-05-01", "2024-05-01T10", "2023-12-31 23:59:59", "1999"]),
    ),
    st.tuples(
        st.sampled_from(["camera", "title", "keyword", "name", "format"]),
        st.sampled_from(["=", "==", "!="]),
        st.sampled_from(
            ["canon", "CANON", "été", "e\u0301te\u0301", "%", "_", "\\", "100%", "SS", "jp", "0.jpg"]
        ),
    ),
    st.tuples(
        st.sampled_from(["width", "latitude"]),
        st.sampled_from(["=", "!=", "<", "<=", ">", ">="]),
        st.sampled_from([0, 1, 2, 2.5, -1.5]),
    ),
)


def _fold(text: str) -> str:
    import unicodedata  # noqa: PLC0415 - only this oracle needs it

    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def _holds(one: Condition, facts: Mapping[str, object], name: str) -> bool:
    """The rules of core.filters, straightforwardly."""
    if one.op == "!=":
        return not _holds(replace(one, op="="), facts, name)
    values = {"keyword": facts["keywords"], "name": [name], "format": ["JPEG"], "taken": [facts["taken_at"]]}
    given = [value for value in values.get(one.field, [facts.get(one.field)]) if value is not None]  # type: ignore[attr-defined]
    if FIELDS[one.field] is Kind.TEXT:
        wanted = _fold(str(one.value))
        return any(wanted == _fold(v) if one.op == "==" else wanted in _fold(v) for v in given)
    if FIELDS[one.field] is Kind.TIME:
        given = [value[: len(str(one.value))] for value in given]
    tests = {
        "=": lambda a, b: a == b,
        "<": lambda a, b: a < b,
        "<=": lambda a, b: a <= b,
        ">": lambda a, b: a > b,
        ">=": lambda a, b: a >= b,
    }
    return any(tests[one.op](value, one.value) for value in given)


@pytest.mark.parametrize("name", sorted(IMPLEMENTATIONS))
@examples(25)
@given(
    facts=st.lists(_FACTS, min_size=1, max_size=8),
    wanted=st.lists(st.lists(_CONDITIONS, min_size=1, max_size=2), min_size=1, max_size=12),
)
def test_match_agrees_with_a_plain_evaluation(
    name: str, facts: list[dict[str, object]], wanted: list[list[tuple[str, str, str | float]]]
) -> None:
    """Every kind, operator and absent fact, wildcards of SQL included."""
    with tempfile.TemporaryDirectory() as home:
        shelf = Shelf(IMPLEMENTATIONS[name], home)
        ids = shelf.record(*(shelf.picture(f"{n}.jpg", b"%d" % n, **one) for n, one in enumerate(facts)))
        for parts in wanted:
            conditions = tuple(condition(*part) for part in parts)
            expected = [
                image
                for n, (image, one) in enumerate(zip(ids, facts, strict=True))
                if all(_holds(c, one, f"{n}.jpg") for c in conditions)
            ]
            assert shelf.catalog.images.match(Filter(conditions=conditions)).tolist() == expected
        shelf.catalog.close()


def test_match_by_folder_takes_everything_below_and_nothing_beside(shelf: Shelf) -> None:
    """Several folders are alternatives; conditions still hold; the home itself holds all."""
    names = ["a/1.jpg", "a/b/2.jpg", "ab/3.jpg", "a_/4.jpg", "5.jpg"]
    ids = shelf.record(*(shelf.picture(name, name.encode(), width=n) for n, name in enumerate(names, 1)))

    def inside(*folders: str, where: tuple[str, ...] = ()) -> list[int]:
        paths = tuple(f"{shelf.home}{folder}" for folder in folders)
        return shelf.catalog.images.match(Filter(conditions=parse_where(list(where)), folders=paths)).tolist()

    assert inside("/a") == ids[:2]
    assert inside("/a", "/ab") == ids[:3]
    assert inside("") == ids
    assert inside("/a", where=("width>1",)) == [ids[1]]
    assert inside("/none") == []
    assert shelf.catalog.images.match(Filter(folders=("/",))).tolist() == ids
    assert shelf.catalog.images.match(Filter(folders=(str(Path(shelf.home).parent),))).tolist() == ids
    assert shelf.catalog.images.match(Filter()).tolist() == ids


def test_known_sizes_are_those_of_all_images_held(shelf: Shelf) -> None:
    """Missing ones too: a file that comes back may be one of them."""
    shelf.record(shelf.picture("a.jpg", b"123"), shelf.picture("b.jpg", b"12345"))
    shelf.gone("a.jpg")
    assert shelf.catalog.images.sizes() == {3, 5}


def test_a_sound_catalog_has_no_problems(shelf: Shelf) -> None:
    """After ordinary use every check is silent."""
    shelf.record(shelf.picture("a.jpg", b"x"), shelf.picture("b.jpg", b"y", caption="dogs"))
    shelf.gone("a.jpg")
    assert shelf.catalog.health.problems() == []
    assert shelf.catalog.health.stale_images().tolist() == []
    assert [shelf.catalog.embeddings.corrupt(space).tolist() for space in shelf.spaces.values()] == [[], []]
    shelf.catalog.health.rebuild_derived()
    assert shelf.catalog.health.stale_images().tolist() == []
    assert shelf.words("dog") != []
