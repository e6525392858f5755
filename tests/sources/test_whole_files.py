"""Files appear whole or not at all."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from saccade.core.errors import PathNotFoundError
from saccade.sources.whole_files import write_whole


def test_a_file_takes_the_place_of_another(tmp_path: Path) -> None:
    """Content and permissions; nothing else is left in the folder."""
    place = tmp_path / "a.txt"
    place.write_bytes(b"old")
    place.chmod(0o600)
    write_whole(str(place), [b"ne", b"w"], like=str(place))
    assert place.read_bytes() == b"new"
    assert place.stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == ["a.txt"]


def test_an_interrupted_write_leaves_the_old_file(tmp_path: Path) -> None:
    """Ctrl-C between two parts: the old content, and no scratch file."""
    place = tmp_path / "a.txt"
    place.write_bytes(b"old")

    def parts() -> Iterator[bytes]:
        yield b"half"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(str(place), parts())
    assert place.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """The error says which."""
    with pytest.raises(PathNotFoundError, match="none"):
        write_whole(str(tmp_path / "none" / "a.txt"), [b""])
