"""Folds parts of images into their images: an image counts once, with the item of it that scores best."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from saccade.core.items import FIRST_PART
from saccade.core.ports.items import Items
from saccade.core.types import Ids, Scores


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """The images nearest to a query.

    Attributes:
        images: (m,) ids, best first.
        items: (m,) the item of each that scores best: its own id, or that of a part.
        scores: (m,) the score of that item.
    """

    images: Ids
    items: Ids
    scores: Scores


@dataclass(frozen=True, slots=True, kw_only=True)
class PartMap:
    """The parts of a library's images: sorted ids, and the image of each. False if there are none."""

    ids: Ids
    images: Ids

    def __bool__(self) -> bool:
        """Whether there are any."""
        return len(self.ids) > 0

    def updated(self, items: Items) -> "PartMap":
        """With the parts added since; those removed since stay, and are no longer found."""
        ids, images = items.parts(int(self.ids[-1]) if self else 0)
        if not len(ids):
            return self
        return PartMap(ids=np.concatenate([self.ids, ids]), images=np.concatenate([self.images, images]))

    def images_of(self, items: Ids) -> Ids:
        """The image of each item, in any shape; -1 for parts that are not among these."""
        parts = items >= FIRST_PART
        images = np.where(parts, -1, items)
        if self:
            place = np.minimum(np.searchsorted(self.ids, items[parts]), len(self.ids) - 1)
            images[parts] = np.where(self.ids[place] == items[parts], self.images[place], -1)
        return images

    def with_parts(self, images: Ids) -> Ids:
        """Sorted ids of these (sorted) images and of their parts."""
        return np.concatenate([images, self.ids[np.isin(self.images, images)]])


NO_PARTS = PartMap(ids=np.zeros(0, np.int64), images=np.zeros(0, np.int64))


def folded(images: Ids, k: int) -> NDArray[np.int64]:
    """Positions of the first occurrence of each image, at most k of them, ascending."""
    _, first = np.unique(images, return_index=True)
    return np.sort(first)[:k].astype(np.int64)
