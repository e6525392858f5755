"""Labels for rows: reproducible, in range, and better than clustering the raw rows."""

import numpy as np
import pytest
from sklearn.cluster import HDBSCAN
from sklearn.metrics import adjusted_mutual_info_score

from saccade.core.errors import InvalidQueryError
from saccade.indexes.kmeans import SphericalKMeans
from saccade.usecases.clusters.flow import clustering
from saccade.usecases.clusters.flow.clustering import METHODS, Method, cut
from saccade.usecases.clusters.rules.neighborhoods import unit


def loose(count: int, dims: int = 96, kinds: int = 8, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Rows whose clusters are hidden in many noisy dimensions, and the truth."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, kinds, count)
    return unit(rng.normal(size=(kinds, dims))[truth] + 2.2 * rng.normal(size=(count, dims))), truth


@pytest.mark.parametrize("method", METHODS)
def test_the_same_seed_gives_the_same_labels(method: Method) -> None:
    """Twice, bit for bit."""
    rows, _ = loose(600)
    first, second = (cut(rows, SphericalKMeans(), method=method, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first.labels, second.labels)
    assert first.settings == second.settings


@pytest.mark.parametrize(("method", "worst"), [("kmeans", 0.85), ("density", 0.7)])
def test_clusters_that_noise_hides_are_found(method: Method, worst: float) -> None:
    """Where scikit-learn's HDBSCAN leaves most raw rows as noise, the truth is (nearly) found."""
    rows, truth = loose(800)
    raw = HDBSCAN(min_cluster_size=14, copy=True).fit_predict(rows)
    assert adjusted_mutual_info_score(truth, raw) < 0.3
    found = cut(rows, SphericalKMeans(), method=method, k=8 if method == "kmeans" else None)
    assert adjusted_mutual_info_score(truth, found.labels) > worst


def test_comparing_by_cells_gives_much_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """The way of large libraries, on a small one."""
    rows, _ = loose(2500, dims=32)
    exact = cut(rows, SphericalKMeans(), method="density").labels
    monkeypatch.setattr(clustering, "EXACT", 100)
    assert adjusted_mutual_info_score(exact, cut(rows, SphericalKMeans(), method="density").labels) > 0.85


def test_auto_is_k_means_when_few_or_when_k_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """And density otherwise; where density finds nothing, k-means again."""
    rows, _ = loose(600)
    assert cut(rows, SphericalKMeans()).method == "kmeans"
    monkeypatch.setattr(clustering, "_FEW", 100)
    assert cut(rows, SphericalKMeans()).method == "density"
    assert cut(rows, SphericalKMeans(), k=3).method == "kmeans"
    same = np.tile(rows[:1], (200, 1))
    assert cut(same, SphericalKMeans()).method == "kmeans"


@pytest.mark.parametrize("count", [1, 2, 3, 7])
@pytest.mark.parametrize("method", METHODS)
def test_few_rows_are_no_error(count: int, method: Method) -> None:
    """Labels for each, from 0 without gaps."""
    labels = cut(loose(count)[0], SphericalKMeans(), method=method).labels
    assert len(labels) == count
    assert set(labels.tolist()) - {-1} == set(range(labels.max() + 1))


@pytest.mark.parametrize("method", ["auto", "kmeans"])
def test_identical_rows_are_one_cluster(method: Method) -> None:
    """However many clusters are wanted: there is one kind of row."""
    same = np.tile(loose(1)[0], (30, 1))
    found = cut(same, SphericalKMeans(), method=method, k=5)
    assert (found.labels == 0).all()
    assert found.settings == {"k": 1}


def test_k_clusters_of_k_images() -> None:
    """It may be as large as the number of images."""
    found = cut(unit(np.eye(6, dtype=np.float32)), SphericalKMeans(), k=6)
    assert found.labels.min() == 0


def test_small_clusters_are_dissolved_only_when_asked() -> None:
    """min_size holds for k-means too."""
    rows, _ = loose(120)
    sizes = np.bincount(cut(rows, SphericalKMeans(), k=20, min_size=6).labels + 1)
    assert (sizes[1:] >= 6).all()
    assert sizes[0] > 0
    assert cut(rows, SphericalKMeans(), k=20).labels.min() == 0


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"k": 0}, "k is 0"),
        ({"k": 51}, "k is 51"),
        ({"k": -1}, "k is -1"),
        ({"min_size": 1}, "is 1"),
        ({"min_size": 51}, "is 51"),
        ({"method": "magic"}, "magic"),
        ({"method": "density", "k": 3}, "takes no k"),
    ],
)
def test_what_makes_no_sense_is_refused(asked: dict, said: str) -> None:
    """With the number in the message and what to do in the hint."""
    with pytest.raises(InvalidQueryError, match=said) as error:
        cut(loose(50)[0], SphericalKMeans(), **asked)
    assert error.value.hint
