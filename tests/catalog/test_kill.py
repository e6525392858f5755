# ruff: noqa: ANN001 - the fixtures' class lives in conftest.py, which no test file can import
"""kill -9 at random moments while recording: what was acknowledged is there, once."""

import random
import subprocess
import sys
import time

import pytest

_WRITER = """
import hashlib, sys
import numpy as np
from saccade.catalog import open_catalog
from saccade.core.decoding import FileEntry, FileStamp
from saccade.core.ports.files import SeenFile
from saccade.core.ports.images import NewImage
from saccade.core.types import ImageInfo
home, space, run, start = sys.argv[1], *map(int, sys.argv[2:])
catalog = open_catalog(home + "/.saccade", create=False, home=home)
folder, _ = catalog.files.ensure_folder(home)
row = np.zeros(8, np.float32); row[0] = 1
with catalog.writing("recording"):
    for number in range(start, start + 100_000, 8):
        batch = []
        for n in range(number, number + 8):
            data = b"%d" % n
            info = ImageInfo(width=1, height=1, format="PNG", size_bytes=len(data), caption="dogs")
            image = NewImage(sha256=hashlib.sha256(data).digest(), info=info, embeddings={space: row})
            entry = FileEntry(path=f"{home}/{n}.png", stamp=FileStamp(size=1, mtime_ns=1))
            batch.append(SeenFile(entry=entry, image=image))
        catalog.files.record(run, folder, batch)
        print(number + 8, flush=True)
"""


@pytest.mark.slow
def test_record_survives_kill_9_at_random_moments(library) -> None:
    """15 kills: no acknowledged image lost, none doubled, batches whole, reopened within 2 s."""
    dice = random.Random(11)
    acknowledged = 0
    for _ in range(15):
        arguments = [library.home, str(library.space), str(library.run), str(acknowledged)]
        with subprocess.Popen(
            [sys.executable, "-c", _WRITER, *arguments], stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            acknowledged = int(writer.stdout.readline())  # it has begun
            time.sleep(dice.uniform(0, 0.15))
            writer.kill()
            for line in writer.stdout:
                acknowledged = int(line)
        library.catalog.close()
        started = time.monotonic()
        library.catalog = library.open()
        counts = library.catalog.health.counts()
        assert time.monotonic() - started <= 2.0
        # At most the batch in flight was committed without its acknowledgment having been read.
        assert acknowledged <= counts.images <= acknowledged + 8
        assert counts.images % 8 == 0
        assert counts.files == counts.images == counts.embeddings[library.space]
        with library.catalog.writing():
            pass
        names = {int(path.split(".")[0]) for path, _ in library.catalog.files.known(library.folder)}
        assert names == set(range(counts.images))
        acknowledged = counts.images
    assert library.catalog.health.problems() == []
    assert library.catalog.health.stale_images().tolist() == []
    assert library.catalog.embeddings.corrupt(library.space).tolist() == []
