"""A process that puts duplicates away or back, and is killed before its Nth step (see stepping.py).

A job is {"do": "clean" or "undo", "home": FOLDER, "to": FOLDER or null, "step": N}.
"""

import hashlib
import os
from collections.abc import Callable
from typing import Any

from saccade.catalog import open_catalog
from saccade.core.decoding import FileEntry, FileStamp
from saccade.core.ports.files import SeenFile
from saccade.core.ports.images import NewImage
from saccade.core.types import ImageInfo
from saccade.sources import quarantine
from saccade.sources.journal import Journal
from saccade.usecases.duplicates.flow.applying import Applier
from saccade.usecases.duplicates.flow.undoing import undo
from saccade.usecases.duplicates.rules.applying import USUAL_TIERS
from saccade.usecases.duplicates.rules.reports import DuplicateFile, DuplicateGroup, DuplicateReport, Tier
from saccade.usecases.duplicates.rules.savings import EXAMPLE_PRICES, parse_prices

GROUPS = (("a/keeper.jpg", "a/b.jpg", "c/d.jpg"), ("c/keeper.jpg", "c/e\udcff.jpg"))
"""The first of each group is the keeper."""


class Shelf:
    """A folder with a library that knows its files, for one process."""

    def __init__(self, home: str) -> None:
        self.home = home
        self.catalog = open_catalog(os.path.join(home, ".saccade"), create=True, home=home)
        self.runs = Journal(os.path.join(home, ".saccade"), home)

    def fill(self) -> None:
        """Write and index the files of the groups; those that may leave know a caption."""
        folder, _ = self.catalog.files.ensure_folder(self.home)
        run = self.catalog.runs.start("index")
        for number, name in enumerate(name for group in GROUPS for name in group):
            path = os.path.join(self.home, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            content = bytes([number]) * (1000 + number)
            with open(path, "wb") as file:
                file.write(content)
            os.chmod(path, 0o640 + number)
            os.utime(path, ns=(1, 1_600_000_000_000_000_001 + number))
            info = ImageInfo(
                width=4, height=3, format="JPEG", size_bytes=len(content), keywords=(f"word {number}",),
                caption=None if "keeper" in name else f"caption {number}",
            )  # fmt: skip
            stamp = FileStamp(size=len(content), mtime_ns=os.stat(path).st_mtime_ns)
            image = NewImage(sha256=hashlib.sha256(content).digest(), info=info, embeddings={})
            self.catalog.files.record(
                run, folder, [SeenFile(entry=FileEntry(path=path, stamp=stamp), image=image)]
            )
        self.catalog.runs.finish(run, {})

    def clean(self, to: str | None) -> None:
        """Put all others away, as the command does."""
        cleaner = Applier(
            catalog=self.catalog,
            files=quarantine,
            runs=self.runs,
            prices=parse_prices(EXAMPLE_PRICES, "the example"),
            report=lambda _: None,
        )
        cleaner.apply(self._found(), USUAL_TIERS, to, "2026-11-20T12:00:00Z")

    def undo(self, run: str | None = None) -> list[str]:
        """Put all back; codes of what could not be."""
        report = undo(self.catalog, quarantine, self.runs, run)
        return [failure.code for failure in report.failed]

    def facts(self) -> dict[str, Any]:
        """Everything that must be the same again after an undo."""
        folder, _ = self.catalog.files.ensure_folder(self.home)
        known = self.catalog.files.known(folder)
        return {
            "files": dict(sorted(self._files())),
            "present": sorted(path for (path, _), file in known.items() if file.state == "indexed"),
            "tags": self.catalog.tags.labels(),
            "columns": [column.name for column in self.catalog.columns.all()],
        }

    def close(self) -> None:
        self.catalog.close()

    def _found(self) -> DuplicateReport:
        groups = []
        for keeper, *others in GROUPS:
            first, *rest = [
                DuplicateFile(
                    path=path,
                    record=record,
                    tier=Tier.PICTURE,
                    probability=1.0,
                    evidence=None,
                    reason="small",
                )
                for name in (keeper, *others)
                for path in [os.path.join(self.home, name)]
                for record in [self.catalog.images.by_path(path)]
                if record is not None
            ]
            groups.append(DuplicateGroup(tier=Tier.PICTURE, keeper=first, others=tuple(rest)))
        return DuplicateReport(
            groups=tuple(groups), images=5, candidates=3, verified=3, failed=(), seconds=0.0
        )

    def _files(self) -> list[tuple[str, tuple[bytes, int, int]]]:
        found = []
        for place, folders, names in os.walk(self.home):
            if ".saccade" in folders:
                folders.remove(".saccade")
            for name in names:
                path = os.path.join(place, name)
                status = os.stat(path)
                with open(path, "rb") as file:
                    facts = (file.read(), status.st_mtime_ns, status.st_mode)
                found.append((os.path.relpath(path, self.home), facts))
        return found


def begin(job: dict[str, Any]) -> Callable[[], object]:
    """Open the library; what is left to do."""
    shelf = Shelf(job["home"])
    return (lambda: shelf.clean(job["to"])) if job["do"] == "clean" else shelf.undo


if __name__ == "__main__":
    import stepping

    stepping.serve(begin)
