"""Indexing with fixed answers, in a library in the current folder."""

from dataclasses import replace
from pathlib import Path
from unittest.mock import MagicMock, create_autospec

import pytest

from saccade.core.status import Counts, DoctorReport, IndexReport, JobRecord, LibraryStatus
from saccade.core.types import Progress, Role, SpaceInfo
from saccade.interfaces.cli.opener import LibraryOpener
from saccade.usecases.indexing.api import Indexing
from tests.helpers.terminal import FakeOpener, fake_api, fake_context, use_context

COUNTS = Counts(images=1234, files=1300, failed=2, excluded=3, missing=4, embeddings={1: 1234})

_JOB = JobRecord(
    id=7,
    kind="index",
    who="local",
    process="host 1 2",
    state="running",
    code="",
    started="2026-11-27T12:00:00+00:00",
    updated="2026-11-27T12:01:00+00:00",
    finished=None,
    progress=Progress(stage="embed", done=1200, total=5000),
    summary={},
)
_ENDED = replace(_JOB, progress=None, finished="2026-11-27T11:30:00+00:00")
JOBS = (
    _JOB,
    replace(_ENDED, id=6, kind="duplicates", state="done", summary={"groups": 12}),
    replace(_ENDED, id=5, kind="tags", state="failed", code="disk_full"),
)


@pytest.fixture
def indexing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> MagicMock:
    """The slice's api, checked against its real signatures."""
    api = fake_api(monkeypatch, Indexing)
    space = SpaceInfo(
        id=1, role=Role.SEMANTIC, encoder="builtin", fingerprint="ab" * 32, dim=384, active=True
    )
    api.status.return_value = LibraryStatus(
        library=str(tmp_path / ".saccade"),
        folders=(str(tmp_path),),
        counts=COUNTS,
        spaces=(space,),
        indexes={1: "flat"},
        size_bytes=1_234_567,
        interrupted=False,
        jobs=JOBS,
    )
    api.doctor.return_value = DoctorReport(counts=COUNTS, unindexed=1, failures=(), problems=())

    def backup(path: str, *, overwrite: bool = False) -> None:
        Path(path).write_bytes(b"copy")

    api.backup.side_effect = backup
    return api


@pytest.fixture
def opener(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, indexing: MagicMock) -> FakeOpener:
    """What every command opens; `opener.index` is a mock with the real one's signature."""
    made = use_context(monkeypatch, fake_context(str(tmp_path / ".saccade")))
    index = create_autospec(LibraryOpener, instance=True).index
    index.return_value = IndexReport(
        files=10, added=4, unchanged=5, moved=0, removed=1, excluded=2, embedded=4, failed=(), seconds=2.0
    )
    made.index = index  # type: ignore[method-assign]
    return made
