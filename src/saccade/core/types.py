"""The values passed between the parts: frozen dataclasses without behavior."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from saccade.core.pictures import ImageId
from saccade.core.results import Listed

Embeddings: TypeAlias = NDArray[np.float32]
"""(n, d) float32, C order, finite, unit rows. Made and checked in `saccade.core.vectors` only."""

Pixels: TypeAlias = NDArray[np.uint8]
"""(H, W, 3) or (n, H, W, 3) uint8, sRGB, upright."""

Ids: TypeAlias = NDArray[np.int64]
"""(n,) or (q, k) int64 image ids of one catalog."""

Scores: TypeAlias = NDArray[np.float32]
"""float32 in [-1, 1], higher is better."""


class Role(StrEnum):
    """The purpose of an embedding."""

    SEMANTIC = "semantic"
    """What the picture shows; shared by text and images."""
    COPY = "copy"
    """Whether it is the same picture."""


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


class FileStamp(NamedTuple):
    """How a changed file is detected: by equality of size and time, never their order (clocks go back).

    A tuple, because a run over 100,000 unchanged files creates 200,000 of them.
    """

    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    """One file found by a walk.

    Attributes:
        path: path in the operating system's spelling (undecodable bytes as surrogate escapes), absolute.
        stamp: size and modification time.
        kind: "file", or "archive" for a zip or tar whose members are images to be listed.
        member: name inside the archive at `path`, or "".
    """

    path: str
    stamp: FileStamp
    kind: Literal["file", "archive"] = "file"
    member: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodeTask:
    """One picture to read: a file, a member of an archive, or bytes in memory.

    Attributes:
        path: file in the operating system's spelling; with `data`, only a name for messages.
        member: name inside the archive at `path`, or "".
        data: the encoded bytes themselves instead of a file.
        hash_only: return `Hashed` without decoding (to recognize a moved file).
    """

    path: str
    member: str = ""
    data: bytes | None = None
    hash_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """A picture prepared for the encoder.

    Attributes:
        sha256: 32 bytes, digest of the encoded bytes: the image's identity.
        info: what the file says about it.
        pixels: (size, size, 3) uint8 by the recipe.
        stamp: the file as it was when read; None for bytes in memory.
    """

    sha256: bytes
    info: ImageInfo
    pixels: Pixels
    stamp: FileStamp | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hashed:
    """Only the identity, for a task with `hash_only`."""

    sha256: bytes
    stamp: FileStamp | None = None


DecodeOutcome: TypeAlias = Decoded | Hashed | Failure


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
class PartScore:
    """How well a hit matches one part of the query: the part and its cosine in [-1, 1]."""

    part: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One hit.

    Attributes:
        rank: 1 is best.
        image_id: SHA-256 of the file's bytes, hexadecimal.
        path: one of its files; archive members as "ARCHIVE!/MEMBER".
        paths: all of them.
        score: cosine of query and image in [-1, 1].
        confidence: in [0, 1]; see `saccade.core.calibration`.
        parts: which parts of the query it matches.
        words: words of the query found in its name, title, caption or keywords.
        similar: ids of near-identical images that this hit stands for.
        info: what the file says about it.
    """

    rank: int
    image_id: ImageId
    path: str
    paths: tuple[str, ...]
    score: float
    confidence: float
    parts: tuple[PartScore, ...]
    words: tuple[str, ...]
    similar: tuple[ImageId, ...]
    info: ImageInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult(Listed[Hit]):
    """The answer to a query.

    Attributes:
        query: the query in words.
        confident: whether the best hit is unlikely to be chance; false means "no confident match".
        hits: best first.
        took_ms: milliseconds from query to answer, encoding included.
    """

    query: str
    confident: bool
    hits: tuple[Hit, ...]
    took_ms: float

    @property
    def listed(self) -> Sequence[Hit]:
        """The hits, best first."""
        return self.hits


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexReport:
    """The result of an indexing run.

    Attributes:
        files: image files found (new, unchanged, moved and failed; not the excluded).
        added: files whose picture was read in this run. `unchanged`: the same as last time. `moved`: a known
            picture at a new path. `removed`: files that are gone. `excluded`: files that are not images.
        embedded: images encoded in this run.
        failed: one Failure for each image file that could not be read.
        seconds: wall time.
    """

    files: int
    added: int
    unchanged: int
    moved: int
    removed: int
    excluded: int
    embedded: int
    failed: tuple[Failure, ...]
    seconds: float

    @property
    def images_per_s(self) -> float:
        """Images encoded per second of wall time."""
        return self.embedded / self.seconds if self.seconds > 0 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Progress of a long job: `done` of `total` (None while unknown) of `stage`, and failures so far."""

    stage: str
    done: int
    total: int | None
    failed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """The number of items in a catalog.

    Attributes:
        images: images with at least one file present.
        files: image files and archive members present.
        failed: files present that could not be read, `excluded`: files present that are not images.
        missing: files that are gone.
        embeddings: {space id: rows}.
    """

    images: int
    files: int
    failed: int
    excluded: int
    missing: int
    embeddings: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryStatus:
    """A library's location and contents.

    Attributes:
        library: the library's own folder (".saccade").
        folders: absolute paths it indexes.
        counts: numbers of its items.
        spaces: every space.
        indexes: {space id: "flat", "ivf" or "hnsw" and how many newer rows are searched separately}.
        size_bytes: size of the library's own files.
        interrupted: whether the last indexing run did not finish.
    """

    library: str
    folders: tuple[str, ...]
    counts: Counts
    spaces: tuple[SpaceInfo, ...]
    indexes: Mapping[int, str]
    size_bytes: int
    interrupted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A problem found by a check: a stable code, a message, the items affected, and if it was repaired."""

    code: str
    message: str
    count: int
    repaired: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorReport:
    """Whether every file is indexed, failed with a reason, or excluded, and all stored data is intact.

    Attributes:
        counts: numbers of items in the catalog.
        unindexed: image files that are new or changed.
        failures: files that could not be read, with reasons.
        problems: what is wrong; failed files are listed in `failures` instead.
    """

    counts: Counts
    unindexed: int
    failures: tuple[Failure, ...]
    problems: tuple[Problem, ...]

    @property
    def healthy(self) -> bool:
        """Whether nothing is wrong, or everything was repaired."""
        return all(problem.repaired for problem in self.problems)
