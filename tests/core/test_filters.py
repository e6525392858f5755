"""Filters: what can be written, and that everything else is refused with a hint."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saccade.core.errors import InvalidFilterError
from saccade.core.filters import (
    FIELDS,
    Condition,
    Filter,
    Kind,
    condition,
    of_kind,
    parse_condition,
    parse_where,
)

OPERATORS = {
    Kind.TEXT: ("=", "==", "!="),
    Kind.NUMBER: ("=", "!=", "<", "<=", ">", ">="),
    Kind.TIME: ("=", "!=", "<", "<=", ">", ">="),
}
EXAMPLE: dict[Kind, tuple[str, str | float]] = {
    Kind.TEXT: ("Canon EOS = best", "Canon EOS = best"),
    Kind.NUMBER: ("-1.5e3", -1500.0),
    Kind.TIME: ("2024-05-17 09:30", "2024-05-17T09:30"),
}


@pytest.mark.parametrize(
    ("field", "op"), [(field, op) for field, kind in FIELDS.items() for op in OPERATORS[kind]]
)
def test_parse_condition_takes_every_operator_of_a_fields_kind(field: str, op: str) -> None:
    """With and without blanks around; the value is kept as its kind stores it."""
    written, value = EXAMPLE[FIELDS[field]]
    expected = Condition(field=field, op=op, value=value)
    assert parse_condition(f"{field}{op}{written}") == expected
    assert parse_condition(f"  {field} {op}  {written} ") == expected


@pytest.mark.parametrize("op", ["<", "<=", ">", ">="])
def test_text_has_no_order(op: str) -> None:
    """Smaller and larger mean nothing for a camera's name; the hint lists what works."""
    with pytest.raises(InvalidFilterError, match="cannot be compared") as caught:
        parse_condition(f"camera{op}Canon")
    assert caught.value.hint == "use one of = == !="


@pytest.mark.parametrize("field", ["width", "taken"])
def test_numbers_and_times_have_no_double_equals(field: str) -> None:
    """`==` (equals, not contains) is for texts."""
    with pytest.raises(InvalidFilterError, match="cannot be compared"):
        condition(field, "==", "2024")


@pytest.mark.parametrize("text", ["", "camera", "=Canon", "camera Canon", "ca mera=x", "1=1", "\0"])
def test_text_without_field_and_operator_is_refused(text: str) -> None:
    """The message quotes it and the hint shows how to write one."""
    with pytest.raises(InvalidFilterError, match=re.escape(repr(text))) as caught:
        parse_condition(text)
    assert caught.value.hint


def test_an_unknown_field_is_refused_and_the_known_ones_listed() -> None:
    """A person who misspells a field sees how it is spelled."""
    with pytest.raises(InvalidFilterError, match="'colour'") as caught:
        parse_condition("colour=red")
    assert all(field in caught.value.hint for field in FIELDS)


@pytest.mark.parametrize("value", ["", "wide", "1e999", "nan", "inf", "-inf", "0x10", "1 000"])
def test_a_number_must_be_finite(value: str) -> None:
    """Neither words nor infinities nor NaN."""
    with pytest.raises(InvalidFilterError, match="needs a number"):
        condition("width", ">", value)


@pytest.mark.parametrize(
    "value",
    ["2024", "2024-05", "2024-05-17", "2024-05-17T09", "2024-05-17T09:30", "2024-05-17 09:30:59"],
)
def test_a_time_has_any_precision(value: str) -> None:
    """From the year down to the second; a blank before the hour is stored as T."""
    assert condition("taken", "<=", value).value == value.replace(" ", "T")


@pytest.mark.parametrize(
    "value",
    ["yesterday", "24", "2024-5", "2024/05/17", "2024-05-17T", "17-05-2024", "2024-05-17T09:30:59Z",
     "2024-13", "2024-00", "2024-01-32", "2024-01-00", "2024-01-01T24", "2024-01-01T10:60", "٢٠٢٤"],
)  # fmt: skip
def test_a_time_that_no_calendar_has_is_refused(value: str) -> None:
    """It would match nothing, silently; the hint shows how to write a date."""
    with pytest.raises(InvalidFilterError, match="needs a date") as caught:
        condition("taken", "=", value)
    assert "YYYY" in caught.value.hint


@pytest.mark.parametrize("field", ["camera", "taken"])
def test_a_comparison_with_nothing_is_refused(field: str) -> None:
    """`camera=` contains the empty text, so it would match everything."""
    with pytest.raises(InvalidFilterError, match="no value to compare with"):
        parse_condition(f"{field}=  ")


