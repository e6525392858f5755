"""Validates user input: pictures as tasks for the decoder, weighted parts, paths."""

import hashlib
import os
import stat
from collections.abc import Sequence
from typing import TypeAlias, cast

import numpy as np

from saccade.core.decoding import DecodeTask
from saccade.core.errors import InputError, InvalidQueryError, PathNotFoundError
from saccade.core.pictures import Path, Picture
from saccade.core.ports.tools import PictureCodec
from saccade.engine.places import locate

Texts: TypeAlias = str | tuple[str, float] | Sequence[str | tuple[str, float]] | None
"""One text, one with its weight, or several of either."""
Pictures: TypeAlias = Picture | tuple[Picture, float] | Sequence[Picture | tuple[Picture, float]] | None
"""One picture, one with its weight, or several of either."""

UNNAMED = "the picture given"
"""Name of a picture without a path."""
_CHUNK = 1 << 20
_LONGEST = 200_000_000
_LONGEST_SIDE = 4096


def picture_task(picture: Picture, codec: PictureCodec) -> DecodeTask:
    """A task for a picture that is not an image id.

    Raises:
        PathNotFoundError: no such file.
        InvalidQueryError: it is not a picture.
    """
    if isinstance(picture, (bytes, bytearray, memoryview)):
        return DecodeTask(path=UNNAMED, data=bytes(picture))
    if isinstance(picture, (str, os.PathLike)):
        return _file_task(os.fspath(picture))
    return DecodeTask(path=UNNAMED, data=codec.to_png(picture))


def picture_name(picture: Picture) -> str:
    """A picture's name in answers: its path or id, else a description."""
    return os.fspath(picture) if isinstance(picture, (str, os.PathLike)) else UNNAMED


def _file_task(path: object) -> DecodeTask:
    if not isinstance(path, str):
        raise InvalidQueryError(f"cannot take the path {path!r}", hint="give paths as text")
    if "\0" in path:
        raise PathNotFoundError(f"{path!r} is not a path: it contains a zero byte")
    file, member = locate(path)
    if os.path.exists(file):
        return DecodeTask(path=os.path.abspath(file), member=member)
    raise PathNotFoundError(f"no such file: {path}", hint="check the spelling; quote names with spaces")


def file_digest(path: str) -> bytes | None:
    """SHA-256 of a regular file's bytes: its image's identity; None if it cannot be read or is too long."""
    digest = hashlib.sha256()
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _LONGEST:
            return None
        with open(path, "rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except (OSError, ValueError):  # ValueError: a zero byte in the path
        return None
    return digest.digest()


def weighted_texts(value: Texts) -> list[tuple[str, float]]:
    """(text, weight) pairs. Raises InvalidQueryError: a weight that is not a positive finite number."""
    return [(cast("str", one), weight) for one, weight in _pairs(value)]


def weighted_pictures(value: Pictures) -> list[tuple[Picture, float]]:
    """(picture, weight) pairs. Raises InvalidQueryError: a weight that is not a positive finite number."""
    return [(cast("Picture", one), weight) for one, weight in _pairs(value)]


def _pairs(value: object) -> list[tuple[object, float]]:
    if value is None:
        return []
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], (int, float)):
        if not 0 < value[1] < float("inf"):
            raise InvalidQueryError(
                f"the weight {value[1]} is not a positive number",
                hint="use `less` for parts that hits should be unlike",
            )
        return [(value[0], float(value[1]))]
    if isinstance(value, (list, tuple)):
        return [pair for one in value for pair in _pairs(one)]
    return [(value, 1.0)]


def absolute(paths: Sequence[Path]) -> tuple[str, ...]:
    """Absolute paths, without normalizing names. Raises InputError for what no file can be called."""
    return tuple(map(_absolute, paths))


def _absolute(path: object) -> str:
    name = os.fspath(path) if isinstance(path, (str, os.PathLike)) else None
    if not isinstance(name, str):
        raise InputError(f"{path!r} is not a path", hint="give paths as text, or as pathlib.Path")
    if not name:
        raise InputError("a path is empty", hint='for the current folder, give "."')
    try:
        encodable = b"\0" not in os.fsencode(name)
    except UnicodeEncodeError:  # half of a surrogate pair
        encodable = False
    if not encodable:
        raise PathNotFoundError(
            f"{name!r} is not a path", hint="no file can have a name with these characters"
        )
    return os.path.abspath(name)


def check_k(k: object) -> None:
    """Raise InvalidQueryError unless it is a number of hits."""
    if _whole(k) < 1:
        raise InvalidQueryError(f"k is {k!r}; it must be a whole number, at least 1", hint="e.g. k=10")


def check_side(size: object) -> None:
    """Raise InputError unless it can be the longest side of a picture, in pixels."""
    if not 1 <= _whole(size) <= _LONGEST_SIDE:
        raise InputError(f"size is {size!r}; it must be 1 to {_LONGEST_SIDE} pixels", hint="e.g. size=512")


def _whole(value: object) -> int:
    """A whole number; 0 for anything else, which is out of range."""
    return int(value) if isinstance(value, (int, np.integer)) and not isinstance(value, bool) else 0
