"""Builds a faiss structure over rows on disk, tunes it, and measures its recall against exact search."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from saccade.core.types import Embeddings, Scores
from saccade.core.vectors import dot, normalize
from saccade.indexes.ann import graph_settings, list_settings
from saccade.indexes.rows import VECTORS, Rows

RECALL_GATE = 0.98
"""ANN recall@10 below which an index is not published."""

_AIMS = (0.995, 0.999, 1.0)  # tuning targets: above the required recall, because samples are small
_AT = 10
_CHUNK = 65_536  # rows read at a time: 100 MB at 384 dimensions
_SAMPLE_ROWS = 128
_SAMPLE_QUERIES = 512  # half of each sample tunes, the other half evaluates
_ROWS_PER_LIST = 40  # k-means sample
_ITERATIONS = 8
_LINKS = 32
_VIEW = 80  # nodes in view while linking a new one
_SEED = 20_261_120
_TIE = 1e-5
_CANDIDATES = (30, 50, 100, 200, 400)
_EFFORTS = (64, 128, 256, 512, 1024, 2048, 4096)
_ROW_COST = 0.022  # microseconds to scan a row's code, and to fetch and rescore a candidate
_RESCORE_COST = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A structure, the parameters its search needs, and the ANN recall@10 measured with them."""

    structure: faiss.Index
    parameters: Mapping[str, int]
    recall: float


