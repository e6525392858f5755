"""Clusters against scikit-learn on the same embeddings, and how long 100,000 images take."""

import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.cluster_labels import caption_label, flickr_captions, imagenet_label
from benchmarks.common import DATA, Result
from benchmarks.synthetic import make_library
from saccade.core.types import Embeddings
from saccade.indexes.kmeans import SphericalKMeans
from saccade.library import load_encoder, open_library
from saccade.usecases.clusters.flow.clustering import Method, cut

_CACHE = Path(tempfile.gettempdir()) / "saccade-benchmarks"
_SEEDS = range(5)
_K = (8, 10, 13, 16, 20, 30, 40)
_GRID = tuple((size, samples) for size in (5, 10, 20, 40) for samples in (None, 3, 10))
_LONG, _SHORT_GRID = 2000, ((5, None), (10, 3), (20, 3), (40, 3))
"""Above so many rows HDBSCAN, which compares all pairs, is tried with few settings."""


def clusters() -> Result:
    """Adjusted mutual information with labels made by hand, and seconds for 100,000 images."""
    return {
        "quality": {name: _compared(*data) for name, data in _data()},
        "hundred_thousand": _by_the_clock(),
    }


def _data() -> Iterator[tuple[str, tuple[Embeddings, list[str | None]]]]:
    """Embeddings with a label each, None where none is certain. Only flickr8k's train split was tuned on."""
    folder = DATA / "imagenet_photos"
    files = sorted(folder.glob("*.JPEG"))
    yield "imagenet_photos", (_embedded("imagenet", files), [imagenet_label(file.name) for file in files])
    captions = flickr_captions(DATA / "flickr8k")
    files = sorted((DATA / "flickr8k" / "images").glob("*.jpg"))
    rows = _embedded("flickr8k", files)
    labels = [caption_label(captions[file.name][1]) for file in files]
    judged = [place for place, file in enumerate(files) if captions[file.name][0] == "dev"]
    yield "flickr8k_dev", (np.ascontiguousarray(rows[judged]), [labels[place] for place in judged])
    yield "flickr8k_all", (rows, labels)


def _embedded(name: str, files: list[Path]) -> Embeddings:
    encoder = load_encoder()
    path = _CACHE / f"{encoder.info.fingerprint[:16]}-clusters-{name}.npy"
    if not path.exists():
        _CACHE.mkdir(parents=True, exist_ok=True)
        np.save(path, encoder.encode_images([str(file) for file in files]))
    encoder.close()
    loaded: Embeddings = np.load(path)
    return loaded


def _compared(rows: Embeddings, labels: list[str | None]) -> Result:
    """Ours with its defaults, scikit-learn's with its defaults and with the best of a grid, labels known."""
    from sklearn.cluster import HDBSCAN, KMeans  # noqa: PLC0415, heavy
    from sklearn.metrics import adjusted_mutual_info_score  # noqa: PLC0415

    judged = np.array([label is not None for label in labels])
    truth = [label for label in labels if label is not None]

    def score(found: np.ndarray) -> float:
        return float(adjusted_mutual_info_score(truth, found[judged]))

    def over_seeds(make: Callable[[int], np.ndarray]) -> list[float]:
        return [score(make(seed)) for seed in _SEEDS]

    def ours(method: Method, seed: int) -> np.ndarray:
        return cut(rows, SphericalKMeans(), method=method, seed=seed).labels

    def k_means(k: int, seed: int) -> np.ndarray:
        found: np.ndarray = KMeans(k, n_init=1, random_state=seed).fit_predict(rows)
        return found

    made = {
        f"saccade {method}": over_seeds(partial(ours, method)) for method in ("auto", "density", "kmeans")
    }
    grid = {k: over_seeds(partial(k_means, k)) for k in _K}
    best = max(grid, key=lambda k: float(np.mean(grid[k])))
    density = {
        (size, samples): HDBSCAN(min_cluster_size=size, min_samples=samples, copy=True).fit_predict(rows)
        for size, samples in (_GRID if len(rows) <= _LONG else _SHORT_GRID)
    }
    top = max(density, key=lambda one: score(density[one]))
    made["scikit-learn KMeans, defaults (k 8)"] = grid[8]
    made[f"scikit-learn KMeans, best k of a grid ({best})"] = grid[best]
    result: Result = {
        name: {"ami": round(float(np.mean(scores)), 3), "lowest": round(min(scores), 3)}
        for name, scores in made.items()
    }
    for name, found in (("defaults (5)", density[5, None]), (f"best of a grid {top}", density[top])):
        result[f"scikit-learn HDBSCAN, {name}"] = {
            "ami": round(score(found), 3),
            "noise": round(float((found < 0).mean()), 2),
        }
    left_out = ours("density", 0) < 0
    result |= {
        "images": len(rows),
        "labelled": int(judged.sum()),
        "noise_density": round(float(left_out.mean()), 2),
    }
    return result


def _by_the_clock(count: int = 100_000) -> Result:
    """Seconds of `Library.clusters.find`, names, words and storing included, for both methods."""
    with tempfile.TemporaryDirectory(prefix="saccade-clusters-") as place:
        make_library(Path(place), _CACHE, count)
        with open_library(place) as library:
            result: Result = {"images": count}
            for method in ("density", "kmeans"):
                started, used = time.perf_counter(), time.process_time()
                found = library.clusters.find(method=method)
                result[method] = {
                    "seconds": round(time.perf_counter() - started, 1),
                    "cpu_seconds": round(time.process_time() - used, 1),
                    "clusters": len(found.clusters),
                }
            started = time.perf_counter()
            library.clusters.find(update=True)
            result["update_seconds"] = round(time.perf_counter() - started, 1)
    return result
