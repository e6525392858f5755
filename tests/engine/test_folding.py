"""Folding: which image an item is of, and that each image counts once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saccade.core.items import FIRST_PART
from saccade.core.types import Ids
from saccade.engine.folding import NO_PARTS, PartMap, folded

PARTS = PartMap(
    ids=np.array([FIRST_PART, FIRST_PART + 3, FIRST_PART + 7], np.int64), images=np.array([5, 2, 5], np.int64)
)


def ids(*numbers: int) -> Ids:
    return np.array(numbers, np.int64)


def test_images_of_names_the_image_of_each_item() -> None:
    """A whole image is its own; the shape stays, and the argument is not changed."""
    items = np.array([[5, FIRST_PART + 7], [FIRST_PART + 3, 9]], np.int64)
    before = items.copy()
    assert PARTS.images_of(items).tolist() == [[5, 5], [2, 9]]
    assert (items == before).all()
    assert NO_PARTS.images_of(ids(3, 1)).tolist() == [3, 1]


def test_images_of_unknown_parts_is_minus_one() -> None:
    """An index may hold parts that were removed."""
    unknown = ids(FIRST_PART - 1, FIRST_PART + 1, FIRST_PART + 9)
    assert PARTS.images_of(unknown).tolist() == [FIRST_PART - 1, -1, -1]
    assert NO_PARTS.images_of(unknown).tolist() == [FIRST_PART - 1, -1, -1]


def test_with_parts_adds_those_of_the_images_only() -> None:
    """Sorted, as filters must be."""
    assert PARTS.with_parts(ids(1, 5)).tolist() == [1, 5, FIRST_PART, FIRST_PART + 7]
    assert PARTS.with_parts(ids()).tolist() == []


@pytest.mark.parametrize("k", [0, 1, 2, 9])
def test_folded_keeps_the_first_item_of_each_image(k: int) -> None:
    """In their order, at most k."""
    assert folded(ids(7, 3, 7, 3, 1), k).tolist() == [0, 1, 4][:k]


@given(st.lists(st.integers(1, 9)), st.integers(0, 12))
def test_folded_is_what_a_loop_does(images: list[int], k: int) -> None:
    """One by one, with a set of those seen."""
    seen: set[int] = set()
    first = [place for place, image in enumerate(images) if not (image in seen or seen.add(image))]
    assert folded(np.array(images, np.int64), k).tolist() == first[:k]
