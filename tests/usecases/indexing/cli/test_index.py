"""`saccade index`: what is asked of the library, and what is said of its answer."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from unittest.mock import MagicMock

import pytest

from saccade.core.status import IndexReport
from saccade.core.types import Failure, Progress
from tests.helpers.json_schemas import check_json
from tests.helpers.terminal import FakeOpener, Run

HOSTILE = b"/photos/\x1b]0;owned\x07\n\xff.jpg".decode("utf-8", "surrogateescape")
FAILED = Failure(path="/p.jpg", code="truncated", reason="it ends early")


@pytest.fixture
def index(opener: FakeOpener) -> Any:
    """The call that indexes."""
    return opener.index


def fail(index: Any, *failed: Failure) -> None:
    """Let files give no image."""
    index.return_value = replace(index.return_value, failed=failed)


def report_steps(index: Any, *steps: Progress) -> None:
    """Let the call say how far it is."""

    def run(_context: object, _paths: Sequence[str], *, progress: Any, **_asked: object) -> IndexReport:
        for step in steps if progress is not None else ():
            progress(step)
        done: IndexReport = index.return_value
        return done

    index.side_effect = run


def test_index_tells_what_it_did(run: Run, opener: FakeOpener, index: Any) -> None:
    """Counts on stdout, failures on stderr, capped with where to find the rest."""
    fail(index, *(replace(FAILED, path=f"/p/{n}.jpg") for n in range(25)))
    ran = run("index", "a", "b", "--exclude", "*.png", "--exclude", "tmp/*")
    assert index.call_args.args == (opener.context, ["a", "b"])
    asked = {key: value for key, value in index.call_args.kwargs.items() if key != "progress"}
    assert asked == {"exclude": ("*.png", "tmp/*"), "files": [], "allow_empty": False}
    assert ran.out == (
        "10 images: 4 added, 5 unchanged, 1 removed, 25 failed, in 2.0 s (2 images/s)\nlibrary: .saccade\n"
    )
    lines = ran.err.splitlines()
    assert lines[0] == "skipped /p/0.jpg: it ends early (truncated)"
    assert lines[20:] == ["and 5 more: `saccade doctor` lists them"]


@pytest.mark.parametrize("terminal", [True, False])
def test_hostile_names_cannot_reach_the_terminal(run: Run, index: Any, *, terminal: bool) -> None:
    """Escapes, newlines and broken bytes of failed files are written out."""
    fail(index, Failure(path=HOSTILE, code="truncated", reason="bad \x07"))
    shown = "/photos/\\x1b]0;owned\\x07\\x0a\\xff.jpg"
    assert f"skipped {shown}: bad \\x07 (truncated)" in run("index", terminal=terminal).err


def test_index_quiet_tells_failures_only(run: Run, index: Any) -> None:
    """Nothing on stdout, no progress."""
    fail(index, FAILED)
    report_steps(index, Progress(stage="reading", done=1, total=2))
    ran = run("index", "-q", terminal=True)
    assert (ran.out, ran.err) == ("", "skipped /p.jpg: it ends early (truncated)\n")


@pytest.mark.parametrize(
    ("data", "files"),
    [
        (b"a.jpg\nb c.jpg\n", ["a.jpg", "b c.jpg"]),
        (b"a\nb.jpg\0c.jpg\0", ["a\nb.jpg", "c.jpg"]),
        (b"\xff.jpg\n\nend\r.jpg", ["\udcff.jpg", "end\r.jpg"]),
    ],
)
@pytest.mark.parametrize("how", ["-", "--from-stdin"])
def test_index_reads_paths_from_stdin(run: Run, index: Any, data: bytes, files: list[str], how: str) -> None:
    """One a line, or zero-terminated if there is a zero byte; byte for byte."""
    ran = run("index", how, stdin=data)
    assert ran.status == 0
    assert (index.call_args.args[1], index.call_args.kwargs["files"]) == ([], files)


def test_index_refuses_an_empty_list(run: Run, opener: FakeOpener, index: Any) -> None:
    """An empty stdin does not mean "everything"."""
    ran = run("index", "-", stdin=b"")
    assert (ran.status, opener.asked) == (2, [])
    index.assert_not_called()


def test_index_without_a_path(run: Run, opener: FakeOpener, index: Any) -> None:
    """All that the library knows."""
    run("index")
    assert opener.asked == [(None, False)]
    assert list(index.call_args.args[1]) == []


def test_index_without_a_path_or_library(run: Run, opener: FakeOpener, index: Any) -> None:
    """The current folder."""
    opener.missing = True
    run("index")
    assert opener.asked == [(None, False), (".", True)]
    assert index.call_args.args[1] == ["."]


def test_progress_on_a_terminal_leaves_no_trace_on_stdout(run: Run, index: Any) -> None:
    """Bars go to stderr and are cleared at the end."""
    report_steps(
        index,
        Progress(stage="looking", done=3, total=None),
        *(Progress(stage="reading", done=n, total=9000, failed=1) for n in range(9)),
    )
    ran = run("index", terminal=True)
    assert "reading" in ran.err
    assert "8 of 9,000, 1 failed" in ran.err
    assert "reading" not in ran.out
    assert "reading" not in run("index").err  # a log hears of it every ten seconds only


def test_search_indexes_are_built_again_on_request(run: Run, index: Any, indexing: MagicMock) -> None:
    """--kind says which; without it nothing is built anew."""
    run("index")
    indexing.build_indexes.assert_not_called()
    run("index", "--kind", "ivf")
    assert indexing.build_indexes.call_args.args == ("ivf",)
    assert index.call_count == 2


def test_index_strict_exits_7_on_a_failed_file(run: Run, index: Any) -> None:
    """Without --strict, and without failures, it is 0."""
    assert run("index", "--strict").status == 0
    fail(index, FAILED)
    assert run("index").status == 0
    assert run("index", "--strict").status == 7
    assert run("index", "--strict", "--json").status == 7


def test_index_json_is_exact(run: Run, opener: FakeOpener, index: Any) -> None:
    """Counts, failures with code and reason, seconds and rate; on one line, failures on stderr as well."""
    fail(index, Failure(path="/a/\udcff.jpg", code="truncated", reason="it ends early"))
    ran = run("index", "--json")
    assert (ran.status, len(ran.out.splitlines())) == (0, 1)
    check_json(ran.json(), "index")
    assert ran.json() == {
        "files": 10,
        "added": 4,
        "unchanged": 5,
        "moved": 0,
        "removed": 1,
        "excluded": 2,
        "embedded": 4,
        "failed": [{"path": "/a/\udcff.jpg", "code": "truncated", "reason": "it ends early"}],
        "seconds": 2.0,
        "images_per_s": 2.0,
        "library": opener.context.folder,
    }
