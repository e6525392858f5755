"""A folder "best!" with an archive in it, beside a folder "best": every use reads its paths the same way."""

import zipfile
from pathlib import Path

import pytest
from PIL import Image

import saccade
from tests.library.conftest import scene


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """best/longer.png and best!/a.png are one picture; best!/a.zip holds it once more, and another one."""
    (tmp_path / "best").mkdir()
    (tmp_path / "best!").mkdir()
    Image.fromarray(scene(1)).save(tmp_path / "best" / "longer.png")
    Image.fromarray(scene(2)).save(tmp_path / "other.png")
    data = (tmp_path / "best" / "longer.png").read_bytes()
    (tmp_path / "best!" / "a.png").write_bytes(data)
    with zipfile.ZipFile(tmp_path / "best!" / "a.zip", "w") as archive:
        archive.writestr("in/a.png", data)
        archive.writestr("in/b.png", (tmp_path / "other.png").read_bytes())
        archive.writestr("broken.png", b"\x89PNG\r\n\x1a\n broken")
    return tmp_path


def test_best_is_not_best(home: Path) -> None:
    """Search, similar, duplicates, leaks, failures, a second run, and forgetting."""
    member = str(home / "best!" / "a.zip!" / "in" / "b.png")
    with saccade.open_library(home) as library:
        report = library.index(home)
        assert [failure.path for failure in report.failed] == [str(home / "best!/a.zip!/broken.png")]
        assert library.similar(member)[0].paths == (member, str(home / "other.png"))
        assert library.duplicates.check(member)[0].matches[0].paths == (str(home / "other.png"),)
        assert len(library.search("a picture", folders=[home / "best"])) == 1
        assert len(library.search("a picture", folders=[home / "best!"])) == 2
        assert len(library.search("a picture", folders=[home / "best!" / "a.zip"])) == 2
        (pair,) = library.duplicates.leaks(home / "best", home / "best!")
        assert pair.tier == "bytes"
        (group,) = library.duplicates.find(prefer=[home / "best"], folders=[home / "best", home / "best!"])
        assert group.keeper.path == str(home / "best/longer.png")
        assert len(group.others) == 2
        (group,) = library.duplicates.find(prefer=[home / "best!"], folders=[home / "best", home / "best!"])
        assert group.keeper.path != str(home / "best/longer.png")
        assert not library.index(home / "best").failed
        assert len(library.index(home / "best!").failed) == 1
        library.forget(home / "best")
        assert len(library.search("a picture", folders=[home / "best!"])) == 2
