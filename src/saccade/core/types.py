"""The values passed between the parts: frozen dataclasses without behavior."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from saccade.core.errors import InvalidQueryError
from saccade.core.pictures import ImageId

Embeddings: TypeAlias = NDArray[np.float32]
"""(n, d) float32, C order, finite, unit rows. Made and checked in `saccade.core.vectors` only."""

Pixels: TypeAlias = NDArray[np.uint8]
"""(H, W, 3) or (n, H, W, 3) uint8, sRGB, upright."""

Ids: TypeAlias = NDArray[np.int64]
"""(n,) or (q, k) int64 image ids of one catalog."""

Scores: TypeAlias = NDArray[np.float32]
"""float32 in [-1, 1], higher is better."""


class Role(str):
    """The purpose of an embedding: a name of at most 64 lower-case letters, digits and hyphens.

    Encoders may have more roles than the two that have a name here.

    Raises:
        InvalidQueryError: it is not such a name.
    """

    __slots__ = ()

    SEMANTIC: ClassVar["Role"]
    """What the picture shows; shared by text and images."""
    COPY: ClassVar["Role"]
    """Whether it is the same picture."""

    def __new__(cls, name: str) -> Self:
        """Validate."""
        if not _ROLE.fullmatch(name):
            raise InvalidQueryError(f"{name!r} is not a role", hint="such as semantic or copy")
        return super().__new__(cls, name)


_ROLE = re.compile(r"[a-z][a-z0-9-]{0,63}")
Role.SEMANTIC, Role.COPY = Role("semantic"), Role("copy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One input without a result: its path, a stable code, and a human-readable reason."""

    path: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelRecipe:
    """How pixels are cropped and resized; an encoder's recipe is part of its fingerprint.

    Attributes:
        size: side of the square input, pixels.
        fit: "squash" resizes the whole picture to the square; "crop" resizes the shorter side to `resize`
            and takes the center square; "contain" keeps the proportions, with `size` the longest side (for
            thumbnails: the only fit whose result is not square).
        resample: Pillow's antialiased filter.
        resize: shorter side before cropping, pixels; used by "crop" only.
    """

    size: int
    fit: Literal["squash", "crop", "contain"] = "squash"
    resample: Literal["bilinear", "bicubic"] = "bicubic"
    resize: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderInfo:
    """What an encoder is.

    Attributes:
        name: name in the encoder registry.
        fingerprint: digest of weights, preprocessing and runtime precision (hex SHA-256).
        dims: dimension of the embedding of each role.
        recipe: the input it takes.
        license: SPDX identifier or a short statement of the weights' terms.
        reads_text: whether `encode_texts` works.
        copy_threshold: score in the copy space from which two photos count as the same; None if it was never
            measured.
        languages: codes of the languages its texts may be in, such as "en"; empty if unknown.
        stop_words: words of these languages that carry no meaning in a query, in lower case.
        fitted: numbers fitted to this encoder, {use-case: {name: number}}; each use-case knows its names and
            has defaults.
        same_as: fingerprints of other versions that produce identical embeddings, so that libraries stay
            valid.
    """

    name: str
    fingerprint: str
    dims: Mapping[Role, int]
    recipe: PixelRecipe
    license: str
    reads_text: bool
    copy_threshold: float | None = None
    languages: tuple[str, ...] = ()
    stop_words: frozenset[str] = frozenset()
    fitted: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    same_as: frozenset[str] = frozenset()

    def makes(self, fingerprint: str) -> bool:
        """Whether embeddings of this fingerprint are the ones it makes."""
        return fingerprint == self.fingerprint or fingerprint in self.same_as


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageInfo:
    """What a file says about its picture. Absent facts are None or empty; text is cleaned and bounded.

    Attributes:
        width, height: pixels, upright (after the EXIF orientation).
        format: "JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF" or "HEIF", by content.
        size_bytes: length of the encoded file.
        frames: number of frames or pages; the first one is used.
        orientation: EXIF orientation 1 to 8 as found, 1 when absent.
        taken_at: local time as ISO 8601 "YYYY-MM-DDTHH:MM:SS".
        latitude, longitude: degrees, WGS 84, north and east positive.
    """

    width: int
    height: int
    format: str
    size_bytes: int
    frames: int = 1
    orientation: int = 1
    taken_at: str | None = None
    camera: str | None = None
    lens: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    title: str | None = None
    caption: str | None = None
    keywords: tuple[str, ...] = ()
    creator: str | None = None
    rights: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceInfo:
    """All embeddings of one fingerprint for one role."""

    id: int
    role: Role
    encoder: str
    fingerprint: str
    dim: int
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRecord:
    """One image of a library, with its files (missing ones are left out)."""

    id: int
    sha256: bytes
    info: ImageInfo
    paths: tuple[str, ...]

    @property
    def image_id(self) -> ImageId:
        """The public id: SHA-256 in hexadecimal."""
        return ImageId(self.sha256.hex())


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Progress of a long job: `done` of `total` (None while unknown) of `stage`, and failures so far."""

    stage: str
    done: int
    total: int | None
    failed: int = 0
