"""`saccade recommend` and `saccade feedback`: what is asked of the library, and what is shown."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest

from saccade.core.ranking import Interval, ReplayReport, ReplayScore
from saccade.core.types import Failure, ImageInfo
from saccade.usecases.recommendations.api import Recommendations
from saccade.usecases.recommendations.rules.reports import FeedbackImport, Reason, Recommendation, UserEvent
from saccade.usecases.recommendations.rules.reports import Recommendations as Answer
from tests.helpers.json_schemas import check_json
from tests.helpers.terminal import Run, fake_api, fake_context, use_context

EVIL = "/photos/\x1b[31m<b>\udcff.jpg"
HIT = Recommendation(
    rank=1,
    image_id="1" * 64,
    path=EVIL,
    paths=(EVIL,),
    score=0.875,
    reasons=(
        Reason(kind="liked", text="like a.jpg you liked (0.62)", amount=0.7, path="/photos/a.jpg"),
        Reason(kind="boost", text="price 5 (+0.50)", amount=0.5),
    ),
    info=ImageInfo(width=400, height=300, format="JPEG", size_bytes=12345),
)
FOUND = Answer(asked="for anna", basis="history", note="nothing is known", hits=(HIT,), took_ms=2.0)
QUARTER = Interval(value=0.25, low=0.2, high=0.3)
REPLAY = ReplayReport(
    users=3, images=100, events=40, k=20, held_out=0.2,
    scores=(
        ReplayScore(
            method="recommend", recall=QUARTER, ndcg=QUARTER, coverage=0.5, novelty=7.0, behind=QUARTER
        ),
    ),
)  # fmt: skip
EVENT = UserEvent(
    user="anna", image_id="1" * 64, path=EVIL, kind="like", at="2024-05-01T12:00:00Z", value=1.0
)
IMPORTED = FeedbackImport(
    rows=3, added=1, failed=(Failure(path="in.csv:3", code="image_not_found", reason="no such image"),)
)


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> MagicMock:
    """The slice's api, checked against its real signatures."""
    api = fake_api(monkeypatch, Recommendations)
    api.for_user.return_value = api.together.return_value = FOUND
    api.replay.return_value = REPLAY
    api.feedback.return_value = 2
    api.import_feedback.return_value = api.import_sets.return_value = IMPORTED
    api.users.return_value = {"anna": 7}
    api.export.return_value = [EVENT]
    api.erase.return_value = 7
    use_context(monkeypatch, fake_context(str(tmp_path / ".saccade")))
    return api


def test_recommend_passes_every_dial_on(run: Run, shop: MagicMock) -> None:
    """User, k, dials, boosts, filters; the note goes to stderr, reasons stand behind the path."""
    ran = run(
        *("recommend", "--user", "anna", "-k", "3", "--diverse", "0.3", "--novel", "0.2", "--seen"),
        *("--boost", "price:-0.2", "--boost", "recency", "--half-life", "30", "--where", "camera=X"),
        *("--in", "a"),
    )
    shop.for_user.assert_called_once_with(
        "anna", images=None, k=3, diverse=0.3, novel=0.2, seen=True, boost=("price:-0.2", "recency"),
        half_life=30.0, where=("camera=X",), folders=("a",),
    )  # fmt: skip
    assert ran.status == 0
    assert "nothing is known" in ran.err
    assert "like a.jpg you liked (0.62); price 5 (+0.50)" in ran.out
    assert "\x1b" not in ran.out


@pytest.mark.parametrize(
    ("args", "called"),
    [
        (["recommend", "a.jpg", "b.jpg"], "for_user"),
        (["recommend", "a.jpg", "--goes-with"], "together"),
        (["recommend", "--replay"], "replay"),
        (["feedback", "add", "anna", "like", "a.jpg"], "feedback"),
        (["feedback", "import", "in.csv"], "import_feedback"),
        (["feedback", "import-sets", "in.csv"], "import_sets"),
        (["feedback", "list"], "users"),
        (["feedback", "export", "anna"], "export"),
        (["feedback", "erase", "anna"], "users"),
        (["feedback", "erase", "anna", "--apply"], "erase"),
    ],
)
def test_each_command_makes_its_one_call(run: Run, shop: MagicMock, args: Sequence[str], called: str) -> None:
    """In words and as JSON that fits its schema."""
    assert run(*args).status == 0
    assert [name for name, *_ in shop.method_calls] == [called]
    ran = run(*args, "--json")
    assert ran.status == 0
    assert [name for name, *_ in shop.method_calls] == [called] * 2
    group = args[0] == "feedback"
    check_json(ran.json(), "-".join(args[:2]).removesuffix("-sets") if group else args[0])


