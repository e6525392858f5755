"""What stands for a theme, and what it is called."""

import numpy as np
import pytest

from saccade.core.vectors import normalize
from saccade.usecases.clusters.rules.reports import ThemeWord, name_from, standing_for


def words(*texts: str) -> list[ThemeWord]:
    """Words with falling scores."""
    return [ThemeWord(word=text, score=9.0 - at, source="text") for at, text in enumerate(texts)]


def test_the_most_central_image_comes_first_and_none_twice() -> None:
    """Then others; never more than there are."""
    rows = normalize(np.random.default_rng(0).normal(size=(20, 4)) + np.array([3, 0, 0, 0]))
    middle = normalize(rows.mean(axis=0, keepdims=True))[0]
    chosen = standing_for(rows, middle, 6)
    assert chosen[0] == np.argmax(rows @ middle)
    assert len(set(chosen.tolist())) == 6
    assert len(standing_for(rows[:3], middle, 6)) == 3


def test_those_after_it_are_unlike_it() -> None:
    """Of two central clumps, the second picture is from the other one."""
    edge = [[0, 1, 1], [0, -1, 1], [0, 0, 1], [-1, 0, 1]]
    rows = normalize([[1, 0.2, 0], [1, 0.21, 0], [1, -0.25, 0], [1, -0.26, 0], *edge])
    middle = normalize([[1, 0, 0]])[0]
    chosen = standing_for(rows, middle, 2)
    assert chosen[0] == 0
    assert chosen[1] in {2, 3}


@pytest.mark.parametrize(
    ("given", "taken", "name"),
    [
        (["dog", "grass"], set(), "dog, grass"),
        (["dog", "dogs", "grass"], set(), "dog, grass"),
        (["run", "running", "beach"], set(), "run, beach"),
        (["dog", "grass", "ball"], {"dog, grass"}, "dog, grass, ball"),
        (["dog", "grass"], {"dog, grass"}, "dog, grass 2"),
        (["dog"], set(), "dog"),
        ([], set(), "theme 3"),
        ([], {"theme 3"}, "theme 3 2"),
    ],
)
def test_names(given: list[str], taken: set[str], name: str) -> None:
    """Two words that are no forms of each other; longer or numbered where that is taken."""
    assert name_from(words(*given), taken, "theme 3") == name
