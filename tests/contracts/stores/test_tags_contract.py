"""What the tags of every catalog must do, and search by words and labels."""

import numpy as np
import pytest

from saccade.core.errors import InputError, InvalidFilterError
from saccade.core.ports.stores import Tag
from tests.contracts.stores.shelf import Shelf


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
    assert shelf.catalog.images.match_words(["beach"], 9, shelf.some(0, 2)).ids.tolist() == [shelf.ids[0]]
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
