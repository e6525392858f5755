"""`saccade clusters`: what it asks `lib.clusters` for, what it prints, and its page."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock, create_autospec

import jsonschema
import numpy as np
import pytest

from saccade.core.errors import MissingExtraError, NotFoundError
from saccade.core.types import ImageInfo, ImageRecord
from saccade.core.wire import attributes, schema_of
from saccade.engine.context import LibraryContext
from saccade.usecases.clusters import wire
from saccade.usecases.clusters.api import Clusters
from saccade.usecases.clusters.rules.reports import (
    Cluster,
    ClusterGroup,
    ClusterMean,
    ClusterMeans,
    ClusterMember,
    ClusterReport,
    ClusterWord,
    LibraryMap,
)
from tests.helpers.terminal import Ran, use_context

Run = Callable[..., Ran]
WORD = ClusterWord(word="dog", score=4.5, source="text")


def member(name: str) -> ClusterMember:
    """An image by its name."""
    info = ImageInfo(width=400, height=300, format="JPEG", size_bytes=12345)
    record = ImageRecord(id=1, sha256=bytes(range(32)), info=info, paths=(f"/photos/{name}",))
    return ClusterMember(record=record, score=0.5)


DOG = Cluster(
    id=3, name="dog, grass", size=1200, words=(WORD,), cohesion=0.61, representatives=(member("a.jpg"),),
    outliers=(member("b.jpg"),), group=1, fresh=2,
)  # fmt: skip
CAT = replace(DOG, id=4, name="cat <b>", size=7, words=())
REPORT = ClusterReport(
    name="cluster", version=2, method="density", settings={"min_size": 5, "seed": 0}, images=1210,
    clusters=(DOG, CAT),
    groups=(ClusterGroup(id=1, name="dog, cat", clusters=(3, 4), size=1207, words=(WORD,)),),
    noise=3, unassigned=(member("odd\x1b[31m.jpg"),),
    updated=False, assigned=0, ill_fitting=0, kept=1, seconds=1.5,
)  # fmt: skip
MEANS = ClusterMeans(
    column="clicks", count=1207, mean=2.5, confidence=0.95, without=4,
    clusters=(
        ClusterMean(cluster=3, name="dog, grass", count=1200, mean=3.0, low=2.8, high=3.2, expected=2.99,
                    p_value=0.001, verdict="above"),
        ClusterMean(cluster=4, name="cat <b>", count=1, mean=9.0, low=None, high=None, expected=2.7,
                    p_value=None, verdict="unclear"),
    ),
)  # fmt: skip
MAP = LibraryMap(
    image_ids=(bytes(range(32)).hex(), "ab" * 32), paths=("/photos/a.jpg", "/photos/c.jpg"),
    places=np.array([[0.0, 1.0], [1.0, 0.5]], np.float32), clusters=np.array([3, 0]), added=1, rebuilt=False,
    version=1, seconds=0.25,
)  # fmt: skip


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> MagicMock:
    """`lib.clusters` with fixed answers, checked against its real signatures."""
    api: MagicMock = create_autospec(Clusters, instance=True)
    api.find.return_value = REPORT
    api.compare.return_value = MEANS
    api.map.return_value = MAP
    use_context(monkeypatch, create_autospec(LibraryContext, instance=True))
    monkeypatch.setattr("saccade.usecases.clusters.api.Clusters", lambda _: api)
    return api


@pytest.fixture
def _no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few bytes stand for every thumbnail."""
    for name in ("thumbnail_files", "tiles_pictures"):
        monkeypatch.setattr(
            f"saccade.usecases.clusters.html.{name}", lambda _, files, size=0: [b"x"] * len(files)
        )


