"""Text as it is stored, compared and searched."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saccade.catalog.text import AlteredError, document, file_name, fold, storable, terms

_ANY = st.text(st.characters(exclude_categories=()))


@given(_ANY)
def test_storable_text_is_valid_utf8_without_nul_and_plain_text_stays(text: str) -> None:
    """Whatever code points come."""
    stored = storable(text)
    stored.encode("utf-8")
    assert "\0" not in stored
    if "\0" not in text and not any(unicodedata.category(c) == "Cs" for c in text):
        assert stored == text


@given(_ANY)
def test_fold_disregards_case_and_composition(text: str) -> None:
    """Composed, decomposed and folded again all compare equal."""
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text)) == fold(text)


@given(_ANY)
def test_a_query_for_a_text_finds_the_document_of_that_text(text: str) -> None:
    """Every word of the query is a word of the document."""
    words = set(document(text).split())
    for run, parts in terms(text):
        assert {run, *parts} <= words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("IMG_beachSunset2020.jpg", "img beachsunset2020 beach sunset 2020 jpg"),
        ("DSC00012", "dsc00012 dsc 00012"),
        ("HTTPServer", "httpserver http server"),
        ("Café", "cafe"),
        ("東京タワー", "東京タワー 東 京 タ ワ ー"),
        ("写真2024", "写真2024 写 真 2024"),
        ("", ""),
        ("--- !!", ""),
    ],
)
def test_document_splits_words_into_parts(text: str, expected: str) -> None:
    """At punctuation, case and digits; without accents; signs that are words stand alone."""
    assert document(text) == expected


@pytest.mark.parametrize(
    ("path", "member", "expected"),
    [
        (b"a/b.jpg", b"", "b.jpg"),
        (b"a/z.zip", b"in/c.jpg", "c.jpg"),
        (b"\xff.jpg", b"", "\ufffd.jpg"),
        (b"n\0.jpg", b"", "n.jpg"),
    ],
)
def test_file_name_is_the_last_part_a_person_sees(path: bytes, member: bytes, expected: str) -> None:
    """Undecodable bytes replaced."""
    assert file_name(path, member) == expected


def test_a_value_of_another_type_is_told_as_altered() -> None:
    """SQLite keeps the type beside the value, so a flipped bit can make text of bytes."""
    with pytest.raises(AlteredError):
        file_name("text", b"")  # type: ignore[arg-type]
    with pytest.raises(AlteredError):
        document(b"bytes")  # type: ignore[arg-type]
