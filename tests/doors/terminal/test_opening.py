"""Which library a command works on."""

import os
from pathlib import Path
from unittest.mock import create_autospec

import pytest
from click.exceptions import Exit

from saccade.core.errors import STATUS, LibraryNotFoundError
from saccade.core.status import IndexReport
from saccade.core.types import Failure
from saccade.doors.terminal.opening import existing_library, library_to_index, library_to_search, summary
from saccade.doors.terminal.settings import Session
from saccade.interfaces.cli.opener import LibraryOpener
from tests.helpers.terminal import FakeOpener, Run, fake_context


@pytest.mark.parametrize(
    "args",
    [
        ["--library", "X", "status"],
        ["status", "--library", "X"],
        ["--library", "Y", "status", "--library", "X"],
    ],
)
def test_library_is_named_before_or_behind_the_command(
    run: Run, opener: FakeOpener, monkeypatch: pytest.MonkeyPatch, args: list[str]
) -> None:
    """The one behind wins; SACCADE_LIBRARY says the same."""
    run(*args)
    monkeypatch.setenv("SACCADE_LIBRARY", "X")
    run("status")
    assert opener.asked == [("X", False)] * 2


@pytest.fixture
def shelf() -> FakeOpener:
    """An opener; nothing is run."""
    return FakeOpener(fake_context("/photos/.saccade"))


def chosen(shelf: FakeOpener, *paths: str, library: str | None = None) -> tuple[str | None, list[str]]:
    """(the folder whose library is brought up to date, what of it is read)."""
    session = Session(opener=shelf, library=library)
    with library_to_index(session, paths, as_json=False) as (context, places):
        assert context is shelf.context
    assert shelf.closed == 1
    return shelf.asked[-1][0], list(places)


def test_one_path_decides_by_itself(shelf: FakeOpener, tmp_path: Path) -> None:
    """The library at or above it, of a file that of its folder; a new one there."""
    folder, file = str(tmp_path), str(tmp_path / "a.jpg")
    Path(file).touch()
    assert chosen(shelf, file) == (folder, [file])
    missing = FakeOpener(shelf.context)
    missing.missing = True
    assert chosen(missing, folder) == (folder, [folder])


def test_several_paths_belong_to_the_current_folder(
    shelf: FakeOpener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its library."""
    monkeypatch.chdir(tmp_path)
    assert chosen(shelf, "a", "b") == (os.path.abspath("."), ["a", "b"])


def test_a_library_that_is_named_gets_the_paths(shelf: FakeOpener) -> None:
    """Wherever they lie; it may be new."""
    assert chosen(shelf, "/elsewhere/a", library="/photos") == ("/photos", ["/elsewhere/a"])
    assert shelf.asked == [("/photos", True)]


def test_without_a_path_the_library_decides(shelf: FakeOpener) -> None:
    """All that it knows, or its folder where it is new."""
    assert chosen(shelf, library="/photos") == ("/photos", [])
    missing = FakeOpener(shelf.context)
    missing.missing = True
    assert chosen(missing, library="/new") == ("/new", ["/new"])


def test_a_library_to_search_is_made_only_if_wanted(
    shelf: FakeOpener, capsys: pytest.CaptureFixture[str]
) -> None:
    """And filled at once; what could not be read is told."""
    shelf.missing = True
    index = create_autospec(LibraryOpener, instance=True).index
    failed = Failure(path="/p.jpg", code="truncated", reason="it ends early")
    index.return_value = IndexReport(
        files=2, added=1, unchanged=0, moved=1, removed=0, excluded=0, embedded=0, failed=(failed,),
        seconds=1.0,
    )  # fmt: skip
    shelf.index = index  # type: ignore[method-assign]
    session = Session(opener=shelf, library="/photos")
    with library_to_search(session, index_new=True, quiet=True, as_json=False) as context:
        index.assert_called_once_with(context, ["/photos"], progress=None)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        "no library here yet: indexing /photos first",
        "skipped /p.jpg: it ends early (truncated)",
        f"{summary(index.return_value)}",
    ]
    assert summary(index.return_value) == "2 images: 1 added, 0 unchanged, 1 moved, 1 failed, in 1.0 s"


def test_a_library_that_is_there_is_not_indexed_again(shelf: FakeOpener) -> None:
    """It is only opened."""
    with library_to_search(Session(opener=shelf), index_new=True, quiet=True, as_json=False):
        assert shelf.asked == [(None, False)]


def test_a_command_on_no_library_leaves_with_its_status(shelf: FakeOpener) -> None:
    """That of what is not found."""
    shelf.missing = True
    with (
        pytest.raises(Exit) as left,
        existing_library(Session(opener=shelf), as_json=False),
    ):
        pass
    assert left.value.exit_code == STATUS[LibraryNotFoundError.code].exit
