"""A folder of files whose library knows their bytes, and ways to put some away."""

import hashlib
import os
import stat
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from saccade.catalog import SqlCatalog, open_catalog
from saccade.core.decoding import FileEntry, FileStamp
from saccade.core.ports.files import SeenFile
from saccade.core.ports.images import NewImage
from saccade.core.quarantine import UndoReport
from saccade.core.types import ImageInfo, Progress
from saccade.engine import scopes
from saccade.sources import quarantine
from saccade.sources.journal import Journal
from saccade.usecases.duplicates.flow.applying import Applier
from saccade.usecases.duplicates.flow.undoing import undo
from saccade.usecases.duplicates.rules.applying import USUAL_TIERS, ApplyReport
from saccade.usecases.duplicates.rules.reports import DuplicateFile, DuplicateGroup, DuplicateReport, Tier
from saccade.usecases.duplicates.rules.savings import EXAMPLE_PRICES, parse_prices

MTIME = 1_600_000_000_123_456_789
Facts = tuple[bytes, int, int]
"""Bytes, modification time and permissions of a file."""


class Album:
    """A folder of files whose library knows their bytes; what they show does not matter here."""

    def __init__(self, home: Path) -> None:
        self.home = home
        home.mkdir(exist_ok=True)
        self.catalog: SqlCatalog = open_catalog(
            str(home / ".saccade"), create=True, home=str(home), wait_s=0.2
        )
        self.journal = Journal(str(home / ".saccade"), str(home))
        self.steps: list[Progress] = []
        self._infos: dict[bytes, ImageInfo] = {}
        folder, below = self.catalog.files.ensure_folder(str(home))
        scopes.remember(self.catalog, folder, below, ())

    def file(self, name: str, content: bytes, *, mode: int = 0o644, **facts: Any) -> str:
        """Write a file and index it; its absolute path."""
        path = os.path.join(self.home, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        Path(path).write_bytes(content)
        os.chmod(path, mode)
        os.utime(path, ns=(MTIME, MTIME + len(content)))
        self.learn(path, content, **facts)
        return path

    def learn(self, path: str, content: bytes, **facts: Any) -> None:
        """Index what lies at a path."""
        found = os.stat(path)
        info = ImageInfo(**{"width": 40, "height": 30, "format": "JPEG", "size_bytes": len(content), **facts})
        self._record(path, FileStamp(size=found.st_size, mtime_ns=found.st_mtime_ns), content, info, "")

    def member(self, path: str, member: str, content: bytes) -> str:
        """Index a member of an archive."""
        info = ImageInfo(width=40, height=30, format="JPEG", size_bytes=len(content))
        self._record(path, FileStamp(size=1, mtime_ns=1), content, info, member)
        return f"{path}!/{member}"

    def _record(self, path: str, stamp: FileStamp, content: bytes, info: ImageInfo, member: str) -> None:
        folder, _ = self.catalog.files.ensure_folder(path)
        run = self.catalog.runs.start("index")
        image = NewImage(sha256=hashlib.sha256(content).digest(), info=info, embeddings={})
        entry = FileEntry(path=path, stamp=stamp, member=member)
        self.catalog.files.record(run, folder, [SeenFile(entry=entry, image=image)])
        self.catalog.runs.finish(run, {})

    def found(self, *groups: Sequence[str], tier: Tier = Tier.PICTURE) -> DuplicateReport:
        """A report: the first path of each group is the keeper."""
        made = []
        for keeper, *others in groups:
            files = [self._file(path, None if path == keeper else tier) for path in (keeper, *others)]
            made.append(DuplicateGroup(tier=tier, keeper=files[0], others=tuple(files[1:])))
        return DuplicateReport(groups=tuple(made), images=9, candidates=9, verified=9, failed=(), seconds=0.1)

    def _file(self, path: str, tier: Tier | None) -> DuplicateFile:
        record = self.catalog.images.by_path(path)
        assert record is not None, path
        return DuplicateFile(
            path=path, record=record, tier=tier, probability=0.99, evidence=None, reason="smaller"
        )

    def cleaner(self, files: Any = quarantine) -> Applier:
        return Applier(
            catalog=self.catalog,
            files=files,
            runs=self.journal,
            prices=parse_prices(EXAMPLE_PRICES, "the example"),
            report=self.steps.append,
        )

    def clean(
        self,
        report: DuplicateReport,
        *,
        to: str | None = None,
        tiers: Collection[Tier] = USUAL_TIERS,
        files: Any = quarantine,
    ) -> ApplyReport:
        return self.cleaner(files).apply(report, tiers, to, "2026-11-20T12:00:00Z")

    def undo(self, run: str | None = None, *, files: Any = quarantine) -> UndoReport:
        return undo(self.catalog, files, self.journal, run)

    def tree(self) -> dict[str, Facts]:
        """Every file outside the library's own folder."""
        found: dict[str, Facts] = {}
        for place, folders, names in os.walk(self.home):
            if ".saccade" in folders:
                folders.remove(".saccade")
            for name in names:
                path = os.path.join(place, name)
                facts = os.lstat(path)
                content = b"" if stat.S_ISLNK(facts.st_mode) else Path(path).read_bytes()
                found[os.path.relpath(path, self.home)] = (content, facts.st_mtime_ns, facts.st_mode)
        return found

    def present(self) -> set[str]:
        """Paths of all files that the library takes for present."""
        folder, _ = self.catalog.files.ensure_folder(str(self.home))
        known = self.catalog.files.known(folder)
        return {path for (path, _), file in known.items() if file.state == "indexed"}

    def codes(self, report: ApplyReport | UndoReport) -> list[str]:
        failures = report.skipped if isinstance(report, ApplyReport) else report.failed
        return [failure.code for failure in failures]

    def close(self) -> None:
        self.catalog.close()


class Files:
    """The real file operations, some of them replaced."""

    def __init__(self, **replaced: Callable[..., Any]) -> None:
        self._replaced = replaced

    def __getattr__(self, name: str) -> Any:
        return self._replaced.get(name) or getattr(quarantine, name)


@pytest.fixture(scope="session")
def new_album() -> Callable[[Path], AbstractContextManager[Album]]:
    """Open an album of your own."""

    @contextmanager
    def opened(home: Path) -> Iterator[Album]:
        made = Album(home)
        try:
            yield made
        finally:
            made.close()

    return opened


@pytest.fixture
def album(tmp_path: Path) -> Iterator[Album]:
    """An empty album."""
    made = Album(tmp_path / "album")
    yield made
    made.close()


@pytest.fixture(scope="session")
def files_with() -> type[Files]:
    """The real file operations, with some replaced by functions of your own."""
    return Files


@pytest.fixture
def other_disk() -> Iterator[Path]:
    """A folder on another file system than the temporary one."""
    for place in ("/dev/shm", "/run", os.path.expanduser("~")):
        with suppress(OSError):
            if os.stat(place).st_dev != os.stat(tempfile.gettempdir()).st_dev and os.access(place, os.W_OK):
                with tempfile.TemporaryDirectory(dir=place) as folder:
                    yield Path(folder)
                return
    pytest.skip("needs a second writable file system; /dev/shm, /run and the home folder are none")
