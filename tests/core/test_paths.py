"""The grammar of places: FOLDER/FILE, ARCHIVE!/MEMBER, and what lies below what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saccade.core.paths import below, holds, join, name, relative, splits

NAMES = st.sampled_from(["a", "b.jpg", "best!", "x.zip", "!", "a!b", "\udcff", " "])
PLACES = st.lists(NAMES, max_size=4).map(lambda parts: "/" + "/".join(parts))


@pytest.mark.parametrize(
    ("file", "member", "path"),
    [
        ("/p/a.jpg", "", "/p/a.jpg"),
        ("/p/a.zip", "b.jpg", "/p/a.zip!/b.jpg"),
        ("/best!/a.zip", "in/b.jpg", "/best!/a.zip!/in/b.jpg"),
    ],
)
def test_join_makes_the_path_that_people_see(file: str, member: str, path: str) -> None:
    """And it is one of the ways to read it."""
    assert join(file, member) == path
    assert (file, member) in splits(path)


@pytest.mark.parametrize(
    ("path", "readings"),
    [
        ("a.jpg", [("a.jpg", "")]),
        ("a.zip!/b.jpg", [("a.zip!/b.jpg", ""), ("a.zip", "b.jpg")]),
        (
            "best!/a.zip!/b.jpg",
            [("best!/a.zip!/b.jpg", ""), ("best", "a.zip!/b.jpg"), ("best!/a.zip", "b.jpg")],
        ),
        ("a.zip!/", [("a.zip!/", "")]),
        ("!/b.jpg", [("!/b.jpg", "")]),
        ("wow!.jpg", [("wow!.jpg", "")]),
    ],
)
def test_a_path_may_be_read_in_several_ways(path: str, readings: list[tuple[str, str]]) -> None:
    """The whole path is a file first; neither archive nor member is without a name."""
    assert list(splits(path)) == readings


@given(file=PLACES, member=st.lists(NAMES, min_size=1, max_size=3).map("/".join))
def test_every_reading_is_the_path_again(file: str, member: str) -> None:
    """However many "!/" it holds."""
    path = join(file, member)
    readings = list(splits(path))
    assert (file, member) in readings
    assert {join(*one) for one in readings} == {path}
    assert len(set(readings)) == len(readings)


@pytest.mark.parametrize(
    ("path", "folder", "inside"),
    [
        ("/p/a.jpg", "/p", "a.jpg"),
        ("/p/in/a.jpg", "/p", "in/a.jpg"),
        ("/p", "/p", ""),
        ("/p2/a.jpg", "/p", None),
        ("/p", "/p/in", None),
        ("/a.jpg", "/", "a.jpg"),
        ("/", "/", ""),
        ("/p/a.zip!/b.jpg", "/p", "a.zip!/b.jpg"),
        ("/p/a.zip!/b.jpg", "/p/a.zip", None),
        ("in/a.jpg", "", "in/a.jpg"),
        ("", "", ""),
        ("in/a.jpg", "in", "a.jpg"),
    ],
)
def test_relative_to_a_folder(path: str, folder: str, inside: str | None) -> None:
    """None where it lies elsewhere; a name that only begins alike is elsewhere."""
    assert relative(path, folder) == inside


@given(folder=PLACES, rest=st.lists(NAMES, max_size=3).map("/".join))
def test_below_undoes_relative(folder: str, rest: str) -> None:
    """Also of the root."""
    path = below(folder, rest)
    assert relative(path, folder) == rest
    assert holds(folder, path)
    assert "//" not in path


@pytest.mark.parametrize(
    ("folder", "path", "held"),
    [
        ("/p", "/p", True),
        ("/p", "/p/a.jpg", True),
        ("/p", "/p/a.zip!/b.jpg", True),
        ("/p/a.zip", "/p/a.zip!/b.jpg", True),
        ("/best!/a.zip", "/best!/a.zip!/in/b.jpg", True),
        ("/best!", "/best!/a.jpg", True),
        ("/", "/p/a.jpg", True),
        ("/p", "/p2/a.jpg", False),
        ("/p/a", "/p/a.zip!/b.jpg", False),
        ("/p/b.zip", "/p/a.zip!/b.zip", False),
        ("/p/in", "/p", False),
    ],
)
def test_a_folder_or_an_archive_holds_what_lies_in_it(folder: str, path: str, held: bool) -> None:
    """At any depth, itself included."""
    assert holds(folder, path) is held


@pytest.mark.parametrize(
    ("path", "last"),
    [("/p/a.jpg", "a.jpg"), ("a.jpg", "a.jpg"), ("/a.zip!/b.jpg", "b.jpg"), ("/a.zip!/in/b.jpg", "b.jpg")],
)
def test_the_last_part_is_the_name(path: str, last: str) -> None:
    """Of a member, its own."""
    assert name(path) == last
