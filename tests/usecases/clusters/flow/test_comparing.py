"""Clusters compared by a number that people imported."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from saccade.core.errors import InvalidFilterError, InvalidQueryError, NotFoundError
from saccade.indexes.kmeans import SphericalKMeans
from saccade.usecases.clusters.flow import store
from saccade.usecases.clusters.flow.comparing import compare_clusters
from saccade.usecases.clusters.flow.finding import ClusterQuery, find_clusters

KINDS = {"apple": (250, 20, 20), "meadow": (20, 250, 20), "ocean": (20, 20, 250)}


def fill(desk: Any, count: int = 12) -> None:
    """Pictures such as apple_3.png, each a little different, in three stored clusters."""
    for kind, (red, green, blue) in KINDS.items():
        for number in range(count):
            desk.picture(f"{kind}_{number}.png", (red, green, blue - number if blue > 99 else blue + number))
    desk.index()


def find(desk: Any) -> None:
    """Store three clusters."""
    find_clusters(desk.catalog, desk.reader(), desk.encoder, SphericalKMeans(), ClusterQuery(k=3))


@pytest.fixture
def clicked(desk: Any) -> Callable[[], None]:
    """Clicks: apples 10 more than the rest, one meadow with luck, oceans without."""

    def write() -> None:
        rng = np.random.default_rng(0)
        values = {desk.image(f"apple_{n}.png"): 20 + float(rng.normal()) for n in range(12)}
        values |= {desk.image(f"meadow_{n}.png"): 10 + float(rng.normal()) for n in range(12)}
        values |= {desk.image("ocean_0.png"): 25.0}
        desk.catalog.columns.write("clicks", values, origin="import", replace=True)

    return write


def test_the_best_cluster_comes_with_intervals(desk: Any, clicked: Callable[[], None]) -> None:
    """Means as numpy's, intervals around them, n, the verdict; one lucky image has no interval."""
    fill(desk)
    find(desk)
    clicked()
    made = compare_clusters(desk.catalog, store.load(desk.catalog, store.DEFAULT), "clicks")
    by_word = {one.name.split(",")[0]: one for one in made.clusters}
    apple, meadow, ocean = (by_word[kind] for kind in KINDS)
    ids, values = desk.catalog.columns.numbers("clicks")
    mine = values[np.isin(ids, [desk.image(f"apple_{n}.png") for n in range(12)])]
    assert apple.mean == pytest.approx(mine.mean())
    assert apple.low is not None
    assert apple.high is not None
    assert apple.low < apple.mean < apple.high
    assert (apple.count, meadow.count, ocean.count) == (12, 12, 1)
    assert (apple.verdict, meadow.verdict, ocean.verdict) == ("above", "below", "unclear")
    assert (ocean.low, ocean.high, ocean.p_value) == (None, None, None)
    assert (made.count, made.without) == (25, 11)


def test_means_that_do_not_exist(desk: Any) -> None:
    """No clusters, no field, text, values on unclustered images only, a confidence out of range."""
    fill(desk)
    with pytest.raises(NotFoundError):
        compare_clusters(desk.catalog, None, "clicks")
    find(desk)
    stored = store.load(desk.catalog, store.DEFAULT)
    with pytest.raises(InvalidFilterError):
        compare_clusters(desk.catalog, stored, "clicks")
    with pytest.raises(InvalidFilterError):
        compare_clusters(desk.catalog, stored, store.DEFAULT)
    desk.picture("new.png", "orange")
    desk.index()
    desk.catalog.columns.write("clicks", {desk.image("new.png"): 3.0}, origin="import", replace=True)
    with pytest.raises(InvalidQueryError, match="clicks"):
        compare_clusters(desk.catalog, stored, "clicks")
    with pytest.raises(InvalidQueryError, match="confidence"):
        compare_clusters(desk.catalog, stored, "clicks", confidence=95)
