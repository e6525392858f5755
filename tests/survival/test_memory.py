"""Memory stays flat however many images there are."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from saccade.usecases.indexing.flow.run import BATCH

FIRST, LAST = 500, 1500
GROWTH = 1.10


@pytest.mark.slow
def test_indexing_takes_no_more_memory_later_than_earlier(
    album: Callable[[int], Path], start: Callable[..., Any], descendants: Callable[[int], list[int]]
) -> None:
    """All processes together hold as much at image 1,500 as at image 500, within a tenth."""
    place = album(LAST + 4 * BATCH)
    stops = [["after", "record", image // BATCH + 1] for image in (FIRST, LAST)]
    child = start(do="index", library=str(place), stops=stops)
    held = []
    for number in (1, 2):
        assert child.wait_for("at", number)
        processes = [child.pid, *descendants(child.pid)]
        assert len(processes) > 1
        held.append(sum(map(resident, processes)))
        child.go_on()
    child.finish()
    assert held[1] <= GROWTH * held[0], [f"{size / 1e6:.1f} MB" for size in held]


def resident(pid: int) -> int:
    """Bytes of memory that a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")
