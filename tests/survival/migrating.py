"""Upgrades a library of release 0.2 in children that kill themselves at every step, and checks what is left.

    python migrating.py PRISTINE_FOLDER SCRATCH_FOLDER

The steps are every statement SQLite is given, by any connection, and every sync of a file, before and after.
One statement with many rows of values is one step.
Prints the number of steps and the problems found. The product knows nothing of the steps: they are counted by
tracing its connections here.
"""

import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from saccade.catalog import open_catalog, schema
from saccade.catalog.sqlite import copying, driver

_SAME = 24
"""Characters in which two runs of one statement agree, whatever their values."""


def count_steps(tick: Callable[[], None]) -> None:
    """Let `tick` be called at every step of this process from now on."""
    connect, sync = driver.connect, copying._sync

    def traced(path: Path, mode: str) -> sqlite3.Connection:
        connection = connect(path, mode)
        before = ""

        def statement(text: str) -> None:
            nonlocal before
            if text[:_SAME] != before:
                before = text[:_SAME]
                tick()

        connection.set_trace_callback(statement)
        return connection

    def counted(path: Path) -> None:
        tick()
        sync(path)
        tick()

    driver.connect, copying._sync = traced, counted


def upgraded(home: Path) -> None:
    """Open the library once."""
    open_catalog(str(home / ".saccade"), create=False, home=str(home)).close()


def child(home: Path, last: int) -> int:
    """Upgrade in a child that kills itself at step number `last` (0: never); its steps, -1 if killed."""
    reading, writing = os.pipe()
    number = os.fork()
    if number == 0:
        os.close(reading)
        done = 0

        def tick() -> None:
            nonlocal done
            done += 1
            if done == last:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            count_steps(tick)
            upgraded(home)
            os.write(writing, b"%d" % done)
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    os.waitpid(number, 0)
    return int(said or -1)


def dump(database: Path) -> tuple[str, Any]:
    """(version, everything) of a database."""
    with closing(sqlite3.connect(database)) as connection:
        (version,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return version, list(connection.iterdump())


def problems(pristine: Path, scratch: Path) -> tuple[int, list[str]]:
    """The number of steps, and what was wrong after a kill at each."""
    home = scratch / "home"
    database, copy = (
        home / ".saccade" / "catalog.db",
        home / ".saccade" / f"catalog.db.before-{schema.CURRENT}",
    )

    def fresh() -> None:
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(pristine, home)

    fresh()
    before = dump(database)
    steps = child(home, 0)
    after = dump(database)
    found: list[str] = []
    for step in range(1, steps + 1):
        fresh()
        if child(home, step) != -1:
            found.append(f"step {step}: it was not killed")
        # A copy that is there is whole, and an upgrade that is not finished has not begun.
        if copy.exists() and dump(copy) != before:
            found.append(f"step {step}: the copy is not what was there before")
        if dump(database) not in (before, after):
            found.append(f"step {step}: neither the old library nor the new one")
        if dump(database) == after and not copy.exists():
            found.append(f"step {step}: upgraded without a copy")
        upgraded(home)
        if dump(database) != after:
            found.append(f"step {step}: opening again did not finish it")
        if dump(copy) != before:
            found.append(f"step {step}: opening again spoiled the copy")
        if list(copy.parent.glob(".*partial*")):
            found.append(f"step {step}: half a copy was left")
    return steps, found


if __name__ == "__main__":
    number, wrong = problems(Path(sys.argv[1]), Path(sys.argv[2]))
    print(number, *wrong, sep="\n")
