"""The rules of walking a folder."""

import io
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saccade.core.decoding import FileEntry, FileStamp
from saccade.core.errors import PathNotFoundError
from saccade.core.types import Failure
from saccade.sources.walk import read_list, walk


def make(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def found(root: Path, **options: list[str]) -> list[str]:
    entries = list(walk(str(root), **options))
    assert all(isinstance(entry, FileEntry) for entry in entries)
    return [os.path.relpath(entry.path, root) for entry in entries]


def test_walk_gives_every_file_in_a_fixed_order(tmp_path: Path) -> None:
    """Files of a folder come by name, then its folders by name."""
    make(tmp_path, "b.jpg", "a.jpg", "z/1.png", "c/2.png", "c/d/3.png", "notes.txt")
    assert found(tmp_path) == ["a.jpg", "b.jpg", "notes.txt", "c/2.png", "c/d/3.png", "z/1.png"]


def test_walk_stamps_files_with_size_and_time(tmp_path: Path) -> None:
    """The stamp is what stat says."""
    make(tmp_path, "a.jpg")
    os.utime(tmp_path / "a.jpg", ns=(1, 1_234_567_890_123_456_700))
    (entry,) = walk(str(tmp_path))
    expected = FileStamp(size=1, mtime_ns=1_234_567_890_123_456_700)
    assert entry == FileEntry(path=str(tmp_path / "a.jpg"), stamp=expected)


def test_walk_leaves_out_hidden_and_system_places(tmp_path: Path) -> None:
    """Hidden files and folders, and folders that systems keep for themselves, hold nobody's photos."""
    make(tmp_path, ".hidden.jpg", ".git/a.jpg", "@eaDir/a.jpg", "node_modules/a.jpg", "$RECYCLE.BIN/a.jpg")
    make(
        tmp_path,
        "System Volume Information/a.jpg",
        "lost+found/a.jpg",
        "__MACOSX/a.jpg",
        ".saccade/x",
        "ok.jpg",
    )
    assert found(tmp_path) == ["ok.jpg"]


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["*.gif"], ["a.jpg", "drafts", "2019/raw/b.jpg", "2019/ok/c.jpg", "other/drafts/d.jpg"]),
        (["drafts"], ["a.gif", "a.jpg", "2019/raw/b.jpg", "2019/ok/c.jpg"]),
        (["drafts/"], ["a.gif", "a.jpg", "drafts", "2019/raw/b.jpg", "2019/ok/c.jpg"]),
        (["2019/raw"], ["a.gif", "a.jpg", "drafts", "2019/ok/c.jpg", "other/drafts/d.jpg"]),
        (["./2019/raw/", "*.gif"], ["a.jpg", "drafts", "2019/ok/c.jpg", "other/drafts/d.jpg"]),
        (["2019", "other", "a.*"], ["drafts"]),
    ],
)
def test_walk_excludes_by_name_and_by_path(tmp_path: Path, patterns: list[str], expected: list[str]) -> None:
    """A pattern matches a name anywhere or a path from the root; with a slash at its end, folders only."""
    make(tmp_path, "a.jpg", "a.gif", "drafts", "2019/raw/b.jpg", "2019/ok/c.jpg", "other/drafts/d.jpg")
    assert sorted(found(tmp_path, exclude=patterns)) == sorted(expected)


def test_walk_follows_file_links_inside_the_root_only(tmp_path: Path) -> None:
    """A link to a file counts while its target lies inside; what lies outside is not touched."""
    root = tmp_path / "root"
    make(root, "real/a.jpg")
    make(tmp_path, "outside.jpg", "root-twin/b.jpg")
    (root / "in.jpg").symlink_to(root / "real" / "a.jpg")
    (root / "out.jpg").symlink_to(tmp_path / "outside.jpg")
    (root / "twin.jpg").symlink_to(tmp_path / "root-twin" / "b.jpg")
    (root / "dangling.jpg").symlink_to(root / "nothing.jpg")
    assert found(root) == ["in.jpg", "real/a.jpg"]


def test_walk_never_enters_linked_folders(tmp_path: Path) -> None:
    """A link to a folder is never entered, so a loop of links ends nowhere."""
    make(tmp_path, "real/a.jpg")
    (tmp_path / "real" / "loop").symlink_to(tmp_path)
    (tmp_path / "again").symlink_to(tmp_path / "real")
    assert found(tmp_path) == ["real/a.jpg"]


