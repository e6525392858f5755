"""Cells of tables: what is a number, what is absent, what a column is called, what would be run."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saccade.core.tables import as_number, as_text, disarmed, is_absent, rearmed
from saccade.usecases.fields.rules import as_labels, column_name


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("5", 5.0),
        (" -1.5e3 ", -1500.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("0", 0.0),
        ("0.25", 0.25),
        ("+3", 3.0),
        (2.5, 2.5),
        ("9007199254740992", 2.0**53),
        ("1e400", math.inf),
        ("-1e400", -math.inf),
    ],
)
def test_as_number_reads_plain_numbers(cell: str | float, number: float) -> None:
    """With a point; too large a number is infinite, so that its row can be told."""
    assert as_number(cell) == number


@pytest.mark.parametrize(
    "cell",
    ["", "x", "1,5", "1 000", "$5", "5%", "007", "-01", "0x10", "1_000", "nan", "inf", "1e", "٣",
     "2024-05-01", "9007199254740993"],
)  # fmt: skip
def test_as_number_leaves_text_alone(cell: str) -> None:
    """Codes too: a number would lose their zeros or last digits."""
    assert as_number(cell) is None


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_survive_being_written(value: float) -> None:
    """Bit for bit, and whole ones without a fraction."""
    assert as_number(as_text(value)) == value
    assert as_text(5.0) == "5"


@pytest.mark.parametrize(("cell", "absent"), [("", True), (" \t", True), (None, True), (math.nan, True),
                                              ("0", False), (0.0, False), ("nan", False)])  # fmt: skip
def test_blank_cells_say_nothing(cell: str | float | None, absent: bool) -> None:
    """Zero does."""
    assert is_absent(cell) is absent


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("price", "price"),
        (" Unit price (€) ", "Unit_price"),
        ("Größe", "Große".replace("ß", "_")),
        ("été 2024", "ete_2024"),
        ("2024", "_2024"),
        ("a--b__c", "a_b__c"),
        ("€", ""),
        ("", ""),
    ],
)
def test_column_name_is_what_filters_can_say(header: str, name: str) -> None:
    """Letters without their accents; what is no letter or digit becomes one _."""
    assert column_name(header) == name


@given(st.text(max_size=30))
def test_column_name_is_ascii_and_its_own_name(header: str) -> None:
    """Whatever stands in the header."""
    name = column_name(header)
    assert name == "" or (name.isidentifier() and name.isascii())
    assert column_name(name) == name


def test_labels_are_split_and_told_once() -> None:
    """Blanks around them do not count."""
    assert as_labels(" beach; sun ;;beach;") == ["beach", "sun"]
    assert as_labels(2024.0) == ["2024"]


@pytest.mark.parametrize("text", ["=cmd()", "+1", "-1", "@x", "\tx", "\rx", "'=x", "''@"])
def test_formulas_are_disarmed(text: str) -> None:
    """By one ' more, which no spreadsheet runs."""
    assert disarmed(text) == f"'{text}"


@given(st.text(alphabet="'=+-@\tab", max_size=6) | st.text(max_size=20))
def test_disarming_can_be_undone(text: str) -> None:
    """And leaves what is harmless as it is."""
    written = disarmed(text)
    assert rearmed(written) == text
    assert not written.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert text.startswith(("=", "+", "-", "@", "\t", "\r", "'")) or written == text
