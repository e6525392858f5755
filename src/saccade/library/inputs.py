"""What users hand over as a picture, as tasks for the guarded decoder."""

import hashlib
import os
import stat
from collections.abc import Sequence
from os import PathLike
from typing import TypeAlias

from saccade.core.errors import InvalidQueryError, PathNotFoundError
from saccade.core.types import DecodeTask, Role
from saccade.engine.reembed import locate

Path: TypeAlias = str | PathLike[str]

_CHUNK = 1 << 20
_LONGEST = 200_000_000


def picture_task(picture: object) -> DecodeTask:
    """A task for a path (also "ARCHIVE!/MEMBER"), the file's bytes, a PIL image, or uint8 pixels.

    Raises:
        PathNotFoundError: no such file.
        InvalidQueryError: none of these.
    """
    if isinstance(picture, (bytes, bytearray, memoryview)):
        return DecodeTask(path="the picture given", data=bytes(picture))
    if isinstance(picture, (str, PathLike)):
        return _file_task(os.fspath(picture))
    from saccade.sources.pictures import to_png  # noqa: PLC0415, Pillow is not needed to search by words

    return DecodeTask(path="the picture given", data=to_png(picture))


def _file_task(path: object) -> DecodeTask:
    if not isinstance(path, str):
        raise InvalidQueryError(f"cannot take the path {path!r}", hint="give paths as text")
    if "\0" in path:
        raise PathNotFoundError(f"{path!r} is no path: it holds a zero byte")
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


def weighted(value: object) -> list[tuple[object, float]]:
    """One thing, a (thing, weight) pair or a sequence of these, as pairs.

    Raises:
        InvalidQueryError: a weight that is not a positive finite number.
    """
    if value is None:
        return []
    if isinstance(value, list):
        return [pair for item in value for pair in weighted(item)]
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], (int, float)):
        if not 0 < value[1] < float("inf"):
            raise InvalidQueryError(
                f"the weight {value[1]} is not a positive number",
                hint="use `less` to stay away from something",
            )
        return [(value[0], float(value[1]))]
    if isinstance(value, tuple):
        return [pair for item in value for pair in weighted(item)]
    return [(value, 1.0)]


def as_role(name: str) -> Role:
    """The role of that name. Raises InvalidQueryError when there is none."""
    try:
        return Role(name)
    except ValueError:
        raise InvalidQueryError(f"no role is called {name!r}", hint=f"one of: {', '.join(Role)}") from None


def looks_like_id(value: object) -> bool:
    """Whether it can be (the start of) an image id: at least 8 hexadecimal digits."""
    return isinstance(value, str) and 8 <= len(value) <= 64 and set(value) <= set("0123456789abcdef")


def absolute(paths: Sequence[Path]) -> list[str]:
    """Absolute paths, links resolved in the folders above, without changing how the name is spelled."""
    return [os.path.abspath(os.fspath(path)) for path in paths]
