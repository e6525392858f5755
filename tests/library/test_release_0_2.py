"""A library of release 0.2 opened by this one: every answer is as it was, and nothing is embedded again.

`tests/data/library_0_2.py` made the library and wrote down what release 0.2 answered.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from saccade import Library, open_library
from saccade.core.hits import Hit
from saccade.encoders.onnx import OnnxEncoder
from tests.helpers.release_0_2 import unpack

DATA = Path(__file__).parents[1] / "data"
OLD: dict[str, Any] = json.loads((DATA / "library-0.2.json").read_text())

_ENCODE = OnnxEncoder.encode_pixels


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with its files and its library."""
    place = tmp_path_factory.mktemp("photos")
    return unpack(place)


@pytest.fixture(scope="module")
def library(home: Path) -> Iterator[Library]:
    """It, opened; the encoder may read texts, and pictures never."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(OnnxEncoder, "encode_pixels", _never)
        with open_library(home, create=False) as opened:
            yield opened


def _never(*_: object) -> None:
    raise AssertionError("a picture was embedded again")


def _scores(hits: Iterable[Hit], home: Path) -> dict[str, tuple[object, list[str]]]:
    return {
        hit.image_id: (
            pytest.approx(hit.score, abs=2e-5),
            sorted(os.path.relpath(path, home) for path in hit.paths),
        )
        for hit in hits
    }


def _said(hits: list[list[Any]]) -> dict[str, tuple[object, list[str]]]:
    return {image: (score, paths) for image, score, paths in hits}


@pytest.mark.parametrize("text", OLD["texts"])
def test_words_find_the_same_images_with_the_same_scores(library: Library, home: Path, text: str) -> None:
    """All of them; the order of equal scores is this release's own."""
    assert _scores(library.search(text, k=50), home) == _said(OLD["texts"][text])


@pytest.mark.parametrize("name", OLD["similar"])
def test_a_picture_finds_the_same_images(library: Library, home: Path, name: str) -> None:
    """From the stored embedding."""
    assert _scores(library.similar(home / name, k=50), home) == _said(OLD["similar"][name])


@pytest.mark.parametrize("condition", OLD["filters"])
def test_filters_let_the_same_images_pass(library: Library, home: Path, condition: str) -> None:
    """Imported fields, tags, and what a file says about itself."""
    assert _scores(library.search("a", k=50, where=[condition]), home) == _said(OLD["filters"][condition])


@pytest.mark.parametrize("role", OLD["embeddings"])
def test_embeddings_are_the_same_to_the_bit(library: Library, role: str) -> None:
    """In every space."""
    ids, rows = library.embeddings(role)
    found = {
        image: hashlib.sha256(row.astype("<f4").tobytes()).hexdigest()
        for image, row in zip(ids, rows, strict=True)
    }
    assert found == OLD["embeddings"][role]


def test_nothing_is_left_to_embed_and_nothing_is_wrong(library: Library) -> None:
    """Counts are as they were."""
    counts = library.status().counts
    assert [counts.images, counts.files, counts.failed] == OLD["counts"]
    assert [problem.code for problem in library.doctor().problems] == []


def test_indexing_again_embeds_nothing(library: Library, home: Path) -> None:
    """Though the fingerprint of the encoder is another one today: it says which of the past are its own."""
    report = library.index(home)
    assert (report.added, report.embedded) == (0, 0)
    assert {space.fingerprint for space in library.status().spaces} != {
        library.context.spaces.encoder().info.fingerprint
    }