def test_walk_leaves_out_special_files(tmp_path: Path) -> None:
    """Pipes and sockets are no files to read, whatever their names."""
    make(tmp_path, "a.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "s.jpg"))
    listener.close()
    assert found(tmp_path) == ["a.jpg"]


def test_walk_reports_an_unreadable_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that cannot be read is one Failure with its path; the walk goes on."""
    make(tmp_path, "a/1.jpg", "locked/2.jpg", "z/3.jpg")
    scandir = os.scandir

    def refuse(path: str) -> Iterator[os.DirEntry[str]]:
        if path == str(tmp_path / "locked"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    entries = list(walk(str(tmp_path)))
    assert [os.path.relpath(entry.path, tmp_path) for entry in entries] == ["a/1.jpg", "locked", "z/3.jpg"]
    reason = "the folder cannot be read: Permission denied"
    assert entries[1] == Failure(path=str(tmp_path / "locked"), code="unreadable_folder", reason=reason)


def test_walk_takes_a_single_file_whatever_its_name(tmp_path: Path) -> None:
    """A root that is a file is that file."""
    make(tmp_path, ".hidden")
    assert [entry.path for entry in walk(str(tmp_path / ".hidden"))] == [str(tmp_path / ".hidden")]


@pytest.mark.parametrize("root", ["/nowhere/at/all", "with\0nul", ""])
def test_walk_refuses_a_missing_root_at_once(
    root: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A root that does not exist is an error before the first step, with a hint."""
    monkeypatch.chdir(tmp_path)
    if not root:
        assert list(walk(root)) == []  # "" is the current folder, empty here
        return
    with pytest.raises(PathNotFoundError) as caught:
        walk(root)
    assert caught.value.hint != ""


@pytest.mark.parametrize(
    "name", ["a.zip", "A.ZIP", "b.tar", "c.tar.gz", "d.tgz", "e.tar.bz2", "f.tar.xz", "g.cbz"]
)
def test_walk_marks_archives_by_name(tmp_path: Path, name: str) -> None:
    """Archives are told by suffix; what they hold is looked at when they are listed."""
    make(tmp_path, name, "x.gz", "zip", "y.jpg")
    kinds = {os.path.basename(entry.path): entry.kind for entry in walk(str(tmp_path))}
    assert kinds == {name: "archive", "x.gz": "file", "zip": "file", "y.jpg": "file"}


NAMES = st.one_of(
    st.binary(min_size=1, max_size=255),
    st.text(st.sampled_from("a\n\t\r -\u202e\u05d0\U0001f600'\"*?[\\é"), min_size=1, max_size=60).map(
        os.fsencode
    ),
).filter(lambda name: b"/" not in name and b"\0" not in name and name[:1] != b".")


@given(names=st.sets(NAMES, min_size=1, max_size=20))
def test_walk_gives_hostile_names_as_they_are(
    names: set[bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Any name the file system takes comes back as the same bytes."""
    root = tmp_path_factory.mktemp("names")
    for name in names:
        with open(os.path.join(os.fsencode(root), name), "wb"):
            pass
    assert {os.path.basename(os.fsencode(entry.path)) for entry in walk(str(root))} == names


@pytest.mark.parametrize("separator", [b"\n", b"\0"])
@given(names=st.lists(NAMES.filter(lambda n: b"\n" not in n and not n.endswith(b"\r")), min_size=2))
def test_read_list_gives_the_paths_that_were_written(separator: bytes, names: list[bytes]) -> None:
    """Paths survive, whatever the separator, with or without one at the end."""
    for end in (b"", separator):
        stream = io.BytesIO(separator.join(names) + end)
        assert [os.fsencode(path) for path in read_list(stream)] == names


def test_read_list_keeps_newlines_between_nuls() -> None:
    """With NUL separators a newline belongs to the name; empty names are skipped."""
    assert list(read_list(io.BytesIO(b"a\nb\0\0c"))) == ["a\nb", "c"]


def test_read_list_reads_lists_longer_than_its_buffer() -> None:
    """Names that span the blocks it reads stay whole."""
    names = [f"/photos/{n:06}.jpg" for n in range(20_000)]
    assert list(read_list(io.BytesIO("\r\n".join(names).encode()))) == names
