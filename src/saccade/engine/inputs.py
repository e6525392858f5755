"""Validates user input: pictures as tasks for the decoder, weighted parts, paths."""

import hashlib
import os
import stat
from collections.abc import Sequence
from typing import TypeAlias, cast

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
    """Absolute paths, without normalizing names. Raises InputError for an empty one."""
    if not all(map(os.fspath, paths)):
        raise InputError("a path is empty", hint='for the current folder, give "."')
    return tuple(os.path.abspath(os.fspath(path)) for path in paths)
