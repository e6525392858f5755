"""Bursts and scenes: a pair must be similar as a picture and in what it shows, not in one of them alone."""

from typing import TYPE_CHECKING, Any

import pytest

from saccade.usecases.duplicates.flow import finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saccade.core.types import SpaceInfo

SIMILAR = ((200, 60, 90, 150), (225, 85, 115, 175))


@pytest.mark.parametrize("tier", ["burst", "scene"])
@pytest.mark.parametrize(
    ("scores", "grouped"), [((1.0, 1.0), 1), ((1.0, -1.0), 0), ((-1.0, 1.0), 0), ((-1.0, -1.0), 0)]
)
def test_both_scores_must_reach_their_limits(
    studio: Any, monkeypatch: pytest.MonkeyPatch, tier: str, scores: tuple[float, float], grouped: int
) -> None:
    """Copy score and semantic score: one alone makes no group."""
    for number, colors in enumerate(SIMILAR):
        studio.picture(f"{number}.png", colors, taken=f"2024:05:01 10:00:0{number}", camera="X")
    studio.desk.index()

    def scored(_: object, space: "SpaceInfo", pairs: "Sequence[tuple[int, int]]") -> list[float]:
        return [scores[str(space.role) != "copy"]] * len(pairs)

    monkeypatch.setattr(finding, "pair_scores", scored)
    assert len(studio.find([tier]).groups) == grouped
