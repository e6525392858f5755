"""`lib.clusters` on a small library of colored pictures."""

import gc
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from saccade.core.errors import InvalidFilterError, InvalidQueryError, MissingExtraError, NotFoundError
from saccade.core.types import ImageRecord
from saccade.engine.context import LibraryContext
from saccade.usecases.clusters.api import Clusters
from saccade.usecases.clusters.flow import members
from saccade.usecases.clusters.flow.store import DEFAULT
from tests.desk import COLORS, Desk


@pytest.fixture
def clusters(desk: Desk, context: LibraryContext) -> Clusters:
    """The clusters of a library of six pictures."""
    for number, color in enumerate(list(COLORS)[:6]):
        desk.picture(f"{number}.png", color)
    desk.index()
    return Clusters(context)


def records_alive() -> int:
    """Number of image records in memory."""
    gc.collect()
    return sum(isinstance(one, ImageRecord) for one in gc.get_objects())


def test_clusters_are_stored_and_reported_again(clusters: Clusters) -> None:
    """An update of nothing new keeps the version and the clusters."""
    first = clusters.find(k=2)
    again = clusters.find(update=True)
    assert (first.version, again.version) == (1, 1)
    assert [(one.id, one.size) for one in first] == [(one.id, one.size) for one in again]
    assert sum(one.size for one in first) + first.noise == 6
    assert first[0] == first.clusters[0]
    assert len(first) == 2


def test_an_update_without_clusters_finds_them(clusters: Clusters) -> None:
    """So that a job may always update."""
    assert clusters.find(update=True).version == 1


def test_a_part_needs_a_name_to_be_stored(clusters: Clusters, context: LibraryContext) -> None:
    """Else the rest of the library would lose its clusters."""
    clusters.find(k=2)
    part = clusters.find(k=1, where=["name=0", "width>1"])
    assert (part.images, part.version) == (1, 0)
    named = clusters.find(k=1, where=["name!=0"], name="others")
    assert (named.images, named.version, named.name) == (5, 1, "others")
    among = context.among([f"data.others=={named[0].name}"])
    assert among is not None
    assert len(among) == 5


def test_an_update_of_a_part_without_a_name_stores_nothing(clusters: Clusters) -> None:
    """It says what would join."""
    clusters.find(k=2)
    report = clusters.find(update=True, where=["name=0"])
    assert (report.version, report.name, report.updated) == (0, "", True)


def test_a_dry_run_stores_nothing(clusters: Clusters) -> None:
    """And there is nothing to compare."""
    assert clusters.find(k=2, store=False).version == 0
    with pytest.raises(NotFoundError):
        clusters.compare("clicks")


def test_a_cluster_can_be_renamed(clusters: Clusters) -> None:
    """And keeps that name."""
    cluster = clusters.find(k=2)[0]
    clusters.rename(cluster.id, "mine")
    assert "mine" in {one.name for one in clusters.find(k=2, seed=1)}


