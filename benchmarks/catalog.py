"""How fast the catalog is at a size: `python benchmarks/catalog.py --images 1000000 [--folder DIR]`.

Prints one JSON object. Images are synthetic: two spaces (384 and 256 numbers), a file each, a date, one of 40
cameras, a name of ordinary words, and one in five a caption. A folder given and already filled is reused.
"""

import argparse
import hashlib
import json
import os
import platform
import resource
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import numpy as np
import sqlalchemy

from saccade.catalog import SqlCatalog, open_catalog
from saccade.core.decoding import FileEntry, FileStamp
from saccade.core.filters import Filter, parse_where
from saccade.core.ports.files import SeenFile
from saccade.core.ports.images import NewImage
from saccade.core.types import EncoderInfo, ImageInfo, PixelRecipe, Role

_DIMS = {Role.SEMANTIC: 384, Role.COPY: 256}
_WORDS = ("beach", "dog", "party", "mountain", "IMG", "DSC", "snow", "city", "garden", "boat")
_START = datetime(2010, 1, 1)  # noqa: DTZ001 - photos carry local time
_BATCH = 1000


def _pictures(root: str, spaces: dict[Role, int], count: int) -> Iterator[list[SeenFile]]:
    rng = np.random.default_rng(1)
    for start in range(0, count, _BATCH):
        rows = {}
        for role, dim in _DIMS.items():
            block = rng.standard_normal((_BATCH, dim), dtype=np.float32)
            rows[spaces[role]] = block / np.linalg.norm(block, axis=1, keepdims=True)
        yield [
            _picture(root, number, {space: block[number - start] for space, block in rows.items()})
            for number in range(start, min(start + _BATCH, count))
        ]


def _picture(root: str, number: int, embeddings: dict[int, np.ndarray]) -> SeenFile:
    word = _WORDS[number % len(_WORDS)]
    info = ImageInfo(
        width=4000,
        height=3000,
        format="JPEG",
        size_bytes=2_000_000 + number,
        taken_at=(_START + timedelta(minutes=number * 7)).isoformat(timespec="seconds"),
        camera=f"Maker {number % 40}",
        caption=f"A {word} near the {_WORDS[number // 7 % len(_WORDS)]}" if number % 5 == 0 else None,
    )
    path = f"{root}/{number // 1000:04d}/{word}_{number:07d}.jpg"
    return SeenFile(
        entry=FileEntry(path=path, stamp=FileStamp(size=info.size_bytes, mtime_ns=number)),
        image=NewImage(
            sha256=hashlib.sha256(str(number).encode()).digest(), info=info, embeddings=embeddings
        ),
    )


def _encoder() -> EncoderInfo:
    return EncoderInfo(
        name="synthetic",
        fingerprint="0" * 64,
        dims=_DIMS,
        recipe=PixelRecipe(size=224),
        license="none",
        reads_text=True,
    )


def _times(work: Callable[[], object], repeats: int = 20) -> dict[str, float]:
    """Milliseconds: median and 95th percentile."""
    work()
    taken = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        taken.append((time.perf_counter() - started) * 1000)
    return {
        "p50_ms": round(statistics.median(taken), 2),
        "p95_ms": round(float(np.quantile(taken, 0.95)), 2),
    }


def fill(catalog: SqlCatalog, root: str, count: int) -> float:
    """Record `count` images; images per second."""
    spaces = {role: catalog.spaces.ensure(_encoder(), role).id for role in _DIMS}
    with catalog.writing():
        run = catalog.runs.start("index")
        folder, _ = catalog.files.ensure_folder(root)
        spent = 0.0
        for batch in _pictures(root, spaces, count):
            started = time.perf_counter()
            catalog.files.record(run, folder, batch)
            spent += time.perf_counter() - started
        catalog.runs.finish(run, {})
    return count / spent


