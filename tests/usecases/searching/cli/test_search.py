"""`saccade search` and `similar`: what they ask, what people see, and what they refuse."""

import os
from collections.abc import Callable
from pathlib import Path
from unittest.mock import MagicMock, create_autospec

import pytest

from saccade.core.errors import InvalidQueryError
from saccade.core.hits import Hit, PartScore, SearchResult
from saccade.core.status import IndexReport
from saccade.interfaces.cli.opener import LibraryOpener
from tests.helpers.terminal import FakeOpener, Run

HOSTILE = b"/photos/\x1b]0;owned\x07\n\xff.jpg".decode("utf-8", "surrogateescape")
INDEXED = IndexReport(
    files=1, added=1, unchanged=0, moved=0, removed=0, excluded=0, embedded=1, failed=(), seconds=1.0
)
MakeHit = Callable[..., Hit]
MakeResult = Callable[..., SearchResult]


@pytest.mark.usefixtures("opener")
def test_search_asks_for_everything_that_was_typed(run: Run, searching: MagicMock, tmp_path: Path) -> None:
    """Phrases, pictures, weights, unwanted parts, filters, folders and k."""
    (tmp_path / "cat.jpg").touch()
    ran = run(
        *("search", "2:a beach", "at", "night", "./cat.jpg", "--near", "3:feedbeef", "--less", "people"),
        *("--less", "2:./cat.jpg", "-k", "5", "--where", "taken>=2024", "--where", "camera=Canon"),
        *("--in", "2024", "--in", "/other"),
    )
    assert ran.status == 0
    searching.search.assert_called_once_with(
        [("a beach", 2.0), ("at night", 1.0)],
        image=[("./cat.jpg", 1.0), ("feedbeef", 3.0)],
        less=[("people", 1.0), (Path("cat.jpg"), 2.0)],
        k=5,
        where=("taken>=2024", "camera=Canon"),
        folders=("2024", "/other"),
    )


@pytest.mark.usefixtures("opener")
def test_search_shows_rank_confidence_score_and_path(
    run: Run, searching: MagicMock, tmp_path: Path, make_hit: MakeHit, make_result: MakeResult
) -> None:
    """One line a hit; paths relative to the current folder; what else is worth knowing in brackets."""
    searching.search.return_value = make_result(
        make_hit(1, f"{tmp_path}/sub/cat.jpg"),
        make_hit(
            2,
            "/elsewhere/b.jpg",
            paths=("/elsewhere/b.jpg", "/c.jpg"),
            score=-0.04,
            confidence=0.5,
            parts=(PartScore(part="cat", score=0.25), PartScore(part="hat", score=-0.125)),
            words=("cat",),
            similar=("0" * 64,),
        ),
    )
    ran = run("search", "a cat")
    assert ran.out.splitlines() == [
        "1   97 %   0.312  sub/cat.jpg",
        "2   50 %  -0.040  /elsewhere/b.jpg  (cat 0.25, hat -0.12; named cat; +1 similar; 2 files)",
    ]
    assert ran.err == ""


def test_search_says_when_nothing_answers(
    run: Run, opener: FakeOpener, searching: MagicMock, make_hit: MakeHit, make_result: MakeResult
) -> None:
    """The first line is honest, and tells when indexing never ended."""
    searching.search.return_value = make_result(make_hit(), make_hit(2), query="qx\x1bzt", confident=False)
    assert run("search", "q").out.splitlines()[0] == (
        'No confident match: the best 2 of 1,234 images shown, but nothing here clearly matches "qx\\x1bzt".'
    )
    searching.search.return_value = make_result(confident=False)
    opener.context.catalog.runs.unfinished.return_value = [7]  # type: ignore[attr-defined]
    assert run("search", "q").out == (
        'No match for "a cat". Indexing was interrupted: `saccade index` resumes it.\n'
    )


@pytest.mark.usefixtures("opener")
def test_paths_only_is_byte_for_byte(
    run: Run, searching: MagicMock, make_hit: MakeHit, make_result: MakeResult
) -> None:
    """Raw bytes, ended by a newline or, with -0, by a zero byte."""
    hits = (make_hit(path=HOSTILE), make_hit(2, "/b.jpg"))
    searching.search.return_value = make_result(*hits, confident=False)
    assert run("search", "a cat", "--paths-only").out_bytes == os.fsencode(HOSTILE) + b"\n/b.jpg\n"
    null = run("search", "a cat", "--paths-only", "-0")
    assert null.out_bytes == os.fsencode(HOSTILE) + b"\0/b.jpg\0"
    assert null.err == ""


@pytest.mark.usefixtures("opener")
@pytest.mark.parametrize("terminal", [True, False])
def test_hostile_names_cannot_reach_the_terminal(
    run: Run, searching: MagicMock, make_hit: MakeHit, make_result: MakeResult, *, terminal: bool
) -> None:
    """Escapes, newlines and broken bytes are written out."""
    searching.search.return_value = make_result(make_hit(path=HOSTILE, words=("\x1b[2J",)))
    ran = run("search", "a cat", terminal=terminal)
    assert "/photos/\\x1b]0;owned\\x07\\x0a\\xff.jpg" in ran.out
    assert "\x1b]" not in ran.out
    assert "\x1b[2J" not in ran.out


