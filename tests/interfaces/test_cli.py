"""The commands: what they ask the library, and what people see."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import saccade
from saccade.core.types import Failure, PartScore, Problem, Progress

HOSTILE = b"/photos/\x1b]0;owned\x07\n\xff.jpg".decode("utf-8", "surrogateescape")


def test_search_asks_for_everything_that_was_typed(
    run: Callable[..., Any], library: Any, tmp_path: Path
) -> None:
    """Phrases, pictures, weights, unwanted parts, filters, folders and k."""
    (tmp_path / "cat.jpg").touch()
    ran = run(
        *("search", "2:a beach", "at", "night", "./cat.jpg", "--near", "3:feedbeef", "--less", "people"),
        *("--less", "2:./cat.jpg", "-k", "5", "--where", "taken>=2024", "--where", "camera=Canon"),
        *("--in", "2024", "--in", "/other"),
    )
    assert ran.status == 0
    assert library.asked[0] == (
        "search",
        {
            "text": [("a beach", 2.0), ("at night", 1.0)],
            "image": [("./cat.jpg", 1.0), ("feedbeef", 3.0)],
            "less": [("people", 1.0), (Path("cat.jpg"), 2.0)],
            "k": 5,
            "where": ("taken>=2024", "camera=Canon"),
            "folders": ("2024", "/other"),
        },
    )


def test_search_shows_rank_confidence_score_and_path(
    run: Callable[..., Any], library: Any, make_hit: Callable[..., Any], make_result: Callable[..., Any]
) -> None:
    """One line a hit; paths relative to the current folder; what else is worth knowing in brackets."""
    library.result = make_result(
        make_hit(1, f"{library.home}/sub/cat.jpg"),
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
        "2   50 %  -0.040  /elsewhere/b.jpg  (cat 0.25, hat -0.12; named cat; +1 alike; 2 files)",
    ]
    assert ran.err == ""


def test_search_says_when_nothing_answers(
    run: Callable[..., Any], library: Any, make_hit: Callable[..., Any], make_result: Callable[..., Any]
) -> None:
    """The first line is honest, and tells when indexing never ended."""
    library.result = make_result(make_hit(), make_hit(2), query="qx\x1bzt", confident=False)
    assert run("search", "q").out.splitlines()[0] == (
        'No confident match: the best 2 of 1,234 images shown, but nothing here clearly matches "qx\\x1bzt".'
    )
    library.result = make_result(confident=False)
    library.interrupted = True
    assert run("search", "q").out == (
        'No match for "a cat". Indexing was stopped early: `saccade index` goes on.\n'
    )


def test_paths_only_is_byte_for_byte(
    run: Callable[..., Any], library: Any, make_hit: Callable[..., Any], make_result: Callable[..., Any]
) -> None:
    """Raw bytes, ended by a newline or, with -0, by a zero byte."""
    library.result = make_result(make_hit(path=HOSTILE), make_hit(2, "/b.jpg"), confident=False)
    assert run("search", "a cat", "--paths-only").out_bytes == os.fsencode(HOSTILE) + b"\n/b.jpg\n"
    null = run("search", "a cat", "--paths-only", "-0")
    assert null.out_bytes == os.fsencode(HOSTILE) + b"\0/b.jpg\0"
    assert null.err == ""


@pytest.mark.parametrize("terminal", [True, False])
def test_hostile_names_cannot_reach_the_terminal(
    run: Callable[..., Any],
    library: Any,
    make_hit: Callable[..., Any],
    make_result: Callable[..., Any],
    terminal: bool,
) -> None:
    """Escapes, newlines and broken bytes are written out, in results and in failures."""
    library.result = make_result(make_hit(path=HOSTILE, words=("\x1b[2J",)))
    library.failed = (Failure(path=HOSTILE, code="truncated", reason="bad \x07"),)
    shown = "/photos/\\x1b]0;owned\\x07\\x0a\\xff.jpg"
    searched = run("search", "a cat", terminal=terminal)
    assert shown in searched.out
    assert "\x1b]" not in searched.out
    assert "\x1b[2J" not in searched.out
    assert f"skipped {shown}: bad \\x07 (truncated)" in run("index", terminal=terminal).err


def test_color_is_for_terminals_that_want_it(
    run: Callable[..., Any], library: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None in a pipe, none with NO_COLOR, none on a dumb terminal."""
    assert "\x1b[" in run("search", "a cat", terminal=True).out
    assert "\x1b[" not in run("search", "a cat").out
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b[" not in run("search", "a cat", terminal=True).out
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in run("search", "a cat", terminal=True).out


def test_search_indexes_a_folder_that_never_was(run: Callable[..., Any], no_library: Any) -> None:
    """Said on stderr; stdout holds the hits only."""
    ran = run("search", "a cat", "--json")
    assert ran.status == 0
    assert [name for name, _ in no_library.asked] == ["open", "index", "search"]
    assert no_library.asked[1][1]["paths"] == (".",)
    assert ran.err.startswith("no library here yet: indexing ")
    assert len(ran.out.splitlines()) == 1
    assert no_library.closed == 1


def test_search_no_index_makes_nothing(run: Callable[..., Any], no_library: Any) -> None:
    """LibraryNotFoundError with what to do."""
    ran = run("search", "a cat", "--no-index")
    assert (ran.status, no_library.asked) == (3, [])


def test_similar_asks_for_copies(run: Callable[..., Any], library: Any) -> None:
    """--copies and -k reach the library."""
    run("similar", "cat.jpg", "--copies", "-k", "3")
    asked = {"image": "cat.jpg", "k": 3, "copies": True, "diverse": 0.0, "where": (), "folders": ()}
    assert library.asked[0] == ("similar", asked)


def test_index_tells_what_it_did(run: Callable[..., Any], library: Any) -> None:
    """Counts on stdout, failures on stderr, capped with where to find the rest."""
    library.failed = tuple(
        Failure(path=f"/p/{n}.jpg", code="truncated", reason="it ends early") for n in range(25)
    )
    ran = run("index", "a", "b", "--exclude", "*.png", "--exclude", "tmp/*")
    assert library.asked == [
        (
            "index",
            {"paths": ("a", "b"), "exclude": ("*.png", "tmp/*"), "files": [], "allow_empty": False},
        )
    ]
    assert ran.out == (
        "10 images: 4 added, 5 unchanged, 1 removed, 25 failed, in 2.0 s (2 images/s)\nlibrary: .saccade\n"
    )
    lines = ran.err.splitlines()
    assert lines[0] == "skipped /p/0.jpg: it ends early (truncated)"
    assert lines[20:] == ["and 5 more: `saccade doctor` lists them"]


def test_index_quiet_tells_failures_only(run: Callable[..., Any], library: Any) -> None:
    """Nothing on stdout, no progress."""
    library.failed = (Failure(path="/p.jpg", code="truncated", reason="it ends early"),)
    library.steps = (Progress(stage="reading", done=1, total=2),)
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
def test_index_reads_paths_from_stdin(
    run: Callable[..., Any], library: Any, data: bytes, files: list[str], how: str
) -> None:
    """One a line, or zero-terminated if there is a zero byte; byte for byte."""
    ran = run("index", how, stdin=data)
    assert ran.status == 0
    assert (library.asked[0][1]["paths"], library.asked[0][1]["files"]) == ((), files)


def test_index_refuses_an_empty_list(run: Callable[..., Any], library: Any) -> None:
    """An empty stdin does not mean "everything"."""
    ran = run("index", "-", stdin=b"")
    assert (ran.status, library.asked) == (2, [])


def test_index_without_a_path(run: Callable[..., Any], library: Any) -> None:
    """All that the library knows."""
    run("index")
    assert library.asked[0][1]["paths"] == ()


def test_index_without_a_path_or_library(run: Callable[..., Any], no_library: Any) -> None:
    """The current folder."""
    run("index")
    assert no_library.asked[0] == ("open", {"path": "."})
    assert no_library.asked[1][1]["paths"] == (".",)


def test_progress_on_a_terminal_leaves_no_trace_on_stdout(run: Callable[..., Any], library: Any) -> None:
    """Bars go to stderr and are cleared at the end."""
    library.steps = (
        Progress(stage="looking", done=3, total=None),
        *(Progress(stage="reading", done=n, total=9000, failed=1) for n in range(9)),
    )
    ran = run("index", terminal=True)
    assert "reading" in ran.err
    assert "8 of 9,000, 1 failed" in ran.err
    assert "reading" not in ran.out
    assert "reading" not in run("index").err  # a log hears of it every ten seconds only


@pytest.mark.parametrize(
    "args",
    [
        ["--library", "X", "status"],
        ["status", "--library", "X"],
        ["--library", "Y", "status", "--library", "X"],
    ],
)
def test_library_is_named_before_or_behind_the_command(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, library: Any, args: list[str]
) -> None:
    """The one behind wins; SACCADE_LIBRARY says the same."""
    opened: list[object] = []

    def open_library(path: object = None, *, create: bool = True) -> object:
        opened.append((path, create))
        return library

    monkeypatch.setattr("saccade.library.open_library", open_library)
    run(*args)
    monkeypatch.setenv("SACCADE_LIBRARY", "X")
    run("status")
    assert opened == [("X", False)] * 2


def test_status_tells_what_a_person_wants_to_know(run: Callable[..., Any], library: Any) -> None:
    """Where, how much, by what, and whether something is unfinished."""
    library.interrupted = True
    assert run("status").out.splitlines() == [
        f"library   {library.folder} (1.23 MB)",
        f"folder    {library.home}",
        "images    1,234 in 1,300 files",
        "failed    2 files; `saccade doctor` tells why",
        "excluded  3 files that hold no image",
        "missing   4 files that are gone",
        "semantic  builtin, 384 dimensions, 1,234 embeddings, flat",
        "note      the last indexing run was stopped; `saccade index` resumes it",
    ]


def test_show_tells_what_is_known(
    run: Callable[..., Any], library: Any, make_info: Callable[..., Any]
) -> None:
    """Facts that are there, one a line; text is made harmless."""
    library.info = make_info(
        taken_at="2024-05-01T12:00:00", camera="Canon", latitude=1.5, longitude=-2.25, title="a\x1b[2Jb"
    )
    assert run("show", "cat.jpg").out.splitlines() == [
        f"id          {bytes(range(32)).hex()}",
        "file        /photos/cat.jpg",
        "picture     400 x 300 JPEG, 12.3 kB",
        "taken       2024-05-01 12:00:00",
        "camera      Canon",
        "place       1.50000, -2.25000",
        "title       a\\x1b[2Jb",
        "tag         a\\x1bcat (person, 100 %)",
        "data.price  3.5",
        "data.theme  cats\\x1b",
    ]


def test_doctor_accounts_for_every_file(run: Callable[..., Any], library: Any) -> None:
    """Indexed, failed with a reason, excluded, gone; then what is wrong and how to mend it."""
    library.failed = (Failure(path="/p.jpg", code="truncated", reason="it ends early"),)
    library.problems = (
        Problem(code="stale", message="an old index", count=1, repaired=True),
        Problem(code="hole", message="a hole", count=1, repaired=False),
    )
    assert run("doctor", "--repair").out.splitlines() == [
        "1,300 files indexed, 2 failed with a reason, 3 excluded, 4 gone",
        "failed /p.jpg: it ends early (truncated)",
        "1 file new or changed: `saccade index` reads them",
        "repaired: an old index (stale)",
        "problem: a hole (hole)",
        "what remains cannot be mended here: restore a backup, or index the folder anew",
    ]
    assert run("doctor").out.splitlines()[-1] == "mend it with: saccade doctor --repair"


def test_backup_says_where_it_lies(run: Callable[..., Any], library: Any, tmp_path: Path) -> None:
    """Path and size."""
    assert run("backup", "copy.db", "--overwrite").out == "backup: copy.db (4 bytes)\n"
    assert library.asked == [("backup", {"path": "copy.db", "overwrite": True})]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(run: Callable[..., Any], shell: str) -> None:
    """One that names our command and the variable that asks it."""
    ran = run("completion", shell)
    assert ran.status == 0
    assert "_SACCADE_COMPLETE" in ran.out


def test_version(run: Callable[..., Any]) -> None:
    """The one of the package."""
    assert run("--version").out == f"saccade {saccade.__version__}\n"


def test_every_command_explains_itself(run: Callable[..., Any]) -> None:
    """--help works for all of them and fits 100 columns."""
    commands = ["index", "search", "similar", "show", "status", "doctor", "backup", "demo", "completion"]
    for command in commands:
        ran = run(command, "--help")
        assert ran.status == 0
        assert max(map(len, ran.out.splitlines())) <= 100
    listed = run("--help").out
    assert all(f"\n  {command} " in listed for command in commands)
