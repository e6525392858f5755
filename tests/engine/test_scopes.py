"""Scopes: what is kept in step, and what stays left out of it."""

from typing import Any, TypeAlias

import pytest

from saccade.engine.scopes import Scope, scopes

Desk: TypeAlias = Any


@pytest.fixture
def mixed(desk: Desk) -> Desk:
    """Pictures and drafts, above and below."""
    for name in ("a.png", "draft.png", "sub/b.png", "sub/draft.png", "other/c.png"):
        desk.picture(name, mark=name)
    return desk


def listed(desk: Desk) -> list[tuple[str, tuple[str, ...]]]:
    prefix = len(str(desk.home)) + 1
    return [(scope.path[prefix:], scope.exclude) for scope in scopes(desk.catalog)]


def test_patterns_stay_in_force(mixed: Desk) -> None:
    """A later run without any leaves out the same; in a subfolder too."""
    mixed.index(exclude=["draft*"])
    assert mixed.found() == {"a.png", "sub/b.png", "other/c.png"}
    assert mixed.index().files == 3
    assert mixed.index("sub").files == 1
    assert listed(mixed) == [("", ("draft*",))]


@pytest.mark.parametrize("pattern", ["sub/private/*", "sub/private/", "*/private", "s*/private/x.png"])
def test_patterns_with_folders_hold_in_a_subfolder_too(mixed: Desk, pattern: str) -> None:
    """What was to stay out stays out, from wherever it is looked at."""
    mixed.picture("sub/private/x.png", "blue")
    assert mixed.index(exclude=[pattern]).files == 5
    assert mixed.index("sub").files == 2
    assert "sub/private/x.png" not in mixed.found()


def test_new_patterns_replace_the_old(mixed: Desk) -> None:
    """What they leave out is removed from the library, what they no longer leave out is added."""
    mixed.index(exclude=["draft*"])
    report = mixed.index(exclude=["other"])
    assert (report.files, report.added, report.removed) == (4, 2, 1)
    assert listed(mixed) == [("", ("other",))]


def test_one_empty_pattern_forgets_them(mixed: Desk) -> None:
    """`--exclude ""`: everything is back."""
    mixed.index(exclude=["draft*"])
    assert mixed.index(exclude=[""]).files == 5
    assert mixed.index().files == 5
    assert listed(mixed) == [("", ())]


def test_a_wider_folder_takes_the_place_of_narrower_ones(mixed: Desk) -> None:
    """They are kept in step with it; a narrower one beside stays."""
    mixed.index("sub", exclude=["draft*"])
    mixed.index("other")
    assert listed(mixed) == [("other", ()), ("sub", ("draft*",))]
    mixed.index("")
    assert listed(mixed) == [("", ())]


def test_a_narrower_folder_with_patterns_of_its_own_keeps_them(mixed: Desk) -> None:
    """Beside those of the wider one."""
    mixed.index()
    mixed.index("sub", exclude=["draft*"])
    assert ("sub", ("draft*",)) in listed(mixed)


def test_single_files_are_no_scope(mixed: Desk) -> None:
    """They were asked for once, and are not looked for again."""
    mixed.index("a.png")
    assert listed(mixed) == []


def test_scopes_are_absolute(mixed: Desk) -> None:
    """Wherever the library lies."""
    mixed.index("sub")
    assert scopes(mixed.catalog) == [Scope(path=str(mixed.home / "sub"), exclude=())]
