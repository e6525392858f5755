"""A library's encoder, its active spaces, and what users' words and pictures are in them."""

import os
from functools import cached_property
from os import PathLike, fspath

import numpy as np

from saccade.core.calibration import Calibration, same_picture
from saccade.core.errors import EncoderMismatchError, InvalidQueryError
from saccade.core.ports import Catalog, Encoder, IndexStore
from saccade.core.types import Role, SpaceInfo
from saccade.encoders.registry import BUILTIN, load
from saccade.engine.embed import embed_pictures
from saccade.engine.query import Part
from saccade.engine.refresh import load_calibration, measure
from saccade.engine.space import SpaceReader
from saccade.library.inputs import file_digest, looks_like_id, picture_task
from saccade.sources.pool import GuardedDecoder
from saccade.usecases.searching.flow.search import Collapsing

_AS_PATH = ("./", "../", "/", "~/")


class Spaces:
    """The active spaces of a library, their readers, and the encoder that made them."""

    def __init__(self, catalog: Catalog, indexes: IndexStore) -> None:
        self._catalog = catalog
        self._indexes = indexes
        self._readers: dict[int, SpaceReader] = {}
        self._known: tuple[int, list[SpaceInfo]] | None = None
        self._calibrations: dict[int, tuple[int, Calibration]] = {}

    @cached_property
    def encoder(self) -> Encoder:
        """The encoder of the active spaces, or the built-in one while there are none.

        Raises:
            EncoderUnavailableError: it is not here.
            EncoderMismatchError: the one here of that name makes other embeddings.
        """
        active = self._active()
        encoder = load(next((space.encoder for space in active), BUILTIN), threads=os.cpu_count() or 1)
        for space in active:
            if space.fingerprint != encoder.info.fingerprint:
                raise EncoderMismatchError(
                    f"this library was made by another version of the encoder {space.encoder!r} "
                    f"(fingerprint {space.fingerprint[:12]}, here {encoder.info.fingerprint[:12]})",
                    hint="use the saccade that made it, or index into a new library",
                )
        return encoder

    def reader(self, role: Role) -> SpaceReader:
        """The reader of the active space of a role; the space is made when there is none yet."""
        encoder = self.encoder
        if role not in encoder.info.dims:
            raise InvalidQueryError(f"encoder {encoder.info.name!r} makes no {role} embeddings")
        space = next((space for space in self._active() if space.role is role), None)
        if space is None:
            space = self._catalog.spaces.ensure(encoder.info, role)
        if space.id not in self._readers:
            self._readers[space.id] = SpaceReader(self._catalog, self._indexes, space)
        return self._readers[space.id]

    def readers(self) -> list[SpaceReader]:
        """The readers of every role the encoder has."""
        return [self.reader(role) for role in self.encoder.info.dims]

    def calibration(self, reader: SpaceReader) -> Calibration:
        """How chance scores in the space: as saved by the last indexing run, else measured now."""
        version = self._catalog.version()
        known = self._calibrations.get(reader.space.id)
        if known is not None and known[0] == version:
            return known[1]
        calibration = load_calibration(self._catalog, reader.space) or measure(
            self._catalog, self.encoder, reader
        )
        self._calibrations[reader.space.id] = (version, calibration)
        return calibration

    def copy_threshold(self) -> float | None:
        """The copy score from which two images here are the same picture; None if nothing can tell."""
        measured = self.encoder.info.copy_threshold
        if measured is None or Role.COPY not in self.encoder.info.dims:
            return None
        return same_picture(self.calibration(self.reader(Role.COPY)), measured)

    def collapsing(self) -> Collapsing | None:
        """How near-identical hits are recognized: half-way from "the same picture" to "the same pixels"."""
        threshold = self.copy_threshold()
        if threshold is None:
            return None
        return Collapsing(space=self.reader(Role.COPY).space, threshold=(1.0 + threshold) / 2.0)

    # --- parts of a query

    def text_part(self, text: object, weight: float) -> Part:
        """A part in words."""
        if not isinstance(text, str):
            raise InvalidQueryError(
                f"expected words, got a {type(text).__name__}", hint="pictures: image=..."
            )
        if not text.strip():
            raise InvalidQueryError("the query is empty", hint="give words or a picture")
        vector = self.encoder.encode_texts([text])[0]
        return Part(label=text, vector=vector, weight=weight, text=text)

    def picture_part(self, picture: object, weight: float, space: SpaceInfo) -> Part:
        """A part in a picture; one the library holds is not decoded again."""
        label = fspath(picture) if isinstance(picture, (str, PathLike)) else "the picture given"
        known = self.known_image(picture, space)
        if known is not None:
            vector = self._catalog.embeddings.get(space.id, np.array([known], np.int64))[0]
        else:
            task = picture_task(picture)
            with GuardedDecoder(self.encoder.info.recipe, workers=1) as decoder:
                vector = embed_pictures(self.encoder, decoder, [task], space.role)[0]
        return Part(label=str(label), vector=vector, weight=weight)

    def unwanted_part(self, thing: object, weight: float, space: SpaceInfo) -> Part:
        """A part to stay away from: words, or a picture given as a path object, "./path" or pixels."""
        if isinstance(thing, str) and not thing.startswith(_AS_PATH):
            return self.text_part(thing, -weight)
        return self.picture_part(thing, -weight, space)

    def known_image(self, picture: object, space: SpaceInfo) -> int | None:
        """The library's id of a picture named by its image id, or by a file with the very same bytes."""
        if not isinstance(picture, (str, PathLike)):
            return None
        name = fspath(picture)
        if looks_like_id(name) and not os.path.exists(name):
            digest: bytes | None = self._catalog.images.by_sha256(str(name)).sha256
        else:
            digest = file_digest(str(name))
        if digest is None:
            return None
        return self._catalog.images.find([digest], [space.id]).get(digest)

    def close(self) -> None:
        """Release every index."""
        for reader in self._readers.values():
            reader.close()
        self._readers.clear()

    def _active(self) -> list[SpaceInfo]:
        """The active spaces, read again when anything in the catalog changed."""
        version = self._catalog.version()
        if self._known is None or self._known[0] != version:
            self._known = (version, [space for space in self._catalog.spaces.all() if space.active])
        return self._known[1]
