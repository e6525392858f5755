"""The command line, in a folder of its own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.terminal import Ran, run_command


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Ran]:
    """Run one command line in this process, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return lambda *args, **options: run_command(monkeypatch, *args, **options)
