"""Rehash: perceptual hashes are made again from the files."""

from typing import Any, TypeAlias

from saccade.catalog.hashes import SqlHashes
from saccade.core.types import PixelRecipe, Progress
from saccade.engine.rehash import rehash, shows_all

Desk: TypeAlias = Any


def test_hashes_of_an_older_recipe_are_made_again(desk: Desk) -> None:
    """The same as a first indexing run made; an image whose file is gone stays without, and stops nothing."""
    for name in ("a.png", "b.png", "gone.png"):
        desk.picture(name, mark=name)
    desk.index()
    made = desk.catalog.hashes.get()
    older = SqlHashes(desk.catalog._session.transactions, recipe="phash-0")
    older.save(dict.fromkeys(made[0].tolist(), 7))
    missing = desk.catalog.hashes.missing().tolist()
    assert len(missing) == 3
    desk.path("gone.png").unlink()
    told: list[Progress] = []
    with desk.catalog.writing():
        assert rehash(desk.catalog, desk.decoder, missing, report=told.append) == 2
    assert told == [Progress(stage="hash", done=3, total=3)]
    ids, hashes = desk.catalog.hashes.get()
    assert hashes.tolist() == made[1][[image in ids for image in made[0]]].tolist()
    assert desk.catalog.hashes.missing().tolist() == sorted(set(missing) - set(ids.tolist()))


def test_pixels_of_a_crop_are_not_hashed() -> None:
    """A hash is of the whole picture."""
    assert shows_all(PixelRecipe(size=8, fit="squash"))
    assert shows_all(PixelRecipe(size=8, fit="contain"))
    assert not shows_all(PixelRecipe(size=8, fit="crop", resize=9))
