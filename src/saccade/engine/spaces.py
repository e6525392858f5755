"""A library's active spaces: the encoder of each, its reader, and its calibration."""

import threading
from collections.abc import Callable
from typing import TypeAlias

from saccade.core.calibration import Calibration, same_picture
from saccade.core.errors import EncoderMismatchError, InputError, InvalidQueryError
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.encoders import Encoder
from saccade.core.ports.indexes import IndexStore
from saccade.core.types import Role, SpaceInfo
from saccade.engine.refresh import load_calibration, measure
from saccade.engine.space import SpaceReader

LoadEncoder: TypeAlias = Callable[[str], Encoder]
"""An encoder by name; EncoderUnavailableError if it is not available."""


class ActiveSpaces:
    """The active spaces of a library. Thread-safe.

    Args:
        load: loads an encoder by name.
        default: name of the encoder for a library without spaces.
    """

    def __init__(self, catalog: Catalog, indexes: IndexStore, *, load: LoadEncoder, default: str) -> None:
        self._catalog = catalog
        self._indexes = indexes
        self._load = load
        self._default = default
        self._lock = threading.RLock()
        self._encoders: dict[str, Encoder] = {}
        self._readers: dict[int, SpaceReader] = {}
        self._known: tuple[int, list[SpaceInfo]] | None = None
        self._calibrations: dict[int, tuple[int, Calibration]] = {}

    def active(self) -> list[SpaceInfo]:
        """The active spaces, reread when the catalog changed."""
        version = self._catalog.version()
        with self._lock:
            if self._known is None or self._known[0] != version:
                self._known = (version, [space for space in self._catalog.spaces.all() if space.active])
            return self._known[1]

    def encoder(self, role: Role = Role.SEMANTIC) -> Encoder:
        """The encoder of the active space of a role; if there is none, of any space, or the default one.

        Raises:
            EncoderUnavailableError: it is not available.
            EncoderMismatchError: the available one of that name produces different embeddings.
        """
        active = self.active()
        space = next((one for one in active if one.role == role), None)
        if space is not None:
            return self._of(space)
        others = [self._of(one) for one in active] or [self._loaded(self._default)]
        return next((one for one in others if role in one.info.dims), others[0])

    def encoders(self) -> list[Encoder]:
        """Every encoder in use, each once; new images are embedded by all."""
        roles = [space.role for space in self.active()] or [Role.SEMANTIC]
        return list({id(encoder): encoder for encoder in map(self.encoder, roles)}.values())

    def reader(self, role: Role) -> SpaceReader:
        """The reader of the active space of a role; the space is created if there is none yet.

        Raises:
            InvalidQueryError: no available encoder has embeddings for this role.
        """
        encoder = self.encoder(role)
        space = next((one for one in self.active() if one.role == role), None)
        if space is None:
            if role not in encoder.info.dims:
                raise InvalidQueryError(
                    f"encoder {encoder.info.name!r} does not make {role} embeddings",
                    hint=f"one of: {', '.join(encoder.info.dims)}",
                )
            space = self._catalog.spaces.ensure(encoder.info, role)
        with self._lock:
            if space.id not in self._readers:
                self._readers[space.id] = SpaceReader(self._catalog, self._indexes, space)
            return self._readers[space.id]

    def groups(self) -> list[tuple[Encoder, list[SpaceReader]]]:
        """Every encoder in use, with the readers of the spaces that hold its embeddings."""
        found: list[tuple[Encoder, list[SpaceReader]]] = []
        for encoder in self.encoders():
            readers = [self.reader(role) for role in encoder.info.dims]
            own = [reader for reader in readers if encoder.info.makes(reader.space.fingerprint)]
            found.append((encoder, own))
        return found

    def readers(self) -> list[SpaceReader]:
        """The readers of every role of the encoders in use, each once."""
        return [reader for _, readers in self.groups() for reader in readers]

    def activate(self, space: int) -> SpaceInfo:
        """Let a space answer for its role from now on, in one transaction; going back is the same call.

        Takes the library's write lock. Images without an embedding in the space are not found until the next
        indexing run, which embeds them.

        Raises:
            InputError: no such space.
            EncoderUnavailableError, EncoderMismatchError: no query could be embedded for it here.
        """
        chosen = next((one for one in self._catalog.spaces.all() if one.id == space), None)
        if chosen is None:
            raise InputError(f"the library has no space {space}", hint="saccade status lists its spaces")
        self._of(chosen)
        with self._catalog.writing("activating a space"):
            return self._catalog.spaces.activate(space)

    def has(self, role: Role) -> bool:
        """Whether there are, or can be, embeddings for this role."""
        return role in self.encoder(role).info.dims

    def calibration(self, reader: SpaceReader) -> Calibration:
        """The space's calibration: as saved by the last indexing run, else measured now."""
        version = self._catalog.version()
        known = self._calibrations.get(reader.space.id)
        if known is not None and known[0] == version:
            return known[1]
        calibration = load_calibration(self._catalog, reader.space) or measure(
            self._catalog, self.encoder(reader.space.role), reader
        )
        self._calibrations[reader.space.id] = (version, calibration)
        return calibration

    def copy_threshold(self) -> float | None:
        """The copy score from which two images here are the same picture; None if unknown."""
        measured = self.encoder(Role.COPY).info.copy_threshold
        if measured is None or not self.has(Role.COPY):
            return None
        return same_picture(self.calibration(self.reader(Role.COPY)), measured)

    def close(self) -> None:
        """Release every index."""
        with self._lock:
            for reader in self._readers.values():
                reader.close()
            self._readers.clear()

    def _of(self, space: SpaceInfo) -> Encoder:
        """The encoder of a space. Raises EncoderUnavailableError, EncoderMismatchError."""
        encoder = self._loaded(space.encoder)
        if not encoder.info.makes(space.fingerprint):
            raise EncoderMismatchError(
                f"this library was built with another version of the encoder {space.encoder!r} "
                f"(fingerprint {space.fingerprint[:12]}, here {encoder.info.fingerprint[:12]})",
                hint="use the saccade version that built it, or index into a new library",
            )
        return encoder

    def _loaded(self, name: str) -> Encoder:
        with self._lock:
            if name not in self._encoders:
                self._encoders[name] = self._load(name)
            return self._encoders[name]
