"""Results that are read as the sequence of what they found."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from importlib import import_module
from inspect import isabstract
from pkgutil import walk_packages

import pytest

import saccade
from saccade.core.results import Listed


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
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


def test_its_text_is_short() -> None:
    """However much was found: the count, and the fields that are one word or number."""
    assert repr(ABC) == "Found(3 items, seconds=0.5)"
    assert len(repr(Found(names=("name",) * 100_000))) < 100


def test_a_result_must_say_what_it_lists() -> None:
    """Or it cannot be made."""
    assert isabstract(Listed)
    assert Listed.__abstractmethods__ == {"listed"}


def _results() -> list[type[Listed[object]]]:
    """Every result of the library that is a sequence."""
    for module in walk_packages(saccade.__path__, "saccade."):
        if module.name.endswith(("core.hits", "rules.reports")):
            import_module(module.name)
    return [kind for kind in Listed.__subclasses__() if kind.__module__.startswith("saccade.")]


@pytest.mark.parametrize("kind", _results(), ids=lambda kind: kind.__name__)
def test_every_result_keeps_the_contract(kind: type[Listed[object]]) -> None:
    """Length, order, negative places, slices, equality, and short text."""
    items = tuple(range(1000))
    names = [one.name for one in fields(kind)]  # type: ignore[arg-type]  # each of them is a dataclass
    (held,) = [name for name in names if kind(**dict.fromkeys(names, ()) | {name: items}).listed == items]
    made, same = (kind(**dict.fromkeys(names, ()) | {held: items}) for _ in range(2))
    empty = kind(**dict.fromkeys(names, ()))
    assert (len(made), list(made), list(reversed(made))) == (1000, list(items), list(reversed(items)))
    assert (made[0], made[-1], made[2:4], made[-2:]) == (0, 999, (2, 3), (998, 999))
    assert 999 in made
    assert 1000 not in made
    assert (made == same, made == empty, made == items) == (True, False, False)
    assert (bool(made), bool(empty)) == (True, False)
    assert len(repr(made)) < 200
    with pytest.raises(IndexError):
        made[1000]
