"""What every part of the facade stands on."""

import os
from collections.abc import Sequence
from os import PathLike
from typing import TypeAlias

import numpy as np

from saccade.catalog import SqlCatalog
from saccade.core.errors import ImageNotFoundError
from saccade.core.filters import Filter, Where, parse_where
from saccade.core.types import Ids, ImageRecord, PixelRecipe
from saccade.indexes import IndexFiles
from saccade.library.inputs import absolute, looks_like_id
from saccade.library.spaces import Spaces
from saccade.sources.pool import GuardedDecoder

Path: TypeAlias = str | PathLike[str]


class LibraryParts:
    """The concrete parts of one open library."""

    def __init__(self, catalog: SqlCatalog, folder: str) -> None:
        self._catalog = catalog
        self._folder = folder
        self._indexes = IndexFiles(os.path.join(folder, "indexes"))
        self._spaces = Spaces(catalog, self._indexes)

    def _decoder(self, recipe: PixelRecipe | None = None) -> GuardedDecoder:
        """A guarded decoder for the encoder's input, or for another recipe; close it."""
        return GuardedDecoder(recipe or self._spaces.encoder.info.recipe, workers=os.cpu_count() or 1)

    def _filter(self, where: Where | Sequence[str] | None, folders: Sequence[Path]) -> Filter:
        """What `where=` and `folders=` say."""
        return Filter(conditions=parse_where(where), folders=tuple(absolute(folders)))

    def _among(self, where: Where | Sequence[str] | None, folders: Sequence[Path]) -> Ids | None:
        """Sorted ids of the images they let through; None if nothing was asked for."""
        wanted = self._filter(where, folders)
        return self._catalog.images.match(wanted) if wanted else None

    def _record(self, image: Path) -> ImageRecord:
        """The image named by a file or by (the start of) its id. Raises ImageNotFoundError."""
        name = os.fspath(image)
        record = self._catalog.images.by_path(os.path.abspath(name))
        if record is None and looks_like_id(name):
            return self._catalog.images.by_sha256(name)
        if record is None:
            raise ImageNotFoundError(f"no image in the library lies at {name}", hint="index it first")
        return record

    def _ids(self, images: Sequence[Path]) -> Ids:
        """Ids of images named by files or ids, in the order given. Raises ImageNotFoundError."""
        return np.array([self._record(image).id for image in images], np.int64)
