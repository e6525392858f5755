"""Acting on duplicates: this part of the facade."""

import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from saccade.core.errors import InputError, PathNotFoundError
from saccade.core.ports import ReportProgress
from saccade.core.quarantine import Cleaning, UndoReport
from saccade.core.types import Failure
from saccade.library.parts import LibraryParts, Path
from saccade.library.thumbnails import differences
from saccade.sources import quarantine
from saccade.sources.journal import Journal
from saccade.usecases.duplicates.flow import undoing
from saccade.usecases.duplicates.flow.applying import Cleaner
from saccade.usecases.duplicates.rules.applying import USUAL_TIERS, CleaningReport
from saccade.usecases.duplicates.rules.reports import DuplicateReport, Tier
from saccade.usecases.duplicates.rules.savings import EXAMPLE_PRICES, PriceTable, parse_prices

if TYPE_CHECKING:
    from saccade.core.ports.tools import QuarantineFiles as Files

_FILES: "Files" = quarantine


class CleaningTools(LibraryParts):
    """See `Library`."""

    def clean(
        self,
        report: DuplicateReport,
        *,
        apply: bool = False,
        to: Path | None = None,
        tiers: Sequence[Tier | str] = USUAL_TIERS,
        prices: Path | PriceTable | None = None,
        progress: ReportProgress | None = None,
    ) -> CleaningReport:
        """What putting the duplicates of a report away would do; with `apply`, do it.

        Nothing is deleted. The others of each group move to a quarantine and their keepers take over what
        they know (tags, and columns called `merged_...`); `undo` takes all of it back. A file that changed
        since it was indexed, lies in an archive, or whose keeper is not certain to stay is left and reported.

        Args:
            report: from `duplicates`.
            to: an existing folder outside of what is indexed, for the quarantine; also on another disk.
                Default: in the library's own folder.
            tiers: which of the others leave. Bursts and scenes are other pictures, and only leave if named.
            prices: a price table in TOML; an example unless given.
            progress: called a few times per second.
        Raises:
            InputError, PathNotFoundError: the tiers, the folder or the price table; nothing was changed.
            LibraryBusyError; DiskFullError, ReadOnlyError, StorageError: what was moved before can be undone,
                and the same call goes on.
        """
        cleaner = Cleaner(
            catalog=self._catalog,
            files=_FILES,
            runs=self._journal(),
            prices=_prices(prices),
            report=progress or (lambda _: None),
        )
        wanted = frozenset(_tier(tier) for tier in tiers)
        place = None if to is None else os.path.abspath(os.fspath(to))
        if not apply:
            return cleaner.plan(report, wanted, place)
        created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        return cleaner.apply(report, wanted, place, created)

    def undo(self, run: str | int | None = None, *, progress: ReportProgress | None = None) -> UndoReport:
        """Put everything back that a run of `clean` put away, byte for byte, with times and permissions.

        Nothing is overwritten: a file whose place is taken by something else comes to lie beside it. Safe to
        repeat, and after any interruption.

        Args:
            run: as `cleanings` tells it; default: the newest that still holds files.
        Raises:
            NotFoundError: there is no such run, or nothing to undo.
            LibraryBusyError; DiskFullError, ReadOnlyError, StorageError: call it again, it goes on.
        """
        name = None if run is None else str(run)
        return undoing.undo(self._catalog, _FILES, self._journal(), name, progress=progress)

    def cleanings(self) -> list[Cleaning]:
        """Every run that put files away, oldest first, and what its quarantine holds now."""
        return undoing.cleanings(_FILES, self._journal())

    def differences(
        self, pairs: Sequence[tuple[str, str, Sequence[float]]], size: int = 320
    ) -> list[bytes | Failure]:
        """How pictures differ from their originals once they are laid onto them, as JPEG files.

        Black is equal; what the second picture does not cover is gray.

        Args:
            pairs: path of the original, path of the other, and `Evidence.transform`.
            size: longest side, pixels.
        """
        return differences(pairs, size)

    def _journal(self) -> Journal:
        return Journal(self._folder, os.path.dirname(self._folder))


def _tier(name: Tier | str) -> Tier:
    try:
        return Tier(name)
    except ValueError:
        raise InputError(f"no tier is called {name!r}", hint=f"one of: {', '.join(Tier)}") from None


def read_prices(path: Path) -> PriceTable:
    """The price table in a TOML file; see docs/how-to/prices.toml.

    Raises:
        PathNotFoundError: no such file.   InputError: it is no price table; the message says where.
    """
    name = os.fspath(path)
    try:
        with open(name, encoding="utf-8") as file:
            return parse_prices(file.read(), name)
    except FileNotFoundError:
        raise PathNotFoundError(f"no such price table: {name}", hint="see docs/how-to/prices.toml") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the price table {name} cannot be read: {error}") from error


def _prices(prices: Path | PriceTable | None) -> PriceTable:
    if prices is None:
        return parse_prices(EXAMPLE_PRICES, "the example")
    return prices if isinstance(prices, PriceTable) else read_prices(prices)
