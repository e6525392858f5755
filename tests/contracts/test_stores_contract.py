"""What the five stores and the hashes of every catalog must do, whatever they keep their rows in."""

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saccade.catalog import open_catalog
from saccade.core.decoding import FileEntry, FileStamp
from saccade.core.errors import ImageNotFoundError, InputError, InvalidFilterError
from saccade.core.filters import Filter, Where, parse_where
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.files import SeenFile
from saccade.core.ports.images import NewImage
from saccade.core.ports.stores import Column, Event, StoredPair, Tag
from saccade.core.types import Ids, ImageInfo

Opener = Callable[[str], Catalog]


def _open_sqlite(home: str) -> Catalog:
    return open_catalog(f"{home}/.saccade", create=True, home=home, wait_s=0.2)


IMPLEMENTATIONS: Mapping[str, Opener] = {"sqlite": _open_sqlite}


class Shelf:
    """A catalog under test with ten pictures 0.jpg to 9.jpg, whose ids are `ids`."""

    def __init__(self, opener: Opener, home: str) -> None:
        self.opener, self.home = opener, home
        self.catalog = opener(home)
        self.folder, _ = self.catalog.files.ensure_folder(home)
        self.run = self.catalog.runs.start("index")
        self.ids = [image or 0 for image in self.record(*map(self._picture, range(10)))]

    def _picture(self, number: int) -> SeenFile:
        data = b"%d" % number
        info = ImageInfo(width=4, height=3, format="JPEG", size_bytes=len(data))
        entry = FileEntry(path=f"{self.home}/{number}.jpg", stamp=FileStamp(size=1, mtime_ns=1))
        image = NewImage(sha256=hashlib.sha256(data).digest(), info=info, embeddings={})
        return SeenFile(entry=entry, image=image)

    def record(self, *seen: SeenFile) -> list[int | None]:
        return list(self.catalog.files.record(self.run, self.folder, seen))

    def reopen(self) -> None:
        """As a new process finds it."""
        self.catalog.close()
        self.catalog = self.opener(self.home)

    def lose(self, *numbers: int) -> None:
        """The files of these pictures are gone."""
        self.catalog.files.mark_missing(self.run, self.folder, [(f"{number}.jpg", "") for number in numbers])

    def find(self, *numbers: int) -> None:
        """They are back."""
        self.record(*map(self._picture, numbers))

    def some(self, *numbers: int) -> Ids:
        return np.array([self.ids[number] for number in numbers], np.int64)

    def tag(self, origin: str, replace: bool = False, among: Ids | None = None, **labels: list[int]) -> int:
        rows = {label: (self.some(*numbers), np.ones(len(numbers))) for label, numbers in labels.items()}
        return self.catalog.tags.write(origin, rows, replace=replace, among=among)

    def where(self, where: Where | list[str]) -> list[int]:
        """Which pictures match."""
        found = self.catalog.images.match(Filter(conditions=parse_where(where)))
        return [self.ids.index(image) for image in found.tolist()]

    def words(self, *words: str, limit: int = 100) -> list[int]:
        """Which pictures hold the words, in the order found."""
        return [self.ids.index(image) for image in self.catalog.images.match_words(words, limit).tolist()]

    def numbers(self, name: str, ids: Ids | None = None) -> dict[int, float]:
        found, values = self.catalog.columns.numbers(name, ids)
        assert found.tolist() == sorted(found.tolist())
        assert (found.dtype, values.dtype) == (np.int64, np.float64)
        return {self.ids.index(image): value for image, value in zip(found, values.tolist(), strict=True)}

    def pair(self, first: int, second: int, **facts: object) -> StoredPair:
        pair = StoredPair(
            a=self.ids[first],
            b=self.ids[second],
            tier="picture",
            score=0.5,
            verdict=0.75,
            evidence='{"seconds": 1}',
        )
        return replace(pair, **facts)


@pytest.fixture(params=sorted(IMPLEMENTATIONS))
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shelf]:
    made = Shelf(IMPLEMENTATIONS[request.param], str(tmp_path))
    yield made
    made.catalog.close()


# --- columns


