# ruff: noqa: ANN001 - the fixtures' class lives in conftest.py, which no test file can import
"""Every name a disk can hold goes in and comes out as it was."""

import os
import random

import pytest

from saccade.core.decoding import FileStamp
from saccade.core.filters import Filter

_PIECES = [
    "\n", "\r\n", "\t", " ", "-", "--help", "..", "~", "$HOME", "`id`", '"', "'", "\\",
    "%", "_", "*", "?", "[a]", "{b}", ";", "|", "&", "<", ">", "\u202e", "\u200b",
    "\ufeff", "שלום", "مرحبا", "東京", "🏖️", "👩‍👩‍👧", "e\u0301", "é", "ﬁ", "İ", "ß",
    "\udc80", "\udcff\udcfe", "\x01", "\x7f", "!", "!:", "a" * 40, "é" * 30, "NULL", "1",
    "0x", ".", ".jpg", ":", "=", "\u2028",
]  # fmt: skip


def _names(count: int) -> list[str]:
    """Distinct relative paths, each part at most 255 bytes and none "." or ".."."""
    dice = random.Random(20261120)
    names: dict[str, None] = {}
    while len(names) < count:
        parts = ["".join(dice.choices(_PIECES, k=dice.randint(1, 9))) for _ in range(dice.randint(1, 3))]
        if dice.random() < 0.1:
            parts[-1] = "x" * 251 + ".jpg"
            parts[0] = f"{len(names)}{parts[0]}"
        fits = all(part not in {".", ".."} and len(os.fsencode(part)) <= 255 for part in parts)
        if fits:
            names["/".join(parts)] = None
    return list(names)


def test_record_round_trips_two_thousand_hostile_names(library) -> None:
    """As paths, as archive members, through every way of asking, after reopening."""
    names = _names(2000)
    batch = [library.picture(name, b"%d" % number) for number, name in enumerate(names)]
    inside = [
        library.picture("z.zip", b"m%d" % number, member=name) for number, name in enumerate(names[:300])
    ]
    ids = library.record(*batch, *inside)
    library.catalog.close()
    library.catalog = library.open()
    known = library.catalog.files.known(library.folder)
    wanted = {(name, ""): image for name, image in zip(names, ids, strict=False)}
    wanted |= {("z.zip", name): image for name, image in zip(names, ids[2000:], strict=False)}
    assert {key: one.image_id for key, one in known.items()} == wanted
    records = library.catalog.images.get(ids)
    assert [record.paths for record in records[:2000]] == [(f"{library.home}/{name}",) for name in names]
    assert [record.paths for record in records[2000:]] == [
        (f"{library.home}/z.zip!/{name}",) for name in names[:300]
    ]
    for name, image in list(zip(names, ids, strict=False))[::20]:
        found = library.catalog.images.by_path(f"{library.home}/{name}")
        assert found is not None
        assert found.id == image
        top = name.split("/")[0]
        below = {
            one for one, other in zip(ids, names, strict=False) if other == top or other.startswith(f"{top}/")
        }
        assert set(library.catalog.images.match(Filter(folders=(f"{library.home}/{top}",))).tolist()) == below
    gone = [(name, "") for name in names]
    assert library.catalog.files.mark_missing(library.run, library.folder, gone) == 2000
    assert library.catalog.health.stale_images().tolist() == []


@pytest.mark.parametrize(
    "folder", ["with space", "percent%41?mode=memory#x", "\udcff\udcfe", "été", "-rf", "a'\"b"]
)
def test_a_library_opens_wherever_it_lies(tmp_path, library_type, folder: str) -> None:
    """Its own folder's name is data, never part of an address."""
    home = tmp_path / folder
    home.mkdir()
    made = library_type(str(home))
    (image,) = made.record(made.picture("a.jpg", b"x"))
    made.catalog.close()
    again = made.open()
    assert again.images.get([image])[0].paths == (f"{home}/a.jpg",)
    again.close()
    assert sorted(path.name for path in (home / ".saccade").iterdir()) == ["catalog.db"]


def test_a_library_moved_with_its_photos_finds_them(tmp_path, library_type) -> None:
    """Inside the home, paths are stored relative to it; elsewhere they stay."""
    home, outside = tmp_path / "old", tmp_path / "outside"
    home.mkdir()
    outside.mkdir()
    made = library_type(str(home))
    (inside_id,) = made.record(made.picture("d/a.jpg", b"x"))
    folder, _ = made.catalog.files.ensure_folder(str(outside))
    seen = made.picture("", b"y")
    entry = type(seen.entry)(path=f"{outside}/b.jpg", stamp=FileStamp(size=1, mtime_ns=1))
    (outside_id,) = made.catalog.files.record(made.run, folder, [type(seen)(entry=entry, image=seen.image)])
    made.catalog.close()
    home.rename(tmp_path / "new")
    made.home, made.folder_path = str(tmp_path / "new"), str(tmp_path / "new" / ".saccade")
    moved = made.open()
    records = moved.images.get([inside_id, outside_id])
    assert [record.paths for record in records] == [(f"{tmp_path}/new/d/a.jpg",), (f"{outside}/b.jpg",)]
    assert moved.files.ensure_folder(f"{tmp_path}/new/d")[1] == "d"
    moved.close()
