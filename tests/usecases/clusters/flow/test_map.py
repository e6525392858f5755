"""The map: laid out once, joined by new images, never moved."""

import sys
from typing import Any

import numpy as np
import pytest

from saccade.core.errors import MissingExtraError, NoImagesError
from saccade.indexes.kmeans import SphericalKMeans
from saccade.usecases.clusters.flow import map as map_module
from saccade.usecases.clusters.flow.map import library_map
from saccade.usecases.clusters.rules.reports import LibraryMap


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few rounds are enough to test by."""
    monkeypatch.setattr(map_module, "_EXAGGERATED", 40)
    monkeypatch.setattr(map_module, "_ROUNDS", 40)


def fill(desk: Any, count: int = 15, start: int = 0) -> None:
    """Red and blue pictures."""
    for number in range(start, start + count):
        desk.picture(f"red_{number}.png", (250, 2 * number, number))
        desk.picture(f"blue_{number}.png", (2 * number, number, 250))
    desk.index()


def draw(desk: Any, **asked: Any) -> LibraryMap:
    return library_map(desk.catalog, desk.reader(), SphericalKMeans(), None, **asked)


def place_of(drawn: LibraryMap, name: str) -> np.ndarray:
    return drawn.places[next(at for at, path in enumerate(drawn.paths) if path.endswith(name))]


def test_what_looks_alike_lies_close(desk: Any) -> None:
    """Red lies nearer to red than to blue; the same seed gives the same map."""
    pytest.importorskip("openTSNE", reason="needs the extra map")
    fill(desk)
    drawn = draw(desk)
    red = np.array(["red" in path for path in drawn.paths])
    centroids = [drawn.places[red].mean(axis=0), drawn.places[~red].mean(axis=0)]
    inside = np.linalg.norm(drawn.places[red] - centroids[0], axis=1).mean()
    assert np.linalg.norm(centroids[0] - centroids[1]) > 2 * inside
    np.testing.assert_array_equal(draw(desk, rebuild=True).places, drawn.places)


def test_new_images_join_and_none_moves(desk: Any) -> None:
    """Old places are the same bit for bit; a new red picture lies among the red ones."""
    pytest.importorskip("openTSNE", reason="needs the extra map")
    fill(desk)
    before = draw(desk)
    fill(desk, 3, start=15)
    after = draw(desk)
    assert (before.rebuilt, before.added, after.rebuilt, after.added) == (True, 30, False, 6)
    old = dict(zip(before.image_ids, before.places.tolist(), strict=True))
    now = dict(zip(after.image_ids, after.places.tolist(), strict=True))
    assert {image: now[image] for image in old} == old
    red = np.array(["red" in path for path in before.paths])
    spot = place_of(after, "red_16.png")
    near, far = (np.linalg.norm(before.places[which].mean(axis=0) - spot) for which in (red, ~red))
    assert near < far
    assert draw(desk).version == after.version


def test_few_images_need_no_extra(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their two widest directions will do; identical ones lie on one spot."""
    monkeypatch.setitem(sys.modules, "openTSNE", None)
    fill(desk, 4)
    drawn = draw(desk)
    assert drawn.places.shape == (8, 2)
    assert np.isfinite(drawn.places).all()
    assert np.ptp(drawn.places, axis=0).max() > 0


def test_without_the_extra_it_says_what_to_install(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clear error; joining a map that is there needs nothing."""
    monkeypatch.setitem(sys.modules, "openTSNE", None)
    fill(desk)
    with pytest.raises(MissingExtraError, match="openTSNE") as error:
        draw(desk)
    assert "saccade[map]" in error.value.hint


def test_nothing_to_lay_out(desk: Any) -> None:
    """An empty library."""
    with pytest.raises(NoImagesError):
        draw(desk)


def test_a_dry_run_stores_nothing(desk: Any) -> None:
    """And says version 0."""
    fill(desk, 2)
    assert draw(desk, store=False).version == 0
    assert desk.catalog.results.load("map", "map") is None
