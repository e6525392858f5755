"""The images of a catalog, their embeddings and their hashes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from saccade.core.filters import Filter
from saccade.core.types import Embeddings, Ids, ImageInfo, ImageRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class NewImage:
    """A picture with its embeddings, {space id: (d,) unit float32}."""

    sha256: bytes
    info: ImageInfo
    embeddings: Mapping[int, Embeddings]


@dataclass(frozen=True, slots=True, kw_only=True)
class WordMatches:
    """Images that contain the words looked for.

    Attributes:
        ids: best first if they are ranked.
        ranked: false if the words are too common to rank; `ids` are then in no order, and if there are more
            than were asked for, any of them.
    """

    ids: Ids
    ranked: bool


class Images(Protocol):
    """Images, looked up by identity, by filter and by words."""

    def get(self, ids: Sequence[int]) -> Sequence[ImageRecord]:
        """The records, in the given order. Raises ImageNotFoundError."""

    def digests(self, ids: Ids) -> Mapping[int, bytes]:
        """{id: SHA-256} of those of the images that exist."""

    def by_digest(self) -> Iterator[Ids]:
        """Ids of all images, ascending by SHA-256, in batches: each is read when it is taken."""

    def find(self, sha256s: Sequence[bytes], spaces: Sequence[int]) -> Mapping[bytes, int]:
        """Image ids of those in the catalog with an embedding in every one of `spaces`."""

    def sizes(self) -> set[int]:
        """Byte lengths of all images (a file of another length cannot be one of them)."""

    def by_sha256(self, prefix: str) -> ImageRecord:
        """The image whose hexadecimal id starts with it. Raises ImageNotFoundError (none, or several)."""

    def by_path(self, path: str) -> ImageRecord | None:
        """The image a file contained when last seen."""

    def at_paths(self, paths: Sequence[str]) -> Mapping[str, int]:
        """{absolute path: image it contained when last seen}, for those that contained one."""

    def by_names(self, names: Sequence[str]) -> Mapping[str, Sequence[int]]:
        """{file name: images with a present file of that name, ignoring case}, if any."""

    def by_ids(self, starts: Sequence[str]) -> Mapping[str, Sequence[int]]:
        """{start of a hexadecimal id: at most two matching images}, for existing ones."""

    def match(self, filter: Filter) -> Ids:
        """Sorted ids of the images with a file present that satisfy it."""

    def match_words(self, words: Sequence[str], limit: int, among: Ids | None = None) -> WordMatches:
        """At most `limit` images whose names, titles, captions, keywords or labels contain all the words."""


class EmbeddingStore(Protocol):
    """Embeddings of record, by space and item; a whole image is the item with the image's id (`core.items`).

    Every row gets a sequence number, higher than all before it in the catalog, in the order of commits: a
    reader that has seen n has seen everything below n.
    """

    def save(self, space: int, items: Ids, rows: Embeddings) -> int:
        """Store the (n, d) rows of items that have none in the space yet; number stored.

        Raises ImageNotFoundError (an unknown item), InputError (an unknown space), InvalidVectorError.
        """

    def held(self, space: int, items: Ids) -> Ids:
        """Sorted ids of those of the items that have an embedding in the space."""

    def get(self, space: int, ids: Ids) -> Embeddings:
        """(n, d) rows in this order. Raises ImageNotFoundError; CorruptLibraryError on a bad checksum."""

    def after(self, space: int, sequence: int, batch: int = 4096) -> Iterator[tuple[int, Ids, Embeddings]]:
        """Rows newer than `sequence`, oldest first: (last sequence, item ids, (m, d) rows), m <= batch."""

    def sample(self, space: int, count: int) -> Ids:
        """Sorted ids of at most `count` images with an embedding in the space, spread evenly over it."""

    def count(self, space: int) -> int:
        """Number of whole images with an embedding in the space, with a file present or not."""

    def newer(self, space: int, sequence: int) -> int:
        """Number of rows of the space that are newer than `sequence`, of whole images and of parts."""

    def last_sequence(self, space: int, *, upto: int | None = None) -> int:
        """Highest sequence number in the space, at most `upto`; 0 if there is none."""

    def absent(self, space: int) -> Ids:
        """Sorted ids of items of the space that no search may find: without a file, or forgotten."""

    def unembedded(self, space: int) -> Ids:
        """Sorted ids of the images with a file present and no embedding of the whole image in the space."""

    def corrupt(self, space: int) -> Ids:
        """Sorted ids of the items whose stored vector was altered; reads all of the space."""

    def remove(self, space: int, ids: Iterable[int]) -> int:
        """Delete these items' embeddings in the space, to be recomputed; number deleted."""


class Hashes(Protocol):
    """Perceptual hashes of images, 64 bits each, made by `core.perceptual.RECIPE`.

    Hashes made by another recipe, by an older release for instance, are never returned and count as missing.
    """

    def get(self, ids: Ids | None = None) -> tuple[Ids, NDArray[np.uint64]]:
        """Sorted ids of the images that have one (among `ids`, if given), and the hashes."""

    def save(self, hashes: Mapping[int, int]) -> None:
        """Store {image id: 64 bits}, 0 to 2**64 - 1. Raises ImageNotFoundError."""

    def missing(self) -> Ids:
        """Sorted ids of the images with a file present and no perceptual hash of this recipe."""
