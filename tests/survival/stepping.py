"""Jobs that are killed before their Nth step: a change of the file system or of the catalog.

Each line on stdin is a job: {"step": N, ...}. It runs in a fork of its own, which is killed with SIGKILL
right before step N. The answer on stdout is how it ended: {"status": ..., "steps": how many there were}. The
product knows nothing of this: its calls are wrapped here.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from saccade.catalog.columns import SqlColumns
from saccade.catalog.files import SqlFiles
from saccade.catalog.runs import SqlRuns
from saccade.catalog.tags import SqlTags

Job = dict[str, Any]

STEPS: list[tuple[object, str]] = [
    *((os, name) for name in "rename replace link unlink fsync mkdir rmdir ftruncate utime chmod".split()),
    *((SqlFiles, name) for name in ("record", "mark_missing")),
    *((SqlRuns, name) for name in ("start", "finish")),
    *((kind, name) for kind in (SqlTags, SqlColumns) for name in ("write", "remove")),
]


def serve(begin: Callable[[Job], Callable[[], object]]) -> None:
    """Do the jobs on stdin, one after the other; `begin` prepares one, and what it returns is in steps."""
    for line in sys.stdin:
        sys.stdout.write(json.dumps(run(json.loads(line), begin)) + "\n")
        sys.stdout.flush()


def run(job: Job, begin: Callable[[Job], Callable[[], object]]) -> dict[str, int]:
    """Do a job in a fork; how it ended and how many steps it took."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        status = 1
        try:
            work = begin(job)
            done = count_steps(job["step"])
            work()
            os.write(writing, str(done()).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    told = os.read(reading, 100)
    os.close(reading)
    return {"status": os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), "steps": int(told or 0)}


def count_steps(last: int) -> Callable[[], int]:
    """Count the steps from now on, and end this process before the one with number `last` (0: never)."""
    steps = 0

    def wrap(owner: object, name: str) -> None:
        original = getattr(owner, name)

        def step(*args: object, **kwargs: object) -> object:
            nonlocal steps
            steps += 1
            if steps == last:
                os.kill(os.getpid(), signal.SIGKILL)
            return original(*args, **kwargs)

        setattr(owner, name, step)

    for owner, name in STEPS:
        wrap(owner, name)
    return lambda: steps
