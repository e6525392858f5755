"""What goes together: more often than chance, rare pairs doubted."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saccade.usecases.recommendations.rules.together import companions, in_sets
from tests.helpers.properties import examples


def test_score_is_normalized_pmi_with_doubt() -> None:
    """By hand: 1 and 2 in 2 of 4 sets, never apart: npmi 1, doubted by 2 / 4; lift 2."""
    sets = {"a": [1, 2], "b": [1, 2], "c": [3, 4], "d": [3, 5]}
    (one,) = companions(sets, 1)
    assert (one.image, one.times, one.lift) == (2, 2, 2.0)
    assert one.score == pytest.approx(1.0 * 2 / 4)


def test_what_everybody_has_goes_with_nothing_in_particular() -> None:
    """An image in every set comes after one that is only there."""
    sets = {"a": [1, 2, 9], "b": [1, 2, 9], "c": [3, 9], "d": [4, 9]}
    assert [one.image for one in companions(sets, 1)] == [2, 9]
    assert companions(sets, 1)[1].score == 0.0


def test_less_than_chance_is_no_companion() -> None:
    """Two popular images that avoid each other do not go together."""
    sets = {f"a{n}": [1, 3] for n in range(5)} | {f"b{n}": [2, 3] for n in range(5)} | {"c": [1, 2]}
    assert 2 not in [one.image for one in companions(sets, 1)]


def test_one_set_is_enough_to_say_something() -> None:
    """Its images go together, with a score of 0: chance cannot be told."""
    assert [one.image for one in companions({"look": [1, 2, 3]}, 1)] == [2, 3]


@examples()
@given(
    st.dictionaries(st.text(max_size=2), st.lists(st.integers(1, 6), max_size=5), max_size=8),
    st.integers(1, 6),
)
def test_companions_hold_for_any_sets(sets: Mapping[str, Sequence[int]], image: int) -> None:
    """Scores lie in [0, 1], best first; never the image itself; counts are those of the sets."""
    found = companions(sets, image)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    for one in found:
        assert one.image != image
        assert 0.0 <= one.score <= 1.0
        assert one.times == sum({one.image, image} <= set(images) for images in sets.values())


def test_in_sets_are_those_with_company() -> None:
    """Sorted, each once; a set of one says nothing."""
    assert in_sets({"a": [3, 1], "b": [3, 1], "c": [5], "d": [6, 6]}).tolist() == [1, 3]
    assert in_sets({}).dtype == np.int64
