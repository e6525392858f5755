"""No more threads compute at a time than there are cores, whatever they do."""

import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from saccade.core.settings import Settings
from saccade.encoders.onnx import OnnxEncoder
from saccade.library import context, open_library
from saccade.sources import crew


class Meter:
    """Counts how many are inside at the same time."""

    def __init__(self) -> None:
        self.now = self.most = self.times = 0
        self._lock = threading.Lock()

    def enter(self) -> None:
        with self._lock:
            self.now += 1
            self.times += 1
            self.most = max(self.most, self.now)

    def leave(self) -> None:
        with self._lock:
            self.now -= 1


@pytest.mark.parametrize(("threads", "workers", "most"), [(1, 1, 1), (2, 1, 2)])
def test_decoding_and_encoding_share_the_cores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: int, workers: int, most: int
) -> None:
    """Indexing 100 pictures decodes and encodes at once, but on no more threads than it is given."""
    meter = Meter()
    for owner, name in ((crew, "decode_one"), (OnnxEncoder, "_run_image")):
        monkeypatch.setattr(owner, name, _metered(meter, getattr(owner, name), inside=name == "decode_one"))
    rng = np.random.default_rng(7)
    for number in range(100):
        Image.fromarray(rng.integers(0, 256, (40, 40, 3), np.uint8)).save(tmp_path / f"{number}.png")
    held = context.cores(Settings(threads=threads, workers=workers))
    monkeypatch.setattr(context, "cores", lambda _: _Watched(held, meter))
    with open_library(tmp_path, settings=Settings(threads=threads, workers=workers)) as library:
        assert library.index().embedded == 100
    assert meter.times >= 100 + 100 // 8
    assert meter.most <= most