def test_clusters_are_listed_by_group(run: Run, fake: MagicMock) -> None:
    """Sizes, words, a typical file, unassigned images made harmless, and how to filter by a cluster."""
    ran = run("clusters")
    assert ran.status == 0
    lines = ran.out.splitlines()
    assert lines[0].startswith("1,210 images in 2 clusters, 1 group, 3 images (0 %) unassigned; density")
    assert lines[1] == "1 cluster found again under the same id"
    assert "dog, cat (1,207 images)" in lines
    assert any(line.split() == ["3", "dog,", "grass", "1,200", "dog"] for line in lines)
    assert r"odd\x1b[31m.jpg" in ran.out
    assert 'data.cluster==dog, grass"' in ran.err
    asked = fake.find.call_args.kwargs
    assert (asked["method"], asked["store"], asked["name"]) == ("auto", True, None)


@pytest.mark.parametrize(("assigned", "ill_fitting"), [(12, 1), (0, 0)])
def test_an_update_says_what_joined(run: Run, fake: MagicMock, assigned: int, ill_fitting: int) -> None:
    """Also when nothing did."""
    fake.find.return_value = replace(REPORT, updated=True, assigned=assigned, ill_fitting=ill_fitting)
    joined = f"{assigned} new images joined a cluster, {ill_fitting} did not fit well; no other images moved"
    assert run("clusters", "--update").out.splitlines()[1] == joined
    assert fake.find.call_args.kwargs["update"] is True


def test_options_reach_the_library(run: Run, fake: MagicMock) -> None:
    """Every one of them."""
    options = (
        "--method kmeans --k 9 --min-size 4 --seed 5 --update --name x --dry-run --where width>9 --in trip"
    )
    run("clusters", *options.split())
    known = {key: value for key, value in fake.find.call_args.kwargs.items() if key != "progress"}
    assert known == {
        "method": "kmeans", "k": 9, "min_size": 4, "seed": 5, "update": True, "name": "x", "store": False,
        "where": ("width>9",), "folders": ("trip",),
    }  # fmt: skip


@pytest.mark.parametrize("extra", [(), ("--by", "clicks", "--map")])
def test_json_fits_its_schema(run: Run, fake: MagicMock, extra: tuple[str, ...]) -> None:
    """One object, with null for what was not asked for."""
    ran = run("clusters", "--json", *extra)
    assert ran.status == 0
    value: dict[str, Any] = ran.json()
    schema = schema_of(wire.ClustersAnswer, title="saccade clusters --json")
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(value, schema)
    assert (value["means"] is None, value["map"] is None) == (not extra, not extra)
    assert value["clusters"][0]["words"] == [{"word": "dog", "score": 4.5, "source": "text"}]
    assert value["unassigned"][0]["paths"] == ["/photos/odd\x1b[31m.jpg"]
    if extra:
        assert value["map"]["points"][0] == {
            "image_id": bytes(range(32)).hex(), "path": "/photos/a.jpg", "x": 0.0, "y": 1.0, "cluster": 3,
        }  # fmt: skip
        assert value["means"]["clusters"][0]["cluster"] == 3


def test_every_field_of_an_answer_is_documented() -> None:
    """The schemas explain themselves."""
    kinds = [wire.ClustersAnswer, wire.ClusterAnswer, wire.MemberAnswer, wire.MapAnswer, wire.MapPoint]
    for kind in [*kinds, wire.RenameAnswer, ClusterGroup, ClusterMeans, ClusterMean, ClusterWord]:
        assert set(kind.__dataclass_fields__) == {name for name, _ in attributes(kind)}, kind


def test_means_are_a_table(run: Run, fake: MagicMock) -> None:
    """n, mean, interval, expected mean and verdict; a dash where there is no interval."""
    out = run("clusters", "--by", "clicks", "--confidence", "0.9").out
    assert fake.compare.call_args.args == ("clicks",)
    assert fake.compare.call_args.kwargs["confidence"] == 0.9
    assert "clicks: mean 2.5 over 1,207 clustered images (4 without a value)" in out
    rows = [line.split() for line in out.splitlines()]
    assert ["dog,", "grass", "1,200", "3", "2.8", "to", "3.2", "2.99", "above", "(p", "0.001)"] in rows
    assert ["cat", "<b>", "1", "9", "-", "2.7", "unclear"] in rows


