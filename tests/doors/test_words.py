"""Values as people read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saccade.doors.words import counted, duration, harmless, number, percent, rate, shown_path, size

_ANY_NAME = st.binary(max_size=60).map(lambda raw: raw.decode("utf-8", "surrogateescape")) | st.text()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain.jpg", "plain.jpg"),
        ("caf\u00e9 \U0001f431.jpg", "caf\u00e9 \U0001f431.jpg"),
        ("\U0001f468\u200d\U0001f469.jpg", "\U0001f468\u200d\U0001f469.jpg"),
        ("3.00.00\u202fPM.png", "3.00.00\u202fPM.png"),
        ("a\nb", "a\\x0ab"),
        ("\x1b]0;owned\x07", "\\x1b]0;owned\\x07"),
        ("gpj.\u202eexe", "gpj.\\u202eexe"),
        ("\udcff.jpg", "\\xff.jpg"),
        ("\x9b31m", "\\x9b31m"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_harmless_writes_out_what_a_terminal_would_obey(text: str, shown: str) -> None:
    """Controls, direction changes and broken bytes become escapes; letters, emoji and spaces stay."""
    assert harmless(text) == shown


@given(_ANY_NAME)
def test_harmless_text_holds_no_control_and_encodes(text: str) -> None:
    """Whatever a name holds, what is shown is one line that encodes as UTF-8."""
    shown = harmless(text)
    assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in shown)
    assert len(shown.splitlines()) <= 1
    shown.encode("utf-8")


def test_shown_path_is_relative_below_the_folder_only() -> None:
    """Paths below are shortened, others stay absolute, and none can be taken for an option."""
    assert shown_path("/a/b/c.jpg", below="/a") == "b/c.jpg"
    assert shown_path("/ab/c.jpg", below="/a") == "/ab/c.jpg"
    assert shown_path("/a", below="/a") == "/a"
    assert shown_path("/a/-rf.jpg", below="/a") == "./-rf.jpg"
    assert shown_path("/x.jpg", below="/") == "x.jpg"


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0.0, "0 %"), (0.29, "29 %"), (0.999, "99 %"), (1.0, "100 %")],
)
def test_percent_never_overstates(share: float, shown: str) -> None:
    """Only certainty is 100 %."""
    assert percent(share) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (12345, "12.3 kB"),
        (999_600, "1 MB"),
        (10**13, "10 TB"),
    ],
)
def test_size_has_three_digits(value: int, shown: str) -> None:
    """Bytes in the decimal unit that fits."""
    assert size(value) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.0123, "12 ms"), (3.24, "3.2 s"), (125.0, "2 min 05 s"), (12_000.0, "3 h 20 min")],
)
def test_duration_uses_the_unit_that_fits(seconds: float, shown: str) -> None:
    """Milliseconds to hours."""
    assert duration(seconds) == shown


def test_numbers_are_grouped_and_agree_with_their_noun() -> None:
    """1 image, 2,000 images; rates keep a decimal only while it matters."""
    assert [number(1234567), counted(1, "image"), counted(2000, "image")] == [
        "1,234,567",
        "1 image",
        "2,000 images",
    ]
    assert counted(2, "copy", "copies") == "2 copies"
    assert [rate(0.52), rate(1234.0)] == ["0.5/s", "1,234/s"]
