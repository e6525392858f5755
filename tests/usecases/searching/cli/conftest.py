"""Searching with fixed answers, in a library in the current folder."""

from collections.abc import Callable
from pathlib import Path
from unittest.mock import MagicMock

import pytest

from saccade.core.hits import Hit, SearchResult
from saccade.core.types import ImageInfo, ImageRecord
from saccade.usecases.searching.api import Searching
from tests.helpers.terminal import FakeOpener, fake_api, fake_context, use_context


@pytest.fixture
def searching(
    monkeypatch: pytest.MonkeyPatch,
    make_hit: Callable[..., Hit],
    make_info: Callable[..., ImageInfo],
    make_result: Callable[..., SearchResult],
) -> MagicMock:
    """The slice's api, checked against its real signatures."""
    api = fake_api(monkeypatch, Searching)
    for method in (api.search, api.similar, api.style):
        method.return_value = make_result(make_hit())
    api.show.return_value = ImageRecord(
        id=1, sha256=bytes(range(32)), info=make_info(), paths=("/photos/cat.jpg",)
    )
    return api


@pytest.fixture
def opener(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, searching: MagicMock) -> FakeOpener:
    """What every command opens; its context is that of a library of 1,234 images."""
    return use_context(monkeypatch, fake_context(str(tmp_path / ".saccade")))
