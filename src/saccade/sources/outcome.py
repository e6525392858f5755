"""Converts a worker's replies to values. A worker may be compromised, so everything is validated."""

import math
from collections.abc import Mapping, Sequence
from typing import TypeGuard

import numpy as np

from saccade.core import paths
from saccade.core.decoding import Decoded, DecodeOutcome, DecodeTask, FileEntry, FileStamp, Hashed
from saccade.core.types import Failure, ImageInfo, PixelRecipe
from saccade.sources.text import clean, clean_keywords, parse_date
from saccade.sources.wire import Header

CODES = frozenset(
    {"excluded", "empty_file", "not_an_image", "unsupported_format", "too_large_bytes", "too_many_pixels",
     "too_many_frames", "truncated", "corrupt", "decode_timeout", "decode_crashed", "decode_memory",
     "unreadable_file", "file_vanished", "file_changed", "broken_archive", "encrypted_archive",
     "unreadable_folder"}
)  # fmt: skip
"""Every code of this package's Failures. Stable: scripts read them."""

FORMATS = frozenset({"JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF"})

_MAX_SIDE = 1 << 24
_MAX_INTEGER = 1 << 62
_MAX_TIME = 1 << 65
"""Nanoseconds since 1970, beyond what file systems can store (some up to the year 2446)."""


def read_outcome(task: DecodeTask, header: Header, payload: bytes, recipe: PixelRecipe) -> DecodeOutcome:
    """The outcome of a task.

    Args:
        recipe: the requested pixels.
    Raises:
        ValueError: the reply is invalid.
    """
    kind = header.get("kind")
    if kind == "refused" and not payload:
        return read_failure(paths.join(task.path, task.member), header)
    digest = _digest(header.get("sha256"))
    stamp = _stamp(header.get("stamp"), wanted=task.data is None)
    if kind == "hashed" and task.hash_only and not payload:
        return Hashed(sha256=digest, stamp=stamp)
    if kind == "picture" and not task.hash_only:
        width, height = _size(header.get("pixels"), recipe)
        pixels = np.frombuffer(payload, np.uint8).reshape(height, width, 3)  # ValueError if it is not so many
        return Decoded(sha256=digest, info=_info(header), pixels=pixels, stamp=stamp)
    raise ValueError("a reply of an unknown kind")


def read_failure(path: str, header: Header) -> Failure:
    """A refusal reported by a worker. Raises ValueError."""
    code, reason = header.get("code"), clean(header.get("reason"), 500)
    if not isinstance(code, str) or code not in CODES or reason is None:
        raise ValueError("a refusal without a known code or a reason")
    return Failure(path=path, code=code, reason=" ".join(reason.split()))


def read_members(path: str, header: Header) -> tuple[list[FileEntry | Failure], bool]:
    """Return a part of an archive's listing, and whether it is the last. Raises ValueError."""
    listed, last = header.get("members"), header.get("last")
    if header.get("kind") != "members" or not _is_sequence(listed) or not isinstance(last, bool):
        raise ValueError("a listing without members")
    entries: list[FileEntry | Failure] = []
    for item in listed:
        if not _is_sequence(item) or len(item) != 3 or not isinstance(item[0], str) or not item[0]:
            raise ValueError("a member without a name")
        name = item[0]
        if item[1] == -1:
            reason = "its name in the archive is too long"
            entries.append(Failure(path=paths.join(path, name), code="unreadable_file", reason=reason))
        else:
            stamp = FileStamp(size=_integer(item[1], 0), mtime_ns=_integer(item[2], -_MAX_TIME, _MAX_TIME))
            entries.append(FileEntry(path=path, stamp=stamp, member=name))
    return entries, last


def _info(header: Header) -> ImageInfo:
    facts, kind = header.get("facts"), header.get("format")
    if not isinstance(facts, Mapping) or not isinstance(kind, str) or kind not in FORMATS:
        raise ValueError("a picture without facts or of an unknown format")
    keywords = facts.get("keywords", ())
    return ImageInfo(
        width=_integer(facts.get("width"), 1, _MAX_SIDE),
        height=_integer(facts.get("height"), 1, _MAX_SIDE),
        format=kind,
        size_bytes=_integer(header.get("size_bytes"), 1),
        frames=_integer(facts.get("frames"), 1),
        orientation=_integer(facts.get("orientation"), 1, 8),
        taken_at=parse_date(facts.get("taken_at")),
        camera=clean(facts.get("camera")),
        lens=clean(facts.get("lens")),
        latitude=_coordinate(facts.get("latitude"), 90.0),
        longitude=_coordinate(facts.get("longitude"), 180.0),
        title=clean(facts.get("title")),
        caption=clean(facts.get("caption")),
        keywords=clean_keywords(keywords) if _is_sequence(keywords) else (),
        creator=clean(facts.get("creator")),
        rights=clean(facts.get("rights")),
    )


def _size(value: object, recipe: PixelRecipe) -> tuple[int, int]:
    """Return width and height of the received pixels."""
    if not _is_sequence(value) or len(value) != 2:
        raise ValueError("pixels without a size")
    width, height = (_integer(side, 1, recipe.size) for side in value)
    if recipe.fit != "contain" and (width, height) != (recipe.size, recipe.size):
        raise ValueError("pixels that are not square")
    return width, height


def _is_sequence(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, list | tuple)


def _integer(value: object, least: int, most: int = _MAX_INTEGER) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ValueError("a number out of its range")
    return value


def _coordinate(value: object, most: float) -> float | None:
    if value is None:
        return None
    if not isinstance(value, float | int) or not math.isfinite(value) or abs(value) > most:
        raise ValueError("an invalid coordinate")
    return float(value)


def _digest(value: object) -> bytes:
    digest = bytes.fromhex(value) if isinstance(value, str) else b""
    if len(digest) != 32:
        raise ValueError("a digest of a wrong length")
    return digest


def _stamp(value: object, *, wanted: bool) -> FileStamp | None:
    if not wanted and value is None:
        return None
    if not wanted or not _is_sequence(value) or len(value) != 2:
        raise ValueError("a stamp of a wrong shape")
    return FileStamp(size=_integer(value[0], 0), mtime_ns=_integer(value[1], -_MAX_TIME, _MAX_TIME))
