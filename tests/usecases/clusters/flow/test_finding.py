"""Clusters of a library of colored pictures, named by their files: found, stored, kept, joined."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from saccade.core.errors import (
    EncoderMismatchError,
    InputError,
    NoImagesError,
    NotFoundError,
)
from saccade.core.filters import Filter, parse_where
from saccade.core.types import Progress
from saccade.indexes.kmeans import SphericalKMeans
from saccade.usecases.clusters.flow import finding, store
from saccade.usecases.clusters.flow.finding import ClusterQuery, find_clusters
from saccade.usecases.clusters.rules.reports import ClusterReport

KINDS = {"apple": (250, 20, 20), "meadow": (20, 250, 20), "ocean": (20, 20, 250)}


def fill(desk: Any, count: int = 12, *, start: int = 0, kinds: Sequence[str] = tuple(KINDS)) -> None:
    """Pictures such as apple_3.png, each a little different."""
    for kind in kinds:
        for number in range(start, start + count):
            red, green, blue = KINDS[kind]
            desk.picture(f"{kind}_{number}.png", (red, green, blue - number if blue > 99 else blue + number))
    desk.index()


def find(desk: Any, **changed: Any) -> ClusterReport:
    """Three clusters by k-means, stored under the default name."""
    among, progress = changed.pop("among", None), changed.pop("progress", None)
    query = ClusterQuery(**{"k": 3, **changed})
    return find_clusters(
        desk.catalog, desk.reader(), desk.encoder, SphericalKMeans(), query, among=among, progress=progress
    )


def update(desk: Any, **changed: Any) -> ClusterReport:
    """Only new images join."""
    return find(desk, k=None, update=True, **changed)


def of(desk: Any) -> dict[int, str]:
    """{image: cluster} as the column says."""
    ids, names = desk.catalog.columns.texts(store.DEFAULT)
    return dict(zip(ids.tolist(), names, strict=True))


def test_clusters_have_images_words_and_names(desk: Any) -> None:
    """Each kind is a cluster, named by the word its files share; sizes and typical images fit."""
    fill(desk)
    found = find(desk)
    assert sorted(cluster.words[0].word for cluster in found.clusters) == ["apple", "meadow", "ocean"]
    assert all(cluster.words[0].source == "text" for cluster in found.clusters)
    assert [cluster.size for cluster in found.clusters] == [12, 12, 12]
    assert (found.images, found.noise, found.version, found.method) == (36, 0, 1, "kmeans")
    for cluster in found.clusters:
        kind = cluster.words[0].word
        assert cluster.name.startswith(kind)
        shown = [*cluster.representatives, *cluster.outliers]
        assert all(kind in one.record.paths[0] for one in shown)
        assert len({one.record.id for one in shown}) == len(shown)
        assert cluster.representatives[0].score >= max(one.score for one in shown)


def test_groups_hold_every_cluster_once(desk: Any) -> None:
    """The level above; sizes add up."""
    fill(desk)
    found = find(desk)
    assert sorted(cluster for group in found.groups for cluster in group.clusters) == [1, 2, 3]
    assert sum(group.size for group in found.groups) == 36
    assert all(
        cluster.id in group.clusters
        for cluster in found.clusters
        for group in found.groups
        if group.id == cluster.group
    )


def test_the_column_answers_filters(desk: Any) -> None:
    """data.NAME==CLUSTER gives the cluster's images, and so does what is stored."""
    fill(desk)
    for cluster in find(desk).clusters:
        wanted = Filter(conditions=parse_where([f"data.{store.DEFAULT}=={cluster.name}"]))
        ids = desk.catalog.images.match(wanted)
        assert len(ids) == cluster.size
        stored = store.load(desk.catalog, store.DEFAULT)
        assert stored is not None
        assert (store.cluster_ids(stored, ids) == cluster.id).all()


