"""`SqlCatalog`: the catalog port over one SQLAlchemy engine, composed of one store for each concern."""

from contextlib import AbstractContextManager
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Self

from saccade.catalog.embeddings import SqlEmbeddings
from saccade.catalog.files import SqlFiles
from saccade.catalog.images import SqlImages
from saccade.catalog.items import SqlItems
from saccade.catalog.runs import SqlNotes, SqlRuns
from saccade.catalog.session import Session
from saccade.catalog.spaces import SqlSpaces

if TYPE_CHECKING:
    from saccade.catalog.columns import SqlColumns
    from saccade.catalog.erasing import SqlErasing
    from saccade.catalog.feedback import SqlFeedback
    from saccade.catalog.hashes import SqlHashes
    from saccade.catalog.health import SqlHealth
    from saccade.catalog.jobs import SqlJobs
    from saccade.catalog.pairs import SqlPairs
    from saccade.catalog.results import SqlResults
    from saccade.catalog.tags import SqlTags


class SqlCatalog:
    """See `core.ports.catalog.Catalog`. Thread-safe; made by `open_catalog`.

    The stores that a search does not ask are imported when first used.
    """

    def __init__(self, session: Session) -> None:
        transactions = session.transactions
        self._session = session
        self.spaces = SqlSpaces(transactions)
        self.runs = SqlRuns(transactions)
        self.files = SqlFiles(transactions, home=session.home, relative=session.relative)
        self.images = SqlImages(transactions)
        self.items = SqlItems(transactions)
        self.embeddings = SqlEmbeddings(transactions)
        self.notes = SqlNotes(transactions)

    @cached_property
    def jobs(self) -> "SqlJobs":
        """Jobs, running and ended."""
        from saccade.catalog.jobs import SqlJobs

        return SqlJobs(self._session.transactions)

    @cached_property
    def hashes(self) -> "SqlHashes":
        """Perceptual hashes."""
        from saccade.catalog.hashes import SqlHashes

        return SqlHashes(self._session.transactions)

    @cached_property
    def columns(self) -> "SqlColumns":
        """Facts about images."""
        from saccade.catalog.columns import SqlColumns

        return SqlColumns(self._session.transactions)

    @cached_property
    def tags(self) -> "SqlTags":
        """Labels."""
        from saccade.catalog.tags import SqlTags

        return SqlTags(self._session.transactions)

    @cached_property
    def pairs(self) -> "SqlPairs":
        """Compared pairs, and verdicts on them."""
        from saccade.catalog.pairs import SqlPairs

        return SqlPairs(self._session.transactions)

    @cached_property
    def results(self) -> "SqlResults":
        """Versions of models and results."""
        from saccade.catalog.results import SqlResults

        return SqlResults(self._session.transactions)

    @cached_property
    def feedback(self) -> "SqlFeedback":
        """What users did."""
        from saccade.catalog.feedback import SqlFeedback

        return SqlFeedback(self._session.transactions)

    @cached_property
    def health(self) -> "SqlHealth":
        """Integrity checks."""
        from saccade.catalog.health import SqlHealth

        return SqlHealth(
            self._session.transactions, path=self._session.path, read_only=self._session.read_only
        )

    @cached_property
    def erasing(self) -> "SqlErasing":
        """Erases images, and what is derived from them."""
        from saccade.catalog.erasing import SqlErasing

        return SqlErasing(self._session.transactions)

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

    def check_open(self) -> None:
        """Raise InputError if it is closed."""
        self._session.check_open()

    def close(self) -> None:
        """Release it; safe to call twice."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
