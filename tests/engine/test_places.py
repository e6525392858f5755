"""Which file and member a path means, on a real folder."""

import os
import zipfile
from pathlib import Path

import pytest

from saccade.engine.places import locate


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """best!/a.zip and plain.zip that hold b.jpg, best!/c.jpg, and a folder called folder.zip."""
    for archive in ("best!/a.zip", "plain.zip"):
        place = tmp_path / archive
        place.parent.mkdir(exist_ok=True)
        with zipfile.ZipFile(place, "w") as made:
            made.writestr("b.jpg", b"")
    (tmp_path / "best!" / "c.jpg").touch()
    (tmp_path / "folder.zip").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("best!/a.zip!/b.jpg", ("best!/a.zip", "b.jpg")),
        ("best!/a.zip!/in/d!/b.jpg", ("best!/a.zip", "in/d!/b.jpg")),
        ("best!/c.jpg", ("best!/c.jpg", "")),
        ("best!", ("best!", "")),
        ("plain.zip!/b.jpg", ("plain.zip", "b.jpg")),
        ("plain.zip", ("plain.zip", "")),
        ("folder.zip!/b.jpg", ("folder.zip", "b.jpg")),
        ("gone.zip!/b.jpg", ("gone.zip", "b.jpg")),
        ("gone.jpg", ("gone.jpg", "")),
    ],
)
def test_the_disk_says_what_a_path_means(home: Path, path: str, found: tuple[str, str]) -> None:
    """Relative or absolute; the first reading whose file is there, else the archive is what is missing."""
    assert locate(path) == found
    file, member = found
    assert locate(str(home / path)) == (str(home / file), member)


def test_a_file_is_preferred_to_a_member(home: Path) -> None:
    """A folder that is called like an archive with "!" holds files of its own."""
    (home / "plain.zip!").mkdir()
    assert locate("plain.zip!/b.jpg") == ("plain.zip", "b.jpg")
    (home / "plain.zip!" / "b.jpg").touch()
    assert locate("plain.zip!/b.jpg") == ("plain.zip!/b.jpg", "")


def test_a_link_that_leads_nowhere_is_still_that_file(home: Path) -> None:
    """It can be named, and says itself that it is broken; an archive must be there to have members."""
    os.symlink("nowhere", home / "link.jpg")
    assert locate("link.jpg") == ("link.jpg", "")
    os.symlink("nowhere", home / "best")
    assert locate("best!/a.zip!/b.jpg") == ("best!/a.zip", "b.jpg")


def test_an_archive_in_front_is_read_first(home: Path) -> None:
    """Of two archives that both are there, the outer one has the member."""
    with zipfile.ZipFile(home / "best", "w") as made:
        made.writestr("a.zip!/b.jpg", b"")
    assert locate("best!/a.zip!/b.jpg") == ("best", "a.zip!/b.jpg")
