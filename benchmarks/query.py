"""Queries: a million embeddings in process, a hundred thousand from a cold start."""

import csv
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

import saccade
from benchmarks.common import DATA, Result, Run, cold_run, compiled, spread, timed
from benchmarks.synthetic import make_library
from saccade.catalog import SqlCatalog, open_catalog
from saccade.core.metrics import ann_recall_at_k
from saccade.core.ports.indexes import NoIndex
from saccade.core.types import Embeddings, Ids, Role
from saccade.core.vectors import best
from saccade.engine.space import SpaceReader
from saccade.indexes import IndexFiles

_BARE = "import numpy, onnxruntime, sqlalchemy, tokenizers"
_FIRST_QUERY = """
import os, sys, saccade
with saccade.open_library(sys.argv[1]) as library:
    library.search("a dog on the beach", k=10)
    os._exit(0)
"""
POOL = 50
"""Candidates a search for ten hits considers."""

_FILTER = "taken>=2024-08-25"
"""One image in a hundred of a synthetic library."""


def million(count: int = 1_000_000, queries: int = 300) -> Result:
    """Build time, then text queries one by one, with and without a filter that 1 % match."""
    with tempfile.TemporaryDirectory() as home:
        make_library(Path(home), cache(), count)
        with saccade.open_library(home) as library:
            started = time.perf_counter()
            stages: list[tuple[str, float]] = []
            library.build_indexes(progress=lambda p: stages.append((p.stage, time.perf_counter())))
            ended = time.perf_counter()
            copies = next((at for stage, at in stages if stage == "index copy"), ended)
            texts = captions(queries + 20)
            for text in texts[:20]:
                library.search(text, k=10)
            bound, plain, filtered = zip(
                *(
                    (
                        _bound(library, text),
                        *timed(partial(library.search, text, k=10), 1),
                        *timed(partial(_filtered, library, text), 1),
                    )
                    for text in texts[20:]
                ),
                strict=True,
            )
        recall, size = _recall(home, texts[20:])
    return {
        "images": count,
        "build_semantic_s": round(copies - started, 1),
        "build_all_s": round(ended - started, 1),
        "index_files_gb": round(size / 1e9, 2),
        "text_query": spread(plain),
        "bare_encoding_and_index": spread(bound),
        "text_query_ratio": round(float(np.median(plain) / np.median(bound)), 2),
        "filtered_1_percent": spread(filtered),
        "ann_recall_at_10": round(recall, 4),
    }


def cold(count: int = 100_000, runs: int = 12) -> Result:
    """Whole processes from nothing, in turn: the bare imports, a first text query in Python, and on the
    command line. The bound: no program that uses these four libraries can start faster.
    """
    compiled()
    with tempfile.TemporaryDirectory() as home:
        make_library(Path(home), cache(), count)
        with saccade.open_library(home) as library:
            library.build_indexes()
        command = [sys.executable, "-m", "saccade", "search", "a dog on the beach"]
        command += ["--library", home, "-k", "10", "--json"]
        rounds = [
            (
                cold_run([sys.executable, "-c", _BARE]),
                cold_run([sys.executable, "-c", _FIRST_QUERY, home]),
                cold_run(command),
            )
            for _ in range(runs + 1)
        ][1:]
    bare, first, searched = zip(*rounds, strict=True)
    return {
        "images": count,
        **spread([run.seconds for run in searched]),
        "peak_resident_mb": round(max(run.peak_bytes for run in searched) / 1e6),
        "bare_imports": spread([run.seconds for run in bare]),
        "first_query": spread([run.seconds for run in first]),
        "command_ratio": _ratio(searched, bare),
        "first_query_ratio": _ratio(first, bare),
        "command_cpu_ratio": _cpu_ratio(searched, bare),
        "first_query_cpu_ratio": _cpu_ratio(first, bare),
    }


def _ratio(runs: Sequence[Run], bound: Sequence[Run]) -> float:
    """Median of the ratios, pair by pair."""
    return round(
        float(np.median([one.seconds / other.seconds for one, other in zip(runs, bound, strict=True)])), 2
    )


def _cpu_ratio(runs: Sequence[Run], bound: Sequence[Run]) -> float:
    """The same of CPU time, which means something on a busy machine too."""
    ratios = [one.cpu_seconds / other.cpu_seconds for one, other in zip(runs, bound, strict=True)]
    return round(float(np.median(ratios)), 2)


def captions(count: int) -> list[str]:
    """Captions of flickr8k's dev split, which the built-in encoder never saw."""
    with (DATA / "flickr8k" / "captions.csv").open(encoding="utf-8", newline="") as file:
        return [row["caption"] for row in csv.DictReader(file) if row["split"] == "dev"][:count]


def cache() -> Path:
    """Where real embeddings are kept between benchmarks."""
    return Path(tempfile.gettempdir()) / "saccade-benchmarks"


def _bound(library: saccade.Library, text: str) -> float:
    """Seconds of what no text query can do without: encoding the text, and one search of the index."""
    spaces = library.context.spaces
    reader = spaces.reader(Role.SEMANTIC)
    index = library.context.indexes.open(reader.space)
    if isinstance(index, NoIndex):
        raise TypeError(index.reason)
    encoder = spaces.encoder()
    started = time.perf_counter()
    index.search(encoder.encode_texts([text]), POOL)
    taken = time.perf_counter() - started
    index.close()
    return taken


def _filtered(library: saccade.Library, text: str) -> None:
    result = library.search(text, k=10, where=[_FILTER])
    if len(result) != 10:
        raise RuntimeError(f"a filtered search gave {len(result)} hits instead of 10")


def _recall(home: str, texts: list[str]) -> tuple[float, int]:
    """ANN recall@10 of what a search takes its hits from, against all rows of the catalog; index bytes."""
    folder = Path(home) / ".saccade"
    encoder = saccade.load_encoder()
    queries = encoder.encode_texts(texts)
    with open_catalog(str(folder), create=False, home=home) as catalog:
        space = next(space for space in catalog.spaces.all() if space.role == Role.SEMANTIC)
        reader = SpaceReader(catalog, IndexFiles(str(folder / "indexes")), space)
        found = np.stack([reader.candidates(query[np.newaxis], POOL)[0][:10] for query in queries])
        reader.close()
        exact = _exact(catalog, space.id, queries)
    size = sum(file.stat().st_size for file in (folder / "indexes").rglob("*") if file.is_file())
    return ann_recall_at_k(found, exact), size


def _exact(catalog: SqlCatalog, space: int, queries: Embeddings) -> Ids:
    """(q, 10) ids of the nearest rows, by comparing with every row of the catalog."""
    ids, scores = np.zeros((len(queries), 0), np.int64), np.zeros((len(queries), 0), np.float32)
    for _, batch_ids, rows in catalog.embeddings.after(space, 0):
        labels = np.broadcast_to(batch_ids, (len(queries), len(batch_ids)))
        ids, scores = np.hstack([ids, labels]), np.hstack([scores, queries @ rows.T])
        ids, scores = best(scores, ids, 10)
    return ids


def main() -> None:
    """Print both as JSON."""
    print(json.dumps({"cold": cold(), "million": million()}, indent=2))


if __name__ == "__main__":
    main()
