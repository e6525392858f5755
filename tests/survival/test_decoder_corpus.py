"""866 odd, broken and hostile files end to end: each is indexed, failed with a reason, or excluded."""

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from saccade.core.types import Failure
from saccade.library import open_library
from saccade.sources.outcome import CODES
from saccade.sources.pool import RecipeDecoder

MEMORY = 1 << 30
POLL_S = 0.02


@pytest.fixture
def peak(descendants: Callable[[int], list[int]]) -> Iterator[Callable[[], int]]:
    """The most memory, in bytes, that any process below this one has held so far."""
    highest = [0]
    enough = threading.Event()

    def watch() -> None:
        while not enough.wait(POLL_S):
            for pid in descendants(os.getpid()):
                highest[0] = max(highest[0], held(pid))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    yield lambda: highest[0]
    enough.set()
    watcher.join()


def held(pid: int) -> int:
    """The most memory, in bytes, that a process ever held; 0 if it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM:")), 0)


@pytest.mark.slow
def test_every_file_of_the_corpus_is_accounted_for(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, peak: Callable[[], int]
) -> None:
    """Counts add up, reasons are given, workers keep to their memory, and doctor finds nothing to do."""
    outcomes: Counter[str] = Counter()
    decode = RecipeDecoder.decode

    def counted(*args: object) -> Iterator[object]:
        for outcome in decode(*args):  # type: ignore[arg-type]
            if isinstance(outcome, Failure):
                outcomes[outcome.code] += 1
            yield outcome

    monkeypatch.setattr(RecipeDecoder, "decode", counted)
    places = [shared_data / "decoder", shared_data / "copydetect"]
    present = sum(
        len([name for name in names if name[0] != "."]) for place in places for _, _, names in os.walk(place)
    )
    with open_library(tmp_path) as library:
        report = library.index(*places)
        counts = library.status().counts
        assert report.files == counts.files + counts.failed
        assert counts.files + counts.failed + counts.excluded == present
        assert report.excluded == counts.excluded
        assert (report.added, len(report.failed)) == (counts.files, counts.failed)
        assert counts.embeddings == dict.fromkeys(counts.embeddings, report.embedded)
        assert {failure.code for failure in report.failed} <= CODES - {"excluded"}
        assert all(failure.reason.strip() == failure.reason != "" for failure in report.failed)
        assert outcomes == Counter(failure.code for failure in report.failed) + Counter(
            excluded=report.excluded
        )
        assert counts.files > 0.6 * present
        doctor = library.doctor()
        assert (doctor.problems, doctor.unindexed) == ((), 0)
        assert doctor.failures == report.failed
        again = library.index()
        assert (again.files, again.added, again.embedded) == (report.files, 0, 0)
    assert 0 < peak() <= MEMORY