def test_images_count_as_liked(run: Run, shop: MagicMock) -> None:
    """Instead of a user."""
    run("recommend", "a.jpg", "b.jpg")
    assert shop.for_user.call_args.args == (None,)
    assert shop.for_user.call_args.kwargs["images"] == ["a.jpg", "b.jpg"]


def test_the_basis_is_told_to_scripts(run: Run, shop: MagicMock) -> None:
    """With reasons and their amounts."""
    value: dict[str, Any] = run("recommend", "--user", "anna", "--json").json()
    assert (value["basis"], value["note"]) == ("history", "nothing is known")
    assert value["hits"][0]["path"] == EVIL
    assert value["hits"][0]["reasons"][1] == {
        "kind": "boost", "text": "price 5 (+0.50)", "amount": 0.5, "path": "",
    }  # fmt: skip


def test_a_replay_is_a_table(run: Run, shop: MagicMock) -> None:
    """Each method with its intervals; the options reach the library."""
    out = run("recommend", "--replay", "-k", "5", "--held-out", "0.3", "--seed", "4").out
    assert "0.2500 (0.2000-0.3000)" in out
    asked = shop.replay.call_args.kwargs
    assert (asked["k"], asked["held_out"], asked["seed"]) == (5, 0.3, 4)


@pytest.mark.parametrize(
    "args",
    [
        ["recommend"],
        ["recommend", "a.jpg", "--user", "anna"],
        ["recommend", "--user", "anna", "--replay"],
        ["recommend", "--goes-with", "--user", "anna"],
        ["recommend", "--user", "anna", "--json", "--paths-only"],
        ["feedback", "add", "anna", "adore", "a.jpg"],
    ],
)
def test_contradictions_are_refused_before_any_work(run: Run, shop: MagicMock, args: Sequence[str]) -> None:
    """Exit status 2, and no call."""
    assert run(*args).status == 2
    assert shop.mock_calls == []


def test_export_is_what_import_reads(run: Run, shop: MagicMock) -> None:
    """A CSV with a header, one line an event; a name that is no text is written out."""
    rows = list(csv.DictReader(io.StringIO(run("feedback", "export", "anna").out)))
    assert rows[0]["user"] == "anna"
    assert rows[0]["image"] == "1" * 64
    assert (rows[0]["kind"], rows[0]["at"], rows[0]["value"]) == ("like", "2024-05-01T12:00:00Z", "1.0")


def test_erase_says_first_what_it_would_do(run: Run, shop: MagicMock) -> None:
    """Nothing is called that erases; an unknown user is an error."""
    ran = run("feedback", "erase", "anna")
    assert ran.out == "7 events of anna would be erased\n"
    assert "--apply" in ran.err
    assert run("feedback", "erase", "zoe").status == 3
    shop.erase.assert_not_called()


def test_an_import_tells_each_line_it_left_out(run: Run, shop: MagicMock) -> None:
    """On stderr, with the sum on stdout."""
    ran = run("feedback", "import", "in.csv")
    assert ran.out == "3 lines: 1 event added, 1 already known, 1 not usable\n"
    assert "in.csv:3" in ran.err


@pytest.mark.parametrize("args", [["recommend", "--user", "anna"], ["recommend", "--replay"]])
def test_html_reports_are_written(run: Run, shop: MagicMock, tmp_path: Path, args: Sequence[str]) -> None:
    """Whole files with the figures in them."""
    assert run(*args, "--html", "out.html").status == 0
    document = (tmp_path / "out.html").read_text()
    assert "<script" not in document
    assert ("like a.jpg you liked" in document) or ("0.2500" in document)


def test_paths_only_prints_bytes(run: Run, shop: MagicMock) -> None:
    """As the operating system has them."""
    assert run("recommend", "--user", "anna", "-p").out_bytes == b"/photos/\x1b[31m<b>\xff.jpg\n"