def test_columns_come_back_as_written(shelf: Shelf) -> None:
    """Numbers and text, by name, after reopening; asked for some images, only theirs."""
    a, b, c = shelf.ids[:3]
    assert shelf.catalog.columns.write("price", {b: 2.5, a: 1e300}, origin="import", replace=False) == 2
    assert shelf.catalog.columns.write("note", {c: "Straße\0\ud800", a: ""}, origin="me", replace=True) == 2
    shelf.reopen()
    columns = shelf.catalog.columns
    assert columns.all() == [
        Column(name="note", kind="text", origin="me", count=2),
        Column(name="price", kind="number", origin="import", count=2),
    ]
    assert shelf.numbers("price") == {0: 1e300, 1: 2.5}
    assert shelf.numbers("price", shelf.some(1, 2)) == {1: 2.5}
    ids, texts = columns.texts("note")
    assert (ids.tolist(), list(texts)) == ([a, c], ["", "Straße\\x00\\ud800"])


def test_columns_change_only_what_is_given_unless_replaced(shelf: Shelf) -> None:
    """Replacing may also change the kind, and leaves nothing of the old."""
    a, b = shelf.ids[:2]
    write = shelf.catalog.columns.write
    write("price", {a: 1, b: 2}, origin="import", replace=False)
    write("price", {b: 3}, origin="import", replace=False)
    assert shelf.numbers("price") == {0: 1, 1: 3}
    write("price", {b: 4}, origin="import", replace=True)
    assert shelf.numbers("price") == {1: 4}
    write("price", {a: "cheap"}, origin="import", replace=True)
    assert [(one.kind, one.count) for one in shelf.catalog.columns.all()] == [("text", 1)]
    write("price", {}, origin="import", replace=True)
    assert shelf.catalog.columns.all() == []


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None, [1], 10**400, "x" * 10_001, b"x"])
def test_columns_refuse_what_is_no_value(shelf: Shelf, value: object) -> None:
    """And then nothing of the call is kept, nor the column made."""
    wrong = {shelf.ids[0]: "ok" if isinstance(value, str) else 1, shelf.ids[1]: value}
    with pytest.raises(InputError, match="price"):
        shelf.catalog.columns.write("price", wrong, origin="import", replace=False)  # type: ignore[arg-type]
    assert shelf.catalog.columns.all() == []


@pytest.mark.parametrize(
    "name", ["", "1st", "a b", "a.b", "é", "x" * 101, 'a"; DROP TABLE images; --', "a\n"]
)
def test_columns_refuse_a_name_that_no_filter_could_say(shelf: Shelf, name: str) -> None:
    """With what a name is made of."""
    with pytest.raises(InputError) as caught:
        shelf.catalog.columns.write(name, {shelf.ids[0]: 1}, origin="import", replace=False)
    assert "letters" in caught.value.hint


def test_columns_do_not_mix_kinds_nor_origins(shelf: Shelf) -> None:
    """What a person imported is not overwritten by a pipeline that chose the same name, nor the reverse."""
    a, b = shelf.ids[:2]
    write = shelf.catalog.columns.write
    write("price", {a: 1}, origin="import", replace=False)
    with pytest.raises(InputError, match="numbers, not text"):
        write("price", {b: "cheap"}, origin="import", replace=False)
    with pytest.raises(InputError, match="mixed"):
        write("size", {a: 1, b: "big"}, origin="import", replace=False)  # type: ignore[dict-item]
    with pytest.raises(InputError, match="import") as caught:
        write("price", {a: 2}, origin="clusters", replace=True)
    assert "saccade fields remove price" in caught.value.hint
    assert shelf.numbers("price") == {0: 1}


def test_an_unknown_column_is_an_error_that_lists_the_known(shelf: Shelf) -> None:
    """Also one of the other kind."""
    columns = shelf.catalog.columns
    for ask in (columns.numbers, columns.texts, columns.remove):
        with pytest.raises(InvalidFilterError, match="price") as caught:
            ask("price")
        assert "import" in caught.value.hint
    columns.write("cost", {shelf.ids[0]: 1}, origin="import", replace=False)
    columns.write("look", {shelf.ids[0]: "red"}, origin="import", replace=False)
    with pytest.raises(InvalidFilterError, match="price") as caught:
        columns.numbers("price")
    assert "cost, look" in caught.value.hint
    with pytest.raises(InvalidFilterError, match="text, not numbers") as caught:
        columns.numbers("look")
    assert "cost" in caught.value.hint
    with pytest.raises(InvalidFilterError, match="numbers, not text"):
        columns.texts("cost")


