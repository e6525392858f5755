"""`recommend`, `feedback` and `similar` by look: what reaches the library, and what is shown."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from saccade.core.ranking import Interval, ReplayReport, ReplayScore
from saccade.core.types import Failure
from saccade.usecases.recommendations.rules.preference import (
    FeedbackImport,
    Reason,
    Recommendation,
    Recommendations,
    UserEvent,
)

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"
EVIL = "/photos/\x1b[31m<b>\udcff.jpg"


def fits(value: object, name: str) -> None:
    """The value fits docs/schemas/NAME.json, without keys the schema does not know."""
    schema = json.loads((SCHEMAS / f"{name}.json").read_text())
    jsonschema.validate(value, _closed(schema))


def _closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    return {**closed, "additionalProperties": False} if schema.get("type") == "object" else closed


@pytest.fixture
def shop(library: Any, make_info: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    """The fake library, with answers to recommend and feedback; `library.asked` notes the calls."""
    reason = Reason(kind="liked", text="like a.jpg you liked (0.62)", amount=0.7, path="/photos/a.jpg")
    boost = Reason(kind="boost", text="price 5 (+0.50)", amount=0.5)
    hit = Recommendation(
        rank=1,
        image_id="1" * 64,
        path=EVIL,
        paths=(EVIL,),
        score=0.875,
        reasons=(reason, boost),
        info=make_info(),
    )
    found = Recommendations(
        asked="for anna", basis="popular", note="nothing is known", hits=(hit,), took_ms=2.0
    )
    interval = Interval(value=0.25, low=0.2, high=0.3)
    score = ReplayScore(
        method="recommend", recall=interval, ndcg=interval, coverage=0.5, novelty=7.0, behind=interval
    )
    report = ReplayReport(users=3, images=100, events=40, k=20, held_out=0.2, scores=(score,))
    event = UserEvent(
        user="anna", image_id="1" * 64, path=EVIL, kind="like", at="2024-05-01T12:00:00Z", value=1.0
    )
    failure = Failure(path="in.csv:3", code="image_not_found", reason="no such image")
    done = FeedbackImport(rows=3, added=1, failed=(failure,))

    def answers(name: str, value: object) -> None:
        def call(*args: object, **named: object) -> object:
            library._note(name, args=args, **named)
            return value

        monkeypatch.setattr(type(library), name, staticmethod(call), raising=False)

    for name, value in (
        ("recommend", found), ("goes_with", found), ("replay", report), ("feedback", 2),
        ("import_feedback", done), ("import_sets", done), ("feedback_users", {"anna": 7}),
        ("export_feedback", [event]), ("erase_user", 7), ("style", library.result),
    ):  # fmt: skip
        answers(name, value)
    return library


def test_recommend_passes_every_dial_on(run: Callable[..., Any], shop: Any) -> None:
    """User, k, dials, boosts, filters; the note goes to stderr, reasons stand behind the path."""
    ran = run(
        *("recommend", "--user", "anna", "-k", "3", "--diverse", "0.3", "--novel", "0.2", "--seen"),
        *(
            "--boost",
            "price:-0.2",
            "--boost",
            "recency",
            "--half-life",
            "30",
            "--where",
            "camera=X",
            "--in",
            "a",
        ),
    )
    (name, asked), *_ = shop.asked
    assert name == "recommend"
    assert asked == {
        "args": ("anna",), "images": None, "k": 3, "diverse": 0.3, "novel": 0.2, "seen": True,
        "boost": ("price:-0.2", "recency"), "half_life": 30.0, "where": ("camera=X",), "folders": ("a",),
    }  # fmt: skip
    assert ran.status == 0
    assert "nothing is known" in ran.err
    assert "like a.jpg you liked (0.62); price 5 (+0.50)" in ran.out
    assert "\x1b" not in ran.out


@pytest.mark.parametrize(
    ("args", "called"),
    [
        (["recommend", "a.jpg", "b.jpg"], "recommend"),
        (["recommend", "a.jpg", "--goes-with"], "goes_with"),
        (["recommend", "--replay"], "replay"),
        (["feedback", "add", "anna", "like", "a.jpg"], "feedback"),
        (["feedback", "import", "in.csv"], "import_feedback"),
        (["feedback", "import-sets", "in.csv"], "import_sets"),
        (["feedback", "list"], "feedback_users"),
        (["feedback", "export", "anna"], "export_feedback"),
        (["feedback", "erase", "anna"], "feedback_users"),
        (["feedback", "erase", "anna", "--apply"], "erase_user"),
        (["similar", "a.jpg", "--style"], "style"),
        (["similar", "--mood", "dark"], "style"),
        (["similar", "a.jpg", "b.jpg", "--diverse", "0.5"], "similar"),
    ],
)
def test_each_command_makes_its_one_call(
    run: Callable[..., Any], shop: Any, args: Sequence[str], called: str
) -> None:
    """In words and as JSON that fits its schema."""
    assert run(*args).status == 0
    ran = run(*args, "--json")
    assert ran.status == 0
    assert {name for name, _ in shop.asked if name != "status"} == {called}
    schema = {"recommend": "recommend", "goes_with": "recommend", "replay": "replay"}.get(called, "feedback")
    fits(ran.json(), "search" if called in {"similar", "style"} else schema)


@pytest.mark.parametrize(
    "args",
    [
        ["recommend"],
        ["recommend", "a.jpg", "--user", "anna"],
        ["recommend", "--user", "anna", "--replay"],
        ["recommend", "--goes-with", "--user", "anna"],
        ["recommend", "--user", "anna", "--json", "--paths-only"],
        ["similar"],
        ["similar", "a.jpg", "--style", "--copies"],
        ["feedback", "add", "anna", "adore", "a.jpg"],
    ],
)
def test_contradictions_are_refused_before_any_work(
    run: Callable[..., Any], shop: Any, args: Sequence[str]
) -> None:
    """Exit status 2, and no call."""
    assert run(*args).status == 2
    assert shop.asked == []


def test_export_is_what_import_reads(run: Callable[..., Any], shop: Any) -> None:
    """A CSV with a header, one line an event; a name that is no text is written out."""
    rows = list(csv.DictReader(io.StringIO(run("feedback", "export", "anna").out)))
    assert rows[0]["user"] == "anna"
    assert rows[0]["image"] == "1" * 64
    assert (rows[0]["kind"], rows[0]["at"], rows[0]["value"]) == ("like", "2024-05-01T12:00:00Z", "1.0")


def test_erase_says_first_what_it_would_do(run: Callable[..., Any], shop: Any) -> None:
    """Nothing is called that erases; an unknown user is an error."""
    ran = run("feedback", "erase", "anna")
    assert ran.out == "7 events of anna would be erased\n"
    assert "--apply" in ran.err
    assert run("feedback", "erase", "zoe").status == 3


def test_an_import_tells_each_line_it_left_out(run: Callable[..., Any], shop: Any) -> None:
    """On stderr, with the sum on stdout."""
    ran = run("feedback", "import", "in.csv")
    assert ran.out == "3 lines: 1 event added, 1 known before, 1 not usable\n"
    assert "in.csv:3" in ran.err


@pytest.mark.parametrize("args", [["recommend", "--user", "anna"], ["recommend", "--replay"]])
def test_html_reports_are_written(
    run: Callable[..., Any], shop: Any, tmp_path: Path, args: Sequence[str]
) -> None:
    """Whole files with the figures in them."""
    assert run(*args, "--html", "out.html").status == 0
    document = (tmp_path / "out.html").read_text()
    assert "<script" not in document
    assert ("like a.jpg you liked" in document) or ("0.2500" in document)


def test_paths_only_prints_bytes(run: Callable[..., Any], shop: Any) -> None:
    """As the operating system has them."""
    assert run("recommend", "--user", "anna", "-p").out_bytes == b"/photos/\x1b[31m<b>\xff.jpg\n"