def test_the_map_is_summed_up(run: Run, fake: MagicMock) -> None:
    """Joined or rebuilt."""
    assert "map of 2 images: 1 image joined, none moved (250 ms)" in run("clusters", "--map").out
    assert fake.map.call_args.kwargs["rebuild"] is False
    fake.map.return_value = replace(MAP, rebuilt=True)
    assert "map of 2 images: rebuilt (250 ms)" in run("clusters", "--new-map").out
    assert fake.map.call_args.kwargs["rebuild"] is True


def test_a_missing_extra_stops_before_anything_is_clustered(run: Run, fake: MagicMock) -> None:
    """One line, and how to install it."""
    fake.check_map.side_effect = MissingExtraError("a map needs openTSNE", hint="pip install 'saccade[map]'")
    ran = run("clusters", "--map")
    assert ran.status != 0
    assert ran.err == "saccade: a map needs openTSNE\n  pip install 'saccade[map]'\n"
    fake.find.assert_not_called()


@pytest.mark.usefixtures("_no_pictures")
def test_the_page_shows_map_means_and_clusters(run: Run, fake: MagicMock, tmp_path: Path) -> None:
    """Everything escaped; the pictures inside."""
    ran = run("clusters", "--html", "page.html", "--map", "--by", "clicks")
    assert ran.status == 0, ran.err
    page = (tmp_path / "page.html").read_text()
    assert "cat &lt;b&gt;" in page
    assert "<b>" not in page
    for wanted in ("Clusters by clicks", "A map of 2 images", "hardly fits", "Unassigned", "data:image/jpeg"):
        assert wanted in page


def test_a_cluster_is_renamed(run: Run, fake: MagicMock) -> None:
    """And nothing is clustered."""
    assert run("clusters", "--rename", "3", "our dog").status == 0
    fake.rename.assert_called_once_with(3, "our dog")
    fake.find.assert_not_called()
    ran = run("clusters", "--rename", "3", " our  dog ", "--name", "x", "--json")
    assert fake.rename.call_args.kwargs == {"name": "x"}
    assert ran.json() == {"cluster": 3, "name": "our dog"}
    assert run("clusters", "--rename", "dog", "our dog").status == 2


def test_a_cluster_is_not_named_like_an_option(run: Run, fake: MagicMock) -> None:
    """A forgotten name must not make the next option the name."""
    ran = run("clusters", "--rename", "1", "--json")
    assert ran.status == 2
    assert ran.err.splitlines()[0] == "saccade: '--json' looks like an option, not a name"
    fake.rename.assert_not_called()


@pytest.mark.parametrize(
    "args", [("--by", "clicks", "--dry-run"), ("--by", "clicks", "--where", "width>9"), ("--method", "magic")]
)
def test_options_that_exclude_each_other(run: Run, fake: MagicMock, args: tuple[str, ...]) -> None:
    """Refused before any work."""
    assert run("clusters", *args).status == 2
    assert fake.mock_calls == []


def test_errors_are_reported(run: Run, fake: MagicMock) -> None:
    """One line, a hint, the right status."""
    fake.rename.side_effect = NotFoundError("there is no cluster 9", hint="saccade clusters lists them")
    ran = run("clusters", "--rename", "9", "x")
    assert ran.status == 3
    assert ran.err == "saccade: there is no cluster 9\n  saccade clusters lists them\n"


def test_a_real_library_is_clustered_and_drawn(
    run: Run, context: LibraryContext, desk: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The whole way, with real pictures, the page and the map."""
    for number in range(4):
        desk.picture(f"red_{number}.png", (250, number, 0))
        desk.picture(f"blue_{number}.png", (0, number, 250))
    desk.index()
    use_context(monkeypatch, context)
    ran = run("clusters", "--k", "2", "--map", "--html", "page.html", "--json")
    assert ran.status == 0, ran.err
    value: dict[str, Any] = ran.json()
    assert [cluster["size"] for cluster in value["clusters"]] == [4, 4]
    assert len(value["map"]["points"]) == 8
    assert (tmp_path / "page.html").read_text().count("data:image/jpeg") >= 8