def test_the_same_again_is_the_same(desk: Any) -> None:
    """Ids, names, sizes and members; only version and time differ."""
    fill(desk)
    first = find(desk)
    before = of(desk)
    second = find(desk)
    assert of(desk) == before
    assert second.kept == 3
    assert [(one.id, one.name, one.fresh) for one in second.clusters] == [
        (one.id, one.name, 0) for one in first.clusters
    ]


def test_a_cluster_keeps_its_id_and_its_given_name_as_the_library_grows(desk: Any) -> None:
    """A person's name outlives clustering, whatever the words; what is new is counted."""
    fill(desk)
    apple = next(one for one in find(desk).clusters if one.words[0].word == "apple")
    store.rename(desk.catalog, store.DEFAULT, apple.id, "  our\n harvest ")
    fill(desk, 4, start=12)
    again = next(one for one in find(desk, seed=5).clusters if one.words[0].word == "apple")
    assert (again.id, again.name, again.size, again.fresh) == (apple.id, "our harvest", 16, 4)
    assert list(of(desk).values()).count("our harvest") == 16


def test_update_moves_nothing_and_joins_the_new(desk: Any) -> None:
    """New images join by likeness; one unlike all joins none; old ones stay where they were."""
    fill(desk)
    find(desk)
    before = of(desk)
    fill(desk, 2, start=12)
    desk.picture("gray.png", (128, 128, 128))
    desk.index()
    found = update(desk)
    now = of(desk)
    assert {image: now[image] for image in before} == before
    assert (found.assigned, found.ill_fitting, found.noise, found.version) == (6, 1, 1, 2)
    assert now[desk.image("apple_13.png")] == before[desk.image("apple_0.png")]
    assert now[desk.image("gray.png")] == store.NO_CLUSTER
    assert [one.record.paths[0].endswith("gray.png") for one in found.unassigned] == [True]


def test_update_with_nothing_new_stores_nothing(desk: Any) -> None:
    """The version stays."""
    fill(desk)
    find(desk)
    assert update(desk).version == 1
    assert len(desk.catalog.results.versions(store.KIND, store.DEFAULT)) == 1


def test_images_that_are_gone_leave_and_come_back_to_their_cluster(desk: Any) -> None:
    """A cluster shrinks with its files; a file that returns is in its old cluster."""
    fill(desk)
    find(desk)
    path = desk.home / "apple_0.png"
    content = path.read_bytes()
    image = desk.image("apple_0.png")
    path.unlink()
    desk.index()
    assert update(desk).images == 35
    path.write_bytes(content)
    desk.index()
    assert update(desk).assigned == 0
    assert of(desk)[image].startswith("apple")


def test_a_run_that_is_stopped_stores_nothing(desk: Any) -> None:
    """What was stored before stands."""
    fill(desk)
    find(desk)
    before = of(desk)
    fill(desk, 2, start=12)

    def stop(progress: Progress) -> None:
        if progress.stage == "naming":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        find(desk, k=2, progress=stop)
    assert of(desk) == before
    assert [one.version for one in desk.catalog.results.versions(store.KIND, store.DEFAULT)] == [1]


def test_a_part_is_clustered_alone(desk: Any) -> None:
    """Only the images among those given; nothing is stored without a name."""
    fill(desk)
    some = desk.catalog.images.match(Filter(conditions=parse_where(["name=apple"])))
    found = find(desk, among=some, k=2)
    assert (found.images, found.version, found.name) == (12, 0, "")
    assert desk.catalog.columns.all() == []


def test_an_empty_library_and_an_empty_part(desk: Any) -> None:
    """Nothing to cluster is an answer with a hint."""
    with pytest.raises(NoImagesError, match="nothing to cluster") as error:
        find(desk)
    assert "index" in error.value.hint
    fill(desk)
    with pytest.raises(NoImagesError, match="filters"):
        find(desk, among=np.zeros(0, np.int64))


def test_one_image_is_one_cluster(desk: Any) -> None:
    """And identical ones too."""
    desk.picture("only.png")
    desk.index()
    assert [one.size for one in find(desk, k=None).clusters] == [1]
    for number in range(9):
        desk.picture(f"copy_{number}.png", mark=str(number))
    desk.index()
    assert [one.size for one in find(desk, k=4).clusters] == [10]


