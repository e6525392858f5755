"""What people and pipelines say of images, at scale: tables in and out, filters, labels, pairs."""

import csv
import hashlib
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np

from benchmarks.common import Result
from saccade import open_library
from saccade.core.decoding import FileEntry, FileStamp
from saccade.core.filters import Filter, parse_where
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.files import SeenFile
from saccade.core.ports.images import NewImage
from saccade.core.ports.stores import StoredPair
from saccade.core.types import ImageInfo

_IMAGES = 100_000
_PAIRS = 1_000_000
_FILTERS = {
    "number": ["data.price<20"],
    "text": ["data.look==red"],
    "not_text": ["data.look!=red"],
    "label": ["tag=label"],
    "two": ["data.price<20", "tag=label"],
}
_EVIDENCE = (
    '{"copy_score":0.93,"hash_distance":7,"seconds":3.0,"transform":[1,0,0,0,1,0],"facts":{"inliers":55}}'
)


def data() -> Result:
    """Seconds of processor time (the clock of a shared machine says little), for 100,000 images."""
    with tempfile.TemporaryDirectory() as home, open_library(home) as library:
        catalog = library.context.catalog
        _fill(catalog, home)
        table = f"{home}/table.csv"
        _write_table(table)
        result: Result = {"images": _IMAGES, "import_s": _cpu_s(lambda: library.fields.import_csv(table))}
        result["export_s"] = _cpu_s(lambda: library.fields.export(f"{home}/out.csv"))
        result["filters_ms"] = {name: _filter_ms(catalog, where) for name, where in _FILTERS.items()}
        result |= _stores(catalog)
        result["database_mb"] = Path(home, ".saccade", "catalog.db").stat().st_size / 1e6
        return result


def _fill(catalog: Catalog, home: str) -> None:
    folder, _ = catalog.files.ensure_folder(home)
    run = catalog.runs.start("index")
    info = ImageInfo(width=1, height=1, format="JPEG", size_bytes=1)
    for start in range(0, _IMAGES, 5000):
        batch = [
            SeenFile(
                entry=FileEntry(path=f"{home}/{n % 100}/{n}.jpg", stamp=FileStamp(size=1, mtime_ns=1)),
                image=NewImage(sha256=hashlib.sha256(b"%d" % n).digest(), info=info, embeddings={}),
            )
            for n in range(start, start + 5000)
        ]
        catalog.files.record(run, folder, batch)


def _write_table(path: str) -> None:
    dice = Random(0)
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "price", "clicks", "look", "tags"])
        for n in range(_IMAGES):
            look, tags = dice.choice(["red", "blue"]), dice.choice(["", "label a;label b", "c"])
            writer.writerow([f"{n % 100}/{n}.jpg", dice.random() * 100, dice.randrange(1000), look, tags])


def _stores(catalog: Catalog) -> Result:
    """A million labels written, then written again; a million pairs saved, read, asked for."""
    rng = np.random.default_rng(0)
    labels = {
        f"label {number}": (np.sort(rng.choice(_IMAGES, 10_000, replace=False) + 1), rng.random(10_000))
        for number in range(100)
    }
    ends = np.unique(np.sort(rng.integers(1, _IMAGES + 1, (2 * _PAIRS, 2)), axis=1), axis=0)
    ends = ends[ends[:, 0] < ends[:, 1]][:_PAIRS]
    pairs = [
        StoredPair(a=a, b=b, tier="picture", score=0.9, verdict=0.5, evidence=_EVIDENCE)
        for a, b in ends.tolist()
    ]

    def write_labels() -> None:
        catalog.tags.write("zero-shot", labels, replace=True)

    return {
        "labels_1m_s": _cpu_s(write_labels),
        "labels_1m_again_s": _cpu_s(write_labels),
        "pairs_1m_save_s": _cpu_s(lambda: catalog.pairs.save("m", pairs)),
        "pairs_1m_load_s": _cpu_s(lambda: sum(1 for _ in catalog.pairs.load("m"))),
        "pairs_100k_known_s": _cpu_s(lambda: catalog.pairs.known("m", ends[:100_000])),
    }


def _filter_ms(catalog: Catalog, where: list[str]) -> float:
    wanted = Filter(conditions=parse_where(where))
    return round(1000 * float(np.median([_cpu_s(lambda: catalog.images.match(wanted)) for _ in range(9)])), 1)


def _cpu_s(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return round(time.process_time() - started, 4)
