"""Records of images that another process may erase meanwhile."""

from collections.abc import Sequence

import numpy as np

from saccade.core.ports.catalog import Catalog
from saccade.core.types import ImageRecord


def surviving(catalog: Catalog, ids: Sequence[int]) -> Sequence[ImageRecord]:
    """The records of those of the images that have not been erased, in this order."""
    with catalog.reading():
        there = catalog.images.digests(np.array(ids, np.int64))
        return catalog.images.get([image for image in ids if image in there])
