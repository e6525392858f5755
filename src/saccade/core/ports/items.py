"""The items of a catalog: whole images, and parts of images."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from saccade.core.items import Item, StoredItem
from saccade.core.types import Ids


class Items(Protocol):
    """Items: what has embeddings. Ids are never reused.

    Every image has one item of kind "image" with the image's own id, stored together with the image. Parts
    are added here; their ids start at `core.items.FIRST_PART`, in the order of commits. Their embeddings are
    saved with `EmbeddingStore.save`.

    To erase an image from the catalog, remove the embeddings of all its items (its own id, and the ids from
    `of`), then its parts, then the item with the image's id, then the image: the database checks these
    references.
    """

    def add(self, parts: Mapping[int, Sequence[Item]]) -> Mapping[int, Sequence[int]]:
        """Store parts, {image: parts}; {image: their ids, in order}. A part that is there keeps its id.

        Raises:
            ImageNotFoundError: an unknown image.
            InputError: a whole image, which is an item already.
        """

    def get(self, ids: Sequence[int]) -> Sequence[StoredItem]:
        """The items, in the given order. Raises ImageNotFoundError."""

    def of(self, images: Sequence[int]) -> Mapping[int, Sequence[StoredItem]]:
        """{image: its parts by id}, for those images that have any."""

    def parts(self, after: int = 0) -> tuple[Ids, Ids]:
        """Sorted ids of all parts with higher ids than `after`, and the image of each."""

    def remove(self, ids: Sequence[int]) -> int:
        """Delete parts with their embeddings; number deleted. Whole images are left alone."""