def test_parse_where_takes_mappings_as_in_the_readme() -> None:
    """A plain value means `=`; a pair has its operator; a list of pairs must all hold."""
    where = {"taken": (">=", "2024-01-01"), "camera": "Canon", "width": [(">", 100), ("<", 900)], "height": 7}
    assert parse_where(where) == (
        Condition(field="taken", op=">=", value="2024-01-01"),
        Condition(field="camera", op="=", value="Canon"),
        Condition(field="width", op=">", value=100.0),
        Condition(field="width", op="<", value=900.0),
        Condition(field="height", op="=", value=7.0),
    )


def test_parse_where_takes_expressions_as_the_command_line_has_them() -> None:
    """In order; both forms give the same."""
    assert parse_where(["width>100", "camera=Canon"]) == parse_where({"width": (">", 100), "camera": "Canon"})


@pytest.mark.parametrize("where", [None, {}, []])
def test_parse_where_of_nothing_restricts_nothing(where: None) -> None:
    """And such a filter is false."""
    assert parse_where(where) == ()
    assert not Filter(conditions=parse_where(where))


@pytest.mark.parametrize(
    "wanted", [(">",), (">", 1, 2), [1], [(1, 2)], (None, "x"), {"a": 1}, None, (">", [1])]
)
def test_parse_where_refuses_what_is_no_pair(wanted: object) -> None:
    """Users' own code is not type-checked: a wrong shape is an error with a hint, never a TypeError."""
    with pytest.raises(InvalidFilterError) as caught:
        parse_where({"width": wanted})  # type: ignore[dict-item]
    assert caught.value.hint


def test_a_filter_is_true_when_it_restricts_anything() -> None:
    """A folder alone does."""
    assert Filter(folders=("/a",))
    assert Filter(conditions=(condition("width", ">", 1),))


@pytest.mark.parametrize("op", ["=", "==", "!=", "<", "<=", ">", ">="])
def test_an_imported_column_takes_every_operator(op: str) -> None:
    """What kind it is of only the catalog knows; numbers stay as they were given."""
    assert parse_condition(f"data.price{op}20") == Condition(field="data.price", op=op, value="20")
    assert parse_where({"data.price_2": (op, 20)}) == (Condition(field="data.price_2", op=op, value=20),)


@pytest.mark.parametrize(
    "text",
    ["data=1", "data.=1", "data.1st=1", "data.a.b=1", "price.data=1", "data.é=1", "data.x=", "data.x~1"],
)
def test_what_names_no_column_is_refused(text: str) -> None:
    """With what could be written."""
    with pytest.raises(InvalidFilterError) as caught:
        parse_condition(text)
    assert caught.value.hint


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_an_imported_column_is_not_compared_with_what_is_no_number(value: float) -> None:
    """It would match nothing, silently."""
    with pytest.raises(InvalidFilterError, match=r"data\.price"):
        parse_where({"data.price": ("<", value)})


def test_an_operator_nothing_has_is_refused_of_a_column() -> None:
    """The hint lists them all."""
    with pytest.raises(InvalidFilterError, match=r"data\.price") as caught:
        condition("data.price", "~", 1)
    assert "<= > >=" in caught.value.hint


def test_a_condition_is_checked_against_the_kind_of_its_column() -> None:
    """Operator and value, as for any field of that kind."""
    asked = parse_condition("data.price>=20")
    assert of_kind(asked, Kind.NUMBER) == Condition(field="data.price", op=">=", value=20.0)
    for wrong, kind in (("data.x==1", Kind.NUMBER), ("data.x<1", Kind.TEXT), ("data.x=one", Kind.NUMBER)):
        with pytest.raises(InvalidFilterError, match=r"data\.x"):
            of_kind(parse_condition(wrong), kind)


@given(st.text(max_size=40) | st.from_regex(r"data\.[a-z_]{0,3}[=<>!]{1,2}.{0,3}", fullmatch=True))
def test_parse_condition_gives_a_condition_or_the_one_error(text: str) -> None:
    """Whatever is typed."""
    try:
        found = parse_condition(text)
    except InvalidFilterError:
        return
    kinds = [FIELDS[found.field]] if found.field in FIELDS else [Kind.TEXT, Kind.NUMBER]
    assert found.field in FIELDS or found.field.startswith("data.")
    assert any(found.op in OPERATORS[kind] for kind in kinds)
