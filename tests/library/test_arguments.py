"""Wrong arguments are refused in words of ours, wherever they are given."""

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from saccade.core.errors import InputError
from saccade.library import Library, open_library

Call = Callable[[Library, object], object]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Of three pictures."""
    home = tmp_path_factory.mktemp("home")
    for number in range(3):
        Image.new("RGB", (40, 30), (80 * number, 90, 10)).save(home / f"{number}.png")
    made = open_library(home)
    made.index(home)
    return made


def closed() -> Image.Image:
    """A picture that cannot be read anymore."""
    picture = Image.new("RGB", (3, 3))
    picture.close()
    return picture


def refused(library: Library, call: Call, value: object) -> None:
    """The call raises an error of ours with a hint."""
    with pytest.raises(InputError) as caught:
        call(library, value)
    assert str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize("k", [0, -1, 1.5, "3", None, float("nan"), True], ids=repr)
@pytest.mark.parametrize(
    "call",
    [
        lambda library, k: library.search("red", k=k),
        lambda library, k: library.similar(np.zeros((9, 9, 3), np.uint8), k=k),
        lambda library, k: library.recommendations.for_user("anna", k=k),
    ],
    ids=["search", "similar", "for_user"],
)
def test_a_number_of_hits_is_a_whole_number(library: Library, call: Call, k: object) -> None:
    """At least 1."""
    refused(library, call, k)


@pytest.mark.parametrize("path", ["", "a\0b", "\ud800x", None, 5, b"/tmp"], ids=repr)
@pytest.mark.parametrize(
    "call",
    [
        lambda library, path: library.index(path),
        lambda library, path: library.forget(path),
        lambda library, path: library.show(path),
        lambda library, path: library.search("red", folders=[path]),
    ],
    ids=["index", "forget", "show", "folders"],
)
def test_a_path_is_one_that_a_file_can_have(library: Library, call: Call, path: object) -> None:
    """Also not bytes, which are a picture."""
    refused(library, call, path)


@pytest.mark.parametrize("size", [0, -5, 4097, 10**9, 2.5, None], ids=repr)
@pytest.mark.parametrize(
    "call",
    [
        lambda library, size: library.thumbnails(["/a.png"], size),
        lambda library, size: library.duplicates.differences([("/a", "/b", (1, 0, 0, 0, 1, 0))], size),
    ],
    ids=["thumbnails", "differences"],
)
def test_a_size_is_from_1_to_4096_pixels(library: Library, call: Call, size: object) -> None:
    """Of the longest side."""
    refused(library, call, size)


@pytest.mark.parametrize(
    "picture", [Image.new("RGB", (0, 0)), closed(), np.zeros((0, 3, 3), np.uint8), 5, {}], ids=type
)
def test_a_picture_has_pixels(library: Library, picture: object) -> None:
    """That can be read."""
    refused(library, lambda library, one: library.search(image=one), picture)  # type: ignore[arg-type]


def test_a_rare_mode_is_a_picture(library: Library) -> None:
    """Also one that Pillow does not convert to RGB."""
    assert library.search(image=Image.new("La", (30, 30), (10, 255)), k=1).hits
