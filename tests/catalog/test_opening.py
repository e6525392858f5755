"""Opening a catalog: what fails to open leaves nothing open."""

import os
from pathlib import Path

import pytest

from saccade.catalog import open_catalog
from saccade.core.errors import SaccadeError

PAGE = 8192


def connections_to(path: Path) -> int:
    """How many files of this process are the one at `path`."""
    wanted = path.stat()
    count = 0
    for descriptor in range(1024):
        try:
            found = os.fstat(descriptor)
        except OSError:
            continue
        count += (found.st_dev, found.st_ino) == (wanted.st_dev, wanted.st_ino)
    return count


@pytest.mark.parametrize("page", [0, 1])
def test_a_damaged_catalog_is_not_kept_open(tmp_path: Path, page: int) -> None:
    """While the error is still alive too: a connection closed later would delete another one's journal."""
    open_catalog(str(tmp_path), create=True).close()
    file = tmp_path / "catalog.db"
    spoiled = bytearray(file.read_bytes())
    spoiled[page * PAGE : (page + 1) * PAGE] = b"\xa5" * PAGE
    file.write_bytes(spoiled)
    with pytest.raises(SaccadeError) as caught:
        open_catalog(str(tmp_path), create=False)
    assert caught.value.__traceback__ is not None
    assert connections_to(file) == 0


def test_a_catalog_that_opens_is_counted(tmp_path: Path) -> None:
    """The count above can tell."""
    with open_catalog(str(tmp_path), create=True) as catalog:
        catalog.version()
        assert connections_to(tmp_path / "catalog.db") > 0
    assert connections_to(tmp_path / "catalog.db") == 0