def test_a_column_can_be_forgotten(shelf: Shelf) -> None:
    """And then be of the other kind."""
    columns = shelf.catalog.columns
    columns.write("price", {shelf.ids[0]: 1, shelf.ids[1]: 2}, origin="import", replace=False)
    assert columns.remove("price") == 2
    assert columns.all() == []
    columns.write("price", {shelf.ids[0]: "cheap"}, origin="themes", replace=False)
    assert list(columns.texts("price")[1]) == ["cheap"]


def test_facts_of_a_lost_image_wait_for_it(shelf: Shelf) -> None:
    """They are not seen while it is gone, and are there when it is back."""
    shelf.catalog.columns.write("price", dict.fromkeys(shelf.ids[:3], 1.0), origin="import", replace=False)
    shelf.lose(1)
    assert list(shelf.numbers("price")) == [0, 2]
    assert [column.count for column in shelf.catalog.columns.all()] == [2]
    shelf.find(1)
    assert list(shelf.numbers("price")) == [0, 1, 2]


# --- tags


def test_tags_come_back_best_first(shelf: Shelf) -> None:
    """Of the images asked for, those that have any; labels without the blanks around them."""
    a, b = shelf.ids[:2]
    tags = shelf.catalog.tags
    scored = {
        "dog": (shelf.some(1, 0), np.array([0.5, 0.25])),
        "animal/cat": (shelf.some(0), np.array([0.5])),
    }
    assert tags.write("zero-shot", scored, replace=False) == 3
    assert tags.write("person", {" dog ": (shelf.some(0), np.array([1.0]))}, replace=False) == 1
    shelf.reopen()
    assert shelf.catalog.tags.of([b, a, shelf.ids[2]]) == {
        a: [
            Tag(label="dog", origin="person", score=1.0),
            Tag(label="animal/cat", origin="zero-shot", score=0.5),
            Tag(label="dog", origin="zero-shot", score=0.25),
        ],
        b: [Tag(label="dog", origin="zero-shot", score=0.5)],
    }


def test_labels_count_each_present_image_once(shelf: Shelf) -> None:
    """Whoever gave it; most borne first, ties by name; of one origin when asked."""
    shelf.tag("person", dog=[0, 1], cat=[2, 3, 4], ant=[5, 6])
    shelf.tag("zero-shot", dog=[1, 2])
    tags = shelf.catalog.tags
    assert list(tags.labels().items()) == [("cat", 3), ("dog", 3), ("ant", 2)]
    assert tags.labels("zero-shot") == {"dog": 2}
    shelf.lose(1, 5, 6)
    assert list(tags.labels().items()) == [("cat", 3), ("dog", 2)]
    assert tags.labels("taught:x") == {}


def test_with_label_gives_the_best_score_of_each_present_image(shelf: Shelf) -> None:
    """Exactly that label."""
    tags = shelf.catalog.tags
    tags.write("a", {"dog": (shelf.some(2, 0), np.array([0.5, 0.25]))}, replace=False)
    tags.write(
        "b", {"dog": (shelf.some(0), np.array([0.75])), "dogs": (shelf.some(4), np.ones(1))}, replace=False
    )
    ids, scores = tags.with_label("dog")
    assert (ids.tolist(), scores.tolist()) == (shelf.some(0, 2).tolist(), [0.75, 0.5])
    assert tags.with_label("dog", "a")[1].tolist() == [0.25, 0.5]
    shelf.lose(2)
    assert tags.with_label("dog")[0].tolist() == [shelf.ids[0]]
    assert tags.with_label("cow")[0].tolist() == []


def test_tags_replace_only_their_own_origin(shelf: Shelf) -> None:
    """All of it, or on the images `among`."""
    shelf.tag("person", dog=[0])
    shelf.tag("zero-shot", dog=[0, 1], cat=[1, 2])
    shelf.tag("zero-shot", replace=True, among=shelf.some(1), ant=[1])
    assert shelf.catalog.tags.labels("zero-shot") == {"ant": 1, "cat": 1, "dog": 1}
    shelf.tag("zero-shot", replace=True, cow=[3])
    assert shelf.catalog.tags.labels("zero-shot") == {"cow": 1}
    assert shelf.catalog.tags.labels("person") == {"dog": 1}


