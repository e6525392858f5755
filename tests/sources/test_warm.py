"""Decoders that stay warm: used again while idle, one user at a time, closed in the end."""

import time
from collections.abc import Iterable, Iterator
from typing import Self

import pytest

from saccade.core.types import DecodeOutcome, DecodeTask, Failure, FileEntry, PixelRecipe
from saccade.sources.warm import WarmDecoders

SMALL = PixelRecipe(size=8, fit="contain", resample="bilinear")
OTHER = PixelRecipe(size=9, fit="contain", resample="bilinear")
THIRD = PixelRecipe(size=10, fit="contain", resample="bilinear")


class Fake:
    """A decoder that only remembers whether it was closed."""

    def __init__(self) -> None:
        self.closed = 0

    def decode(self, tasks: Iterable[DecodeTask]) -> Iterator[DecodeOutcome]:
        yield from (Failure(path=task.path, code="empty", reason="fake") for task in tasks)

    def list_archive(self, entry: FileEntry) -> Iterator[FileEntry | Failure]:
        yield entry

    def close(self) -> None:
        self.closed += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Made(list[Fake]):
    """Every decoder made."""

    def __call__(self, recipe: PixelRecipe) -> Fake:
        self.append(Fake())
        return self[-1]


@pytest.fixture
def made() -> Made:
    return Made()


def test_the_next_user_gets_the_same_decoder(made: Made) -> None:
    """By the same recipe; it works, and is not closed between."""
    warm = WarmDecoders(made, idle_s=60)
    for _ in range(3):
        with warm.open(SMALL) as decoder:
            (outcome,) = decoder.decode([DecodeTask(path="a")])
            assert isinstance(outcome, Failure)
    assert [one.closed for one in made] == [0]
    warm.close()
    assert [one.closed for one in made] == [1]


def test_two_at_once_get_two(made: Made) -> None:
    """As do two recipes."""
    warm = WarmDecoders(made, idle_s=60)
    with warm.open(SMALL), warm.open(SMALL), warm.open(OTHER):
        assert len(made) == 3
    warm.close()
    assert [one.closed for one in made] == [1, 1, 1]


def test_few_stay_idle(made: Made) -> None:
    """The longest idle one goes."""
    warm = WarmDecoders(made, idle_s=60)
    for recipe in (SMALL, OTHER, THIRD):
        warm.open(recipe).close()
    assert [one.closed for one in made] == [1, 0, 0]


def test_after_an_error_it_is_not_used_again(made: Made) -> None:
    """It may be in the middle of something."""
    warm = WarmDecoders(made, idle_s=60)
    with pytest.raises(ZeroDivisionError), warm.open(SMALL):
        raise ZeroDivisionError
    assert made[0].closed == 1
    with warm.open(SMALL):
        assert len(made) == 2


def test_what_nobody_uses_is_closed(made: Made) -> None:
    """After the time given, or at once."""
    warm = WarmDecoders(made, idle_s=0.05)
    warm.open(SMALL).close()
    assert made[0].closed == 0
    deadline = time.monotonic() + 10
    while not made[0].closed and time.monotonic() < deadline:
        time.sleep(0.01)
    assert made[0].closed == 1
    WarmDecoders(made, idle_s=0).open(SMALL).close()
    assert made[1].closed == 1


def test_a_closed_library_lends_none(made: Made) -> None:
    """One in use then ends when it is given back; a decoder given back decodes no more."""
    warm = WarmDecoders(made, idle_s=60)
    lent = warm.open(SMALL)
    warm.close()
    assert made[0].closed == 0
    lent.close()
    lent.close()
    assert made[0].closed == 1
    with pytest.raises(RuntimeError, match="closed"):
        lent.decode([])
    with pytest.raises(RuntimeError, match="closed"):
        warm.open(SMALL)
