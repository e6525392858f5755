"""Every error has one code, one row in the one table, and says what to do."""

import pytest

from saccade.core import errors
from saccade.core.errors import EXIT_INTERRUPTED, EXIT_PROBLEMS, STATUS, SaccadeError


def _tree(root: type[SaccadeError]) -> list[type[SaccadeError]]:
    return [root, *(below for child in root.__subclasses__() for below in _tree(child))]


TREE = _tree(SaccadeError)


@pytest.mark.parametrize("kind", TREE, ids=lambda kind: kind.__name__)
def test_every_error_has_a_row_in_the_table(kind: type[SaccadeError]) -> None:
    """Its exit status, HTTP status and MCP code are what processes, browsers and JSON-RPC allow."""
    status = STATUS[kind.code]
    assert 1 <= status.exit < 126
    assert status.exit not in {EXIT_INTERRUPTED, EXIT_PROBLEMS}
    assert 400 <= status.http < 600
    assert status.mcp in {-32602, -32603}


def test_every_error_has_a_code_of_its_own() -> None:
    """Scripts tell errors apart by code, so no two share one, and the table has no row without an error."""
    codes = [kind.code for kind in TREE]
    assert sorted(codes) == sorted(set(codes))
    assert set(STATUS) == set(codes)


def test_exit_statuses_of_families_differ() -> None:
    """An error's exit status is its family's, and no two families share one."""
    families = SaccadeError.__subclasses__()
    exits = {family: {STATUS[kind.code].exit for kind in _tree(family)} for family in families}
    assert all(len(statuses) == 1 for statuses in exits.values())
    assert len(set.union(*exits.values()) | {STATUS["internal"].exit}) == len(families) + 1


def test_the_tree_drawn_is_the_tree_there_is() -> None:
    """The drawing at the top of the module names every error, at its depth."""
    drawing = errors.__doc__ or ""
    for kind in TREE:
        line = next(line for line in drawing.splitlines() if line.rstrip().split(" ")[-1] == kind.__name__
                    or f" {kind.__name__} " in f" {line} ")  # fmt: skip
        depth = len(kind.__mro__) - len(SaccadeError.__mro__)
        assert line.index(kind.__name__) == 4 * depth


def test_an_error_keeps_its_message_and_hint() -> None:
    """What happened is the message; what to do is the hint, empty if there is nothing to do."""
    error = errors.NoImagesError("no image in x", hint="name another folder")
    assert (str(error), error.message, error.hint) == (
        "no image in x",
        "no image in x",
        "name another folder",
    )
    assert SaccadeError("x").hint == ""
