"""No more threads decode or encode pictures at a time than there are cores."""

import threading
from pathlib import Path
from types import TracebackType

import numpy as np
import pytest
from PIL import Image

from saccade.core.settings import Settings
from saccade.library import context, open_library
from saccade.library.settings import cores

PICTURES = 100


class Watched:
    """What threads hold; it remembers how often it was held, and by how many at the same time."""

    def __init__(self, settings: Settings) -> None:
        self.now = self.most = self.times = 0
        self._held = cores(settings)
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        self._held.__enter__()
        with self._lock:
            self.now += 1
            self.times += 1
            self.most = max(self.most, self.now)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self.now -= 1
        self._held.__exit__(kind, error, trace)


@pytest.mark.parametrize(("threads", "workers", "most"), [(1, 1, 1), (2, 1, 2), (1, 3, 3)])
def test_decoding_and_encoding_share_the_cores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: int, workers: int, most: int
) -> None:
    """Every picture is decoded, and every batch encoded, by a thread that has one of the cores."""
    watched: list[Watched] = []

    def watch(settings: Settings) -> Watched:
        watched.append(Watched(settings))
        return watched[-1]

    monkeypatch.setattr(context, "cores", watch)
    rng = np.random.default_rng(7)
    for number in range(PICTURES):
        Image.fromarray(rng.integers(0, 256, (40, 40, 3), np.uint8)).save(tmp_path / f"{number}.png")
    with open_library(tmp_path, settings=Settings(threads=threads, workers=workers)) as library:
        assert library.index(tmp_path).embedded == PICTURES
    (held,) = watched
    assert held.times > PICTURES
    assert 1 <= held.most <= most
