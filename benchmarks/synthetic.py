"""Libraries of any size with realistic embeddings, without a million photos.

The embeddings of real photos (flickr8k) are mixed in pairs and disturbed, so that neighborhoods are as
crowded and as uneven as among photos; queries are real captions, which lie off the images' manifold as
text queries do. Every image is recorded through the catalog like any other.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.common import DATA
from saccade.catalog import open_catalog
from saccade.core.decoding import FileEntry, FileStamp
from saccade.core.ports.files import SeenFile
from saccade.core.ports.images import NewImage
from saccade.core.types import Embeddings, ImageInfo, Role
from saccade.core.vectors import normalize
from saccade.encoders.registry import load
from saccade.library import load_encoder

_BATCH = 2000
_NOISE = 0.4
"""Length of the random vector added to each mixture of two photos."""


def real_embeddings(cache: Path, photos: int = 2000) -> dict[Role, Embeddings]:
    """(photos, d) embeddings of flickr8k photos for each role; kept in `cache`."""
    files = sorted((DATA / "flickr8k" / "images").iterdir())[:photos]
    found: dict[Role, Embeddings] = {}
    encoder = load_encoder()
    for role in encoder.info.dims:
        path = cache / f"{encoder.info.fingerprint[:16]}-{role}-{photos}.npy"
        if not path.exists():
            cache.mkdir(parents=True, exist_ok=True)
            np.save(path, encoder.encode_images([str(file) for file in files], role=role))
        found[role] = np.load(path)
    encoder.close()
    return found


def mixtures(
    real: Embeddings, count: int, rng: np.random.Generator, noise: float = _NOISE
) -> Iterator[Embeddings]:
    """`count` rows in batches: w a + (1 - w) b + a random vector `noise` long; a, b real, w in [0.5, 1]."""
    for start in range(0, count, _BATCH):
        size = min(_BATCH, count - start)
        first, second = real[rng.integers(0, len(real), (2, size))]
        weight = rng.uniform(0.5, 1.0, (size, 1)).astype(np.float32)
        random = rng.normal(size=first.shape).astype(np.float32)
        random *= noise / np.linalg.norm(random, axis=1, keepdims=True)
        yield normalize(weight * first + (1 - weight) * second + random)


def make_library(home: Path, cache: Path, count: int, *, files_exist: bool = False) -> None:
    """A library of `count` images in `home/.saccade`, indexes not built yet.

    Image n was taken in the (n mod 100)th hundredth of the years 2000 to 2024, so that
    `taken>=2024-10-01` or so selects one in a hundred.

    Args:
        files_exist: also write a small file for each, with the stamp recorded.
    """
    folder = home / ".saccade"
    folder.mkdir(parents=True, exist_ok=True)
    real = real_embeddings(cache)
    encoder = load("builtin", threads=1)
    rng = np.random.default_rng(20261120)
    with open_catalog(str(folder), create=True, home=str(home)) as catalog, catalog.writing():
        spaces = {role: catalog.spaces.ensure(encoder.info, role).id for role in encoder.info.dims}
        place, _ = catalog.files.ensure_folder(str(home))
        run = catalog.runs.start("index")
        streams = {role: mixtures(real[role], count, rng) for role in spaces}
        for start in range(0, count, _BATCH):
            rows = {role: next(stream) for role, stream in streams.items()}
            numbers = range(start, min(start + _BATCH, count))
            seen = [
                _seen(
                    home, number, {spaces[role]: rows[role][number - start] for role in spaces}, files_exist
                )
                for number in numbers
            ]
            catalog.files.record(run, place, seen)
        catalog.runs.finish(run, {})


def _seen(home: Path, number: int, embeddings: dict[int, Embeddings], exists: bool) -> SeenFile:
    path = home / f"{number // 1000:04d}" / f"img_{number:07d}.jpg"
    stamp = FileStamp(size=100_000 + number, mtime_ns=1_700_000_000_000_000_000 + number)
    if exists:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(number.to_bytes(8, "big"))
        status = os.stat(path)
        stamp = FileStamp(size=status.st_size, mtime_ns=status.st_mtime_ns)
    days = number % 100 * 91
    taken = np.datetime64("2000-01-01") + np.timedelta64(days, "D")
    info = ImageInfo(
        width=640,
        height=480,
        format="JPEG",
        size_bytes=stamp.size,
        taken_at=f"{taken}T12:00:00",
        camera="Canon",
    )
    image = NewImage(
        sha256=hashlib.sha256(str(path).encode("utf-8")).digest(), info=info, embeddings=embeddings
    )
    return SeenFile(entry=FileEntry(path=str(path), stamp=stamp), image=image)
