"""`saccade outliers`: what it asks `lib.outliers` for, what it says, and what it refuses."""

from collections.abc import Callable
from pathlib import Path
from unittest.mock import MagicMock, create_autospec

import jsonschema
import numpy as np
import pytest

from saccade.core.ports.tools import PictureCodec, Tools
from saccade.core.types import Failure, ImageInfo, ImageRecord
from saccade.core.wire import attributes, schema_of
from saccade.engine.context import LibraryContext
from saccade.usecases.outliers import wire
from saccade.usecases.outliers.api import Outliers
from saccade.usecases.outliers.rules.heat import HeatMap
from saccade.usecases.outliers.rules.quality import ISSUES, QualityIssue, QualityReport
from saccade.usecases.outliers.rules.reports import (
    Inspection,
    InspectionModel,
    InspectionReport,
    Outlier,
    OutlierReport,
    Spot,
)
from saccade.usecases.outliers.wire import finding, inspecting
from tests.helpers.terminal import Ran, use_context

Run = Callable[..., Ran]
FAILED = (Failure(path="/a/gone.jpg", code="file_vanished", reason="the file is no longer there"),)
RECORD = ImageRecord(
    id=1,
    sha256=b"\1" * 32,
    info=ImageInfo(width=400, height=300, format="JPEG", size_bytes=12345),
    paths=("/photos/odd.jpg",),
)
OUTLIER = Outlier(
    rank=1, record=RECORD, value=1.75, stands_out=True, nearest="/photos/b.jpg", reason="far away"
)
REPORT = OutlierReport(
    mode="knn", by="look", k=30, images=500, outliers=(OUTLIER,), standing_out=3, fence=1.25,
    column="outlier", failed=FAILED, seconds=2.0,
)  # fmt: skip
QUALITY = QualityReport(
    images=500, measured=20, counts=dict.fromkeys(ISSUES, 0) | {"blur": 1},
    issues=dict.fromkeys(ISSUES, ())
    | {"blur": (QualityIssue(record=RECORD, issue="blur", score=0.8, reason="blurred (0.80)"),)},
    failed=(), stored=True, seconds=2.0,
)  # fmt: skip
MODEL = InspectionModel(
    name="cells", version=2, created="2024-01-01T00:00:00+00:00", method="patches", good=30,
    false_alarms=0.05, threshold=4.5, suspects=("/good/odd.png",), failed=FAILED, encoder="ab",
)  # fmt: skip
INSPECTION = Inspection(
    rank=1, path="/new/bad.png", value=1.5, score=1.0, bad=True,
    spot=Spot(left=0.0, top=0.0, right=0.25, bottom=0.25, heat=0.9), reason="1.50 times the limit",
)  # fmt: skip
INSPECTIONS = InspectionReport(
    model=MODEL, images=9, bad=1, inspections=(INSPECTION,), column="", failed=FAILED, seconds=1.0
)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> MagicMock:
    """`lib.outliers` with fixed answers, checked against its real signatures."""
    api: MagicMock = create_autospec(Outliers, instance=True)
    api.find.return_value = REPORT
    api.quality.return_value = QUALITY
    api.train.return_value = MODEL
    api.inspect.return_value = INSPECTIONS
    api.heat_map.return_value = HeatMap(
        heat=np.full((8, 8), 0.6, np.float32), pixels=np.zeros((8, 8, 3), np.uint8), value=1.5, score=1.0
    )
    context = create_autospec(LibraryContext, instance=True)
    context.tools = create_autospec(Tools, instance=True)
    context.tools.pictures = create_autospec(PictureCodec, instance=True)
    context.tools.pictures.to_jpeg.return_value = b"jpeg"
    use_context(monkeypatch, context)
    monkeypatch.setattr("saccade.usecases.outliers.api.Outliers", lambda _: api)
    return api


@pytest.mark.parametrize(
    ("args", "kind"),
    [
        ([], finding.OutliersAnswer),
        (["--mode", "lof", "--dry-run"], finding.OutliersAnswer),
        (["--quality"], finding.QualityAnswer),
        (["--train", "cells", "--good", "data.ok=1"], inspecting.ModelAnswer),
        (["--model", "cells", "a.png"], inspecting.InspectionsAnswer),
    ],
    ids=["default", "lof", "quality", "train", "model"],
)
def test_json_fits_its_schema(run: Run, fake: MagicMock, args: list[str], kind: type) -> None:
    """One object on the last line, in the promised shape."""
    schema = schema_of(kind, title="saccade outliers --json")
    jsonschema.Draft202012Validator.check_schema(schema)
    ran = run("outliers", *args, "--json")
    assert ran.status == 0, ran.err
    jsonschema.validate(ran.json(), schema)
    assert len(fake.method_calls) == 1
    assert kind in {answer.kind for answer in wire.ANSWERS}


