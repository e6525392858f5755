"""Indexing: throughput against what the machine could do at best, memory, and a run with nothing to do."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from multiprocessing import get_context
from pathlib import Path
from threading import Thread

import numpy as np
from PIL import Image

import saccade
from benchmarks.common import DATA, Result, spread, timed, tree_rss
from benchmarks.synthetic import make_library
from saccade.core.types import Role
from saccade.encoders.registry import load

_BATCH = 16
_MEMORY_LIBRARY = """
import sys, saccade
with saccade.open_library(sys.argv[1]) as library:
    library.index(sys.argv[2], progress=lambda p: print(p.stage, p.done, flush=True))
"""


def throughput(copies: int = 16, rounds: int = 3) -> Result:
    """Images per second of `Library.index` on full-size JPEGs, and of the bound, in turn.

    The bound: one process per core that reads, decodes (DCT-scaled), resizes and encodes its share, and does
    nothing else. Each photo is indexed `copies` times under different bytes, so that runs last some seconds.
    Both have loaded their model when the time starts: the library has indexed one other picture.
    """
    with tempfile.TemporaryDirectory() as place:
        photos = _distinct_copies(DATA / "imagenet_photos", Path(place) / "photos", copies)
        first = Path(place) / "first.jpg"
        first.write_bytes(photos[0].read_bytes() + b"first")
        ours, bound = [], []
        for number in range(rounds):
            bound.append(_bound(photos))
            home = Path(place) / f"library-{number}"
            home.mkdir()
            with saccade.open_library(home) as library:
                library.index(first)
                started = time.perf_counter()
                report = library.index(Path(place) / "photos")
                ours.append(report.embedded / (time.perf_counter() - started))
            if report.embedded != len(photos):
                raise RuntimeError(f"{report.embedded} of {len(photos)} images were encoded")
    ratios = np.array(ours) / np.array(bound)
    return {
        "images": len(photos),
        "images_per_s": [round(rate, 1) for rate in ours],
        "bound_images_per_s": [round(rate, 1) for rate in bound],
        "ratio_median": round(float(np.median(ratios)), 3),
        "ratio_min": round(float(ratios.min()), 3),
        "ratio_max": round(float(ratios.max()), 3),
    }


def memory() -> Result:
    """Resident memory of all processes while 7,091 photos are indexed: the peak, and its growth."""
    with tempfile.TemporaryDirectory() as home:
        child = subprocess.Popen(
            [sys.executable, "-c", _MEMORY_LIBRARY, home, str(DATA / "flickr8k" / "images")],
            stdout=subprocess.PIPE,
            text=True,
        )
        done = [0]
        follower = Thread(target=_follow, args=(child.stdout, done))
        follower.start()
        samples: list[tuple[int, int]] = []
        while child.poll() is None:
            samples.append((done[0], tree_rss(child.pid)))
            time.sleep(0.05)
        follower.join()
        if child.returncode:
            raise RuntimeError(f"indexing exited with {child.returncode}")
    reading = [(count, rss) for count, rss in samples if 1000 <= count < done[0]]
    early = [rss for count, rss in reading if count < 2000]
    late = [rss for count, rss in reading if count >= done[0] - 1000]
    return {
        "images": done[0],
        "peak_mb": round(max(rss for _, rss in samples) / 1e6),
        "median_from_1000_to_2000_images_mb": round(float(np.median(early)) / 1e6),
        "median_of_the_last_1000_images_mb": round(float(np.median(late)) / 1e6),
    }


def _follow(printed: Iterable[str] | None, done: list[int]) -> None:
    """Keep `done[0]` at the number of images the child says it has indexed."""
    for line in printed or ():
        stage, _, count = line.rpartition(" ")
        done[0] = int(count) if stage == "images" else done[0]


def nothing_changed(files: int = 100_000, runs: int = 5) -> Result:
    """A second run over files that did not change."""
    with tempfile.TemporaryDirectory() as home:
        make_library(Path(home), _cache(), files, files_exist=True)
        with saccade.open_library(home) as library:
            hashes = library.context.catalog.hashes
            hashes.save(dict.fromkeys(hashes.missing().tolist(), 0))  # the files hold no picture to hash
            library.index(home)  # builds the indexes
            seconds = timed(lambda: _expect_unchanged(library, home, files), runs)
    return {"files": files, **spread(seconds)}


def _expect_unchanged(library: saccade.Library, home: str, files: int) -> None:
    report = library.index(home)
    if report.unchanged != files or report.added:
        raise RuntimeError(f"expected {files} unchanged files, got {report}")


def _distinct_copies(source: Path, target: Path, copies: int) -> list[Path]:
    """Each JPEG `copies` times, told apart by bytes behind the end of the picture."""
    target.mkdir()
    made = []
    for number in range(copies):
        for photo in sorted(source.iterdir()):
            made.append(target / f"{number}-{photo.name}")
            made[-1].write_bytes(photo.read_bytes() + number.to_bytes(4, "big"))
    return made


def _bound(photos: Sequence[Path]) -> float:
    """Images per second of bare decode and bare encode on all cores."""
    cores = len(os.sched_getaffinity(0))
    context = get_context("spawn")
    start = context.Barrier(cores + 1)
    workers = [
        context.Process(target=_bare, args=(list(map(str, photos[core::cores])), start))
        for core in range(cores)
    ]
    for worker in workers:
        worker.start()
    start.wait()
    started = time.perf_counter()
    for worker in workers:
        worker.join()
    return len(photos) / (time.perf_counter() - started)


def _bare(photos: list[str], start: "object") -> None:
    """One core's share; waits until every process has warmed up."""
    encoder = load("builtin", threads=1)
    recipe = encoder.info.recipe
    side = (recipe.size, recipe.size)
    resample = Image.Resampling[recipe.resample.upper()]
    encoder.encode_pixels(np.zeros((_BATCH, *side, 3), np.uint8))
    start.wait()  # type: ignore[attr-defined]
    for first in range(0, len(photos), _BATCH):
        batch = []
        for photo in photos[first : first + _BATCH]:
            with Image.open(photo) as image:
                image.draft("RGB", (recipe.size * 3 // 2, recipe.size * 3 // 2))  # as saccade.sources does
                batch.append(np.asarray(image.convert("RGB").resize(side, resample)))
        encoder.encode_pixels(np.stack(batch))[Role.SEMANTIC].sum()


def _cache() -> Path:
    return Path(tempfile.gettempdir()) / "saccade-benchmarks"


def main() -> None:
    """Print all three as JSON."""
    print(json.dumps({"throughput": throughput(), "memory": memory(), "rescan": nothing_changed()}, indent=2))


if __name__ == "__main__":
    main()
