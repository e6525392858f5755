"""Grouping: stars around keepers, never chains; components; every pair under both its images."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from saccade.usecases.duplicates.rules.groups import components, neighbors, stars

Pairs = list[tuple[int, int]]

graphs = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 12)).filter(lambda p: p[0] < p[1]), unique=True
)


def by_truth(pairs: Pairs) -> dict[int, dict[int, str]]:
    """Stars of images 0 to 12, lower ones first, when exactly these pairs match."""

    def match(keeper: int, others: Sequence[int]) -> list[str | None]:
        return ["same" if (min(keeper, other), max(keeper, other)) in pairs else None for other in others]

    everything = [(a, b) for a in range(13) for b in range(a + 1, 13)]
    return stars(range(13), neighbors(everything), match)


@given(graphs)
def test_an_image_joins_only_a_keeper_it_matches(pairs: Pairs) -> None:
    """Every link of every group is a pair that matched: no chains."""
    for keeper, links in by_truth(pairs).items():
        assert all((min(keeper, image), max(keeper, image)) in pairs for image in links)


@given(graphs)
def test_an_image_is_in_one_group_at_most(pairs: Pairs) -> None:
    """Keepers and members are all distinct."""
    found = by_truth(pairs)
    images = [*found, *(image for links in found.values() for image in links)]
    assert len(images) == len(set(images))


@given(graphs)
def test_no_two_images_that_match_are_left_alone(pairs: Pairs) -> None:
    """Of every pair that matched, at least one image is in a group."""
    found = by_truth(pairs)
    grouped = {*found, *(image for links in found.values() for image in links)}
    assert all(a in grouped or b in grouped for a, b in pairs)


def test_a_chain_is_cut() -> None:
    """1-2, 2-3, 3-4: 1 takes 2; 3 does not match 1, so it is a keeper of its own and takes 4."""
    assert by_truth([(1, 2), (2, 3), (3, 4)]) == {1: {2: "same"}, 3: {4: "same"}}


def test_only_candidates_are_asked_about_and_members_never() -> None:
    """A pair of two members costs nothing."""
    asked: list[tuple[int, tuple[int, ...]]] = []

    def match(keeper: int, others: Sequence[int]) -> list[bool | None]:
        asked.append((keeper, tuple(others)))
        return [True] * len(others)

    stars([5, 1, 2, 9], neighbors([(1, 5), (2, 5), (1, 2), (2, 9)]), match)
    assert asked == [(5, (1, 2))]


@given(graphs)
def test_the_best_of_a_group_is_its_keeper_when_all_match_each_other(pairs: Pairs) -> None:
    """However bad the order: cliques are grouped around their best image, here the highest."""
    cliques = components(pairs)
    full = [(a, b) for one in cliques for a in one for b in one if a < b]

    def match(keeper: int, others: Sequence[int]) -> list[str | None]:
        return ["same" for _ in others]

    found = stars(range(13), neighbors(full), match, max)
    assert {(keeper, *sorted(links)) for keeper, links in found.items()} == {
        (one[-1], *one[:-1]) for one in cliques
    }


def test_what_does_not_match_the_better_keeper_is_free_again() -> None:
    """1 takes 2 and 3; 3 is the best of them but does not match 2; 2 is grouped with 4, as if never taken."""
    truth = {(1, 2), (1, 3), (2, 4)}

    def match(keeper: int, others: Sequence[int]) -> list[str | None]:
        return ["same" if (min(keeper, o), max(keeper, o)) in truth else None for o in others]

    order, candidates = [1, 2, 3, 4], neighbors([(a, b) for a in range(1, 5) for b in range(a + 1, 5)])
    found = stars(order, candidates, match, lambda group: 3 if 3 in group else group[0])
    assert found == {3: {1: "same"}, 2: {4: "same"}}


def test_images_not_in_the_order_do_not_exist() -> None:
    """A candidate that has no file is no candidate."""
    assert stars([1, 2], neighbors([(1, 2), (1, 3)]), lambda _, others: [True] * len(others)) == {
        1: {2: True}
    }


@given(graphs)
def test_components_are_what_steps_can_reach(pairs: Pairs) -> None:
    """Against reachability by hand; each list ascending, lists by their lowest image."""
    images = sorted({image for pair in pairs for image in pair})
    reach = {image: {image} for image in images}
    for _ in images:
        for a, b in pairs:
            reach[a] |= reach[b]
            reach[b] |= reach[a]
    assert components(pairs) == [list(one) for one in sorted({tuple(sorted(reach[i])) for i in images})]
