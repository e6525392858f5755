"""Recommendations on a real catalog, with colors for contents: one can say in the head what must come."""

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from saccade.core.errors import InputError, InvalidFilterError, InvalidQueryError, NoImagesError
from saccade.core.ports.stores import Event
from saccade.usecases.recommendations.flow.boosts import parse_boosts
from saccade.usecases.recommendations.flow.pools import Wish
from saccade.usecases.recommendations.flow.recommending import recommend_to_user
from saccade.usecases.recommendations.flow.together import Seed, goes_with
from saccade.usecases.recommendations.rules.preference import DAY
from saccade.usecases.recommendations.rules.reports import Recommendations

NOW = 1_000 * DAY
SPREAD = 0.14
"""Of photos; these shades spread more, so that a taste for two would be one for their mixture."""
SHADES = {
    "red1": (255, 0, 0), "red2": (255, 20, 10), "red3": (250, 40, 20), "red4": (255, 60, 40),
    "blue1": (0, 0, 255), "blue2": (20, 10, 255), "blue3": (40, 30, 250), "blue4": (60, 40, 255),
    "green1": (0, 255, 0), "green2": (20, 255, 10), "violet": (200, 0, 200), "white": (255, 255, 255),
}  # fmt: skip


class Shop:
    """A desk with pictures of twelve shades, and short words for what tests do."""

    def __init__(self, desk: Any) -> None:
        self.desk = desk
        for name, color in SHADES.items():
            desk.picture(f"{name}.png", color)
        desk.index()

    @property
    def catalog(self) -> Any:
        return self.desk.catalog

    def image(self, name: str) -> int:
        return int(self.desk.image(f"{name}.png"))

    def did(self, user: str, kind: str, *names: str, days_ago: float = 1.0) -> None:
        at = NOW - days_ago * DAY
        self.catalog.feedback.add(
            [Event(user=user, image=self.image(name), kind=kind, at=at) for name in names]
        )

    def recommend(self, user: str, k: int = 3, **wish: Any) -> Recommendations:
        asked = Wish(k=k, now=NOW, **{"boosts": {}, **wish})
        return recommend_to_user(self.catalog, self.desk.reader(), SPREAD, user, asked)

    def together(self, *names: str, k: int = 3, **wish: Any) -> Recommendations:
        seeds = []
        for name in names:
            row = self.catalog.embeddings.get(self.desk.reader().space.id, np.array([self.image(name)]))
            seeds.append(Seed(image=self.image(name), row=row, path=f"/shop/{name}.png"))
        asked = Wish(k=k, now=NOW, **{"boosts": {}, **wish})
        return goes_with(self.catalog, self.desk.reader(), self.desk.calibration(), seeds, asked)

    def sets(self, sets: Mapping[str, Sequence[str]]) -> None:
        self.catalog.feedback.add_sets(
            {key: [self.image(one) for one in names] for key, names in sets.items()}
        )


@pytest.fixture
def shop(desk: Any) -> Iterator[Shop]:
    """Twelve shades, indexed, nothing known of anybody."""
    return Shop(desk)


def names(found: Recommendations) -> list[str]:
    return [os.path.splitext(os.path.basename(hit.path))[0] for hit in found]


def test_a_taste_brings_more_of_the_same_and_says_why(shop: Shop) -> None:
    """Nothing seen comes again; every hit names what it is like."""
    shop.did("anna", "like", "red1")
    found = shop.recommend("anna")
    assert found.basis == "history"
    assert names(found) == ["red2", "red3", "red4"]
    assert [hit.rank for hit in found] == [1, 2, 3]
    for hit in found:
        assert hit.reasons[0].text.startswith("like red1.png you liked (")
        assert hit.reasons[0].path.endswith("red1.png")