def test_tags_can_be_taken_off(shelf: Shelf) -> None:
    """Of an origin: all, of one label, on some images."""
    shelf.tag("person", dog=[0, 1, 2], cat=[1])
    shelf.tag("zero-shot", dog=[0])
    tags = shelf.catalog.tags
    assert tags.remove("person", "dog", shelf.some(0, 5)) == 1
    assert tags.remove("person", "dog") == 2
    assert tags.labels() == {"cat": 1, "dog": 1}
    assert tags.remove("person") == 1
    assert tags.labels() == {"dog": 1}
    assert tags.remove("nobody") == 0


@pytest.mark.parametrize(
    ("label", "ids", "scores"),
    [
        (" ", [1], [1.0]),
        ("x" * 501, [1], [1.0]),
        ("dog", [1], [1.5]),
        ("dog", [1], [-0.1]),
        ("dog", [1], [float("nan")]),
        ("dog", [1, 2], [1.0]),
    ],
)
def test_tags_refuse_what_is_no_tag(shelf: Shelf, label: str, ids: list[int], scores: list[float]) -> None:
    """And nothing of the call is kept."""
    good = (np.array(shelf.ids[:1]), np.ones(1))
    with pytest.raises(InputError):
        shelf.catalog.tags.write(
            "person", {"good": good, label: (np.array(ids), np.array(scores))}, replace=True
        )
    assert shelf.catalog.tags.labels() == {}


# --- filters and words


def test_filters_by_label(shelf: Shelf) -> None:
    """Like any text: contains, equals, without regard to case; whoever gave it."""
    shelf.tag("person", Beach=[0, 1], **{"beach/sand": [2]})
    shelf.tag("zero-shot", beach=[3], dog=[1])
    assert shelf.where(["tag=beach"]) == [0, 1, 2, 3]
    assert shelf.where(["tag==BEACH"]) == [0, 1, 3]
    assert shelf.where(["tag=beach", "tag=dog"]) == [1]
    assert shelf.where(["tag!=beach"]) == [4, 5, 6, 7, 8, 9]
    assert shelf.where({"tag": ("==", "dog"), "width": 4}) == [1]
    assert shelf.where({"tag": "100%"}) == []
    shelf.lose(1)
    assert shelf.where(["tag=beach"]) == [0, 2, 3]


def test_filters_by_imported_facts(shelf: Shelf) -> None:
    """Numbers as numbers, text as text; an image without the fact satisfies only `!=`."""
    numbers = {shelf.ids[n]: n * 10.0 for n in range(4)}
    shelf.catalog.columns.write("price", numbers, origin="import", replace=False)
    texts = {shelf.ids[0]: "Red", shelf.ids[1]: "dark red", shelf.ids[2]: "5"}
    shelf.catalog.columns.write("look", texts, origin="import", replace=False)
    assert shelf.where(["data.price=10"]) == [1]
    assert shelf.where(["data.price!=10"]) == [0, 2, 3, 4, 5, 6, 7, 8, 9]
    assert shelf.where(["data.price<20"]) == [0, 1]
    assert shelf.where(["data.price<=20", "data.price>0"]) == [1, 2]
    assert shelf.where({"data.price": [(">=", 10), ("<", 30)], "data.look": "red"}) == [1]
    assert shelf.where(["data.look=RED"]) == [0, 1]
    assert shelf.where(["data.look==red"]) == [0]
    assert shelf.where(["data.look!=red"]) == [2, 3, 4, 5, 6, 7, 8, 9]
    assert shelf.where({"data.look": ("==", 5)}) == [2]
    shelf.lose(1)
    assert shelf.where(["data.price<20"]) == [0]


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("data.cost<20", "look, price"),
        ("data.price==20", "<="),
        ("data.price<cheap", "data.price"),
        ("data.look<red", "=="),
    ],
)
def test_a_filter_that_does_not_fit_its_column_is_refused(shelf: Shelf, expression: str, said: str) -> None:
    """It names the column and says what would fit."""
    shelf.catalog.columns.write("price", {shelf.ids[0]: 1}, origin="import", replace=False)
    shelf.catalog.columns.write("look", {shelf.ids[0]: "red"}, origin="import", replace=False)
    with pytest.raises(InvalidFilterError) as caught:
        shelf.where([expression])
    assert said in caught.value.hint
    assert expression.removeprefix("data.").split("<")[0].split("=")[0] in caught.value.message