def test_members_are_listed_most_typical_first(
    clusters: Clusters, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every member once, whatever the pages: first the most central one of the report, last its outlier."""
    for number in range(6, 30):
        desk.picture(f"{number}.png", (255 - 3 * number, 5 * number, 7 * number))
    desk.index()
    monkeypatch.setattr(members, "_PAGE", 4)
    report = clusters.find(k=2)
    listed = {one.id: list(clusters.iter_members(one.id)) for one in report}
    for one in report:
        mine = listed[one.id]
        assert len({member.record.id for member in mine}) == len(mine) == one.size
        keys = [(-member.score, member.record.image_id) for member in mine]
        assert keys == sorted(keys)
        assert mine[0].score == pytest.approx(one.representatives[0].score)
        assert mine[-1] == one.outliers[0]
    assert sum(map(len, listed.values())) == 30


def test_members_are_read_one_page_at_a_time(clusters: Clusters, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are."""
    monkeypatch.setattr(members, "_PAGE", 1)
    cluster = clusters.find(k=1)[0].id
    before = records_alive()
    alive = [records_alive() - before for _ in clusters.iter_members(cluster)]
    assert len(alive) == 6
    assert max(alive) <= 2


def test_members_are_those_of_the_name_that_are_present(clusters: Clusters, desk: Desk) -> None:
    """Not of other stored clusters, and not those whose files are gone."""
    clusters.find(k=1)
    part = clusters.find(k=1, where=["name!=0"], name="others")
    assert len(list(clusters.iter_members(part[0].id, name="others"))) == 5
    desk.path("1.png").unlink()
    desk.index()
    names = {Path(one.record.paths[0]).name for one in clusters.iter_members(part[0].id, name="others")}
    assert names == {"2.png", "3.png", "4.png", "5.png"}


def test_an_unknown_cluster_has_no_members(clusters: Clusters) -> None:
    """The call says so, before the first member is taken; 0, no cluster, is none."""
    with pytest.raises(NotFoundError):
        clusters.iter_members(1)
    clusters.find(k=2)
    for unknown in (0, 9):
        with pytest.raises(NotFoundError, match=f"no cluster {unknown}"):
            clusters.iter_members(unknown)


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"k": 0}, InvalidQueryError),
        ({"k": 7}, InvalidQueryError),
        ({"min_size": 0}, InvalidQueryError),
        ({"where": ["sharpness>2"]}, InvalidFilterError),
        ({"where": ["data.nothing>2"]}, InvalidFilterError),
    ],
)
def test_bad_input_is_refused(clusters: Clusters, given: dict[str, Any], error: type[Exception]) -> None:
    """With the library as it was."""
    with pytest.raises(error):
        clusters.find(**given)
    assert clusters.find(k=2).version == 1


def test_clusters_are_compared_by_a_field(clusters: Clusters, context: LibraryContext, desk: Desk) -> None:
    """Every clustered image that has a value counts."""
    clusters.find(k=2)
    values = {desk.image(f"{number}.png"): float(number) for number in range(5)}
    context.catalog.columns.write("clicks", values, origin="import", replace=True)
    means = clusters.compare("clicks", where=["name!=0"])
    assert (means.column, means.count, means.without) == ("clicks", 4, 1)
    assert means.mean == pytest.approx(2.5)


def test_the_map_has_places_and_clusters(clusters: Clusters) -> None:
    """A place for each image, and its cluster's id once there are clusters."""
    assert clusters.map().clusters.tolist() == [0] * 6
    report = clusters.find(k=2)
    drawn = clusters.map()
    assert drawn.places.shape == (6, 2)
    assert drawn.added == 0
    assert np.bincount(drawn.clusters)[report[0].id] == report[0].size
    assert clusters.map(rebuild=True).rebuilt


def test_a_missing_extra_is_reported_before_any_work(
    clusters: Clusters, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only where it is needed: not for few images, not to join a map that is stored."""
    monkeypatch.setitem(sys.modules, "openTSNE", None)
    clusters.check_map(rebuild=True)
    clusters.map()
    for number in range(6, 12):
        desk.picture(f"{number}.png", (20 * number, 3 * number, 250 - number))
    desk.index()
    clusters.check_map()
    assert clusters.map().added == 6
    with pytest.raises(MissingExtraError, match="openTSNE") as caught:
        clusters.check_map(rebuild=True)
    assert "saccade[map]" in caught.value.hint
    with pytest.raises(MissingExtraError, match="openTSNE"):
        clusters.map(rebuild=True)
    assert clusters.map().version == 2


def test_the_default_name_is_that_of_the_field(clusters: Clusters, context: LibraryContext) -> None:
    """One name for the stored result and for filters."""
    report = clusters.find(k=2)
    assert report.name == DEFAULT
    assert DEFAULT in {one.name for one in context.catalog.columns.all()}
