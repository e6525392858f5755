"""Formats values for people. Only this module rounds, and escapes everything that could harm a terminal."""

import os
import unicodedata

_JOINER = "\u200d"  # joins emoji; harmless
_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def harmless(text: str) -> str:
    r"""The text with everything a terminal might interpret (escapes, newlines, direction changes) escaped.

    A control character becomes \xNN or \uNNNN, a byte that is not valid text becomes \xNN.
    """
    if text.isprintable():
        return text
    return "".join(char if _is_safe(char) else _written_out(char) for char in text)


def _is_safe(char: str) -> bool:
    """Whether it can only show a glyph or a space."""
    return char.isprintable() or char == _JOINER or unicodedata.category(char) == "Zs"


def _written_out(char: str) -> str:
    """The character as an escape; surrogate escapes as the byte they stand for."""
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def shown_path(path: str, below: str | None = None) -> str:
    """A path for people: relative if it is below `below` (default: the current folder), and escaped."""
    if os.path.isabs(path):
        start = os.path.join(os.getcwd() if below is None else below, "")
        if path.startswith(start) and len(path) > len(start):
            path = path[len(start) :]
            if path.startswith("-"):
                path = "./" + path  # would look like an option when pasted
    return harmless(path)


def number(value: int) -> str:
    """1,234,567."""
    return f"{value:,}"


def counted(value: int, one: str, many: str | None = None) -> str:
    """A number with its noun: 1 image, 2,000 images."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"


def percent(share: float) -> str:
    """A share in [0, 1] as a percentage that never overstates: 0.999 is 99 %, and only 1 is 100 %."""
    return f"{int(share * 100 + 1e-9)} %"


def size(value: int) -> str:
    """Bytes in decimal units with three digits: 999 bytes, 1.23 MB."""
    amount = float(value)
    for unit in _UNITS:
        if amount < 999.5 or unit == _UNITS[-1]:
            break
        amount /= 1000
    return f"{value:,} bytes" if unit == "bytes" else f"{amount:.3g} {unit}"


def duration(seconds: float) -> str:
    """850 ms, 3.2 s, 2 min 05 s, 3 h 20 min."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 99.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 100:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def rate(per_second: float) -> str:
    """0.5/s, 12/s, 1,234/s."""
    return f"{per_second:.1f}/s" if per_second < 10 else f"{per_second:,.0f}/s"
