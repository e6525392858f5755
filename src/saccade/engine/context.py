"""The context of a library's namespaces: its parts, as ports, and the caller."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from saccade.core.decoding import Decoded
from saccade.core.errors import ImageNotFoundError, UnreadableImageError
from saccade.core.filters import Filter, Where, parse_where
from saccade.core.pictures import ImageId, Path, Picture, looks_like_id
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.decoders import OpenDecoder
from saccade.core.ports.indexes import IndexStore
from saccade.core.ports.tools import Tools
from saccade.core.settings import Settings
from saccade.core.types import Ids, ImageRecord, PixelRecipe
from saccade.engine.inputs import absolute, picture_name, picture_task
from saccade.engine.spaces import ActiveSpaces

if TYPE_CHECKING:
    from saccade.engine.jobs import Jobs


ORIGINALS = "originals"
"""Where pictures are kept as they were before tags were written into them, in the library's own folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The caller: a person at this machine, or the holder of an API key, for permission checks."""

    name: str = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryContext:
    """The parts of one open library.

    Attributes:
        folder: the library's own folder, absolute ("PHOTOS/.saccade").
        catalog: the system of record.
        indexes: the search structures.
        spaces: the active spaces with their encoders, readers and calibrations.
        open_decoder: creates decoders from one warm pool of workers.
        tools: heavy engines and file operations, loaded on first use.
        settings: resource limits.
        clock: UTC now, seconds since 1970.
        principal: the caller.
    """

    folder: str
    catalog: Catalog
    indexes: IndexStore
    spaces: ActiveSpaces
    open_decoder: OpenDecoder
    tools: Tools
    settings: Settings
    clock: Callable[[], float]
    principal: Principal = Principal()

    @property
    def jobs(self) -> "Jobs":
        """The library's jobs, as its caller."""
        from saccade.engine.jobs import Jobs  # noqa: PLC0415 - a search has no need of it

        return Jobs(self.catalog.jobs, who=self.principal.name)

    def filter(self, where: Where | Sequence[str] | None = None, folders: Sequence[Path] = ()) -> Filter:
        """The query of `where=` and `folders=`. Raises InvalidFilterError."""
        return Filter(conditions=parse_where(where), folders=absolute(folders))

    def among(self, where: Where | Sequence[str] | None = None, folders: Sequence[Path] = ()) -> Ids | None:
        """Sorted ids of the matching images; None without filters."""
        wanted = self.filter(where, folders)
        return self.catalog.images.match(wanted) if wanted else None

    def record(self, image: Path | ImageId) -> ImageRecord:
        """The image of a file, or of (the start of) its id. Raises ImageNotFoundError."""
        if isinstance(image, ImageId):
            return self.catalog.images.by_sha256(image)
        (name,) = absolute([image])
        record = self.catalog.images.by_path(name)
        if record is None:
            wrote = picture_name(image)
            hint = f'an image id? ImageId("{wrote}")' if looks_like_id(wrote) else "index it first"
            raise ImageNotFoundError(f"no image in the library at {wrote}", hint=hint)
        return record

    def ids(self, images: Sequence[Path | ImageId]) -> Ids:
        """Ids of images given as files or ids, in the given order. Raises ImageNotFoundError."""
        if isinstance(images, (str, os.PathLike)):
            images = [images]
        return np.array([self.record(image).id for image in images], np.int64)

    def decoded(self, picture: Picture, recipe: PixelRecipe) -> Decoded:
        """One picture by a recipe. Raises UnreadableImageError, PathNotFoundError, InvalidQueryError."""
        task = picture_task(picture, self.tools.pictures)
        with self.open_decoder(recipe) as decoder:
            (outcome,) = decoder.decode([task])
        if not isinstance(outcome, Decoded):
            reason = getattr(outcome, "reason", "it was not decoded")
            raise UnreadableImageError(
                f"{task.path}: {reason}", hint="give a JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF or HEIC"
            )
        return outcome


class OpenLibrary(Protocol):
    """A library, open."""

    @property
    def context(self) -> LibraryContext:
        """Its parts."""
