"""The public names, pinned: adding one is a decision, losing one breaks people."""

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import saccade
from saccade.core.errors import SaccadeError

NAMES = {
    "__version__", "ApplyReport", "CheckResult", "ClusterMeans", "ClusterReport", "DuplicateReport",
    "ExportReport", "Failure", "FeedbackImport", "ForgetReport", "HeatMap", "Hit", "ImageEncoder", "ImageId",
    "ImportReport", "IndexReport", "InspectionModel", "InspectionReport", "Library", "LibraryMap",
    "OutlierReport", "OverlapReport", "Progress", "QualityReport", "Recommendations",
    "ReplayReport", "SaccadeError", "SearchResult", "Settings", "TaggingReport", "TeachingReport",
    "UndoReport", "load_encoder", "open_library",
}  # fmt: skip
LIBRARY = {
    "backup", "build_indexes", "cancel", "close", "clusters", "context", "doctor", "duplicates", "embeddings",
    "fields", "folder", "forget", "index", "outliers", "recommendations", "search", "show", "similar",
    "status", "style", "tags", "thumbnails",
}  # fmt: skip
ENCODER = {"close", "encode_images", "encode_texts", "info"}


def public(kind: type) -> set[str]:
    return {name for part in kind.__mro__[:-1] for name in vars(part) if not name.startswith("_")}


def test_the_public_names_are_these() -> None:
    """As `__all__` and `dir` give them."""
    assert set(saccade.__all__) == set(dir(saccade)) == NAMES


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_public_name_is_there_and_documented(name: str) -> None:
    """It can be had, and says what it is."""
    value = getattr(saccade, name)
    assert name == "__version__" or inspect.getdoc(value)


def test_an_unknown_name_is_an_attribute_error() -> None:
    """As from any module."""
    with pytest.raises(AttributeError, match="'searhc'"):
        _ = saccade.searhc  # type: ignore[attr-defined]


def test_the_methods_people_call_are_these() -> None:
    """Of the library and of the encoder, each documented."""
    assert public(saccade.Library) == LIBRARY
    assert public(saccade.ImageEncoder) == ENCODER
    for kind in (saccade.Library, saccade.ImageEncoder):
        assert all(inspect.getdoc(getattr(kind, name)) for name in public(kind))


def test_no_public_method_takes_anything_under_any_name() -> None:
    """No **kwargs: a misspelled argument is an error."""
    for kind in (saccade.Library, saccade.ImageEncoder):
        for name in public(kind):
            method = getattr(kind, name)
            if callable(method):
                parameters = inspect.signature(method).parameters.values()
                assert all(parameter.kind is not parameter.VAR_KEYWORD for parameter in parameters)


def test_every_error_is_caught_by_one_name() -> None:
    """`except saccade.SaccadeError` is enough."""
    assert saccade.SaccadeError is SaccadeError


@pytest.mark.slow
def test_documented_calls_type_check_under_mypy_strict() -> None:
    """The calls of the README and of every namespace, as programs; and some misuses, which must not."""
    files = sorted(map(str, (Path(__file__).parent / "typing").glob("*.py")))
    command = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--config-file=", *files]
    result = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[1]
    )
    assert result.returncode == 0, result.stdout