def small_batches(batch: int = 32, images: int = 3200) -> float:
    """Images per second when recorded as indexing does, into a fresh library."""
    with (
        tempfile.TemporaryDirectory() as root,
        open_catalog(f"{root}/.saccade", create=True, home=root) as new,
    ):
        spaces = {role: new.spaces.ensure(_encoder(), role).id for role in _DIMS}
        pictures = [one for rows in _pictures(root, spaces, images) for one in rows]
        folder, _ = new.files.ensure_folder(root)
        run = new.runs.start("index")
        started = time.perf_counter()
        for start in range(0, images, batch):
            new.files.record(run, folder, pictures[start : start + batch])
        return images / (time.perf_counter() - started)


def measure(catalog: SqlCatalog, root: str) -> dict[str, object]:
    """Every reading number at the size the catalog has."""
    rng = np.random.default_rng(2)
    space = catalog.spaces.all()[0].id
    images = catalog.health.counts().images
    folder, _ = catalog.files.ensure_folder(root)

    def random_ids(count: int) -> np.ndarray:
        return np.sort(rng.choice(images, count, replace=False) + 1).astype(np.int64)

    def matching(*where: str) -> Callable[[], object]:
        wanted = Filter(conditions=parse_where(list(where)))
        return lambda: catalog.images.match(wanted)

    last = (_START + timedelta(minutes=images // 100 * 7)).isoformat(timespec="seconds")
    among = random_ids(images // 100)
    started = time.perf_counter()
    rows = sum(len(ids) for _, ids, _ in catalog.embeddings.after(space, 0))
    streamed = rows / (time.perf_counter() - started)
    started = time.perf_counter()
    known = len(catalog.files.known(folder))
    known_s = time.perf_counter() - started
    return {
        "images": images,
        "database_mb": round(os.path.getsize(f"{root}/.saccade/catalog.db") / 1e6),
        "embeddings_after_per_s": round(streamed),
        "known_files_s_per_100k": round(known_s / known * 100_000, 3),
        "embeddings_100": _times(lambda: catalog.embeddings.get(space, random_ids(100))),
        "embeddings_400": _times(lambda: catalog.embeddings.get(space, random_ids(400))),
        "images_20": _times(lambda: catalog.images.get(random_ids(20).tolist())),
        "match_taken_1_percent": _times(matching(f"taken<{last}")),
        "match_camera_2_5_percent": _times(matching("camera=maker 17")),
        "match_name_contains": _times(matching("name=00012"), 5),
        "match_folder_1000": _times(lambda: catalog.images.match(Filter(folders=(f"{root}/0001",)))),
        "match_words_common": _times(lambda: catalog.images.match_words(["beach"], 100)),
        "match_words_common_two": _times(lambda: catalog.images.match_words(["beach", "near"], 100)),
        "match_words_rare": _times(lambda: catalog.images.match_words(["0001234"], 100)),
        "match_words_common_among_1_percent": _times(
            lambda: catalog.images.match_words(["beach"], 100, among)
        ),
        "missing_images": _times(lambda: catalog.embeddings.absent(space)),
        "counts": _times(catalog.health.counts, 5),
        "known_sizes": _times(catalog.images.sizes, 3),
        "sample_ids_2000": _times(lambda: catalog.embeddings.sample(space, 2000), 5),
        "version": _times(catalog.version),
        "last_sequence": _times(lambda: catalog.embeddings.last_sequence(space)),
    }


def opening(root: str) -> dict[str, float]:
    """Milliseconds to open and answer a first query, imports aside."""

    def once() -> None:
        with open_catalog(f"{root}/.saccade", create=False, home=root) as catalog:
            catalog.spaces.all()

    return _times(once)


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=1_000_000)
    parser.add_argument("--folder", help="keep the library there and reuse it")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        root = os.path.abspath(given.folder or temporary)
        result: dict[str, object] = {
            "python": platform.python_version(),
            "sqlite": sqlite3.sqlite_version,
            "sqlalchemy": sqlalchemy.__version__,
            "cpus": os.cpu_count(),
            "record_per_s_batches_of_32": round(small_batches()),
        }
        with open_catalog(f"{root}/.saccade", create=True, home=root) as catalog:
            if catalog.health.counts().images == 0:
                result["record_per_s_batches_of_1000"] = round(fill(catalog, root, given.images))
            result.update(measure(catalog, root))
        result["open"] = opening(root)
        result["peak_rss_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
