"""What `search`, `similar` and `show` print with `--json`: a promise, at full precision."""

from collections.abc import Callable
from typing import Any
from unittest.mock import MagicMock

import pytest

from saccade.core.hits import Hit, SearchResult
from saccade.core.items import Box, Item, ItemKind
from tests.helpers.json_schemas import check_json
from tests.helpers.terminal import FakeOpener, Run

MakeHit = Callable[..., Hit]
MakeResult = Callable[..., SearchResult]
pytestmark = pytest.mark.usefixtures("opener")


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("search", ["search", "a cat"]),
        ("similar", ["similar", "cat.jpg"]),
        ("similar", ["similar", "cat.jpg", "--style"]),
        ("show", ["show", "cat.jpg"]),
    ],
)
def test_json_output_fits_its_schema(run: Run, name: str, args: list[str]) -> None:
    """One JSON object on the one line of stdout, exit status 0."""
    ran = run(*args, "--json")
    assert ran.status == 0
    check_json(ran.json(), name)
    assert len(ran.out.splitlines()) == 1


def test_search_json_keeps_full_precision(
    run: Run, searching: MagicMock, make_hit: MakeHit, make_result: MakeResult
) -> None:
    """Scores are rounded for people only."""
    hit = make_hit(score=0.12345678901234567, confidence=1 / 3, similar=("0" * 64,))
    searching.search.return_value = make_result(hit, confident=False)
    value: dict[str, Any] = run("search", "a cat", "--json").json()
    assert (value["query"], value["confident"], value["took_ms"]) == ("a cat", False, 3.25)
    assert value["hits"][0]["score"] == 0.12345678901234567
    assert value["hits"][0]["confidence"] == 1 / 3
    assert value["hits"][0]["similar"] == ["0" * 64]
    assert value["hits"][0]["facts"]["width"] == 400


def test_search_json_says_which_part_of_an_image_matches(
    run: Run, searching: MagicMock, make_hit: MakeHit, make_result: MakeResult
) -> None:
    """All of it, or a part with its place."""
    part = Item(kind=ItemKind.REGION, box=Box(left=0.5, top=0, width=0.25, height=1), page=3)
    searching.search.return_value = make_result(make_hit(1), make_hit(2, item=part))
    value: dict[str, Any] = run("search", "a cat", "--json").json()
    check_json(value, "search")
    assert [hit["item"] for hit in value["hits"]] == [
        {"kind": "image", "page": None, "box": None, "span": None},
        {
            "kind": "region",
            "page": 3,
            "box": {"left": 0.5, "top": 0, "width": 0.25, "height": 1},
            "span": None,
        },
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_json_paths_round_trip_any_bytes(
    run: Run, searching: MagicMock, make_hit: MakeHit, make_result: MakeResult, encoding: str
) -> None:
    """Names that are no text come back as they are, in any locale: the output is pure ASCII."""
    path = b"/photos/\xff\n\x1b[31m \xf0\x9f\x90\xb1.jpg".decode("utf-8", "surrogateescape")
    searching.search.return_value = make_result(make_hit(path=path))
    ran = run("search", "a cat", "--json", encoding=encoding)
    assert ran.out_bytes.isascii()
    value: dict[str, Any] = ran.json()
    assert value["hits"][0]["path"] == path
    check_json(value, "search")


def test_an_error_is_json_too(run: Run, opener: FakeOpener) -> None:
    """Code, message and hint on stdout, the same in words on stderr."""
    opener.missing = True
    ran = run("search", "a cat", "--json", "--no-index")
    assert ran.status == 3
    check_json(ran.json(), "error")
    assert ran.json() == {
        "error": {
            "code": "library_not_found",
            "message": "no library here",
            "hint": "make one with: saccade index .",
        }
    }
    assert ran.err == "saccade: no library here\n  make one with: saccade index .\n"