def test_two_interests_both_come(shop: Shop) -> None:
    """And not what lies between them."""
    shop.did("anna", "like", "red1", "blue1")
    assert "violet" not in names(shop.recommend("anna", k=6))
    assert {name[:3] for name in names(shop.recommend("anna", k=2, diverse=0.5))} == {"red", "blu"}


def test_old_likes_fade(shop: Shop) -> None:
    """What was liked lately comes first, unless the half-life is long."""
    shop.did("anna", "like", "red1", "red2", days_ago=900)
    shop.did("anna", "like", "blue1", days_ago=1)
    assert names(shop.recommend("anna", k=1, half_life=10.0))[0].startswith("blue")
    assert names(shop.recommend("anna", k=1, half_life=1e6))[0].startswith("red")


def test_dislikes_push_away(shop: Shop) -> None:
    """Of two equally good the one like what was disliked comes later; the disliked itself never."""
    shop.did("anna", "like", "violet")
    shop.did("anna", "dislike", "red1")
    found = names(shop.recommend("anna", k=10))
    assert "red1" not in found
    assert found.index("blue2") < found.index("red2")


def test_seen_images_come_again_only_when_asked(shop: Shop) -> None:
    """Views count as seen too."""
    shop.did("anna", "like", "red1")
    shop.did("anna", "view", "red2")
    assert not {"red1", "red2"} & set(names(shop.recommend("anna", k=12)))
    assert names(shop.recommend("anna", k=1, seen=True)) == ["red1"]


def test_nobody_known_gets_a_cross_section(shop: Shop) -> None:
    """And is told so; with other users' events it is what these like."""
    found = shop.recommend("zoe", k=3)
    assert (found.basis, len(found)) == ("spread", 3)
    assert "nothing is known" in found.note
    shop.did("bob", "buy", "green1")
    found = shop.recommend("zoe", k=3)
    assert found.basis == "popular"
    assert names(found)[0] == "green1"
    assert found[0].reasons[0].text == "popular"


def test_who_only_dislikes_is_cold_and_spared_what_was_disliked(shop: Shop) -> None:
    """The note says that this user liked nothing."""
    shop.did("anna", "dislike", "red1")
    found = shop.recommend("anna", k=12)
    assert found.basis == "spread"
    assert "not liked anything" in found.note
    assert "red1" not in names(found)


def test_the_novelty_dial_goes_with_or_away_from_the_crowd(shop: Shop) -> None:
    """Of two like shades, the popular one first at 0, last at 1."""
    for user in range(30):
        shop.did(f"u{user}", "like", "red4")
    shop.did("anna", "like", "red1")
    assert names(shop.recommend("anna", k=1))[0] == "red4"
    assert "popular" in [reason.text for reason in shop.recommend("anna", k=1)[0].reasons]
    assert "red4" not in names(shop.recommend("anna", k=2, novel=1.0))


def test_boosts_rank_by_columns_and_are_told(shop: Shop) -> None:
    """A cheap picture rises; one without a price stands in the middle; an unknown column is an error."""
    prices = {shop.image("red2"): 900.0, shop.image("red3"): 5.0, shop.image("red4"): 700.0}
    shop.catalog.columns.write("price", prices, origin="import", replace=True)
    shop.did("anna", "like", "red1")
    found = shop.recommend("anna", boosts={"price": -1.0})
    assert names(found)[0] == "red3"
    assert "price 5 (+0.50)" in [reason.text for reason in found[0].reasons]
    with pytest.raises(InvalidFilterError, match="prize"):
        shop.recommend("anna", boosts={"prize": 1.0})


def test_filters_are_hard(shop: Shop) -> None:
    """Only those may come; none left is an error that says so."""
    shop.did("anna", "like", "red1")
    only = np.sort([shop.image("green1"), shop.image("blue4")])
    assert set(names(shop.recommend("anna", k=9, only=only))) == {"green1", "blue4"}
    with pytest.raises(NoImagesError, match="anna"):
        shop.recommend("anna", only=np.array([shop.image("red1")]))


