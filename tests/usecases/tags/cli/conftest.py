"""`lib.tags` with fixed answers."""

from pathlib import Path
from unittest.mock import MagicMock

import pytest

from saccade.core.ports.stores import Tag
from saccade.core.types import Failure
from saccade.usecases.tags.api import Tags
from saccade.usecases.tags.rules.classifying import Interval, Measurement
from saccade.usecases.tags.rules.reports import (
    ClassifierVersion,
    Example,
    ExportReport,
    LabelSummary,
    Suggestion,
    SuggestionReport,
    TaggingReport,
    TeachingReport,
)
from tests.helpers.terminal import fake_api, fake_context, use_context


def _interval(value: float) -> Interval:
    return Interval(value=value, low=value / 2, high=1.0)


EXAMPLE = Example(path="/photos/\x1bdog.jpg", image_id="ab" * 32, confidence=0.91)
TAGGED = TaggingReport(
    origin="zero-shot",
    images=1200,
    tagged=1000,
    tags=1001,
    labels=(
        LabelSummary(
            label="animal/dog", images=1000, share=0.8, threshold=0.31, best=(EXAMPLE,), borderline=(EXAMPLE,)
        ),
        LabelSummary(label="animal", images=1, share=0.0, threshold=0.0),
    ),
    written=True,
    notes=("a note",),
    seconds=1.25,
)
TAUGHT = TeachingReport(
    name="our product",
    version=2,
    examples={"no": 3, "yes": 5},
    random_images=0,
    measured=Measurement(
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
EXPORTED = ExportReport(
    format="csv",
    images=3,
    written=("/photos/tags.csv",),
    unchanged=0,
    skipped=(Failure(path="/photos/a.png", code="not_written", reason="no JPEG"),),
    kept=None,
    applied=True,
)
VERSION = ClassifierVersion(
    name="our product",
    version=2,
    created="2026-11-20T12:00:00+00:00",
    examples={"no": 3, "yes": 5},
    accuracy=None,
    active=True,
)


@pytest.fixture
def tags(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> MagicMock:
    """The slice's api, checked against its real signatures."""
    api = fake_api(monkeypatch, Tags)
    api.zero_shot.return_value = TAGGED
    api.teach.return_value = TAUGHT
    for method in (api.export, api.write_files, api.restore_files):
        method.return_value = EXPORTED
    api.set.return_value = 2
    api.remove.return_value = 1
    api.labels.return_value = {"dog": 1000, "b\x1bd": 1}
    api.of.return_value = {"/photos/a.jpg": [Tag(label="dog", origin="person", score=1.0)]}
    api.classifiers.return_value = [VERSION]
    api.use.return_value = 9
    api.suggest.return_value = SuggestionReport(name="our product", version=2, suggestions=TAUGHT.suggestions)
    use_context(monkeypatch, fake_context(str(tmp_path / ".saccade")))
    return api