def test_every_field_of_an_answer_is_documented() -> None:
    """The schemas explain themselves."""
    inner = (finding.OutlierAnswer, finding.IssueAnswer, inspecting.InspectionAnswer)
    for kind in [*(answer.kind for answer in wire.ANSWERS), *inner]:
        assert set(kind.__dataclass_fields__) == {name for name, _ in attributes(kind)}, kind


def test_outliers_are_listed_with_their_reasons(run: Run, fake: MagicMock) -> None:
    """Value, path, why; how many stand out; where the values are stored; what could not be read."""
    ran = run("outliers", "--top", "5", "--neighbors", "7", "--where", "width>10")
    assert "1.75  /photos/odd.jpg" in ran.out
    assert "far away" in ran.out
    assert "3 stand out" in ran.out
    assert "data.outlier>=1.25" in ran.out
    assert "gone.jpg" in ran.err
    asked = fake.find.call_args.kwargs
    assert (asked["k"], asked["top"], asked["where"], asked["store"]) == (7, 5, ("width>10",), True)


@pytest.mark.parametrize(
    ("args", "method"), [([], "find"), (["--quality"], "quality"), (["--model", "cells"], "inspect")]
)
def test_a_dry_run_stores_nothing(run: Run, fake: MagicMock, args: list[str], method: str) -> None:
    """Whatever is asked for."""
    run("outliers", *args, "--dry-run")
    assert getattr(fake, method).call_args.kwargs["store"] is False


def test_quality_is_listed_by_issue(run: Run, fake: MagicMock) -> None:
    """How many have it, the worst with the reason, and how to filter."""
    ran = run("outliers", "--quality")
    assert "blur: 1 image\n  0.80  /photos/odd.jpg  blurred (0.80)" in ran.out
    assert "500 images, 20 measured now" in ran.out
    assert "data.blur>=0.5" in ran.out
    fake.quality.assert_called_once()


def test_good_pictures_are_paths_or_filters(run: Run, fake: MagicMock, tmp_path: Path) -> None:
    """What exists is a path, what has an operator a filter, anything else a mistake."""
    (tmp_path / "fine").mkdir()
    ran = run("outliers", "--train", "cells", "--good", "fine", "--good", "data.ok=1")
    assert fake.train.call_args.args == ("cells", ["fine"])
    known = {key: value for key, value in fake.train.call_args.kwargs.items() if key != "progress"}
    assert known == {"where": ["data.ok=1"], "folders": (), "false_alarms": 0.05, "seed": 0}
    assert "learned 'cells' (version 2) from 30 good pictures" in ran.out
    assert "/good/odd.png" in ran.err
    assert run("outliers", "--train", "cells", "--good", "nowhere").status == 2


def test_inspections_say_where(run: Run, fake: MagicMock) -> None:
    """Verdict, value and reason of each picture."""
    ran = run("outliers", "--model", "cells", "x.png", "y.png")
    assert "bad   1.50  /new/bad.png" in ran.out
    assert "1 of 9 pictures" in ran.out
    assert fake.inspect.call_args.args == ("cells", ("x.png", "y.png"))


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
def test_options_that_contradict_each_other_are_refused(run: Run, fake: MagicMock, args: list[str]) -> None:
    """Before any work, with what to do."""
    ran = run("outliers", *args)
    assert ran.status == 2
    assert len(ran.err.strip().splitlines()) == 2
    assert fake.mock_calls == []


@pytest.mark.parametrize("args", [[], ["--quality"], ["--model", "cells"]])
def test_a_report_is_written(
    run: Run, fake: MagicMock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, args: list[str]
) -> None:
    """One HTML file with the picture's name, its thumbnail and the reason; the heat map of a judged one."""
    thumbnail = np.zeros((4, 4, 3), np.uint8)
    page = "saccade.usecases.outliers.html"
    monkeypatch.setattr(f"{page}.Outliers", lambda _: fake)
    monkeypatch.setattr(f"{page}.thumbnails", lambda _context, files, _size: [thumbnail for _ in files])
    ran = run("outliers", *args, "--html", "r.html")
    assert ran.status == 0, ran.err
    written = (tmp_path / "r.html").read_text()
    assert "odd.jpg" in written or "bad.png" in written
    assert written.count("data:image/jpeg") == (2 if "--model" in args else 1)
    if "--model" in args:
        fake.heat_map.assert_called_once_with("/new/bad.png", "cells", version=2, size=320)
