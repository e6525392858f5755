# ruff: noqa: ANN001 - the fixtures' class lives in conftest.py, which no test file can import
"""Backups after a killed one, and several at once. That they are whole is tested in `test_storage.py`."""

import random
import threading
from pathlib import Path

import pytest

from saccade.catalog import open_catalog


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_what_a_killed_backup_left_does_not_stop_the_next(library, tmp_path: Path, share: float) -> None:
    """Half a database under the partial name is removed unread, with what SQLite had put beside it."""
    library.record(*(library.picture(f"{n}.jpg", b"%d" % n) for n in range(200)))
    folder = tmp_path / "kept"
    folder.mkdir()
    library.catalog.health.backup(str(folder / "b.db"))
    whole = (folder / "b.db").read_bytes()
    partial = folder / ".b.db.partial"
    partial.write_bytes(whole[: int(len(whole) * share)] + random.Random(4).randbytes(5000))
    for ending in ("-wal", "-shm", "-journal"):
        Path(f"{partial}{ending}").write_bytes(b"left")
    library.catalog.health.backup(str(folder / "b.db"), overwrite=True)
    assert [path.name for path in folder.iterdir()] == ["b.db"]
    assert (folder / "b.db").stat().st_size == len(whole)


def test_two_backups_to_one_file_wait_for_each_other(library, tmp_path: Path) -> None:
    """Neither reads, replaces or deletes what the other is writing; at the end the file is whole."""
    library.record(*(library.picture(f"{n}.jpg", b"%d" % n) for n in range(200)))
    folder = tmp_path / "kept"
    folder.mkdir()
    failures: list[BaseException] = []

    def back_up() -> None:
        try:
            for _ in range(5):
                library.catalog.health.backup(str(folder / "catalog.db"), overwrite=True)
        except BaseException as error:  # noqa: BLE001 - shown by the assertion
            failures.append(error)

    threads = [threading.Thread(target=back_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert [path.name for path in folder.iterdir()] == ["catalog.db"]
    with open_catalog(str(folder), create=False, home=library.home) as copy:
        assert copy.health.problems() == []
        assert copy.health.counts().images == 200
