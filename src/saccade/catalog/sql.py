"""`SqlCatalog`: the catalog port over one SQLAlchemy engine, composed of one store for each concern."""

from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

from saccade.catalog.columns import SqlColumns
from saccade.catalog.embeddings import SqlEmbeddings
from saccade.catalog.erasing import SqlErasing
from saccade.catalog.feedback import SqlFeedback
from saccade.catalog.files import SqlFiles
from saccade.catalog.hashes import SqlHashes
from saccade.catalog.health import SqlHealth
from saccade.catalog.images import SqlImages
from saccade.catalog.items import SqlItems
from saccade.catalog.jobs import SqlJobs
from saccade.catalog.pairs import SqlPairs
from saccade.catalog.results import SqlResults
from saccade.catalog.runs import SqlNotes, SqlRuns
from saccade.catalog.session import Session
from saccade.catalog.spaces import SqlSpaces
from saccade.catalog.tags import SqlTags


class SqlCatalog:
    """See `core.ports.catalog.Catalog`. Thread-safe; made by `open_catalog`."""

    def __init__(self, session: Session) -> None:
        transactions = session.transactions
        self._session = session
        self.spaces = SqlSpaces(transactions)
        self.runs = SqlRuns(transactions)
        self.jobs = SqlJobs(transactions)
        self.files = SqlFiles(transactions, home=session.home, relative=session.relative)
        self.images = SqlImages(transactions)
        self.items = SqlItems(transactions)
        self.embeddings = SqlEmbeddings(transactions)
        self.notes = SqlNotes(transactions)
        self.hashes = SqlHashes(transactions)
        self.columns = SqlColumns(transactions)
        self.tags = SqlTags(transactions)
        self.pairs = SqlPairs(transactions)
        self.results = SqlResults(transactions)
        self.feedback = SqlFeedback(transactions)
        self.erasing = SqlErasing(transactions)
        self.health = SqlHealth(transactions, path=session.path, read_only=session.read_only)

    def reading(self) -> AbstractContextManager[None]:
        """One moment: everything that this thread reads inside is as of the same state."""
        return self._session.moment()

    def writing(
        self, doing: str = "writing to it", *, wait_s: float | None = None
    ) -> AbstractContextManager[None]:
        """Hold the library's write lock."""
        return self._session.writing(doing, wait_s=wait_s)

    def unit(
        self, doing: str = "writing to it", *, wait_s: float | None = None
    ) -> AbstractContextManager[None]:
        """The write lock, and one transaction over all stores."""
        return self._session.unit(doing, wait_s=wait_s)

    def version(self) -> int:
        """A number that changes whenever anything in the catalog did, by any process."""
        return self._session.version()

    def close(self) -> None:
        """Release it; safe to call twice."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
