"""Small indexes of every kind, and the rows they are made from."""

from collections.abc import Callable, Iterable, Iterator

import faiss
import numpy as np
import pytest

from saccade.core.types import Embeddings, Ids, Role, SpaceInfo
from saccade.core.vectors import normalize

DIM = 16

Batches = Iterable[tuple[int, Ids, Embeddings]]


@pytest.fixture
def space() -> SpaceInfo:
    """A space of 16 dimensions."""
    return SpaceInfo(id=3, role=Role.SEMANTIC, encoder="fake", fingerprint="cd" * 32, dim=DIM, active=True)


@pytest.fixture
def batches() -> Callable[[int], Batches]:
    """Rows 1 to n, at most 6,000, in batches of 500, the same every time: id = sequence = row number + 1."""

    def made(count: int) -> Batches:
        rng = np.random.default_rng(9)
        centers = rng.standard_normal((30, DIM))
        rows = normalize(centers[rng.integers(0, 30, 6000)] + 0.7 * rng.standard_normal((6000, DIM)))[:count]
        for start in range(0, count, 500):
            stop = min(start + 500, count)
            yield stop, np.arange(start + 1, stop + 1, dtype=np.int64), rows[start:stop]

    return made


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> Iterator[None]:
    """Threads that wait for each other on a busy machine make small builds slow."""
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    yield
    faiss.omp_set_num_threads(threads)
