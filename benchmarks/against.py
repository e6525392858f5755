"""`python -m benchmarks.against CHECKOUT`: this version against another one, in turn, in one run.

CHECKOUT is a folder with another version of the project, such as a worktree of the last release:
`git worktree add ../before b444b53`. Whole commands are compared, since they stay the same from release to
release. Read the ratios: both versions share the machine, and whatever else runs on it.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.common import DATA, Result, Run, cold_run, compiled
from benchmarks.query import cache

_OURS = Path(__file__).parents[1]
_LABELS = ("dog", "beach", "city at night", "food", "mountain", "people playing football")
_MAKE = """
import sys
from pathlib import Path
import saccade
from benchmarks.synthetic import make_library
make_library(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
with saccade.open_library(sys.argv[1]) as library:
    library.build_indexes()
"""


def against(checkout: Path, rounds: int = 5, photos: int = 600, searched: int = 100_000) -> Result:
    """Ratios ours / theirs of wall time, CPU time and peak memory: median (lowest to highest) of the rounds.

    A new library of real photos is indexed, its duplicates are found and it is tagged; a synthetic one of
    `searched` images is searched. CPU time counts all processes, the peak is that of the largest one.
    """
    versions = {"ours": _OURS, "theirs": checkout.resolve()}
    runs: dict[str, dict[str, list[Run]]] = {}
    with tempfile.TemporaryDirectory(prefix="saccade-against-") as folder:
        for name, version in versions.items():
            compiled(version)
            large = Path(folder) / f"large-{name}"
            large.mkdir()
            subprocess.run(
                [sys.executable, "-c", _MAKE, str(large), str(cache()), str(searched)],
                env=_environment(version),
                cwd=version,
                check=True,
            )
        for number in range(rounds):
            homes = {name: _photos(Path(folder) / f"{number}-{name}", photos) for name in versions}
            for what, arguments in _commands().items():
                # Who goes first alternates: the second finds the photos' bytes in memory.
                for name in sorted(versions, reverse=bool(number % 2)):
                    home = Path(folder) / f"large-{name}" if what == "search" else homes[name]
                    command = [sys.executable, "-m", "saccade", *arguments, "--library", str(home)]
                    run = cold_run(command, env=_environment(versions[name]))
                    runs.setdefault(what, {}).setdefault(name, []).append(run)
    return {what: _compared(by["ours"], by["theirs"]) for what, by in runs.items()}


def _commands() -> dict[str, list[str]]:
    labels = [word for label in _LABELS for word in ("--label", label)]
    return {
        "index": ["index", "--quiet"],
        "search": ["search", "a dog on the beach", "--json"],
        "duplicates": ["duplicates", "--json"],
        "tag": ["tag", *labels, "--json"],
    }


def _photos(home: Path, count: int) -> Path:
    """A folder with an empty library and links to small, full-size and edited photos."""
    home.mkdir()
    pictures = sorted((DATA / "flickr8k" / "images").iterdir())[:count]
    pictures += sorted((DATA / "imagenet_photos").iterdir())
    pictures += sorted(one for one in (DATA / "copydetect").rglob("*.jp*g") if one.is_file())
    for number, picture in enumerate(pictures):
        (home / f"{number:05}-{picture.name}").write_bytes(picture.read_bytes())
    return home


def _environment(version: Path) -> dict[str, str]:
    paths = os.pathsep.join([str(version / "src"), str(version)])
    return os.environ | {"PYTHONPATH": paths, "SACCADE_TEST_DATA": str(DATA)}


def _compared(ours: Sequence[Run], theirs: Sequence[Run]) -> Result:
    return {
        "seconds": [round(float(np.median([run.seconds for run in one])), 2) for one in (ours, theirs)],
        "wall": _ratio([run.seconds for run in ours], [run.seconds for run in theirs]),
        "cpu": _ratio([run.cpu_seconds for run in ours], [run.cpu_seconds for run in theirs]),
        "peak": _ratio([run.peak_bytes for run in ours], [run.peak_bytes for run in theirs]),
    }


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> str:
    ratios = np.array(ours) / np.array(theirs)
    return f"{np.median(ratios):.2f} ({ratios.min():.2f} to {ratios.max():.2f})"


def main() -> None:
    """Print the ratios as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.against", description=__doc__)
    parser.add_argument("checkout", type=Path, help="folder with the other version")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    print(json.dumps(against(arguments.checkout, arguments.rounds), indent=2))


if __name__ == "__main__":
    main()
