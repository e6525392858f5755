"""`saccade tag` and `saccade teach`: what is asked of the library, and what is said of its answers."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import jsonschema
import pytest

from saccade.core.ports.stores import Tag
from saccade.core.types import Failure
from saccade.usecases.tags.rules.classifying import (
    ClassifierVersion,
    Interval,
    Measured,
    Suggestion,
    TaughtReport,
)
from saccade.usecases.tags.rules.reports import Example, ExportReport, LabelSummary, TaggingReport

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"
Run = Callable[..., Any]


def _closed(schema: object) -> object:
    """The schema, with unknown keys refused at every level but in maps."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    if schema.get("type") == "object" and "additionalProperties" not in schema:
        closed["additionalProperties"] = False
    return closed


def check(value: object, name: str) -> None:
    schema = json.loads((SCHEMAS / f"{name}.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(value, _closed(schema))


def _interval(value: float) -> Interval:
    return Interval(value=value, low=value / 2, high=1.0)


class Desk:
    """Answers what it is told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[object, ...], dict[str, Any]]] = []
        shown = Example(path="/photos/\x1bdog.jpg", image_id="ab" * 32, confidence=0.91)
        self.report = TaggingReport(
            origin="zero-shot",
            images=1200,
            tagged=1000,
            tags=1001,
            labels=(
                LabelSummary(
                    label="animal/dog", images=1000, share=0.8, least=0.31, best=(shown,), borderline=(shown,)
                ),
                LabelSummary(label="animal", images=1, share=0.0, least=0.0),
            ),
            written=True,
            notes=("a note",),
            seconds=1.25,
        )
        self.taught = TaughtReport(
            name="our product",
            version=2,
            examples={"no": 3, "yes": 5},
            random_images=0,
            measured=Measured(
                examples=8,
                folds=5,
                accuracy=_interval(0.875),
                precision={"yes": _interval(0.8)},
                recall={"yes": _interval(0.75)},
                calibration_error=0.04,
            ),
            why_not="",
            shares={"no": 0.9, "yes": 0.1},
            images=100,
            tags={"our product": 9},
            suggestions=(Suggestion(path="/photos/a.jpg", image_id="cd" * 32, confidence=0.5, why="unsure"),),
            written=True,
            notes=(),
            seconds=0.75,
        )
        self.exported = ExportReport(
            format="csv",
            images=3,
            written=("/photos/tags.csv",),
            unchanged=0,
            skipped=(Failure(path="/photos/a.png", code="not_written", reason="no JPEG"),),
            kept=None,
            applied=True,
        )

    def _answer(self, name: str, answer: object) -> Callable[..., object]:
        def called(*args: object, **options: Any) -> object:
            self.asked.append((name, args, options))
            return answer

        return called

    def __getattr__(self, name: str) -> Callable[..., object]:
        answers: dict[str, object] = {
            "tag": self.report,
            "teach": self.taught,
            "export_tags": self.exported,
            "write_tags_to_files": self.exported,
            "restore_tagged_files": self.exported,
            "set_tags": 2,
            "remove_tags": 1,
            "labels": {"dog": 1000, "b\x1bd": 1},
            "tags": {"/photos/a.jpg": [Tag(label="dog", origin="person", score=1.0)]},
            "classifiers": (
                ClassifierVersion(
                    name="our product",
                    version=2,
                    created="2026-11-20T12:00:00+00:00",
                    examples={"no": 3, "yes": 5},
                    accuracy=None,
                    active=True,
                ),
            ),
            "use_classifier": 9,
        }
        return self._answer(name, answers[name])

    def thumbnail_files(self, paths: list[str], size: int) -> list[bytes]:
        return [bytes.fromhex("ffd8ffd9") for _ in paths]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Desk:
    made = Desk()
    monkeypatch.setattr("saccade.library.open_library", lambda path=None, *, create=True: made)
    return made


@pytest.mark.parametrize(
    ("schema", "args"),
    [
        ("tag", ["tag", "--label", "dog", "--json"]),
        ("tag", ["tag", "--list", "--json"]),
        ("tag", ["tag", "--list", "a.jpg", "--json"]),
        ("tag", ["tag", "--set", "dog", "a.jpg", "--json"]),
        ("tag", ["tag", "--export", "csv", "--json"]),
        ("teach", ["teach", "our product", "--yes", "a.jpg", "--json"]),
        ("teach", ["teach", "--json"]),
        ("teach", ["teach", "our product", "--use", "2", "--json"]),
    ],
)
def test_json_fits_its_schema(run: Run, desk: Desk, schema: str, args: list[str]) -> None:
    """One JSON object on one line, with no key the schema does not know."""
    ran = run(*args)
    assert ran.status == 0, ran.err
    check(ran.json(), schema)
    assert len(ran.out.splitlines()) == 1


def test_labels_by_words_are_asked_for(run: Run, desk: Desk) -> None:
    """Every option reaches the library; what is said is harmless."""
    ran = run("tag", "--label", "dog", "--label", "cat", "--least", "0.4", "--top", "3", "--keep", "--in",
              "x", "--where", "width>9", "--truth", "seen", "--dry-run")  # fmt: skip
    assert ran.status == 0
    _, (labels,), options = desk.asked[0]
    assert labels == ["dog", "cat"]
    progress = options.pop("progress")
    assert callable(progress)
    assert options == {
        "least": 0.4, "top": 3, "keep": True, "truth": "seen", "where": ("width>9",), "folders": ("x",),
        "dry_run": True,
    }  # fmt: skip
    assert "1,000 of 1,200 images bear a label" in ran.out
    assert "a note" in ran.err


def test_a_file_of_labels(run: Run, desk: Desk) -> None:
    """Its path goes to the library as it is."""
    assert run("tag", "--labels", "labels.toml").status == 0
    assert desk.asked[0][1] == ("labels.toml",)


def test_examples_take_all_words_up_to_the_next_option(run: Run, desk: Desk) -> None:
    """--yes A B --no C, names with a dash after --, a name before or after."""
    assert run("teach", "our product", "--yes", "a.jpg", "b.jpg", "--no", "c.jpg", "--seed", "3").status == 0
    _, args, options = desk.asked[0]
    assert args == ("our product",)
    assert (options["yes"], options["no"], options["seed"]) == (("a.jpg", "b.jpg"), ("c.jpg",), 3)
    run("teach", "--yes", "a.jpg", "b.jpg", "--seed", "1", "our product")
    assert (desk.asked[1][1], desk.asked[1][2]["yes"]) == (("our product",), ("a.jpg", "b.jpg"))


def test_a_lesson_is_told_with_its_intervals(run: Run, desk: Desk) -> None:
    """How good, how sure that is, how many bear it, what to label next."""
    out = run("teach", "our product", "--yes", "a.jpg").out
    assert "right on 87 % (43 % to 100 %) of 8 examples held out in turn" in out
    assert "precision 80 %" in out
    assert "9 of 100 images bear it (about 10 % show it)" in out
    assert "unsure" in out


def test_classes_come_from_a_table(run: Run, desk: Desk, tmp_path: Path) -> None:
    """Paths count from the table's folder; a row that lacks something is named."""
    (tmp_path / "kinds.csv").write_text("image,class\na.jpg,cat\nb.jpg,dog\n", encoding="utf-8")
    assert run("teach", "kind", "--classes", "kinds.csv").status == 0
    assert desk.asked[0][2]["classes"] == {"cat": [str(tmp_path / "a.jpg")], "dog": [str(tmp_path / "b.jpg")]}
    (tmp_path / "kinds.csv").write_text("image,class\na.jpg,\n", encoding="utf-8")
    ran = run("teach", "kind", "--classes", "kinds.csv")
    assert ran.status == 2
    assert "line 2" in ran.err


def test_reports_are_written(run: Run, desk: Desk, tmp_path: Path) -> None:
    """HTML with every label and nothing that a terminal or a browser obeys."""
    assert run("tag", "--label", "dog", "--html", "tags.html").status == 0
    page = (tmp_path / "tags.html").read_text()
    assert "animal/dog" in page
    assert "\x1b" not in page
    assert run("teach", "our product", "--yes", "a.jpg", "--html", "teach.html").status == 0
    assert "held out in turn" in (tmp_path / "teach.html").read_text()


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["tag"], "nothing to do"),
        (["tag", "--label", "a", "--list"], "are mutually exclusive"),
        (["tag", "--label", "a", "--labels", "b.txt"], "are mutually exclusive"),
        (["tag", "--label", "a", "b.jpg"], "b.jpg was named"),
        (["tag", "--set", "a", "b.jpg", "--dry-run"], "--dry-run has no data"),
        (["teach", "x", "--classes", "none.csv"], "no such file"),
    ],
)
def test_what_makes_no_sense_is_refused(run: Run, desk: Desk, args: list[str], said: str) -> None:
    """Exit status 2, and a line that says why."""
    ran = run(*args)
    assert ran.status == 2
    assert said in ran.err


def test_lists_are_harmless(run: Run, desk: Desk) -> None:
    """Labels and paths of strangers are written out."""
    out = run("tag", "--list").out
    assert "1,000  dog" in out
    assert "\x1b" not in out
    assert "dog (by hand)" in run("tag", "--list", "a.jpg").out
    assert "* our product  version 2" in run("teach").out
    assert "1 tag removed" in run("tag", "--remove", "dog", "a.jpg").out
    assert "9 tags" in run("teach", "our product", "--use", "2").out
    assert "1 file written" in run("tag", "--write-files").out
    assert "skipped" in run("tag", "--restore").err
