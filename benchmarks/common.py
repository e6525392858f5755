"""What every benchmark needs: the machine, timings with their spread, memory of a process tree."""

import compileall
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np

Result: TypeAlias = dict[str, object]

_ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("SACCADE_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
_VERSIONS = ("saccade", "numpy", "onnxruntime", "faiss-cpu", "pillow", "sqlalchemy")
_LAUNCHER = """
import os, sys, time
null = os.open(os.devnull, os.O_WRONLY)
started = time.perf_counter()
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, null, 1)])
_, status, usage = os.wait4(child, 0)
seconds = time.perf_counter() - started
if status:
    sys.exit(f"{sys.argv[1:]} ended with {os.waitstatus_to_exitcode(status)}")
print(seconds, usage.ru_maxrss, usage.ru_utime + usage.ru_stime)
"""


class Run(NamedTuple):
    """A whole process: wall seconds, peak resident bytes of its largest process, CPU seconds of all."""

    seconds: float
    peak_bytes: int
    cpu_seconds: float


_PAGE = os.sysconf("SC_PAGE_SIZE")


def machine() -> Result:
    """Hardware and versions, without anything that names the machine itself."""
    cpu = next(
        (line.split(":", 1)[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor(),
    )
    memory = next(
        (int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0
    )
    return {
        "cpu": cpu,
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(memory / 2**20, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in _VERSIONS},
    }


def spread(seconds: Sequence[float]) -> Result:
    """Minimum, median, 95th percentile and maximum in milliseconds, and how many were measured."""
    values = np.asarray(seconds) * 1000.0
    return {
        "runs": len(values),
        "min_ms": round(float(values.min()), 2),
        "p50_ms": round(float(np.median(values)), 2),
        "p95_ms": round(float(np.quantile(values, 0.95)), 2),
        "max_ms": round(float(values.max()), 2),
    }


def timed(work: Callable[[], object], runs: int) -> list[float]:
    """Seconds of each of `runs` calls."""
    seconds = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return seconds


def tree_rss(pid: int) -> int:
    """Resident bytes of a process and all its descendants, shared pages counted in each."""
    total = 0
    for process in (pid, *_descendants(pid)):
        fields = "".join(_lines(f"/proc/{process}/statm")).split()
        total += int(fields[1]) * _PAGE if len(fields) > 1 else 0
    return total


def compiled(checkout: Path = _ROOT) -> None:
    """Write a checkout's bytecode, as installing a wheel does; a checkout may have none.

    Without it a start also compiles every module it loads, which takes as long again as loading them.
    """
    compileall.compile_dir(str(checkout / "src" / "saccade"), quiet=1)


def cold_run(command: Sequence[str], env: Mapping[str, str] | None = None) -> Run:
    """What a command takes, run once from its start to its end.

    A small process starts it: a child's peak begins at its parent's size, and ours holds whole libraries.
    """
    printed = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _LAUNCHER, *command],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env=env,
    ).stdout
    seconds, kilobytes, cpu = printed.split()
    return Run(float(seconds), int(kilobytes) * 1024, float(cpu))


def _descendants(pid: int) -> list[int]:
    children = [int(child) for child in "".join(_lines(f"/proc/{pid}/task/{pid}/children")).split()]
    threads = Path(f"/proc/{pid}/task")
    if threads.is_dir():  # a child belongs to the thread that started it
        for thread in threads.iterdir():
            found = "".join(_lines(f"{thread}/children")).split()
            children += [int(child) for child in found if int(child) not in children]
    return [process for child in children for process in (child, *_descendants(child))]


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
