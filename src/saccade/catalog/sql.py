"""`SqlCatalog`: the catalog port over one SQLAlchemy engine. Each method is one transaction."""

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import Connection, insert, select

from saccade.catalog import filters, naming, pictures, places, reading, recording, search, vectors
from saccade.catalog.curation import SqlCuration
from saccade.catalog.tables import images, spaces
from saccade.core.errors import InputError
from saccade.core.filters import Filter
from saccade.core.ports import Folder, KnownFile, SeenFile
from saccade.core.types import (
    Counts,
    Embeddings,
    EncoderInfo,
    Failure,
    Ids,
    ImageRecord,
    Role,
    SpaceInfo,
)


class SqlCatalog(SqlCuration):
    """See `core.ports.Catalog`. Thread-safe; made by `open_catalog`."""

    # --- spaces

    def spaces(self) -> list[SpaceInfo]:
        """Every space, active or not."""
        with self._reading() as connection:
            return _spaces(connection)

    def ensure_space(self, encoder: EncoderInfo, role: Role) -> SpaceInfo:
        """The space of this fingerprint and role; made, and active if its role has none active.

        Raises:
            InputError: the encoder has no such role.
        """
        found = _space(self.spaces(), encoder, role)
        if found is not None:
            return found
        if role not in encoder.dims:
            raise InputError(f"encoder {encoder.name} makes no {role} embeddings")
        with self._storing() as connection:
            present = _spaces(connection)
            if _space(present, encoder, role) is None:
                row = {
                    "role": role.value,
                    "encoder": encoder.name,
                    "fingerprint": encoder.fingerprint,
                    "dim": encoder.dims[role],
                    "active": int(not any(space.active for space in present if space.role is role)),
                }
                connection.execute(insert(spaces).values(row))
            made = _space(_spaces(connection), encoder, role)
            assert made is not None
            return made

    # --- writing

    def folders(self) -> list[Folder]:
        """Every indexed folder."""
        with self._reading() as connection:
            return self._folders(connection)

    def ensure_folder(self, path: str) -> tuple[Folder, str]:
        """The folder that holds `path`, made if none does, and `path` relative to it ("" = itself).

        Inside the library's home that is the home itself; elsewhere the widest known folder that holds the
        path, else the path's own directory. A new folder takes over the files of known ones inside it.
        """
        whole = places.plain(path)
        with self._reading() as connection:
            found = places.locate(self._folders(connection), whole)
        if found is not None:
            return found
        with self._storing() as connection:
            return places.ensure_folder(connection, self._home, whole, relative_home=self._relative)

    def known_files(self, folder: Folder, below: str = "") -> dict[tuple[str, str], KnownFile]:
        """Return {(relative path, member): what is remembered} at or below the relative path `below`."""
        with self._reading() as connection:
            return reading.known_files(connection, folder, below)

    def record(self, run: int, folder: Folder, seen: Sequence[SeenFile]) -> list[int | None]:
        """Store a batch in one durable transaction; image id of each, None where it has none.

        Raises:
            InputError: a file outside the folder, or a space that is not there.
            InvalidVectorError: an embedding that is not a unit vector of its space's dimension.
            ImageNotFoundError: an `image_id` that is not there.
        """
        with self._storing() as connection:
            return recording.record(connection, run, folder, seen)

    def mark_missing(self, run: int, folder: Folder, files: Iterable[tuple[str, str]]) -> int:
        """These (relative path, member) are gone; number that were present. Images and embeddings stay.

        Files that held no image (failed, excluded, archives) are forgotten instead.
        """
        with self._storing() as connection:
            return recording.mark_missing(connection, run, folder, files)

    def find_images(self, sha256s: Sequence[bytes], spaces: Sequence[int]) -> dict[bytes, int]:
        """Image ids of those that the catalog holds with an embedding in every one of `spaces`."""
        with self._reading() as connection:
            return pictures.find_images(connection, sha256s, spaces)

    def known_sizes(self) -> set[int]:
        """Byte lengths of all images held (a file of another length cannot be one of them)."""
        with self._reading() as connection:
            return set(connection.execute(select(images.c.size_bytes).distinct()).scalars())

    # --- reading

    def counts(self) -> Counts:
        """How much it holds."""
        with self._reading() as connection:
            return reading.counts(connection)

    def missing_images(self, space: int) -> Ids:
        """Sorted ids with an embedding in the space and no file present."""
        with self._reading() as connection:
            return vectors.absent(connection, space)

    def match(self, filter: Filter) -> Ids:
        """Sorted ids of the images with a file present that satisfy it.

        An absent fact satisfies only `!=`, which is always the opposite of `=`.
        """
        with self._reading() as connection:
            return filters.match(connection, filter, self._folders(connection))

    def match_words(self, words: Sequence[str], limit: int, among: Ids | None = None) -> Ids:
        """Images whose names, titles, captions, keywords or labels hold all the words, best first.

        Labels that an encoder gave by itself do not count: its own search knows them already.
        When more than 2,000 do, they are too common to rank and come newest first.
        """
        with self._reading() as connection:
            return search.find(connection, words, limit, among)

    def images(self, ids: Sequence[int]) -> list[ImageRecord]:
        """The records, in the order asked. Raises ImageNotFoundError."""
        with self._reading() as connection:
            return reading.images_by_id(connection, ids, self._folders(connection))

    def image_by_sha256(self, prefix: str) -> ImageRecord:
        """The image whose hexadecimal id starts so. Raises ImageNotFoundError (none, or several)."""
        with self._reading() as connection:
            return reading.image_by_sha256(connection, prefix, self._folders(connection))

    def image_by_path(self, path: str) -> ImageRecord | None:
        """The image a file held when last seen; None if the path is unknown or held none."""
        with self._reading() as connection:
            return reading.image_by_path(connection, path, self._folders(connection))

    def find_paths(self, paths: Sequence[str]) -> dict[str, int]:
        """{absolute path: image it held when last seen}, of those that held one."""
        with self._reading() as connection:
            return naming.at_paths(connection, paths, self._folders(connection))

    def find_names(self, names: Sequence[str]) -> dict[str, list[int]]:
        """{file name: images with a present file called so, whatever its case}, of those there are."""
        with self._reading() as connection:
            return naming.by_names(connection, names)

    def find_ids(self, starts: Sequence[str]) -> dict[str, list[int]]:
        """{start of a hexadecimal id: images it fits, two at most}, of those there are."""
        with self._reading() as connection:
            return naming.by_digests(connection, starts)

    def failures(self, limit: int | None = None) -> list[Failure]:
        """Files that gave no image and are still there, by path."""
        with self._reading() as connection:
            return reading.failures(connection, limit, self._folders(connection))

    def embeddings(self, space: int, ids: Ids) -> Embeddings:
        """(n, d) rows as asked. Raises ImageNotFoundError; CorruptLibraryError on a bad checksum."""
        with self._reading() as connection:
            return vectors.read(connection, space, ids)

    def embeddings_after(
        self, space: int, sequence: int, batch: int = 4096
    ) -> Iterator[tuple[int, Ids, Embeddings]]:
        """Rows newer than `sequence`, oldest first: (last sequence, ids, (m, d) rows), m <= batch.

        Each batch is a transaction of its own, so a slow reader holds nothing back.
        """
        last = sequence
        while True:
            with self._reading() as connection:
                rows = vectors.after(connection, space, last, batch)
            if rows is None:
                return
            last = rows[0]
            yield rows

    def sample_ids(self, space: int, count: int) -> Ids:
        """Sorted ids of at most `count` images with an embedding in the space, spread evenly over it."""
        with self._reading() as connection:
            return vectors.sample(connection, space, count)

    def last_sequence(self, space: int) -> int:
        """Highest sequence number in the space, 0 when empty."""
        with self._reading() as connection:
            return vectors.last_sequence(connection, space)


def _spaces(connection: Connection) -> list[SpaceInfo]:
    rows = connection.execute(select(spaces).order_by(spaces.c.id))
    return [
        SpaceInfo(
            id=row.id,
            role=Role(row.role),
            encoder=row.encoder,
            fingerprint=row.fingerprint,
            dim=row.dim,
            active=bool(row.active),
        )
        for row in rows
    ]


def _space(known: Sequence[SpaceInfo], encoder: EncoderInfo, role: Role) -> SpaceInfo | None:
    for space in known:
        if space.fingerprint == encoder.fingerprint and space.role is role:
            return space
    return None
