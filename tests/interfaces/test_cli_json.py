"""What `--json` prints is a promise: every command's output fits its schema, at full precision."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from saccade.core.types import Failure, Problem

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"


def check(value: object, name: str) -> None:
    """The value fits docs/schemas/NAME.json and holds no key that the schema does not know."""
    schema = json.loads((SCHEMAS / f"{name}.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(value, _closed(schema))


def _closed(schema: object) -> object:
    """The schema, with unknown keys refused at every level that does not say which it takes."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    free = schema.get("type") != "object" or "additionalProperties" in schema
    return closed if free else {**closed, "additionalProperties": False}


def test_check_refuses_a_key_the_schema_lacks() -> None:
    """The check itself can fail."""
    with pytest.raises(jsonschema.ValidationError):
        check({"path": "/a", "size_bytes": 1, "new": 2}, "backup")


@pytest.mark.parametrize(
    ("schema", "args"),
    [
        ("index", ["index", "--json"]),
        ("search", ["search", "a cat", "--json"]),
        ("search", ["similar", "cat.jpg", "--json"]),
        ("show", ["show", "cat.jpg", "--json"]),
        ("status", ["status", "--json"]),
        ("doctor", ["doctor", "--json"]),
        ("backup", ["backup", "copy.db", "--json"]),
    ],
)
def test_json_output_fits_its_schema(
    run: Callable[..., Any], library: Any, schema: str, args: list[str]
) -> None:
    """One JSON object on the last line of stdout, exit status 0."""
    library.failed = (Failure(path="/a/\udcff.jpg", code="truncated", reason="it ends early"),)
    library.problems = (Problem(code="orphan", message="a row without image", count=2, repaired=True),)
    ran = run(*args)
    assert ran.status == 0
    check(ran.json(), schema)
    assert len(ran.out.splitlines()) == 1


def test_index_json_is_exact(run: Callable[..., Any], library: Any) -> None:
    """Counts, failures with code and reason, seconds and rate."""
    library.failed = (Failure(path="/a/b.jpg", code="truncated", reason="it ends early"),)
    value = run("index", "--json").json()
    assert value == {
        "files": 10,
        "added": 4,
        "unchanged": 5,
        "moved": 0,
        "removed": 1,
        "excluded": 2,
        "embedded": 4,
        "failed": [{"path": "/a/b.jpg", "code": "truncated", "reason": "it ends early"}],
        "seconds": 2.0,
        "images_per_s": 2.0,
        "library": library.folder,
    }


def test_search_json_keeps_full_precision(
    run: Callable[..., Any], library: Any, make_hit: Callable[..., Any], make_result: Callable[..., Any]
) -> None:
    """Scores are rounded for people only."""
    library.result = make_result(make_hit(score=0.12345678901234567, confidence=1 / 3), confident=False)
    value = run("search", "a cat", "--json").json()
    assert (value["query"], value["confident"], value["took_ms"]) == ("a cat", False, 3.25)
    assert value["hits"][0]["score"] == 0.12345678901234567
    assert value["hits"][0]["confidence"] == 1 / 3


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_json_paths_round_trip_any_bytes(
    run: Callable[..., Any],
    library: Any,
    make_hit: Callable[..., Any],
    make_result: Callable[..., Any],
    encoding: str,
) -> None:
    """Names that are no text come back as they are, in any locale: the output is pure ASCII."""
    path = b"/photos/\xff\n\x1b[31m \xf0\x9f\x90\xb1.jpg".decode("utf-8", "surrogateescape")
    library.result = make_result(make_hit(path=path))
    ran = run("search", "a cat", "--json", encoding=encoding)
    assert ran.out_bytes.isascii()
    assert ran.json()["hits"][0]["path"] == path
    check(ran.json(), "search")


def test_an_error_is_json_too(run: Callable[..., Any], no_library: Any) -> None:
    """Code, message and hint on stdout, the same in words on stderr."""
    ran = run("search", "a cat", "--json", "--no-index")
    assert ran.status == 3
    check(ran.json(), "error")
    assert ran.json() == {
        "error": {
            "code": "library_not_found",
            "message": "no library here",
            "hint": "make one with: saccade index .",
        }
    }
    assert ran.err == "saccade: no library here\n  make one with: saccade index .\n"
