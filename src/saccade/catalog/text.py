"""Text as the catalog compares and searches it."""

import re
import unicodedata
from collections.abc import Iterator

_RUN = re.compile(r"[^\W_]+")
_CJK = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_PART = re.compile(rf"[{_CJK}]|\d+|[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z{_CJK}]+|[^\W\d_{_CJK}]+")


def storable(text: str) -> str:
    """The text with what no database takes (lone surrogates, NUL) written as escapes."""
    if text.isascii() and "\0" not in text:
        return text
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def fold(text: str) -> str:
    """The text as filters compare it: without regard to case or to how accents are composed."""
    if text.isascii():
        return storable(text).lower()
    return storable(unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold()))


class AlteredError(ValueError):
    """A stored value is of another type than was stored: a bit of the file flipped."""


def file_name(path: bytes, member: bytes) -> str:
    """The name a person sees of a stored file: the last part of its path, undecodable bytes replaced.

    Raises:
        AlteredError: these are not bytes.
    """
    if not isinstance(path, bytes) or not isinstance(member, bytes):
        raise AlteredError("a stored path is not bytes")
    return (member or path).rsplit(b"/", 1)[-1].decode("utf-8", "replace").replace("\0", "")


def document(text: str) -> str:
    """What the full-text table holds of a text: its words, and the parts of words that have several.

    "IMG_beachSunset2020.jpg" gives "img beachsunset2020 beach sunset 2020 jpg". Characters of scripts
    written without spaces are separate parts.

    Raises:
        AlteredError: it is not text.
    """
    if not isinstance(text, str):
        raise AlteredError("a stored text is not text")
    return " ".join(term for run, parts in _words(text) for term in (run, *parts))


def terms(text: str) -> list[tuple[str, list[str]]]:
    """The words of a query with the parts of each (none if it is one part)."""
    return list(_words(text))


def _words(text: str) -> Iterator[tuple[str, list[str]]]:
    for run in _RUN.findall(text if text.isascii() else _plain(text)):
        parts = _PART.findall(run)
        yield run.casefold(), [part.casefold() for part in parts] if len(parts) > 1 else []


def _plain(text: str) -> str:
    """Without accents, lone surrogates replaced."""
    whole = text.encode("utf-8", "replace").decode()
    marks_off = "".join(c for c in unicodedata.normalize("NFKD", whole) if not unicodedata.combining(c))
    return unicodedata.normalize("NFKC", marks_off)
