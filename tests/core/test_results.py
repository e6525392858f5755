"""Results that are read as the sequence of what they found."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from saccade.core.results import Listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Found(Listed[str]):
    """Names, and how long it took."""

    names: tuple[str, ...]
    seconds: float = 0.5

    @property
    def listed(self) -> Sequence[str]:
        """The names."""
        return self.names


ABC = Found(names=("a", "b", "c"))


def test_a_result_is_a_sequence() -> None:
    """In every way that a tuple is, its other fields beside it."""
    assert list(ABC) == ["a", "b", "c"]
    assert list(reversed(ABC)) == ["c", "b", "a"]
    assert (len(ABC), ABC[0], ABC[-1], ABC[1:]) == (3, "a", "c", ("b", "c"))
    assert ("b" in ABC, "d" in ABC) == (True, False)
    assert (ABC.index("b"), ABC.count("b")) == (1, 1)
    assert isinstance(ABC, Sequence)
    assert ABC.seconds == 0.5
    match ABC:
        case [first, *_]:
            assert first == "a"


def test_a_result_that_found_nothing_is_false() -> None:
    """`if result:` asks whether there is something."""
    empty = Found(names=())
    assert (bool(ABC), bool(empty), list(empty)) == (True, False, [])
    with pytest.raises(IndexError):
        empty[0]


def test_a_result_compares_by_all_of_its_fields() -> None:
    """Not as a list."""
    assert Found(names=("a",)) == Found(names=("a",))
    assert Found(names=("a",)) != Found(names=("a",), seconds=1.0)
    assert Found(names=("a",)) != ["a"]
    assert hash(Found(names=("a",))) == hash(Found(names=("a",)))


def test_a_subclass_must_say_what_it_lists() -> None:
    """Or it cannot be read."""
    with pytest.raises(NotImplementedError):
        len(Listed())