def test_words_find_labels_of_people_and_taught_ones(shelf: Shelf) -> None:
    """Stemmed, with the image's own words; what an encoder said by itself is left to its own search."""
    shelf.tag("person", **{"sandy beach": [0, 1], "dog": [2]})
    shelf.tag("taught:mug", **{"our mug": [3]})
    shelf.tag("zero-shot", dog=[4])
    assert sorted(shelf.words("beaches")) == [0, 1]
    assert shelf.words("dog") == [2]
    assert shelf.words("mug") == [3]
    assert shelf.words("beach", "1") == [1]  # a word of the label, a word of the file's name
    assert shelf.words("beach", "dog") == []
    assert shelf.words("beach", limit=1) == [0]
    assert shelf.catalog.images.match_words(["beach"], 9, shelf.some(0, 2)).tolist() == [shelf.ids[0]]
    shelf.lose(1)
    assert shelf.words("beach") == [0]
    shelf.catalog.tags.remove("person", "sandy beach")
    assert shelf.words("beach") == []


def test_words_put_own_texts_before_labels_and_sure_labels_first(shelf: Shelf) -> None:
    """Ties by SHA-256: that of picture 4 comes before that of 6."""
    scores = {
        "jpg": (shelf.some(0), np.array([1.0])),
        "mug": (shelf.some(4, 5, 6), np.array([0.5, 0.9, 0.5])),
    }
    shelf.catalog.tags.write("taught:mug", scores, replace=False)
    assert shelf.words("mug") == [5, 4, 6]
    assert sorted(shelf.words("jpg")) == list(range(10))


def test_what_derives_from_labels_is_in_step(shelf: Shelf) -> None:
    """After any change, and after it was all made again."""
    shelf.tag("person", beach=[0, 1], dog=[2])
    shelf.tag("zero-shot", cat=[2])
    shelf.catalog.tags.remove("person", "dog")
    assert shelf.catalog.health.stale_images().tolist() == []
    shelf.catalog.health.rebuild_derived()
    assert shelf.catalog.health.stale_images().tolist() == []
    assert sorted(shelf.words("beach")) == [0, 1]


# --- pairs


def test_pairs_come_back_in_order(shelf: Shelf) -> None:
    """Of one method, both images present and asked for; saved again, the newer holds."""
    pairs = shelf.catalog.pairs
    first = [shelf.pair(2, 3), shelf.pair(0, 5), shelf.pair(0, 1, tier="different", evidence="")]
    pairs.save("m/1", first)
    pairs.save("m/2", [shelf.pair(0, 1)])
    pairs.save("m/1", [shelf.pair(0, 5, tier="burst", verdict=1.0)])
    shelf.reopen()
    pairs = shelf.catalog.pairs
    wanted = [first[2], shelf.pair(0, 5, tier="burst", verdict=1.0), first[0]]
    assert list(pairs.load("m/1")) == wanted
    assert list(pairs.load("m/1", shelf.some(0, 1, 2, 5))) == wanted[:2]
    assert list(pairs.load("m/3")) == []
    shelf.lose(5)
    assert list(pairs.load("m/1")) == [wanted[0], wanted[2]]
    shelf.find(5)
    assert list(pairs.load("m/1")) == wanted


def test_known_tells_which_pairs_were_examined(shelf: Shelf) -> None:
    """By that method, in the order asked, also of lost images."""
    pairs = shelf.catalog.pairs
    pairs.save("m", [shelf.pair(0, 1), shelf.pair(2, 7)])
    shelf.lose(0)
    asked = np.array([[shelf.ids[a], shelf.ids[b]] for a, b in ((2, 7), (0, 2), (0, 1), (2, 7))])
    assert pairs.known("m", asked).tolist() == [True, False, True, True]
    assert pairs.known("other", asked).tolist() == [False] * 4
    assert pairs.known("m", np.zeros((0, 2), np.int64)).shape == (0,)


