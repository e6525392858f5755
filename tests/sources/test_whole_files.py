"""Files appear whole or not at all."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from saccade.core.errors import PathNotFoundError
from saccade.sources.whole_files import clear_scratch, write_whole


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


def test_what_a_killed_writer_left_is_cleared(tmp_path: Path) -> None:
    """A scratch file that nobody writes any more; one in use, and every other file, stays."""
    place = tmp_path / "a.txt"
    (tmp_path / ".0123456789abcdef.1.saccade-tmp").write_bytes(b"half")
    (tmp_path / "mine.saccade-tmp").write_bytes(b"not hidden")

    def parts() -> Iterator[bytes]:
        yield b"who"
        clear_scratch([str(tmp_path), str(tmp_path / "none")])
        yield b"le"

    write_whole(str(place), parts())
    assert place.read_bytes() == b"whole"
    assert sorted(os.listdir(tmp_path)) == ["a.txt", "mine.saccade-tmp"]


def test_what_is_private_is_private_from_the_start(tmp_path: Path) -> None:
    """The scratch file has the permissions before it has the bytes."""
    place = tmp_path / "a.txt"
    place.write_bytes(b"old")
    place.chmod(0o600)

    def parts() -> Iterator[bytes]:
        assert [path.stat().st_mode & 0o777 for path in tmp_path.iterdir()] == [0o600] * 2
        yield b"new"

    write_whole(str(place), parts(), like=str(place))
    assert place.read_bytes() == b"new"