def test_a_liked_picture_that_is_gone_still_speaks(shop: Shop) -> None:
    """Its file is away, its embedding is not; it is never recommended."""
    shop.did("anna", "like", "red1")
    (shop.desk.home / "red1.png").unlink()
    shop.desk.index()
    assert names(shop.recommend("anna")) == ["red2", "red3", "red4"]
    assert "red1" not in names(shop.recommend("anna", k=12, seen=True))


def test_a_large_library_is_answered_from_candidates(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same answer, with and without a filter, and for a stranger."""
    shop.did("anna", "like", "red1", "blue1")
    only = np.sort([shop.image(name) for name in ("red2", "green1", "blue4")])
    wishes: list[dict[str, Any]] = [{}, {"only": only}]
    exact = [shop.recommend("anna", k=4, **wish).hits for wish in wishes]
    monkeypatch.setattr("saccade.usecases.recommendations.flow.pools._EXACT", 0)
    assert [shop.recommend("anna", k=4, **wish).hits for wish in wishes] == exact
    assert len(shop.recommend("zoe", k=2, only=only)) == 2


@pytest.mark.parametrize(
    ("wish", "error"),
    [
        ({"k": 0}, InvalidQueryError),
        ({"k": 1, "diverse": 1.5}, InputError),
        ({"k": 1, "novel": -0.1}, InputError),
        ({"k": 1, "novel": float("nan")}, InputError),
        ({"k": 1, "half_life": 0.0}, InputError),
    ],
)
def test_wishes_out_of_range_are_refused(wish: dict[str, Any], error: type[Exception]) -> None:
    """With a hint."""
    with pytest.raises(error) as told:
        Wish(now=NOW, boosts={}, **wish)
    assert told.value.hint  # type: ignore[attr-defined]


def test_boosts_are_parsed() -> None:
    """With and without weight, with and without data."""
    assert parse_boosts(["price:-0.2", "recency", "data.margin:2"]) == {
        "price": -0.2, "recency": 1.0, "margin": 2.0
    }  # fmt: skip
    assert parse_boosts({"price": -1}) == {"price": -1.0}
    assert parse_boosts(None) == {}
    for wrong in (["price:x"], ["price:nan"], [":1"]):
        with pytest.raises(InputError):
            parse_boosts(wrong)


def test_what_goes_together_comes_from_sets(shop: Shop) -> None:
    """By lift, with the count; look-alikes of the companions follow, counted less."""
    shop.sets(
        {
            "a": ["red1", "blue1"],
            "b": ["red1", "blue1", "white"],
            "c": ["white", "green1"],
            "d": ["white", "violet"],
        }
    )
    found = shop.together("red1", k=4)
    assert found.basis == "sets"
    assert names(found)[0] == "blue1"
    assert found[0].reasons[0].text == "together with red1.png 2 times, 2.0 x chance"
    kinds = [hit.reasons[0].kind for hit in found]
    assert kinds == sorted(kinds, key=["together", "look-alike"].index)
    assert "look-alike" in kinds
    assert "red1" not in names(found)


def test_an_image_without_sets_is_answered_for_and_it_is_said(shop: Shop) -> None:
    """By what looks like it; the note names them."""
    shop.sets({"a": ["red1", "blue1"], "b": ["red1", "blue1"], "c": ["green1", "white"]})
    found = shop.together("red2", k=1)
    assert found.basis == "look-alikes"
    assert "no set contains red2.png" in found.note
    assert "red1.png" in found.note
    assert names(found) == ["blue1"]


def test_without_sets_nothing_is_made_up(shop: Shop) -> None:
    """An error with what to do; the same when filters leave nothing."""
    with pytest.raises(InputError, match="no sets were imported"):
        shop.together("red1")
    shop.sets({"a": ["red1", "blue1"]})
    with pytest.raises(InputError, match="nothing in the sets"):
        shop.together("red1", only=np.array([shop.image("red1")]))
