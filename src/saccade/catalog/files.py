"""`SqlFiles`: files on disk and what became of them. Each method is one transaction."""

from collections.abc import Iterable, Sequence

from saccade.catalog import places, reading, recording
from saccade.catalog.session import Transactions
from saccade.core.ports.files import Folder, KnownFile, SeenFile
from saccade.core.types import Failure


class SqlFiles:
    """See `core.ports.files.Files`."""

    def __init__(self, transactions: Transactions, *, home: str, relative: bool) -> None:
        self._transactions = transactions
        self._home = home
        self._relative = relative

    def folders(self) -> list[Folder]:
        """Every indexed folder."""
        with self._transactions.reading() as connection:
            return self._transactions.folders(connection)

    def ensure_folder(self, path: str) -> tuple[Folder, str]:
        """The folder that holds `path`, made if none does, and `path` relative to it ("" = itself).

        Inside the library's home that is the home itself; elsewhere the widest known folder that holds the
        path, else the path's own directory. A new folder takes over the files of known ones inside it.
        """
        whole = places.plain(path)
        with self._transactions.reading() as connection:
            found = places.locate(self._transactions.folders(connection), whole)
        if found is not None:
            return found
        with self._transactions.storing() as connection:
            return places.ensure_folder(connection, self._home, whole, relative_home=self._relative)

    def known(self, folder: Folder, below: str = "") -> dict[tuple[str, str], KnownFile]:
        """Return {(relative path, member): what is remembered} at or below the relative path `below`."""
        with self._transactions.reading() as connection:
            return reading.known_files(connection, folder, below)

    def record(self, run: int, folder: Folder, seen: Sequence[SeenFile]) -> list[int | None]:
        """Store a batch in one durable transaction; image id of each, None where it has none.

        Raises:
            InputError: a file outside the folder, or a space that is not there.
            InvalidVectorError: an embedding that is not a unit vector of its space's dimension.
            ImageNotFoundError: an `image_id` that is not there.
        """
        with self._transactions.storing() as connection:
            return recording.record(connection, run, folder, seen)

    def mark_missing(self, run: int, folder: Folder, files: Iterable[tuple[str, str]]) -> int:
        """These (relative path, member) are gone; number that were present. Images and embeddings stay.

        Files that held no image (failed, excluded, archives) are forgotten instead.
        """
        with self._transactions.storing() as connection:
            return recording.mark_missing(connection, run, folder, files)

    def failures(self, limit: int | None = None) -> list[Failure]:
        """Files that gave no image and are still there, by path."""
        with self._transactions.reading() as connection:
            return reading.failures(connection, limit, self._transactions.folders(connection))