def test_forgetting_pairs_keeps_what_people_said(shelf: Shelf) -> None:
    """Of one method, or of all."""
    pairs = shelf.catalog.pairs
    pairs.save("m", [shelf.pair(0, 1), shelf.pair(0, 2)])
    pairs.save("n", [shelf.pair(0, 1)])
    pairs.set_distinct([(shelf.ids[0], shelf.ids[1])])
    assert pairs.forget("m") == 2
    assert len(list(pairs.load("n"))) == 1
    assert pairs.forget("m") == 0
    assert pairs.forget() == 1
    assert list(pairs.load("n")) == []
    assert pairs.distinct().tolist() == [shelf.ids[:2]]


def test_distinct_pairs_are_said_once_and_can_be_taken_back(shelf: Shelf) -> None:
    """(n, 2), sorted; the number is of what changed."""
    pairs = shelf.catalog.pairs
    a, b, c = shelf.ids[:3]
    assert pairs.distinct().shape == (0, 2)
    assert pairs.set_distinct([(b, c), (a, b), (a, b)]) == 2
    assert pairs.set_distinct([(a, b)]) == 0
    shelf.reopen()
    pairs = shelf.catalog.pairs
    assert pairs.distinct().tolist() == [[a, b], [b, c]]
    assert pairs.set_distinct([(a, b), (a, c)], distinct=False) == 1
    assert pairs.distinct().tolist() == [[b, c]]


@pytest.mark.parametrize(
    "facts", [{"a": 5, "b": 5}, {"a": 6, "b": 5}, {"score": float("nan")}, {"verdict": float("inf")}]
)
def test_pairs_refuse_what_is_no_pair(shelf: Shelf, facts: dict[str, float]) -> None:
    """And nothing of the call is kept."""
    with pytest.raises(InputError):
        shelf.catalog.pairs.save("m", [shelf.pair(0, 1), shelf.pair(0, 2, **facts)])
    assert list(shelf.catalog.pairs.load("m")) == []
    with pytest.raises(InputError):
        shelf.catalog.pairs.set_distinct([(shelf.ids[1], shelf.ids[0])])


def test_pairs_can_be_written_while_they_are_read(shelf: Shelf) -> None:
    """A slow reader holds nobody back."""
    pairs = shelf.catalog.pairs
    many = [shelf.pair(0, 1), shelf.pair(0, 2), shelf.pair(3, 4)]
    pairs.save("m", many)
    reading = pairs.load("m")
    first = next(reading)
    pairs.save("n", [shelf.pair(0, 9)])
    assert [first, *reading] == many


# --- results


def test_results_come_back_bit_for_bit(shelf: Shelf) -> None:
    """Every dtype of numbers and every shape, names of all kinds; facts as JSON gives them."""
    arrays = {
        "file": np.array([[0.1, np.nan], [np.inf, -0.0]], np.float32),
        "": np.arange(3, dtype=">i2"),
        "a/b.npy": np.zeros((0, 4), np.uint64),
        "allow_pickle": np.ones((), np.bool_),
        "é": np.asfortranarray(np.arange(6, dtype=np.complex128).reshape(2, 3)),
    }
    facts = {"k": [1, 2.5, None, True], "é": {"a": "b"}}
    results = shelf.catalog.results
    assert results.save("map", "all", facts, arrays) == 1
    shelf.reopen()
    back = shelf.catalog.results.load("map", "all")
    assert back is not None
    assert (back.kind, back.name, back.version, back.facts) == ("map", "all", 1, facts)
    assert back.created.startswith("20")
    assert sorted(back.arrays) == sorted(arrays)
    for name, array in arrays.items():
        assert back.arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(back.arrays[name], array)


def test_results_keep_the_newest_versions(shelf: Shelf) -> None:
    """Numbers are never used again while any version is kept; other kinds and names have their own."""
    results = shelf.catalog.results
    assert [results.save("map", "a", {"n": n}, {}, keep=2) for n in range(4)] == [1, 2, 3, 4]
    assert results.save("map", "b", {}, {}) == 1
    assert results.save("themes", "a", {}, {}) == 1
    assert [(one.name, one.version) for one in results.versions("map")] == [("a", 4), ("a", 3), ("b", 1)]
    assert [one.facts for one in results.versions("map", "a")] == [{"n": 3}, {"n": 2}]
    newest, third = results.load("map", "a"), results.load("map", "a", 3)
    assert newest is not None
    assert third is not None
    assert (newest.facts, third.facts) == ({"n": 3}, {"n": 2})
    assert results.load("map", "a", 1) is None
    assert results.load("map", "c") is None
    assert results.remove("map", "a") == 2
    assert results.load("map", "a") is None
    assert results.load("themes", "a") is not None


