"""Cleans untrusted text from files: printable, bounded, valid Unicode."""

import datetime as dt
from collections.abc import Iterable

MAX_TEXT = 4000
"""Maximum characters of a text."""

MAX_KEYWORDS = 100
"""Maximum number of keywords."""

_KEPT_CONTROLS = "\n\t"
_DIRECTION_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean(text: object, most: int = MAX_TEXT) -> str | None:
    """Printable text of at most `most` characters, None if it is empty.

    Control characters, text-direction overrides and lone surrogates are dropped; spaces at the ends too.

    Args:
        text: str, or bytes in UTF-8 (else Latin-1); anything else gives None.
    """
    if isinstance(text, bytes):
        text = decode_bytes(text[: 8 * most])
    if not isinstance(text, str):
        return None
    kept = "".join(c for c in text[: 4 * most] if _is_kept(c)).strip()
    return kept[:most].rstrip() or None


def clean_keywords(words: Iterable[object]) -> tuple[str, ...]:
    """Cleaned keywords, each once, in order, at most MAX_KEYWORDS."""
    kept: dict[str, None] = {}
    for word in words:
        if len(kept) >= MAX_KEYWORDS:
            break
        text = clean(word, 200)
        if text:
            kept[" ".join(text.split())] = None
    return tuple(kept)


def parse_date(text: object) -> str | None:
    """Return "YYYY-MM-DDTHH:MM:SS" of an EXIF or ISO date with a time, None if it is not a valid time."""
    cleaned = clean(text, 40)
    if cleaned is None or len(cleaned) < 19:
        return None
    digits = f"{cleaned[0:4]}-{cleaned[5:7]}-{cleaned[8:10]}T{cleaned[11:19]}"
    try:
        moment = dt.datetime.fromisoformat(digits)
    except ValueError:
        return None
    # Photography begins in 1826; clocks that were never set and dates far ahead are noise.
    return moment.isoformat(timespec="seconds") if 1826 <= moment.year <= 2200 else None


def decode_bytes(data: bytes) -> str:
    """Decode UTF-8 if valid, else Latin-1 (which always is)."""
    data = data.rstrip(b"\0")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _is_kept(character: str) -> bool:
    if character < " ":
        return character in _KEPT_CONTROLS
    return not ("\x7f" <= character < "\xa0" or "\ud800" <= character <= "\udfff") and (
        character not in _DIRECTION_OVERRIDES
    )
