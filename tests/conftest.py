"""Shared fixtures. No test reaches the network beyond loopback."""

import os
import socket
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.properties import load_profile

pytest_plugins = ["tests.desk", "tests.helpers.terminal"]

SHARED_DATA = Path(os.environ.get("SACCADE_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
load_profile()
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection to anything but this machine is an error."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and address[0] not in _LOOPBACK:
            raise AssertionError(f"a test tried to reach {address}")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def _own_user_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees or makes a library in the user's own folders, or sees the user's settings."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("xdg-data")))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("xdg-config")))
    monkeypatch.delenv("SACCADE_LIBRARY", raising=False)


@pytest.fixture
def rng() -> np.random.Generator:
    """The same dice every time."""
    return np.random.default_rng(20261120)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The reference data; a test that needs it skips by name where it is missing, and must not in CI."""
    if not SHARED_DATA.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"CI must have the reference data, and {SHARED_DATA} is missing")
        pytest.skip("the reference data folder shared/data is missing")
    return SHARED_DATA
