"""Made-up texts: as many as asked, the same for the same dice, of the kinds promised."""

import unicodedata

import numpy as np
import pytest

from saccade.core.texts import meaningless_texts, ordinary_texts

MAKERS = [meaningless_texts, ordinary_texts]


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("count", [0, 1, 2, 300])
def test_as_many_texts_as_asked(make: object, count: int) -> None:
    """None of them empty or padded with blanks."""
    texts = make(count, np.random.default_rng(1))  # type: ignore[operator]
    assert len(texts) == count
    assert all(text and text == " ".join(text.split()) for text in texts)


@pytest.mark.parametrize("make", MAKERS)
def test_the_same_dice_give_the_same_texts(make: object) -> None:
    """A calibration can be measured again; other dice give others."""
    one, same, other = (make(20, np.random.default_rng(seed)) for seed in (1, 1, 2))  # type: ignore[operator]
    assert one == same != other


def test_meaningless_texts_are_of_three_kinds_in_turn() -> None:
    """Abstract words and letters are ASCII; the third kind is letters of one of five other scripts."""
    texts = meaningless_texts(300, np.random.default_rng(3))
    assert all(text.isascii() for number, text in enumerate(texts) if number % 3 < 2)
    scripts = {
        unicodedata.name(letter).split()[0] for text in texts[2::3] for letter in text.replace(" ", "")
    }
    assert scripts == {"CYRILLIC", "HEBREW", "DEVANAGARI", "CJK", "HANGUL"}
    assert {len(text.split()) for text in texts} == {1, 2, 3, 4, 5, 6}


def test_ordinary_texts_share_no_word_with_the_abstract_ones() -> None:
    """Else chance would be measured with texts that show something."""
    meaningless = {
        word for text in meaningless_texts(3000, np.random.default_rng(4))[::3] for word in text.split()
    }
    ordinary = {word for text in ordinary_texts(1000, np.random.default_rng(4)) for word in text.split()}
    assert len(meaningless) > 80
    assert not meaningless & ordinary
