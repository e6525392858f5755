"""Upgrading a library of release 0.2: killed at every step, twice at once, and without room for its copy."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from saccade.catalog import open_catalog, schema
from saccade.core.errors import DiskFullError
from tests.helpers.release_0_2 import unpack

HERE = Path(__file__).parent
_OPEN = """
import sys
from saccade.catalog import open_catalog
sys.stdin.readline()
with open_catalog(sys.argv[1] + "/.saccade", create=False, home=sys.argv[1]) as catalog:
    print(catalog.health.counts().images, catalog.health.problems())
"""


@pytest.fixture
def pristine(tmp_path: Path) -> Path:
    """The folder of the library, as release 0.2 left it."""
    place = tmp_path / "pristine"
    place.mkdir()
    return unpack(place)


@pytest.mark.slow
def test_an_upgrade_killed_at_any_step_is_finished_by_the_next_opening(
    pristine: Path, tmp_path: Path
) -> None:
    """Until then it is whole, old or new, and its copy is whole or not there."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    command = [sys.executable, str(HERE / "migrating.py"), str(pristine), str(scratch)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    steps, *problems = done.stdout.splitlines()
    assert problems == []
    assert int(steps) > 25


def test_two_processes_upgrading_at_once_both_open_it(pristine: Path) -> None:
    """One upgrades, the other waits and finds it done; there is one copy, of the old library."""
    command = [sys.executable, "-c", _OPEN, str(pristine)]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    answers = []
    for process in processes:  # all have loaded by the time the last one is told
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=60)[0] for process in processes]
    assert answers == ["18 []\n"] * 3
    assert [path.name for path in (pristine / ".saccade").glob("*.before-*")] == [
        f"catalog.db.before-{schema.CURRENT}"
    ]


def test_a_disk_without_room_for_the_copy_leaves_the_library_alone(
    pristine: Path, mounted: Callable[..., Path]
) -> None:
    """A clear error; with room it is upgraded."""
    size = (pristine / ".saccade" / "catalog.db").stat().st_size
    disk = mounted("small", f"size={size * 3 // 2 // 4096 * 4}k")
    home = disk / "home"
    (home / ".saccade").mkdir(parents=True)
    shutil.copy(pristine / ".saccade" / "catalog.db", home / ".saccade")
    before = (home / ".saccade" / "catalog.db").read_bytes()
    with pytest.raises(DiskFullError, match="no space left"):
        open_catalog(str(home / ".saccade"), create=False, home=str(home))
    assert (home / ".saccade" / "catalog.db").read_bytes() == before
    assert not list((home / ".saccade").glob("*before*"))
    assert not list((home / ".saccade").glob(".*partial*"))
