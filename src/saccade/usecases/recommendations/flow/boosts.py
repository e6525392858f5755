"""Business terms of a ranking: columns of numbers, and how new a picture is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from saccade.core.errors import InputError
from saccade.core.filters import DATA
from saccade.core.ports.catalog import Catalog
from saccade.core.ranking import rank_share
from saccade.core.types import Ids
from saccade.usecases.recommendations.rules.reports import Reason

WORTH_SAYING = 0.05
"""Terms of a score below this are not reported."""

RECENCY = "recency"
"""The boost that is not a column: by the time a picture was taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Boost:
    """One term: a column's contribution to each image's score.

    Attributes:
        name: of the column.
        amounts: (n,) weight x rank share, 0 where the image has no value.
        shown: (n,) the value as text; "" if there is none.
    """

    name: str
    amounts: NDArray[np.float64]
    shown: Sequence[str]


def parse_boosts(given: Mapping[str, float] | Sequence[str] | None) -> dict[str, float]:
    """{column: weight} of {"price": -0.2} or ["price:-0.2", "recency"]; 1 if no weight is given.

    Raises:
        InputError: a weight that is not a finite number.
    """
    if given is None:
        return {}
    pairs = given.items() if isinstance(given, Mapping) else map(_pair, given)
    boosts = {}
    for name, weight in pairs:
        if not isfinite(weight) or not name:
            raise InputError(f"cannot boost {name!r} by {weight}", hint="use NAME:WEIGHT, such as price:-0.2")
        boosts[name.removeprefix(DATA)] = float(weight)
    return boosts


def _pair(said: str) -> tuple[str, float]:
    name, colon, weight = said.rpartition(":")
    if not colon:
        return said, 1.0
    try:
        return name, float(weight)
    except ValueError:
        raise InputError(
            f"{weight!r} in --boost {said} is not a number", hint="use NAME:WEIGHT, such as price:-0.2"
        ) from None


def boost_terms(catalog: Catalog, boosts: Mapping[str, float], ids: Ids) -> list[Boost]:
    """What each boost adds, for sorted ids.

    Raises:
        InvalidFilterError: no such numeric column.
    """
    terms = []
    for name, weight in boosts.items():
        values = np.full(len(ids), np.nan)
        shown = [""] * len(ids)
        if name == RECENCY:
            taken = [record.info.taken_at or "" for record in catalog.images.get(ids.tolist())]
            _, order = np.unique(taken, return_inverse=True)
            known = np.array([bool(one) for one in taken], np.bool_)
            values[known] = order[known]
            shown = [f"taken {one[:10]}" if one else "" for one in taken]
        else:
            having, numbers = catalog.columns.numbers(name, ids)
            places = np.searchsorted(ids, having)
            values[places] = numbers
            for place, number in zip(places.tolist(), numbers.tolist(), strict=True):
                shown[place] = f"{name} {number:g}"
        terms.append(Boost(name=name, amounts=weight * rank_share(values), shown=shown))
    return terms


def boosted(terms: Sequence[Boost], place: int) -> list[Reason]:
    """The reasons from the terms for the image at `place`, if large enough."""
    return [
        Reason(
            kind="boost",
            text=f"{term.shown[place]} ({term.amounts[place]:+.2f})",
            amount=float(term.amounts[place]),
        )
        for term in terms
        if abs(term.amounts[place]) >= WORTH_SAYING
    ]
