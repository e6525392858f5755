"""What the results of every catalog must do."""

import numpy as np
import pytest

from saccade.core.errors import ImageNotFoundError, InputError, NotFoundError
from saccade.core.ports.results import ImageRows
from tests.contracts.stores.shelf import Shelf


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


def _rows(*ids: int, value: float = 0.5) -> ImageRows:
    count = len(ids)
    arrays = {
        "a": np.full((count, 3), value, np.float16),
        "b": np.arange(count, dtype=">i4"),
        "c": np.zeros((count, 2, 2), np.bool_),
    }
    return ImageRows(ids=np.array(ids, np.int64), arrays=arrays)


def test_rows_come_back_in_order_with_their_images(shelf: Shelf) -> None:
    """An image several times, and pictures outside the library, as 0."""
    given = _rows(shelf.ids[4], 0, shelf.ids[1], shelf.ids[4], 0)
    results = shelf.catalog.results
    results.save("map", "all", {"k": 1}, {"whole": np.arange(3)}, rows=given)
    shelf.reopen()
    back = shelf.catalog.results.load("map", "all")
    assert back is not None
    assert back.rows.ids.tolist() == given.ids.tolist()
    assert sorted(back.rows.arrays) == ["a", "b", "c"]
    for name, array in given.arrays.items():
        assert back.rows.arrays[name].dtype == array.dtype.newbyteorder("=")
        np.testing.assert_array_equal(back.rows.arrays[name], array)
    assert list(back.arrays) == ["whole"]
    (listed,) = shelf.catalog.results.versions("map")
    assert not len(listed.rows.ids)


def test_a_result_without_rows_has_none(shelf: Shelf) -> None:
    """And one with no rows yet has its arrays, empty."""
    results = shelf.catalog.results
    results.save("map", "a", {}, {})
    results.save("map", "b", {}, {}, rows=_rows())
    a, b = results.load("map", "a"), results.load("map", "b")
    assert a is not None
    assert b is not None
    assert (len(a.rows.ids), dict(a.rows.arrays)) == (0, {})
    assert b.rows.arrays["a"].shape == (0, 3)


def test_extending_adds_to_the_newest_version(shelf: Shelf) -> None:
    """Of the same arrays only; the older version is as it was."""
    results = shelf.catalog.results
    results.save("looks", "x", {}, {}, rows=_rows(shelf.ids[0]))
    results.save("looks", "x", {}, {}, rows=_rows(shelf.ids[1]))
    results.extend("looks", "x", _rows(shelf.ids[2], shelf.ids[3]))
    first, second = results.load("looks", "x", 1), results.load("looks", "x")
    assert first is not None
    assert second is not None
    assert first.rows.ids.tolist() == [shelf.ids[0]]
    assert second.rows.ids.tolist() == shelf.ids[1:4]
    for other in (
        ImageRows(ids=shelf.some(0), arrays={"a": np.zeros((1, 3), np.float16)}),
        ImageRows(ids=shelf.some(0), arrays={**_rows(0).arrays, "a": np.zeros((1, 3), np.float32)}),
        ImageRows(ids=shelf.some(0), arrays={**_rows(0).arrays, "a": np.zeros((1, 4), np.float16)}),
    ):
        with pytest.raises(InputError):
            results.extend("looks", "x", other)
    with pytest.raises(NotFoundError):
        results.extend("looks", "y", _rows(shelf.ids[0]))
    results.save("looks", "z", {}, {})
    with pytest.raises(InputError):
        results.extend("looks", "z", _rows(shelf.ids[0]))


@pytest.mark.parametrize(
    "arrays",
    [{"a": np.zeros((2, 3))}, {"a": np.array([object()])}, {"a": np.array(["x"])}, {"a": np.float32(1)}],
)
def test_rows_must_be_numbers_one_for_each_image(shelf: Shelf, arrays: dict[str, np.ndarray]) -> None:
    """Else nothing is kept."""
    with pytest.raises(InputError):
        shelf.catalog.results.save("map", "a", {}, {}, rows=ImageRows(ids=shelf.some(0), arrays=arrays))
    assert shelf.catalog.results.versions("map") == []


def test_a_row_of_an_unknown_image_is_refused(shelf: Shelf) -> None:
    """With the whole result."""
    with pytest.raises(ImageNotFoundError):
        shelf.catalog.results.save("map", "a", {}, {}, rows=_rows(shelf.ids[0], 999_999))
    assert shelf.catalog.results.versions("map") == []
    shelf.catalog.results.save("map", "a", {}, {}, rows=_rows(shelf.ids[0]))
    with pytest.raises(ImageNotFoundError):
        shelf.catalog.results.extend("map", "a", _rows(999_999))
    kept = shelf.catalog.results.load("map", "a")
    assert kept is not None
    assert len(kept.rows.ids) == 1


def test_rows_go_with_their_versions(shelf: Shelf) -> None:
    """Removed, and outgrown."""
    results = shelf.catalog.results
    for _ in range(3):
        results.save("map", "a", {}, {}, rows=_rows(*shelf.ids), keep=2)
    assert [one.version for one in results.versions("map")] == [3, 2]
    assert results.remove("map", "a") == 2
    assert shelf.catalog.health.problems() == []
