"""What represents a cluster, and its name."""

import numpy as np
import pytest

from saccade.core.vectors import normalize
from saccade.usecases.clusters.rules.reports import ClusterWord, name_from, representative_rows


def words(*texts: str) -> list[ClusterWord]:
    """Words with falling scores."""
    return [ClusterWord(word=text, score=9.0 - at, source="text") for at, text in enumerate(texts)]


def test_the_most_central_image_comes_first_and_none_twice() -> None:
    """Then others; never more than there are."""
    rows = normalize(np.random.default_rng(0).normal(size=(20, 4)) + np.array([3, 0, 0, 0]))
    centroid = normalize(rows.mean(axis=0, keepdims=True))[0]
    chosen = representative_rows(rows, centroid, 6)
    assert chosen[0] == np.argmax(rows @ centroid)
    assert len(set(chosen.tolist())) == 6
    assert len(representative_rows(rows[:3], centroid, 6)) == 3


def test_those_after_it_are_unlike_it() -> None:
    """Of two central clumps, the second picture is from the other one."""
    edge = [[0, 1, 1], [0, -1, 1], [0, 0, 1], [-1, 0, 1]]
    rows = normalize([[1, 0.2, 0], [1, 0.21, 0], [1, -0.25, 0], [1, -0.26, 0], *edge])
    centroid = normalize([[1, 0, 0]])[0]
    chosen = representative_rows(rows, centroid, 2)
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
        ([], set(), "cluster 3"),
        ([], {"cluster 3"}, "cluster 3 2"),
    ],
)
def test_names(given: list[str], taken: set[str], name: str) -> None:
    """Two words that are no forms of each other; longer or numbered where that is taken."""
    assert name_from(words(*given), taken, "cluster 3") == name