@pytest.mark.parametrize(
    ("facts", "arrays"),
    [
        ({"a": float("nan")}, {}),
        ({"a": {1, 2}}, {}),
        ({}, {"a": np.array([object()])}),
        ({}, {"a": np.array(["text"])}),
        ({}, {"a": np.array([1], [("x", "i4")])}),
    ],
)
def test_results_refuse_what_would_need_pickling(
    shelf: Shelf, facts: dict[str, object], arrays: dict[str, np.ndarray]
) -> None:
    """And keep no version of it."""
    with pytest.raises(InputError):
        shelf.catalog.results.save("map", "a", facts, arrays)
    assert shelf.catalog.results.versions("map") == []


# --- feedback


def _events(shelf: Shelf) -> list[Event]:
    a, b = shelf.ids[:2]
    return [
        Event(user="anna", image=a, kind="like", at=2.5),
        Event(user="anna", image=b, kind="view", at=1.0, value=12.5),
        Event(user="ben é", image=a, kind="like", at=2.0),
    ]


def test_events_come_back_oldest_first(shelf: Shelf) -> None:
    """Of all, or of one user; the same event counts once."""
    events = _events(shelf)
    feedback = shelf.catalog.feedback
    assert feedback.add(events) == 3
    assert feedback.add([events[0], replace(events[0], at=3.5)]) == 1
    shelf.reopen()
    feedback = shelf.catalog.feedback
    newest = replace(events[0], at=3.5)
    assert feedback.events() == [events[1], events[2], events[0], newest]
    assert feedback.events("anna") == [events[1], events[0], newest]
    assert feedback.events("nobody") == []
    assert list(feedback.users().items()) == [("anna", 3), ("ben é", 1)]


def test_erasing_a_user_leaves_the_others(shelf: Shelf) -> None:
    """And may be asked twice."""
    feedback = shelf.catalog.feedback
    feedback.add(_events(shelf))
    assert feedback.erase("anna") == 2
    assert feedback.erase("anna") == 0
    assert feedback.users() == {"ben é": 1}
    assert feedback.events() == [_events(shelf)[2]]
    assert feedback.add(_events(shelf)) == 2


@pytest.mark.parametrize(
    "facts",
    [{"user": " "}, {"kind": ""}, {"at": float("nan")}, {"value": float("inf")}, {"user": "x" * 1001}],
)
def test_feedback_refuses_what_is_no_event(shelf: Shelf, facts: dict[str, object]) -> None:
    """And nothing of the call is kept."""
    good, bad = _events(shelf)[0], replace(_events(shelf)[1], **facts)
    with pytest.raises(InputError):
        shelf.catalog.feedback.add([good, bad])
    assert shelf.catalog.feedback.users() == {}


def test_sets_come_back_and_grow(shelf: Shelf) -> None:
    """The same image in a set counts once."""
    a, b, c = shelf.ids[:3]
    feedback = shelf.catalog.feedback
    assert feedback.add_sets({"order 1": [b, a, a], "order 2": [c]}) == 3
    assert feedback.add_sets({"order 2": [c, a]}) == 1
    shelf.reopen()
    assert shelf.catalog.feedback.sets() == {"order 1": [a, b], "order 2": [a, c]}


# --- hashes


def test_hashes_keep_all_64_bits(shelf: Shelf) -> None:
    """Those there are, sorted by id; absent until saved; saved again, the newer holds."""
    a, b, c = shelf.ids[:3]
    assert shelf.catalog.hashes.get()[0].shape == (0,)
    shelf.catalog.hashes.save({c: 2**64 - 1, a: 2**63})
    shelf.catalog.hashes.save({b: 2**63 - 1, a: 0})
    shelf.reopen()
    ids, hashes = shelf.catalog.hashes.get()
    assert (ids.dtype, hashes.dtype) == (np.int64, np.uint64)
    assert (ids.tolist(), hashes.tolist()) == ([a, b, c], [0, 2**63 - 1, 2**64 - 1])
    assert shelf.catalog.hashes.get(shelf.some(1, 4))[0].tolist() == [b]
    shelf.lose(9)
    assert shelf.catalog.hashes.missing().tolist() == shelf.ids[3:9]


