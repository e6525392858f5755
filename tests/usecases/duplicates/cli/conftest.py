"""`lib.duplicates` with fixed answers."""

from pathlib import Path
from unittest.mock import MagicMock

import pytest

from saccade.usecases.duplicates.api import Duplicates
from tests.helpers.terminal import FakeOpener, fake_api, fake_context, use_context


@pytest.fixture
def opener(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeOpener:
    """What the commands open: a library in /photos, and another one in /other."""
    made = use_context(monkeypatch, fake_context("/photos/.saccade"))
    made.others["/other"] = fake_context("/other/.saccade")
    return made


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch, opener: FakeOpener) -> MagicMock:
    """The slice's api, checked against its real signatures."""
    return fake_api(monkeypatch, Duplicates)
