"""The context of a desk's library, and the command line."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from saccade.core.settings import Settings
from saccade.core.types import PixelRecipe
from saccade.engine.context import LibraryContext
from saccade.engine.spaces import ActiveSpaces
from saccade.library.tools import LazyTools
from saccade.sources.pool import GuardedDecoder
from tests.desk import Desk
from tests.helpers.terminal import Ran, run_command


@pytest.fixture
def context(desk: Desk) -> Iterator[LibraryContext]:
    """The parts of the desk's library."""

    def open_decoder(recipe: PixelRecipe) -> GuardedDecoder:
        return GuardedDecoder(recipe, workers=1)

    spaces = ActiveSpaces(desk.catalog, desk.store, load=lambda _: desk.encoder, default="color")
    yield LibraryContext(
        folder=str(desk.home / ".saccade"),
        catalog=desk.catalog,
        indexes=desk.store,
        spaces=spaces,
        open_decoder=open_decoder,
        tools=LazyTools(),
        settings=Settings(),
        clock=lambda: 1_700_000_000.0,
    )
    spaces.close()


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Ran]:
    """Run one command line in this process, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return lambda *args, **options: run_command(monkeypatch, *args, **options)