@pytest.mark.parametrize("bits", [-1, 2**64])
def test_hashes_refuse_other_numbers(shelf: Shelf, bits: int) -> None:
    """They would come back as others."""
    with pytest.raises(InputError, match="64 bits"):
        shelf.catalog.hashes.save({shelf.ids[0]: bits})


# --- all of them


@pytest.mark.parametrize("store", ["columns", "tags", "pairs", "distinct", "feedback", "sets", "hashes"])
def test_an_unknown_image_is_named_and_nothing_is_kept(shelf: Shelf, store: str) -> None:
    """By every store, with the first unknown id."""
    catalog, known = shelf.catalog, shelf.ids[0]
    event = _events(shelf)[0]
    write: Mapping[str, Callable[[], object]] = {
        "columns": lambda: catalog.columns.write("x", {known: 1, 98: 1, 99: 1}, origin="i", replace=False),
        "tags": lambda: catalog.tags.write(
            "i", {"x": (np.array([99, 98, known]), np.ones(3))}, replace=False
        ),
        "pairs": lambda: catalog.pairs.save("m", [shelf.pair(0, 1), shelf.pair(0, 1, b=98)]),
        "distinct": lambda: catalog.pairs.set_distinct([(known, shelf.ids[1]), (known, 98)]),
        "feedback": lambda: catalog.feedback.add([event, replace(event, image=98)]),
        "sets": lambda: catalog.feedback.add_sets({"o": [known, 98]}),
        "hashes": lambda: catalog.hashes.save({known: 1, 98: 1}),
    }
    with pytest.raises(ImageNotFoundError, match="98"):
        write[store]()
    assert catalog.columns.all() == []
    assert catalog.tags.labels() == {}
    assert list(catalog.pairs.load("m")) == []
    assert catalog.pairs.distinct().tolist() == []
    assert catalog.feedback.users() == {}
    assert catalog.feedback.sets() == {}
    assert catalog.hashes.get()[0].tolist() == []
    assert catalog.health.problems() == []


VALUES = st.dictionaries(st.integers(0, 9), st.floats(allow_nan=False, allow_infinity=False), max_size=6)


@settings(max_examples=12, deadline=None)
@given(
    writes=st.lists(st.tuples(st.sampled_from("ab"), VALUES, st.booleans()), max_size=6),
    value=st.floats(-10, 10),
    lost=st.sets(st.integers(0, 9), max_size=4),
)
@pytest.mark.parametrize("name", sorted(IMPLEMENTATIONS))
def test_columns_and_their_filters_agree_with_a_dict(
    name: str, writes: list[tuple[str, dict[int, float], bool]], value: float, lost: set[int]
) -> None:
    """Whatever is written in whatever order."""
    with tempfile.TemporaryDirectory() as home:
        shelf = Shelf(IMPLEMENTATIONS[name], home)
        expected: dict[str, dict[int, float]] = {}
        for column, values, whole in writes:
            given_ids = {shelf.ids[number]: one for number, one in values.items()}
            shelf.catalog.columns.write(column, given_ids, origin="import", replace=whole)
            expected[column] = {**({} if whole else expected.get(column, {})), **values}
        shelf.lose(*lost)
        here = {
            column: {number: one for number, one in values.items() if number not in lost}
            for column, values in expected.items()
            if values
        }
        assert {one.name: one.count for one in shelf.catalog.columns.all()} == {
            column: len(values) for column, values in here.items()
        }
        for column, values in here.items():
            assert shelf.numbers(column) == values
            least = {number for number, one in values.items() if one >= value}
            assert set(shelf.where([f"data.{column}>={value!r}"])) == least
            assert set(shelf.where({f"data.{column}": ("!=", value)})) == {
                number for number in range(10) if number not in lost and values.get(number) != value
            }
        shelf.catalog.close()