def test_a_column_of_somebody_else_is_left_alone(desk: Any) -> None:
    """Refused before any work, with what to do."""
    fill(desk, 2)
    desk.catalog.columns.write(
        store.DEFAULT, {desk.image("apple_0.png"): "mine"}, origin="import", replace=False
    )
    with pytest.raises(InputError, match="import") as error:
        find(desk)
    assert "--name" in error.value.hint
    assert of(desk) == {desk.image("apple_0.png"): "mine"}


def test_an_encoder_that_reads_no_text_still_names_by_what_is_written(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without captions either, clusters are numbered."""
    fill(desk)
    for number, (kind, color) in enumerate(KINDS.items()):
        desk.picture(f"{number}.png", color, mark=kind)
    monkeypatch.setattr(desk.encoder, "encode_texts", None)
    monkeypatch.setattr(desk.encoder, "info", replace(desk.encoder.info, reads_text=False))
    assert sorted(cluster.name for cluster in find(desk).clusters) == ["apple", "meadow", "ocean"]


def test_clusters_of_another_encoder_are_not_updated(desk: Any) -> None:
    """Spaces never mix."""
    fill(desk)
    find(desk)
    with pytest.raises(EncoderMismatchError):
        store.load(desk.catalog, store.DEFAULT, replace(desk.reader().space, fingerprint="0" * 64))


@pytest.mark.parametrize(
    ("cluster", "title", "error"),
    [(99, "x", NotFoundError), (1, "  ", InputError), (1, "none", InputError), (1, None, InputError)],
)
def test_names_that_cannot_be_given(
    desk: Any, cluster: int, title: str | None, error: type[Exception]
) -> None:
    """No such cluster, nothing, the word for no cluster, or another cluster's name."""
    fill(desk)
    other = next(one.name for one in find(desk).clusters if one.id == 2)
    with pytest.raises(error):
        store.rename(desk.catalog, store.DEFAULT, cluster, other if title is None else title)


def test_a_dry_update_stores_nothing(desk: Any) -> None:
    """It reports what would join."""
    fill(desk)
    find(desk)
    before = of(desk)
    fill(desk, 1, start=12)
    report = update(desk, store=False)
    assert (report.assigned, report.version, report.name) == (3, 0, "")
    assert of(desk) == before


def test_result_and_field_are_stored_together_or_not_at_all(desk: Any) -> None:
    """A name that no field may have leaves no result behind."""
    fill(desk, 2)
    with pytest.raises(InputError):
        find(desk, name="no name for a field")
    assert desk.catalog.results.versions(store.KIND) == []


def test_a_name_given_while_clustering_is_kept(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process renames a cluster between reading and storing: the result is matched again."""
    fill(desk)
    find(desk)
    name_clusters = finding.named
    calls = []

    def rename_first(*args: Any, **arguments: Any) -> Any:
        if not calls:
            store.rename(desk.catalog, store.DEFAULT, 1, "mine")
        calls.append(1)
        return name_clusters(*args, **arguments)

    monkeypatch.setattr(finding, "named", rename_first)
    report = find(desk)
    assert len(calls) == 2
    assert report.version == 3
    assert next(one.name for one in report if one.id == 1) == "mine"


def test_an_image_stored_while_updating_is_kept(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process stores between reading and storing: the update starts from what is there."""
    fill(desk)
    find(desk)
    fill(desk, 1, start=12)
    join = finding.joined
    calls = []

    def rename_first(*args: Any, **arguments: Any) -> Any:
        if not calls:
            store.rename(desk.catalog, store.DEFAULT, 1, "mine")
        calls.append(1)
        return join(*args, **arguments)

    monkeypatch.setattr(finding, "joined", rename_first)
    assert (update(desk).version, len(calls)) == (3, 2)
    assert list(of(desk).values()).count("mine") == 13