def test_a_new_picture_joins_the_old_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the spaces there are, and is found beside them."""
    monkeypatch.setattr(OnnxEncoder, "encode_pixels", _ENCODE)
    unpack(tmp_path)
    Image.new("RGB", (64, 64), (200, 30, 30)).save(tmp_path / "new.png")
    with open_library(tmp_path) as library:
        spaces = library.status().spaces
        report = library.index(tmp_path)
        assert (report.added, report.embedded) == (1, 1)
        assert library.status().spaces == spaces
        assert len(library.search("red", k=50)) == OLD["counts"][0] + 1


def _tags(library: Library, home: Path) -> dict[str, list[list[object]]]:
    return {
        os.path.relpath(path, home): sorted([tag.label, tag.origin, round(tag.score, 6)] for tag in found)
        for path, found in library.tags.of().items()
    }


def test_tags_and_classifiers_are_there(library: Library, home: Path) -> None:
    """Those of people, of the encoder, and of what was taught."""
    assert _tags(library, home) == OLD["tags"]
    classifiers = [[one.name, one.version, dict(one.examples)] for one in library.tags.classifiers()]
    assert classifiers == OLD["classifiers"]


def test_fields_have_their_values_under_the_names_of_today(library: Library) -> None:
    """What 0.2 called themes is called clusters, the field too."""
    renamed = {"theme": "cluster", "themes": "clusters"}
    fields = sorted([one.name, one.kind, one.origin, one.count] for one in library.fields.list())
    assert fields == sorted(
        [renamed.get(name, name), kind, renamed.get(origin, origin), count]
        for name, kind, origin, count in OLD["columns"]
    )
    assert dict(library.fields.values("price")) == OLD["price"]


def test_clusters_keep_their_names(library: Library) -> None:
    """The stored ones are found again, and new images would join them."""
    report = library.clusters.find(update=True, store=False)
    assert report.updated
    assert sorted([cluster.name, cluster.size] for cluster in report) == OLD["themes"]


def test_feedback_and_sets_recommend_the_same(library: Library, home: Path) -> None:
    """Events of each user, and what goes together."""
    feedback = {
        user: [[event.image_id, event.kind, event.at, event.value] for event in events]
        for user, events in (
            (user, library.recommendations.export(user)) for user in library.recommendations.users()
        )
    }
    assert feedback == OLD["feedback"]
    best = library.recommendations.for_user("anna", k=5)
    assert [hit.image_id for hit in best] == OLD["recommended"]
    fitting = list(library.recommendations.together(home / "p1.png", k=20))
    assert set(OLD["together"]) <= {hit.image_id for hit in fitting}
    assert {hit.score for hit in fitting} == {0.0}  # 0.2 put equal scores in the order of their rows
    assert [hit.image_id for hit in fitting] == sorted(hit.image_id for hit in fitting)


def test_a_classifier_classifies(library: Library, home: Path) -> None:
    """The stored version is used again: each image gets the label it had."""
    before = _tags(library, home)
    taught = [tag for tags in before.values() for tag in tags if tag[1] == "taught:round"]
    assert library.tags.use("round", 1) == len(taught) > 0
    assert _tags(library, home) == before


def test_an_inspection_model_inspects(library: Library, home: Path) -> None:
    """By the name it was trained under; it passes what it was trained on."""
    assert [[model.name, model.version] for model in library.outliers.models()] == OLD["models"]
    report = library.outliers.inspect("parts", [home / "p1.png"])
    assert [finding.path for finding in report] == [str(home / "p1.png")]


def test_what_was_put_away_can_come_back(library: Library, home: Path) -> None:
    """The quarantine of 0.2 is read. Its manifest names the folder where the library was made."""
    assert [[run.run, run.files] for run in library.duplicates.runs()] == OLD["runs"]


def test_a_map_keeps_its_places(library: Library) -> None:
    """The stored layout is used; only new images would be laid out."""
    before = library.context.catalog.results.load("map", "map")
    layout = library.clusters.map()
    assert (layout.rebuilt, layout.added, len(layout.image_ids)) == (False, 0, OLD["counts"][0])
    assert before is not None
    assert np.array_equal(np.sort(layout.places, axis=0), np.sort(before.rows.arrays["places"], axis=0))


def test_its_copies_are_found_in_a_library_of_today(library: Library, tmp_path: Path) -> None:
    """The fingerprints differ, the encoder is the same: in both directions."""
    place = tmp_path / "today"
    place.mkdir()
    for number, color in enumerate(("red", "blue")):
        Image.new("RGB", (64, 48), color).save(place / f"{number}.png")
    with pytest.MonkeyPatch.context() as patch, open_library(place) as today:
        patch.setattr(OnnxEncoder, "encode_pixels", _ENCODE)
        today.index(place)
        assert today.duplicates.overlap(library).images == (2, OLD["counts"][0])
        assert library.duplicates.overlap(today).images == (OLD["counts"][0], 2)
