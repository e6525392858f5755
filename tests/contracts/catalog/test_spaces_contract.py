"""What every catalog must do with spaces: which one of a role is active, and roles of any name."""

from contextlib import suppress
from dataclasses import replace

import pytest

from saccade.core.errors import InputError
from saccade.core.types import Role
from tests.contracts.catalog.shelf import Shelf, encoder


def test_activating_a_space_replaces_the_one_of_its_role(shelf: Shelf) -> None:
    """In the other roles nothing changes, nor in the spaces; going back is the same call."""
    before = shelf.catalog.spaces.all()
    newer = shelf.catalog.spaces.ensure(encoder("b" * 64), Role.SEMANTIC)
    for chosen, other in ((newer.id, shelf.space), (newer.id, shelf.space), (shelf.space, newer.id)):
        assert shelf.catalog.spaces.activate(chosen) == replace(
            next(one for one in shelf.catalog.spaces.all() if one.id == chosen), active=True
        )
        shelf.reopen()
        active = {space.id: space.active for space in shelf.catalog.spaces.all()}
        assert active == {chosen: True, other: False, shelf.spaces[Role.COPY]: True}
    assert shelf.catalog.spaces.all() == [*before, newer]
    with pytest.raises(InputError, match="99"):
        shelf.catalog.spaces.activate(99)


def test_a_failed_activation_leaves_the_active_space(shelf: Shelf) -> None:
    """All of a unit of work is undone; a role is never without a space."""
    newer = shelf.catalog.spaces.ensure(encoder("b" * 64), Role.SEMANTIC)
    with suppress(ZeroDivisionError), shelf.catalog.unit():
        shelf.catalog.spaces.activate(newer.id)
        assert [space.id for space in shelf.catalog.spaces.all() if space.active][-1] == newer.id
        raise ZeroDivisionError
    active = [space.id for space in shelf.catalog.spaces.all() if space.active]
    assert active == list(shelf.spaces.values())


def test_roles_are_open_by_name(shelf: Shelf) -> None:
    """A role that saccade knows nothing of gets a space like any other."""
    role = Role("faces")
    made = shelf.catalog.spaces.ensure(replace(encoder("d" * 64), dims={role: 5}), role)
    shelf.reopen()
    assert shelf.catalog.spaces.all()[-1] == made
    assert (made.role, made.dim, made.active) == (role, 5, True)