@pytest.mark.usefixtures("opener")
def test_color_is_for_terminals_that_want_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """None in a pipe, none with NO_COLOR, none on a dumb terminal."""
    assert "\x1b[" in run("search", "a cat", terminal=True).out
    assert "\x1b[" not in run("search", "a cat").out
    assert "\x1b[" not in run("search", "a cat", terminal=True, environment={"TERM": "dumb"}).out
    assert "\x1b[" not in run("search", "a cat", terminal=True, environment={"NO_COLOR": "1"}).out


@pytest.mark.usefixtures("opener")
def test_search_shows_pictures_where_they_can_be_seen(run: Run) -> None:
    """On a terminal that takes them; never in a pipe, unless told."""
    colors = {"COLORTERM": "truecolor"}
    assert "\u2580" in run("search", "a cat", terminal=True, environment=colors).out
    never = run("search", "a cat", "--pictures", "never", terminal=True, environment=colors)
    assert "\u2580" not in never.out
    assert "\u2580" not in run("search", "a cat", environment=colors).out
    assert "\u2580" in run("search", "a cat", "--pictures", "always").out


def test_search_indexes_a_folder_that_never_was(run: Run, opener: FakeOpener, searching: MagicMock) -> None:
    """Said on stderr; stdout holds the hits only."""
    opener.missing = True
    index = create_autospec(LibraryOpener, instance=True).index
    index.return_value = INDEXED
    opener.index = index  # type: ignore[method-assign]
    ran = run("search", "a cat", "--json")
    assert ran.status == 0
    assert opener.asked == [(None, False), (".", True)]
    assert index.call_args.args == (opener.context, ["."])
    searching.search.assert_called_once()
    assert ran.err.startswith("no library here yet: indexing ")
    assert len(ran.out.splitlines()) == 1
    assert opener.closed == 1


def test_search_no_index_makes_nothing(run: Run, opener: FakeOpener, searching: MagicMock) -> None:
    """LibraryNotFoundError with what to do."""
    opener.missing = True
    ran = run("search", "a cat", "--no-index")
    assert (ran.status, opener.asked, searching.mock_calls) == (3, [(None, False)], [])
    assert ran.err.endswith("make one with: saccade index .\n")


@pytest.mark.usefixtures("opener")
def test_similar_asks_for_copies(run: Run, searching: MagicMock) -> None:
    """--copies and -k reach the library."""
    assert run("similar", "cat.jpg", "--copies", "-k", "3").status == 0
    searching.similar.assert_called_once_with(
        ["cat.jpg"], k=3, copies=True, diverse=0.0, where=(), folders=()
    )


@pytest.mark.usefixtures("opener")
@pytest.mark.parametrize(
    ("args", "called"),
    [
        (["a.jpg", "--style"], "style"),
        (["--mood", "dark"], "style"),
        (["a.jpg", "b.jpg", "--diverse", "0.5"], "similar"),
    ],
)
def test_similar_makes_its_one_call(run: Run, searching: MagicMock, args: list[str], called: str) -> None:
    """By content, or by look."""
    assert run("similar", *args).status == 0
    assert [name for name, *_ in searching.method_calls] == [called]


@pytest.mark.usefixtures("opener")
@pytest.mark.parametrize(
    "args", [[], ["a.jpg", "--style", "--copies"], ["a.jpg", "--mood", "dark", "--diverse", "0.5"]]
)
def test_similar_refuses_contradictions(run: Run, searching: MagicMock, args: list[str]) -> None:
    """Exit status 2, and no call."""
    assert run("similar", *args).status == 2
    assert searching.mock_calls == []


@pytest.mark.usefixtures("opener")
@pytest.mark.parametrize("k", ["0", "-3"])
def test_search_refuses_k_below_one(run: Run, searching: MagicMock, k: str) -> None:
    """Exit 2 and a line; the number itself is judged by the library."""
    searching.search.side_effect = InvalidQueryError(f"k is {k}; it must be at least 1", hint="-k 1")
    ran = run("search", "a cat", "-k", k)
    assert searching.search.call_args.kwargs["k"] == int(k)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"saccade: k is {k}")


@pytest.mark.parametrize("args", [["--json", "--paths-only"], ["--null"]])
def test_search_refuses_options_that_contradict(run: Run, opener: FakeOpener, args: list[str]) -> None:
    """Before any work."""
    ran = run("search", "a cat", *args)
    assert (ran.status, opener.asked) == (2, [])


def test_a_picture_that_is_not_there_exits_2(run: Run, opener: FakeOpener) -> None:
    """And is not searched for as words."""
    ran = run("search", "./no.jpg")
    assert (ran.status, opener.asked) == (2, [])
    assert "no such picture: ./no.jpg" in ran.err


@pytest.mark.usefixtures("opener")
def test_a_sheet_in_a_missing_folder_exits_2(run: Run) -> None:
    """The message names the folder."""
    ran = run("search", "a cat", "--sheet", os.path.join("missing", "out.html"))
    assert ran.status == 2
    assert ran.err.startswith("saccade: no such folder: missing")


@pytest.mark.usefixtures("opener")
def test_a_sheet_holds_the_pictures(run: Run, tmp_path: Path) -> None:
    """The hits and the pictures asked for, read through the library; stderr says where it lies."""
    (tmp_path / "cat.jpg").touch()
    ran = run("search", "./cat.jpg", "--sheet", "out.html")
    assert (ran.status, ran.err) == (0, "contact sheet: out.html\n")
    assert (tmp_path / "out.html").read_text().count("data:image/jpeg") == 2
