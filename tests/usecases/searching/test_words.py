"""Words of searching: which part of an image was found."""

import pytest

from saccade.core.items import WHOLE, Box, Item, ItemKind, Span
from saccade.usecases.searching.words import part_words

BOX = Box(left=0.25, top=0, width=0.5, height=0.5)


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (WHOLE, ""),
        (Item(kind=ItemKind.PAGE, page=3), "page 3"),
        (Item(kind=ItemKind.REGION, box=BOX), "region 25-75 % x 0-50 %"),
        (Item(kind=ItemKind.REGION, box=BOX, page=3), "region 25-75 % x 0-50 %, page 3"),
        (Item(kind=ItemKind.SHOT, span=Span(start_s=9, end_s=725.5)), "0:09 to 12:05"),
    ],
)
def test_part_words_say_where_in_the_image(item: Item, words: str) -> None:
    """And nothing of a whole image."""
    assert part_words(item) == words
