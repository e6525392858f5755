"""Words of searching, for the terminal and for pages."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from saccade.core.items import Item


def part_words(item: "Item") -> str:
    """Which part of an image an item is, such as "region 25-75 % x 0-50 %, page 3"; "" for all of it."""
    words = []
    if item.box is not None:
        sides = ((item.box.left, item.box.right), (item.box.top, item.box.bottom))
        words.append("region " + " x ".join(f"{low * 100:.0f}-{high * 100:.0f} %" for low, high in sides))
    if item.page is not None:
        words.append(f"page {item.page:,}")
    if item.span is not None:
        words.append(f"{_clock(item.span.start_s)} to {_clock(item.span.end_s)}")
    return ", ".join(words)


def _clock(seconds: float) -> str:
    """Minutes and seconds, such as 12:05."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
