"""What an install weighs, and what `saccade --help` costs."""

import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.common import Result, cold_run, compiled, spread

_ROOT = Path(__file__).parents[1]
_HEAVY = ("torch", "onnxruntime", "faiss", "numpy", "sqlalchemy", "PIL")


def install() -> Result:
    """Megabytes of all wheels of a base install, as the package registry gives them now."""
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
        subprocess.run([*pip, "wheel", "--no-deps", "-w", folder, str(_ROOT)], check=True)
        (own,) = Path(folder).glob("saccade-*.whl")
        subprocess.run([*pip, "download", "-d", folder, str(own)], check=True)
        wheels = {wheel.name: wheel.stat().st_size for wheel in Path(folder).iterdir()}
    return {
        "wheels": len(wheels),
        "megabytes": round(sum(wheels.values()) / 1e6, 1),
        "own_megabytes": round(
            next(size for name, size in wheels.items() if name.startswith("saccade-")) / 1e6, 1
        ),
        "torch": any(name.startswith("torch-") for name in wheels),
    }


def help_text(runs: int = 15) -> Result:
    """Wall time of `saccade --help` as a whole process, and the heavy packages it imports."""
    compiled()
    command = [sys.executable, "-m", "saccade", "--help"]
    seconds = [cold_run(command).seconds for _ in range(runs + 1)][1:]
    traced = subprocess.run(
        [sys.executable, "-X", "importtime", *command[1:]], capture_output=True, text=True, check=True
    )
    names = {line.rsplit("|", 1)[-1].strip() for line in traced.stderr.splitlines()}
    return {**spread(seconds), "imports_heavy": sorted(names.intersection(_HEAVY))}
