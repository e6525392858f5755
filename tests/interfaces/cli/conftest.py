"""A command that does what the test says."""

from pathlib import Path
from unittest.mock import MagicMock

import pytest

from saccade.usecases.indexing.api import Indexing
from tests.helpers.terminal import FakeOpener, fake_api, fake_context, use_context


@pytest.fixture
def indexing(monkeypatch: pytest.MonkeyPatch) -> MagicMock:
    """What `saccade status` asks."""
    return fake_api(monkeypatch, Indexing)


@pytest.fixture
def opener(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, indexing: MagicMock) -> FakeOpener:
    """What every command opens."""
    return use_context(monkeypatch, fake_context(str(tmp_path / ".saccade")))
