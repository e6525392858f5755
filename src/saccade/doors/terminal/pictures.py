"""Pictures in the terminal: a strip of the best hits, in the protocol that the terminal supports.

kitty (kitty, Ghostty), iTerm2 (iTerm2, WezTerm), sixel (foot, mlterm) or, in true-color terminals, half
blocks: one character shows two pixels, the upper one as text color, the lower as background.
"""

import base64
import os
import shutil
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from saccade.core.types import Failure
from saccade.doors.terminal.images import png, sixel
from saccade.doors.terminal.output import say
from saccade.engine.previews import thumbnails

if TYPE_CHECKING:
    from saccade.core.types import Pixels
    from saccade.engine.context import LibraryContext

_CELL_WIDTH = 10  # approximate width of a character in pixels; kitty and iTerm2 scale to the cells we ask for
_GAP = 1
_KITTY_CHUNK = 4096


class Kind(StrEnum):
    """A protocol for pictures in terminals."""

    KITTY = "kitty"
    ITERM = "iterm"
    SIXEL = "sixel"
    BLOCKS = "blocks"


def detect(
    *, terminal: bool, force: bool = False, environment: Mapping[str, str] | None = None
) -> Kind | None:
    """The terminal's picture protocol; None if it has none, or if stdout is not a terminal and not forced.

    Detected from the environment: a query to the terminal can hang, and its reply can leak into the next
    command.
    """
    env = os.environ if environment is None else environment
    if not (terminal or force):
        return None
    term, program = env.get("TERM", ""), env.get("TERM_PROGRAM", "")
    multiplexed = bool(env.get("TMUX")) or term.startswith(("screen", "tmux"))
    if not multiplexed:
        if env.get("KITTY_WINDOW_ID") or "kitty" in term or program.lower() == "ghostty":
            return Kind.KITTY
        if program in {"iTerm.app", "WezTerm"} or env.get("LC_TERMINAL") == "iTerm2":
            return Kind.ITERM
        if term.startswith(("foot", "mlterm", "yaft", "contour")) or "sixel" in term:
            return Kind.SIXEL
    if force or env.get("COLORTERM") in {"truecolor", "24bit"}:
        return Kind.BLOCKS
    return None


def show(context: "LibraryContext", paths: Sequence[str], kind: Kind, *, columns: int | None = None) -> None:
    """Print the first of the pictures, as many as fit side by side, with their ranks below."""
    columns = columns or shutil.get_terminal_size().columns
    tile = 26 if kind is Kind.BLOCKS else 19  # columns, gap included
    cell = 1 if kind is Kind.BLOCKS else _CELL_WIDTH
    across = max(1, columns // tile)
    side = (min(tile, columns) - _GAP) * cell
    found = thumbnails(context, paths[:across], side)
    strip = side_by_side([None if isinstance(one, Failure) else one for one in found], side, _GAP * cell)
    if strip is None:
        return
    say(_encoded(strip, kind, strip.shape[1] // cell))
    say("".join(f"{rank:^{tile}}" for rank in range(1, len(found) + 1)).rstrip())


def side_by_side(thumbs: "Sequence[Pixels | None]", side: int, gap: int) -> "Pixels | None":
    """One (height, width, 4) uint8 RGBA strip, each picture centered in its slot; None if there is none.

    Args:
        thumbs: (h, w, 3) pictures of at most `side` pixels; None leaves a slot empty.
    """
    height = max((thumb.shape[0] for thumb in thumbs if thumb is not None), default=0)
    if not height:
        return None
    strip = np.zeros((height, len(thumbs) * (side + gap), 4), dtype=np.uint8)
    for place, thumb in enumerate(thumbs):
        if thumb is None:
            continue
        rows, width = thumb.shape[:2]
        top, left = (height - rows) // 2, place * (side + gap) + (side - width) // 2
        strip[top : top + rows, left : left + width, :3] = thumb
        strip[top : top + rows, left : left + width, 3] = 255
    return strip


def _encoded(strip: "Pixels", kind: Kind, columns: int) -> str:
    """The strip encoded for the terminal."""
    if kind is Kind.KITTY:
        return _kitty(png(strip), columns)
    if kind is Kind.ITERM:
        data = base64.b64encode(png(strip)).decode()
        return f"\x1b]1337;File=inline=1;width={columns};preserveAspectRatio=1:{data}\x07"
    return sixel(strip) if kind is Kind.SIXEL else half_blocks(strip)


def _kitty(data: bytes, columns: int) -> str:
    """The kitty graphics protocol: a PNG in chunks, `columns` wide, without a reply (q=2)."""
    text = base64.b64encode(data).decode()
    chunks = [text[start : start + _KITTY_CHUNK] for start in range(0, len(text), _KITTY_CHUNK)]
    parts = []
    for place, chunk in enumerate(chunks):
        more = int(place < len(chunks) - 1)
        head = f"a=T,f=100,c={columns},q=2,m={more}" if place == 0 else f"m={more}"
        parts.append(f"\x1b_G{head};{chunk}\x1b\\")
    return "".join(parts)


def half_blocks(strip: "Pixels") -> str:
    """The (h, w, 4) strip as lines of text, two rows of pixels in each."""
    if strip.shape[0] % 2:
        strip = np.concatenate([strip, np.zeros_like(strip[:1])])
    lines = []
    for upper, lower in zip(strip[::2].tolist(), strip[1::2].tolist(), strict=True):
        cells = [_cell(*pair) for pair in zip(upper, lower, strict=True)]
        lines.append("".join(cells) + "\x1b[0m")
    return "\n".join(lines)


def _cell(upper: list[int], lower: list[int]) -> str:
    """One character for two RGBA pixels; transparent ones show the terminal's background."""
    up, down = upper[3] > 0, lower[3] > 0
    if up and down:
        front = f"{upper[0]};{upper[1]};{upper[2]}"
        return f"\x1b[38;2;{front};48;2;{lower[0]};{lower[1]};{lower[2]}m\u2580"
    if not up and not down:
        return "\x1b[0m "
    glyph, (red, green, blue, _) = ("\u2580", upper) if up else ("\u2584", lower)
    return f"\x1b[0;38;2;{red};{green};{blue}m{glyph}"