def build(
    folder: Path, rows: Rows, kind: str, queries: Embeddings | None, advance: Callable[[int], None]
) -> Built:
    """Build and tune the structure.

    Args:
        folder: holds the file VECTORS that `rows` maps; it is read in chunks, so that memory stays bounded.
        rows: at least one.
        kind: "ivf" or "hnsw".
        queries: typical queries; by default, rows with added noise.
        advance: called with the number of rows done so far.
    """
    rng = np.random.default_rng(_SEED)
    size, dim = rows.vectors.shape
    lists = max(1, min(round(2 * size**0.5), size // 8)) if kind == "ivf" else 0
    factory = f"IVF{lists},SQ8" if kind == "ivf" else f"HNSW{_LINKS},SQ8"
    structure: Any = faiss.index_factory(dim, factory, faiss.METRIC_INNER_PRODUCT)
    if kind == "hnsw":
        structure.hnsw.efConstruction = _VIEW
    picked = rng.choice(size, min(size, max(_ROWS_PER_LIST * lists, _CHUNK // 4)), replace=False)
    picked.sort()
    sample = np.concatenate(
        [
            chunk[picked[slice(*np.searchsorted(picked, (start, start + len(chunk))))] - start]
            for start, chunk in _chunks(folder / VECTORS, size, dim)
        ]
    )
    if kind == "ivf":
        structure.cp.niter = _ITERATIONS
        structure.cp.seed = _SEED
        structure.cp.min_points_per_centroid = 1  # else faiss writes warnings to stderr
        structure.cp.max_points_per_centroid = len(sample)
    structure.train(sample)
    del sample
    tests = _tests(rows, queries, rng)
    truth = _Truth(tests)
    with ThreadPoolExecutor(1) as apart:
        if kind == "hnsw":
            # A graph depends on the order of its rows, so one thread adds them. OpenMP keeps this number per
            # calling thread, so others are not affected.
            apart.submit(faiss.omp_set_num_threads, 1).result()
        for start, chunk in _chunks(folder / VECTORS, size, dim):
            apart.submit(structure.add, chunk).result()
            truth.see(chunk)
            advance(start + len(chunk))
    worst = truth.worst()
    tuning = Gate(rows, [test[::2] for test in tests], [some[::2] for some in worst])
    judging = Gate(rows, [test[1::2] for test in tests], [some[1::2] for some in worst])
    for aim in _AIMS:
        if kind == "ivf":
            parameters = tune_lists(structure, tuning, lists, aim)
            settings = list_settings(parameters["probes"])
        else:
            parameters = tune_effort(structure, tuning, aim)
            settings = graph_settings(parameters["effort"])
        recall = judging.recalls(structure, settings)[parameters["candidates"]]
        if recall >= RECALL_GATE:
            break
    return Built(structure=structure, parameters=parameters, recall=recall)


def judged(
    structure: faiss.Index,
    folder: Path,
    rows: Rows,
    parameters: Mapping[str, int],
    queries: Embeddings | None,
) -> float:
    """ANN recall@10 of lists searched with these parameters; arguments as for `build`."""
    tests = [test[1::2] for test in _tests(rows, queries, np.random.default_rng(_SEED))]
    truth = _Truth(tests)
    for _, chunk in _chunks(folder / VECTORS, *rows.vectors.shape):
        truth.see(chunk)
    gate = Gate(rows, tests, truth.worst())
    return gate.recalls(structure, list_settings(parameters["probes"]))[parameters["candidates"]]


class _Truth:
    """The best scores of test queries among the rows seen so far."""

    def __init__(self, tests: list[Embeddings]) -> None:
        self._tests = tests
        self._best = [np.full((len(test), 1), -2.0, np.float32) for test in tests]

    def see(self, chunk: Embeddings) -> None:
        """Compare with more rows."""
        for number, test in enumerate(self._tests):
            found = faiss.knn(test, chunk, min(_AT, len(chunk)), metric=faiss.METRIC_INNER_PRODUCT)[0]
            together = np.concatenate([self._best[number], found], axis=1)
            self._best[number] = -np.sort(-together, axis=1)[:, :_AT]

    def worst(self) -> list[Scores]:
        """The score of each query's last true neighbor."""
        return [scores[:, -1] for scores in self._best]


class Gate:
    """Exact answers to test queries, to measure an index's recall."""

    def __init__(self, rows: Rows, tests: list[Embeddings], worst: list[Scores]) -> None:
        self.rows = rows
        self.tests = tests
        self.worst = worst  # the score of each query's last true neighbor
        self.at = min(_AT, len(rows))

    def recalls(self, structure: faiss.Index, settings: faiss.SearchParameters) -> dict[int, float]:
        """ANN recall@10 by number of candidates rescored, for the worst group of queries.

        A candidate that scores as high as the last true neighbor counts as one: equal rows are
        interchangeable.
        """
        most = min(_CANDIDATES[-1], len(self.rows))
        lowest = dict.fromkeys(_CANDIDATES, 1.0)
        for test, worst in zip(self.tests, self.worst, strict=True):
            if len(test) == 0:
                continue
            found = structure.search(test, most, params=settings)[1]
            good = np.zeros(found.shape, dtype=np.bool_)
            for number, candidates in enumerate(found):
                real = candidates >= 0
                vectors = self.rows.vectors[candidates[real]]
                scores = dot(np.broadcast_to(test[number], vectors.shape), vectors)
                good[number, real] = scores >= worst[number] - _TIE
            for keep in _CANDIDATES:
                hits = np.minimum(good[:, :keep].sum(axis=1), self.at)
                lowest[keep] = min(lowest[keep], float(hits.mean() / self.at))
        return lowest


def tune_lists(structure: faiss.Index, gate: Gate, lists: int, aim: float) -> dict[str, int]:
    """The cheapest numbers of lists to probe and candidates to rescore that reach the target."""
    chosen, least, cheapest = (0, 0), 2.0, np.inf  # (probes, candidates), gap, cost
    probes = 4
    while True:
        probes = min(probes, lists)
        scan = _ROW_COST * len(gate.rows) * probes / lists
        if least == 0.0 and scan >= cheapest:
            break
        for keep, recall in gate.recalls(structure, list_settings(probes)).items():
            off, cost = max(0.0, aim - recall), scan + _RESCORE_COST * keep
            if (off, cost) < (least, cheapest):
                chosen, least, cheapest = (probes, keep), off, cost
        if probes == lists:
            break
        probes = probes * 3 // 2
    return {"lists": lists, "probes": chosen[0], "candidates": chosen[1]}


def tune_effort(structure: faiss.Index, gate: Gate, aim: float) -> dict[str, int]:
    """The lowest effort and number of candidates to rescore that reach the target; else the highest."""
    for effort in _EFFORTS:
        for keep, recall in gate.recalls(structure, graph_settings(effort)).items():
            if recall >= aim and keep <= effort:
                return {"effort": effort, "candidates": keep}
    return {"effort": _EFFORTS[-1], "candidates": _CANDIDATES[-1]}


def _tests(rows: Rows, queries: Embeddings | None, rng: np.random.Generator) -> list[Embeddings]:
    """Two groups of test queries: rows of the index, and typical queries."""
    size = len(rows)
    some = np.sort(rng.choice(size, min(size, _SAMPLE_ROWS), replace=False))
    inside = np.asarray(rows.vectors[some])
    if queries is None:
        # A text is far from every picture. Noise twice as long as the row leaves a cosine of about 0.45.
        noise = rng.standard_normal(inside.shape).astype(np.float32)
        outside = normalize(inside + 2.0 * normalize(noise))
    else:
        picked = np.sort(rng.choice(len(queries), min(len(queries), _SAMPLE_QUERIES), replace=False))
        outside = queries[picked]
    return [group for group in (inside, outside) if len(group)]


def _chunks(path: Path, size: int, dim: int) -> Iterator[tuple[int, Embeddings]]:
    """(first row number, rows), read into memory: mapped pages would count as this process's memory."""
    with path.open("rb") as file:
        for start in range(0, size, _CHUNK):
            stop = min(start + _CHUNK, size)
            yield start, np.fromfile(file, "<f4", (stop - start) * dim).reshape(stop - start, dim)
