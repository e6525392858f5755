"""A closed library: every call says so, and opens nothing that nobody would close."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

import saccade
from saccade.core.errors import InputError
from saccade.core.types import PixelRecipe

CALLS: dict[str, Callable[[saccade.Library, Path], object]] = {
    "search": lambda lib, _: lib.search("a dog"),
    "search by picture": lambda lib, file: lib.search(image=file),
    "similar": lambda lib, file: lib.similar(file),
    "style": lambda lib, file: lib.style(file),
    "style by mood": lambda lib, _: lib.style(mood="dark"),
    "show": lambda lib, file: lib.show(file),
    "embeddings": lambda lib, _: lib.embeddings(),
    "thumbnails": lambda lib, file: lib.thumbnails([str(file)], 64),
    "index": lambda lib, _: lib.index(),
    "index a file": lambda lib, file: lib.index(file),
    "build_indexes": lambda lib, _: lib.build_indexes(),
    "forget": lambda lib, file: lib.forget(file),
    "doctor": lambda lib, _: lib.doctor(),
    "repair": lambda lib, _: lib.doctor(repair=True),
    "backup": lambda lib, file: lib.backup(file.parent / "copy.db"),
    "status": lambda lib, _: lib.status(),
    "cancel": lambda lib, _: lib.cancel(1),
    "with": lambda lib, _: lib.__enter__(),
    "decoder": lambda lib, _: lib.context.open_decoder(PixelRecipe(size=64)),
    "unit": lambda lib, _: lib.context.catalog.unit().__enter__(),
    "moment": lambda lib, _: lib.context.catalog.reading().__enter__(),
    "duplicates.find": lambda lib, _: lib.duplicates.find(),
    "duplicates.check": lambda lib, file: lib.duplicates.check(file),
    "duplicates.undo": lambda lib, _: lib.duplicates.undo(),
    "clusters.find": lambda lib, _: lib.clusters.find(method="kmeans", k=2),
    "tags.suggest": lambda lib, _: lib.tags.suggest("dog"),
    "outliers.find": lambda lib, _: lib.outliers.find(),
    "recommendations.feedback": lambda lib, file: lib.recommendations.feedback("anna", "like", [file]),
    "recommendations.users": lambda lib, _: lib.recommendations.users(),
    "recommendations.erase": lambda lib, _: lib.recommendations.erase("anna"),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("used", [False, True], ids=["new", "used"])
def test_a_closed_library_refuses_every_call(
    library: saccade.Library, shelf: Path, call: Callable[[saccade.Library, Path], object], *, used: bool
) -> None:
    """One error with a hint; nothing is opened or changed, whether it was used before or not."""
    if used:
        library.search(image=shelf / "0.png")
        library.recommendations.users()
    library.close()
    held = set(os.listdir(shelf / ".saccade"))
    with pytest.raises(InputError, match="this library is closed") as caught:
        call(library, shelf / "0.png")
    assert "open_library" in caught.value.hint
    assert not (shelf / "copy.db").exists()
    assert set(os.listdir(shelf / ".saccade")) == held


def test_a_library_may_be_closed_twice_and_opened_again(library: saccade.Library, shelf: Path) -> None:
    """Closing ends one object, not the library."""
    library.close()
    library.close()
    with saccade.open_library(shelf) as again:
        assert again.show(shelf / "0.png")
