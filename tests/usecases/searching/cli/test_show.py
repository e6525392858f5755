"""`saccade show`: all that is known of one image."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from unittest.mock import MagicMock

import pytest

from saccade.core.pictures import ImageId
from saccade.core.ports.stores import Tag
from saccade.core.types import ImageInfo
from tests.helpers.json_schemas import check_json
from tests.helpers.terminal import FakeOpener, Run


@pytest.fixture
def known(opener: FakeOpener) -> Any:
    """The catalog, which knows a tag and two fields of the image."""
    catalog: Any = opener.context.catalog
    catalog.tags.of.return_value = {1: [Tag(label="a\x1bcat", origin="person", score=1.0)]}
    catalog.columns.of.return_value = {1: {"price": 3.5, "theme": "cats\x1b"}}
    return catalog


def test_show_tells_what_is_known(
    run: Run, searching: MagicMock, known: Any, make_info: Callable[..., ImageInfo]
) -> None:
    """Facts that are there, one a line; text is made harmless."""
    info = make_info(
        taken_at="2024-05-01T12:00:00", camera="Canon", latitude=1.5, longitude=-2.25, title="a\x1b[2Jb"
    )
    searching.show.return_value = replace(searching.show.return_value, info=info)
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
    searching.show.assert_called_once_with("cat.jpg")


@pytest.mark.usefixtures("opener")
def test_an_image_is_named_by_its_id(run: Run, searching: MagicMock) -> None:
    """What looks like an id, and is no file, is one."""
    run("show", "feedbeef")
    searching.show.assert_called_once_with(ImageId("feedbeef"))


def test_show_as_json(run: Run, known: Any) -> None:
    """Tags and fields beside the file's facts."""
    value: dict[str, Any] = run("show", "cat.jpg", "--json").json()
    check_json(value, "show")
    assert value["tags"] == [{"label": "a\x1bcat", "origin": "person", "score": 1.0}]
    assert value["fields"] == {"price": 3.5, "theme": "cats\x1b"}
    assert value["facts"]["format"] == "JPEG"


@pytest.mark.usefixtures("opener")
def test_an_image_whose_files_are_gone(run: Run, searching: MagicMock) -> None:
    """Said in the files' place."""
    searching.show.return_value = replace(searching.show.return_value, paths=())
    assert run("show", "feedbeef").out.splitlines()[1] == "file     none: it is gone"
