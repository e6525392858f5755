"""The catalog under test, one for each kind of database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.stores.shelf import IMPLEMENTATIONS, Shelf


@pytest.fixture(params=sorted(IMPLEMENTATIONS))
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shelf]:
    made = Shelf(IMPLEMENTATIONS[request.param], str(tmp_path))
    yield made
    made.catalog.close()
