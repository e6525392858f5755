"""What the columns of every catalog must do, whatever it keeps its rows in."""

import pytest

from saccade.core.errors import InputError, InvalidFilterError
from saccade.core.ports.stores import Column
from tests.contracts.stores.shelf import Shelf


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
    with pytest.raises(InputError, match="mix numbers and text"):
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
