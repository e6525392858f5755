"""Pictures as callers pass them, and image ids."""

from collections.abc import Mapping
from typing import Any, Protocol, Self, TypeAlias, runtime_checkable

from saccade.core.errors import InvalidQueryError

SHORTEST, LONGEST = 8, 64
_DIGITS = frozenset("0123456789abcdef")


class ImageId(str):
    """An image id: the SHA-256 of its bytes in hexadecimal, or at least its first 8 digits.

    Raises:
        InvalidQueryError: it is not.
    """

    __slots__ = ()

    def __new__(cls, value: str) -> Self:
        """Validate, and convert to lower case."""
        text = value.lower()
        if not looks_like_id(text):
            raise InvalidQueryError(
                f"{value!r} is not an image id", hint=f"{SHORTEST} to {LONGEST} hexadecimal digits"
            )
        return super().__new__(cls, text)


def looks_like_id(value: str) -> bool:
    """Whether it can be (the start of) an image id."""
    return SHORTEST <= len(value) <= LONGEST and set(value) <= _DIGITS


@runtime_checkable
class PixelLike(Protocol):
    """Pixels in memory: numpy arrays, PIL images and others."""

    @property
    def __array_interface__(self) -> Mapping[str, Any]:
        """Numpy's array interface, version 3."""


class PathLike(Protocol):
    """A path object, such as pathlib's."""

    def __fspath__(self) -> str:
        """The path as text."""


Path: TypeAlias = str | PathLike
"""A file or folder, or "ARCHIVE!/MEMBER"."""

Picture: TypeAlias = Path | ImageId | bytes | PixelLike
"""A path, an encoded file's bytes, (H, W, 3) uint8 pixels, a PIL image, or the id of a library's image."""
