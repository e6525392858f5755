"""Lays out a library in two dimensions (t-SNE); new images are added without moving others."""

import time
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from saccade.core.errors import MissingExtraError, NoImagesError
from saccade.core.ports.results import ImageRows
from saccade.core.types import Embeddings, Ids, Progress
from saccade.usecases.clusters.flow.store import cluster_ids
from saccade.usecases.clusters.rules.neighborhoods import EXACT, cells_for, neighbors, principal, project
from saccade.usecases.clusters.rules.reports import LibraryMap

if TYPE_CHECKING:
    from saccade.core.ports.catalog import Catalog
    from saccade.core.ports.decoders import ReportProgress
    from saccade.core.ports.engines import KMeans
    from saccade.core.ports.results import Result
    from saccade.engine.space import SpaceReader
    from saccade.usecases.clusters.flow.store import Stored

KIND, NAME = "map", "map"
_DIMS = 32
_PERPLEXITY = 15
_EXAGGERATED, _ROUNDS = 250, 350
_VOTERS = 10
_FEWEST = 12
"""Fewer images are laid out along their two principal directions: t-SNE needs more neighbors."""
_BLOCK = 1024
_ASIDE = 0.05


def library_map(
    catalog: "Catalog",
    reader: "SpaceReader",
    kmeans: "KMeans",
    clusters: "Stored | None",
    *,
    rebuild: bool = False,
    seed: int = 0,
    store: bool = True,
    progress: "ReportProgress | None" = None,
) -> LibraryMap:
    """Every present image's position: as stored, new ones placed between the most similar ones.

    Args:
        clusters: the stored ones, to label positions.
    Raises:
        NoImagesError: no image has an embedding.
        MissingExtraError: the map must be built and openTSNE is not installed.
    """
    started = time.perf_counter()
    ids, rows = reader.everything()
    if not len(ids):
        raise NoImagesError(
            "nothing to lay out: the library is empty", hint="index some first: saccade index FOLDER"
        )
    tell = progress or (lambda _: None)
    stored = None if rebuild else _usable(catalog.results.load(KIND, NAME), reader.space.fingerprint, ids)
    basis = principal(rows, _DIMS)
    reduced = project(rows, *basis)
    version = 0
    if stored is None:
        places = _laid_out(reduced, kmeans, seed, tell)
        fresh = np.ones(len(ids), np.bool_)
        every: tuple[Ids, NDArray[np.float32]] = (ids, places)
    else:
        version = stored.version
        every, places, fresh = _joined(stored, ids, reduced, seed)
    if store and fresh.any():
        facts = {"fingerprint": reader.space.fingerprint, "seed": seed, "perplexity": _PERPLEXITY}
        kept = ImageRows(ids=every[0], arrays={"places": every[1]})
        version = catalog.results.save(KIND, NAME, facts, {}, rows=kept, keep=3)
    records = catalog.images.get(ids.tolist())
    return LibraryMap(
        image_ids=tuple(one.image_id for one in records),
        paths=tuple(one.paths[0] if one.paths else "" for one in records),
        places=places,
        clusters=np.zeros(len(ids), np.int64) if clusters is None else cluster_ids(clusters, ids),
        added=int(fresh.sum()),
        rebuilt=stored is None,
        version=version,
        seconds=time.perf_counter() - started,
    )


def _usable(result: "Result | None", fingerprint: str, ids: Ids) -> "Result | None":
    """The stored map, unless it is from another encoder or none of its images are left."""
    if result is None or result.facts["fingerprint"] != fingerprint:
        return None
    return result if np.isin(ids, result.rows.ids).any() else None


