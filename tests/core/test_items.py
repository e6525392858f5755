"""Items: each kind has the facts it needs and no others."""

import pytest

from saccade.core.errors import InputError
from saccade.core.items import Box, Item, ItemKind, Span

BOX = Box(left=0.25, top=0.5, width=0.5, height=0.5)
SPAN = Span(start_s=0.0, end_s=2.5)


@pytest.mark.parametrize(
    "facts",
    [
        {"kind": ItemKind.IMAGE},
        {"kind": ItemKind.REGION, "box": BOX},
        {"kind": ItemKind.REGION, "box": BOX, "page": 3},
        {"kind": ItemKind.REGION, "box": BOX, "span": SPAN},
        {"kind": ItemKind.PAGE, "page": 1},
        {"kind": ItemKind.SHOT, "span": SPAN},
    ],
)
def test_items_with_the_facts_of_their_kind_are_made(facts: dict[str, object]) -> None:
    """They compare by value, so that a part that is stored is recognized."""
    assert Item(**facts) == Item(**facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "facts",
    [
        {"kind": ItemKind.IMAGE, "page": 1},
        {"kind": ItemKind.REGION},
        {"kind": ItemKind.REGION, "page": 1},
        {"kind": ItemKind.PAGE},
        {"kind": ItemKind.PAGE, "page": 0},
        {"kind": ItemKind.PAGE, "page": 1, "box": BOX},
        {"kind": ItemKind.SHOT, "box": BOX},
        {"kind": ItemKind.SHOT, "span": SPAN, "page": 1},
    ],
)
def test_items_with_missing_or_foreign_facts_are_refused(facts: dict[str, object]) -> None:
    """A page of a shot, say, would mean nothing to anyone who reads it."""
    with pytest.raises(InputError):
        Item(**facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "sides",
    [(-0.1, 0, 0.5, 0.5), (0.6, 0, 0.5, 0.5), (0, 0.6, 0.5, 0.5), (0, 0, 0, 1), (0, 0, float("nan"), 1)],
)
def test_boxes_are_inside_the_picture(sides: tuple[float, float, float, float]) -> None:
    """In shares of its sides, and not empty."""
    with pytest.raises(InputError):
        Box(left=sides[0], top=sides[1], width=sides[2], height=sides[3])


@pytest.mark.parametrize("ends", [(2, 2), (3, 2), (-1, 2), (0, float("inf")), (float("nan"), 1)])
def test_spans_end_after_they_start(ends: tuple[float, float]) -> None:
    """And are finite."""
    with pytest.raises(InputError):
        Span(start_s=ends[0], end_s=ends[1])
