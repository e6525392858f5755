"""`saccade outliers`: what it asks of the library, what it says, and what it refuses."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from saccade.core.types import Failure, ImageRecord
from saccade.usecases.outliers.rules.quality import ISSUES, QualityIssue, QualityReport
from saccade.usecases.outliers.rules.reports import (
    Inspection,
    InspectionModel,
    InspectionReport,
    Outlier,
    OutlierReport,
    Spot,
)

SCHEMA = Path(__file__).parents[2] / "docs" / "schemas" / "outliers.json"
FAILED = (Failure(path="/a/gone.jpg", code="file_vanished", reason="the file is no longer there"),)


def closed(schema: object) -> object:
    """The schema, with unknown keys refused at every level."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: closed(value) for key, value in schema.items()}
    return {**kept, "additionalProperties": False} if schema.get("type") == "object" else kept


@pytest.fixture
def asked(library: Any, make_info: Callable[..., Any]) -> list[tuple[str, dict[str, Any]]]:
    """What was asked of the library, which now answers."""
    record = ImageRecord(id=1, sha256=b"\1" * 32, info=make_info(), paths=("/photos/odd.jpg",))
    calls: list[tuple[str, dict[str, Any]]] = []
    model = InspectionModel(
        name="cells", version=2, created="2024-01-01T00:00:00+00:00", method="patches", good=30,
        false_alarms=0.05, threshold=4.5, suspects=("/good/odd.png",), failed=FAILED, encoder="ab",
    )  # fmt: skip

    def outliers(**told: Any) -> OutlierReport:
        calls.append(("outliers", told))
        one = Outlier(
            rank=1, record=record, value=1.75, stands_out=True, nearest="/photos/b.jpg", reason="far away"
        )
        return OutlierReport(
            mode=told["mode"], by="look", k=told["k"], images=500, outliers=(one,), standing_out=3,
            fence=1.25, column="outlier" if told["keep"] else "", failed=FAILED, seconds=2.0,
        )  # fmt: skip

    def quality(**told: Any) -> QualityReport:
        calls.append(("quality", told))
        issue = QualityIssue(record=record, issue="blur", score=0.8, reason="blurred (0.80)")
        return QualityReport(
            images=500, measured=20, counts=dict.fromkeys(ISSUES, 0) | {"blur": 1},
            issues=dict.fromkeys(ISSUES, ()) | {"blur": (issue,)}, failed=(), stored=told["keep"],
            seconds=2.0,
        )  # fmt: skip

    def train(name: str, good: Sequence[str], **told: Any) -> InspectionModel:
        calls.append(("train", {"name": name, "good": list(good), **told}))
        return model

    def inspect(name: str, files: Sequence[str], **told: Any) -> InspectionReport:
        calls.append(("inspect", {"name": name, "files": list(files), **told}))
        spot = Spot(left=0.0, top=0.0, right=0.25, bottom=0.25, heat=0.9)
        one = Inspection(
            rank=1,
            path="/new/bad.png",
            value=1.5,
            score=1.0,
            bad=True,
            spot=spot,
            reason="1.50 times the limit",
        )
        return InspectionReport(
            model=model, images=9, bad=1, inspections=(one,), column="", failed=FAILED, seconds=1.0
        )

    library.outliers, library.quality = outliers, quality
    library.train_inspection, library.inspect = train, inspect
    return calls


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["--mode", "lof", "--dry-run"],
        ["--quality"],
        ["--train", "cells", "--good", "data.ok=1"],
        ["--model", "cells", "a.png"],
    ],
    ids=["default", "lof", "quality", "train", "model"],
)
def test_json_fits_its_schema(run: Callable[..., Any], asked: list[Any], args: list[str]) -> None:
    """One object on the last line, no key that the schema does not know."""
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    ran = run("outliers", *args, "--json")
    assert ran.status == 0, ran.err
    jsonschema.validate(ran.json(), closed(schema))
    assert len(asked) == 1


def test_outliers_are_told_with_their_reasons(run: Callable[..., Any], asked: list[Any]) -> None:
    """Value, path, why; how many stand out; where the values are kept; what could not be read."""
    ran = run("outliers", "--top", "5", "--neighbors", "7", "--where", "width>10")
    assert "1.75  /photos/odd.jpg" in ran.out
    assert "far away" in ran.out
    assert "3 stand out" in ran.out
    assert "data.outlier>=1.25" in ran.out
    assert "gone.jpg" in ran.err
    assert asked[0][1]["k"] == 7
    assert asked[0][1]["top"] == 5
    assert asked[0][1]["where"] == ("width>10",)
    assert asked[0][1]["keep"] is True


def test_a_dry_run_keeps_nothing(run: Callable[..., Any], asked: list[Any]) -> None:
    """The library is told so, and no filter is offered."""
    assert "kept" not in run("outliers", "--dry-run").out
    assert asked[0][1]["keep"] is False


def test_good_pictures_are_paths_or_filters(
    run: Callable[..., Any], asked: list[Any], tmp_path: Path
) -> None:
    """What exists is a path, what has an operator a filter, anything else a mistake."""
    (tmp_path / "fine").mkdir()
    ran = run("outliers", "--train", "cells", "--good", "fine", "--good", "data.ok=1")
    assert asked == [
        (
            "train",
            {
                "name": "cells", "good": ["fine"], "where": ["data.ok=1"], "folders": (),
                "false_alarms": 0.05, "seed": 0, "progress": asked[0][1]["progress"],
            },
        )
    ]  # fmt: skip
    assert "learned 'cells' (version 2) from 30 good pictures" in ran.out
    assert "/good/odd.png" in ran.err
    assert run("outliers", "--train", "cells", "--good", "nowhere").status == 2


def test_inspections_say_where(run: Callable[..., Any], asked: list[Any]) -> None:
    """Verdict, measure and reason of each picture."""
    ran = run("outliers", "--model", "cells", "x.png", "y.png")
    assert "bad   1.50  /new/bad.png" in ran.out
    assert "1 of 9 pictures" in ran.out
    assert asked[0][1]["files"] == ["x.png", "y.png"]


@pytest.mark.parametrize(
    "args",
    [
        ["--quality", "--model", "x"],
        ["--train", "x", "--model", "x"],
        ["a.png"],
        ["--good", "x"],
        ["--train", " "],
        ["--train", "x", "--dry-run"],
        ["--top", "-1"],
    ],
)
def test_options_that_contradict_each_other_are_refused(
    run: Callable[..., Any], asked: list[Any], args: list[str]
) -> None:
    """Before any work, with what to do."""
    ran = run("outliers", *args)
    assert ran.status == 2
    assert len(ran.err.strip().splitlines()) == 2
    assert asked == []


@pytest.mark.parametrize("args", [[], ["--quality"], ["--model", "cells"]])
def test_a_report_is_written(
    run: Callable[..., Any], asked: list[Any], library: Any, tmp_path: Path, args: list[str]
) -> None:
    """One HTML file with the picture's name and the reason."""
    library.heat_jpeg = lambda path, model, size: b"\xff\xd8\xff\xd9"
    ran = run("outliers", *args, "--html", "r.html")
    assert ran.status == 0, ran.err
    page = (tmp_path / "r.html").read_text()
    assert "odd.jpg" in page or "bad.png" in page
