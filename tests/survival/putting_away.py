"""A process that puts duplicates away or back, and is killed before its Nth step.

Each line on stdin is a job: {"do": "clean" or "undo", "home": FOLDER, "to": FOLDER or null, "step": N}. The
job runs in a fork of its own, which is killed with SIGKILL right before step N: a change of the file system
or of the catalog. The answer on stdout is how it ended: {"status": ..., "steps": how many there were}. The
product knows nothing of this: its calls are wrapped here.
"""

import hashlib
import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from saccade.catalog import open_catalog
from saccade.catalog.columns import SqlColumns
from saccade.catalog.files import SqlFiles
from saccade.catalog.runs import SqlRuns
from saccade.catalog.tags import SqlTags
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

STEPS: list[tuple[object, str]] = [
    *((os, name) for name in "rename link unlink fsync mkdir rmdir ftruncate utime chmod".split()),
    *((SqlFiles, name) for name in ("record", "mark_missing")),
    *((SqlRuns, name) for name in ("start", "finish")),
    *((kind, name) for kind in (SqlTags, SqlColumns) for name in ("write", "remove")),
]
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

    def contents(self) -> set[bytes]:
        """What whole files hold, wherever they lie."""
        return {content for _, (content, _, _) in self._files(everywhere=True)}

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

    def _files(self, *, everywhere: bool = False) -> list[tuple[str, tuple[bytes, int, int]]]:
        found = []
        for place, folders, names in os.walk(self.home):
            if not everywhere and ".saccade" in folders:
                folders.remove(".saccade")
            for name in names:
                path = os.path.join(place, name)
                status = os.stat(path)
                with open(path, "rb") as file:
                    facts = (file.read(), status.st_mtime_ns, status.st_mode)
                found.append((os.path.relpath(path, self.home), facts))
        return found


def run(job: dict[str, Any]) -> dict[str, int]:
    """Do a job in a fork; how it ended and how many steps it took."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        status = 1
        try:
            shelf = Shelf(job["home"])
            done = count_steps(job["step"])
            if job["do"] == "clean":
                shelf.clean(job["to"])
            else:
                shelf.undo()
            os.write(writing, str(done()).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    told = os.read(reading, 100)
    os.close(reading)
    return {"status": os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), "steps": int(told or 0)}


def count_steps(last: int) -> Callable[[], int]:
    """Count the steps from now on, and end this process before the one with number `last` (0: never)."""
    steps = 0

    def wrap(owner: object, name: str) -> None:
        original = getattr(owner, name)

        def step(*args: object, **kwargs: object) -> object:
            nonlocal steps
            steps += 1
            if steps == last:
                os.kill(os.getpid(), signal.SIGKILL)
            return original(*args, **kwargs)

        setattr(owner, name, step)

    for owner, name in STEPS:
        wrap(owner, name)
    return lambda: steps


if __name__ == "__main__":
    for line in sys.stdin:
        sys.stdout.write(json.dumps(run(json.loads(line))) + "\n")
        sys.stdout.flush()