def _laid_out(rows: Embeddings, kmeans: "KMeans", seed: int, tell: "ReportProgress") -> NDArray[np.float32]:
    """(n, 2) positions by t-SNE, initialized with the two principal directions; scaled to spread 1.

    "Visualizing Data using t-SNE", van der Maaten and Hinton 2008, by openTSNE.
    """
    wide = _two(rows)
    if len(rows) < _FEWEST or np.ptp(rows, axis=0).max() < 1e-6:
        return _scaled(wide)
    affinity, embedding, nearest = _opentsne()
    k = min(3 * _PERPLEXITY, len(rows) - 1)
    centers = None
    if len(rows) > EXACT:
        sample = np.ascontiguousarray(rows[:: max(1, len(rows) // 50_000)])
        centers = kmeans.fit(sample, cells_for(len(rows)), seed=seed, iterations=10)
    tell(Progress(stage="comparing", done=0, total=len(rows)))
    near, scores = neighbors(rows, k + 1, centers=centers)
    apart = np.sqrt(np.maximum(2.0 - 2.0 * scores[:, 1:].astype(np.float64), 0.0))
    known = nearest.PrecomputedNeighbors(near[:, 1:], apart)
    affinities = affinity.PerplexityBasedNN(
        knn_index=known, perplexity=min(_PERPLEXITY, k / 3), n_jobs=-1, random_state=seed
    )
    # t-SNE's units: the initial spread must be small.
    start = _scaled(wide).astype(np.float64) * 1e-4
    made = embedding(start, affinities, n_jobs=-1, random_state=seed, negative_gradient_method="auto")

    def step(offset: int) -> Any:  # noqa: ANN401, openTSNE's callback is untyped
        def stepped(done: int, _error: float, _embedding: object) -> None:
            tell(Progress(stage="laying out", done=offset + done, total=_EXAGGERATED + _ROUNDS))

        return stepped

    common: dict[str, Any] = {"inplace": True, "callbacks_every_iters": 10}
    made.optimize(n_iter=_EXAGGERATED, exaggeration=12, momentum=0.5, callbacks=[step(0)], **common)
    made.optimize(n_iter=_ROUNDS, momentum=0.8, callbacks=[step(_EXAGGERATED)], **common)
    return _scaled(np.asarray(made))


def _opentsne() -> tuple[Any, Any, Any]:
    """Affinities, embedding and neighbors of openTSNE. Raises MissingExtraError."""
    try:
        from openTSNE import TSNEEmbedding, affinity, nearest_neighbors  # noqa: PLC0415, a second
    except ImportError as error:
        raise MissingExtraError(
            "laying out a map needs openTSNE, which is not installed",
            hint="pip install 'saccade[map]'",
        ) from error
    return affinity, TSNEEmbedding, nearest_neighbors


def _two(rows: Embeddings) -> NDArray[np.float32]:
    """The first two coordinates, or zeros if there are fewer."""
    padded: NDArray[np.float32] = np.pad(rows, ((0, 0), (0, max(0, 2 - rows.shape[1]))))
    return padded[:, :2]


def _scaled(places: NDArray[np.floating]) -> NDArray[np.float32]:
    """Centered at (0, 0), the wider direction with standard deviation 1."""
    moved = places - places.mean(axis=0)
    return np.asarray(moved / max(float(moved.std(axis=0).max()), 1e-12), np.float32)


def _joined(
    stored: "Result", ids: Ids, rows: Embeddings, seed: int
) -> tuple[tuple[Ids, NDArray[np.float32]], NDArray[np.float32], NDArray[np.bool_]]:
    """All stored and new images, the positions of present ones, and which of them are new.

    A new image is placed at the median position of the most similar old ones, with a slight offset so
    that several do not hide each other.
    """
    old_ids, old_places = stored.rows.ids, stored.rows.arrays["places"].astype(np.float32)
    fresh = ~np.isin(ids, old_ids)
    places = np.zeros((len(ids), 2), np.float32)
    places[~fresh] = old_places[np.searchsorted(old_ids, ids[~fresh])]
    known, missing = np.flatnonzero(~fresh), np.flatnonzero(fresh)
    k = min(_VOTERS, len(known))
    rng = np.random.default_rng(seed)
    for start in range(0, len(missing), _BLOCK):
        block = missing[start : start + _BLOCK]
        scores = rows[block] @ rows[known].T
        near = known[np.argpartition(-scores, k - 1, axis=1)[:, :k]]
        medians = np.median(places[near], axis=1)
        spread = np.median(np.abs(places[near] - medians[:, None]), axis=1)
        places[block] = medians + _ASIDE * spread * rng.standard_normal((len(block), 2))
    every = np.concatenate([old_ids, ids[fresh]])
    order = np.argsort(every)
    return (every[order], np.concatenate([old_places, places[fresh]])[order]), places, fresh
