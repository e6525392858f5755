"""The real command in processes of its own, on small real pictures.

SACCADE_COMMAND names another command to test (an installed wheel's); default: this checkout's.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

COMMAND = shlex.split(os.environ.get("SACCADE_COMMAND", "")) or [sys.executable, "-m", "saccade"]
_TIMEOUT_S = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a process ended."""

    status: int
    out: bytes
    err: str

    def json(self) -> dict[str, object]:
        """The last line of stdout."""
        value = json.loads(self.out.splitlines()[-1])
        assert isinstance(value, dict)
        return value


Saccade = Callable[..., Ran]


@pytest.fixture(scope="session")
def command() -> list[str]:
    """What starts saccade."""
    return COMMAND


@pytest.fixture
def saccade() -> Saccade:
    """Run the command in a folder, to its end."""
    return _run


def _run(*args: str | bytes, cwd: Path, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Ran:
    ended = subprocess.run(
        [*COMMAND, *args],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        timeout=_TIMEOUT_S,
        check=False,
        env={**os.environ, **(env or {})},
    )
    return Ran(status=ended.returncode, out=ended.stdout, err=ended.stderr.decode())


def _paint(folder: Path) -> None:
    """Six pictures that nobody takes for one another, one of them in a folder below."""
    rng = np.random.default_rng(7)
    (folder / "below").mkdir(parents=True)
    for name, ground, color in (
        ("sun.jpg", "skyblue", "yellow"),
        ("ball.png", "darkgreen", "red"),
        ("moon.webp", "black", "lightgray"),
    ):
        picture = Image.new("RGB", (160, 120), ground)
        ImageDraw.Draw(picture).ellipse((50, 30, 110, 90), fill=color)
        picture.save(folder / name)
    Image.fromarray(rng.integers(0, 256, (90, 120, 3), dtype=np.uint8)).save(folder / "noise.png")
    ramp = np.linspace(0, 255, 200).astype(np.uint8)
    Image.fromarray(np.broadcast_to(ramp[None, :, None], (100, 200, 3)).copy()).save(
        folder / "below" / "ramp.jpg"
    )
    stripes = Image.new("RGB", (120, 120), "white")
    for left in range(0, 120, 20):
        ImageDraw.Draw(stripes).rectangle((left, 0, left + 9, 119), fill="navy")
    stripes.save(folder / "below" / "stripes.png")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder of six pictures and a text file, never indexed."""
    folder = tmp_path / "photos"
    _paint(folder)
    (folder / "notes.txt").write_text("no picture")
    return folder


@pytest.fixture(scope="session")
def _template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of `photos` once indexed; copied, never used."""
    folder = tmp_path_factory.mktemp("template") / "photos"
    _paint(folder)
    ran = _run("index", str(folder), "--json", cwd=folder)
    if ran.status == 5 and not os.environ.get("CI"):
        pytest.skip("the built-in encoder's weights are missing")
    assert ran.status == 0, ran.err
    return folder


@pytest.fixture
def indexed(_template: Path, tmp_path: Path) -> Path:
    """A folder of six pictures with its library."""
    return Path(shutil.copytree(_template, tmp_path / "photos", symlinks=True))
