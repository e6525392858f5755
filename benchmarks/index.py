"""Measure the index: build, recall, latency, filters, opening. Prints JSON.

    python benchmarks/index.py [--size 1000000] [--dim 384] [--kind ivf] [--folder DIR]

Data, made from a fixed seed: 20,000 clusters of Zipf-like sizes (exponent 0.7) inside 300 groups, on a
spectrum that decays as i**-0.25, with a spread within a cluster as long as the distance between clusters; so
the tenth neighbor is hardly nearer than the hundredth. Picture queries come from the same mixture. Text
queries share a direction no picture has and carry noise: the cosine to their best match is about 0.3.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from saccade.core.ports.indexes import NoIndex, Retriever, Selection
from saccade.core.types import Embeddings, Ids, Role, SpaceInfo
from saccade.core.vectors import best, normalize
from saccade.indexes import IndexFiles

_BATCH = 4096
_TEST = 200
_TUNE = 256
_CLUSTERS, _GROUPS = 20_000, 300


class Pictures:
    """The distribution that pictures and texts are drawn from."""

    def __init__(self, dim: int, seed: int = 7) -> None:
        self._rng = np.random.default_rng(seed)
        self._dim = dim
        spectrum = np.arange(1, dim + 1) ** -0.25
        self._spectrum = (spectrum / np.linalg.norm(spectrum)).astype(np.float32)
        groups = self._noise(_GROUPS)
        self._centers = 0.7 * groups[self._rng.integers(0, _GROUPS, _CLUSTERS)] + 0.7 * self._noise(_CLUSTERS)
        weights = np.arange(1, _CLUSTERS + 1) ** -0.7
        self._weights = weights / weights.sum()
        self._gap = self._noise(1)

    def pictures(self, count: int) -> Embeddings:
        """(count, dim) unit rows."""
        return normalize(self._drawn(count) + 0.8 * self._noise(count))

    def texts(self, count: int) -> Embeddings:
        """(count, dim) unit rows that lie far from every picture."""
        noise = normalize(self._rng.standard_normal((count, self._dim), dtype=np.float32))
        meant = normalize(self._drawn(count) + 0.4 * self._noise(count))
        return normalize(0.40 * meant + 0.60 * normalize(self._gap) + 0.69 * noise)

    def _drawn(self, count: int) -> Embeddings:
        return self._centers[self._rng.choice(_CLUSTERS, count, p=self._weights)]

    def _noise(self, count: int) -> Embeddings:
        return self._rng.standard_normal((count, self._dim), dtype=np.float32) * self._spectrum


def main() -> None:
    """Build, open and search, each in a new process, so that its memory is its own."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=int, default=1_000_000)
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument("--kind", default="auto")
    parser.add_argument("--folder", help="keep data and index here, and use them again")
    parser.add_argument("--step", choices=["build", "cold", "search"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    folder = Path(options.folder or tempfile.mkdtemp(prefix="saccade-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    space = SpaceInfo(
        id=1, role=Role.SEMANTIC, encoder="synthetic", fingerprint="0" * 64, dim=options.dim, active=True
    )
    if options.step == "build":
        print(json.dumps(_build(folder, space, options.kind)))
    elif options.step == "cold":
        print(json.dumps(_cold(folder, space)))
    elif options.step == "search":
        print(json.dumps(_search(folder, space)))
    else:
        try:
            _make_data(folder, options.size, options.dim)
            steps = {step: _apart(step, folder, options) for step in ("build", "cold", "search")}
            report = {"data": {"size": options.size, "dim": options.dim}, "hardware": _hardware(), **steps}
            print(json.dumps(report, indent=1))
        finally:
            if options.folder is None:
                shutil.rmtree(folder)


def _apart(step: str, folder: Path, options: argparse.Namespace) -> object:
    """The JSON that a step prints in a new process."""
    command = [sys.executable, __file__, "--step", step, "--folder", str(folder)]
    command += ["--dim", str(options.dim), "--kind", options.kind]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def _make_data(folder: Path, size: int, dim: int) -> None:
    """Write rows.npy and the queries, unless they are there."""
    if (folder / "queries.npz").exists():
        return
    source = Pictures(dim)
    rows = np.lib.format.open_memmap(folder / "rows.npy", "w+", np.float32, (size, dim))
    for start in range(0, size, 50_000):
        stop = min(start + 50_000, size)
        rows[start:stop] = source.pictures(stop - start)
    rows.flush()
    truth = {}
    queries = {"picture": source.pictures(_TEST), "text": source.texts(_TEST)}
    for name, some in queries.items():
        truth[f"{name}_truth"] = _exact(rows, some, np.arange(size))
    arrays: dict[str, Any] = {"tune": source.texts(_TUNE), **queries, **truth}
    np.savez(folder / "queries.npz", **arrays)


def _exact(rows: Embeddings, queries: Embeddings, among: Ids) -> Ids:
    """The ten nearest of the ascending row numbers, by matrix products."""
    ids, scores = np.empty((len(queries), 0), np.int64), np.empty((len(queries), 0), np.float32)
    for start in range(0, len(among), 20_000):
        part = among[start : start + 20_000]
        found, cosines = best(queries @ rows[part].T, np.broadcast_to(part, (len(queries), len(part))), 10)
        ids, scores = best(np.hstack([scores, cosines]), np.hstack([ids, found]), 10)
    return ids


def _build(folder: Path, space: SpaceInfo, kind: str) -> dict[str, object]:
    """Seconds, peak memory and what was built."""
    rows = np.load(folder / "rows.npy", mmap_mode="r")
    tune = np.load(folder / "queries.npz")["tune"]
    before = time.perf_counter()

    def batches() -> Iterator[tuple[int, Ids, Embeddings]]:
        for start in range(0, len(rows), _BATCH):
            stop = min(start + _BATCH, len(rows))
            yield (
                stop,
                np.arange(start + 1, stop + 1),
                np.fromfile(
                    folder / "rows.npy",
                    np.float32,
                    (stop - start) * space.dim,
                    offset=rows.offset + start * space.dim * 4,
                ).reshape(-1, space.dim),
            )

    summary = IndexFiles(str(folder)).build(space, batches(), kind=kind, queries=tune)
    return {
        "seconds": round(time.perf_counter() - before, 1),
        "peak_rss_mb": _peak_mb(),
        "kind": summary.kind,
        "gate_recall": round(summary.recall, 4),
        "note": summary.note,
        "size_mb": summary.size_bytes // 1_000_000,
    }


def _cold(folder: Path, space: SpaceInfo) -> dict[str, object]:
    """Opening and the first search in a new process."""
    text = np.load(folder / "queries.npz")["text"]
    before = time.perf_counter()
    index = _open(folder, space)
    opened = time.perf_counter()
    index.search(text[:1], 10)
    searched = time.perf_counter()
    again = time.perf_counter()
    _open(folder, space).close()
    return {
        "open_ms_with_imports": round((opened - before) * 1e3, 1),
        "open_ms": round((time.perf_counter() - again) * 1e3, 2),
        "first_search_ms": round((searched - opened) * 1e3, 2),
        "peak_rss_mb": _peak_mb(),
    }


def _open(folder: Path, space: SpaceInfo) -> Retriever:
    index = IndexFiles(str(folder)).open(space)
    if isinstance(index, NoIndex):
        raise SystemExit(index.reason)
    return index


def _search(folder: Path, space: SpaceInfo) -> dict[str, object]:
    """Recall@10 and latency, unfiltered and filtered, one query at a time."""
    index = _open(folder, space)
    rows = np.load(folder / "rows.npy", mmap_mode="r")
    saved = np.load(folder / "queries.npz")
    rng = np.random.default_rng(11)
    size = len(rows)
    percent = max(1, size // 100)
    center = rng.integers(size)
    near = np.argpartition(-_scores(rows, rows[center]), percent)[:percent]
    filters: dict[str, Ids | None] = {
        "all": None,
        "1% at random": np.sort(rng.choice(size, percent, replace=False)),
        "1% in one place": np.sort(near),
        "10% at random": np.sort(rng.choice(size, size // 10, replace=False)),
        "50% at random": np.sort(rng.choice(size, size // 2, replace=False)),
        "all but 100": np.setdiff1d(np.arange(size), rng.choice(size, 100, replace=False)),
    }
    report: dict[str, object] = {}
    for name, among in filters.items():
        for kind in ("picture", "text"):
            queries = saved[kind]
            truth = saved[f"{kind}_truth"] if among is None else _exact(rows, queries, among)
            only = None if among is None else among + 1

            def one(number: int, queries: Embeddings = queries, only: Ids | None = only) -> Ids:
                query, within = queries[number : number + 1], Selection.of(only)
                found: Ids = index.search(query, 10, within=within)[0][0] - 1
                return found

            report[f"{kind}, {name}"] = _measure(one, truth)
    return report


def _scores(rows: Embeddings, query: Embeddings) -> Embeddings:
    return np.concatenate([rows[at : at + 50_000] @ query for at in range(0, len(rows), 50_000)])


def _measure(search: Callable[[int], Ids], truth: Ids) -> dict[str, float]:
    """Recall@10, and the median and 95th percentile of one query's time, once warm."""
    hits = [len(np.intersect1d(search(number), row)) / len(row) for number, row in enumerate(truth)]
    took = []
    for number in range(len(truth)):
        before = time.perf_counter(), time.thread_time()
        search(number)
        took.append((time.perf_counter() - before[0], time.thread_time() - before[1]))
    (wall_50, cpu_50), (wall_95, cpu_95) = np.round(np.percentile(took, [50, 95], axis=0) * 1e3, 2)
    return {
        "recall_at_10": round(float(np.mean(hits)), 4),
        "p50_ms": wall_50,
        "p95_ms": wall_95,
        "cpu_p50_ms": cpu_50,  # of the one thread a query takes: what a busy machine cannot blur
        "cpu_p95_ms": cpu_95,
    }


def _peak_mb() -> int:
    """Most memory this process had resident, mapped files included (getrusage would count the parent's)."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) // 1024


def _hardware() -> dict[str, object]:
    return {"cores": os.cpu_count(), "machine": platform.machine(), "python": platform.python_version()}


if __name__ == "__main__":
    main()
