"""2,000 hostile file names in folders with hostile names come back byte for byte."""

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from saccade.library import Library, open_library

SEED = 20261120
COUNT = 2000
LONGEST = 255
TRICKS = [
    b"\n", b"\r\n", b"\t", b"\x1b[31m", b"\x07", b"\x7f", b"\x01",
    b"\xff\xfe", b"\xc3\x28", b"\xe2\x82", b"\xed\xa0\x80", b"\xf5\x80", b"\x80",
    b"-", b"--help", b"-k", b" ", b"  ", b".", b"..",
    "\u202egnp.\u202c".encode(), "\u05e9\u05dc\u05d5\u05dd".encode(),
    "\u0645\u0631\u062d\u0628\u0627".encode(),
    "\U0001f600\U0001f468\u200d\U0001f469\u200d\U0001f467".encode(), "e\u0301".encode(), "\u00e9".encode(),
    "\ufeff".encode(), "\u0000".encode().replace(b"\0", b"%00"), "\u2028".encode(), "\u200b".encode(),
    b"'", b'"', b"`", b"\\", b"%", b"_", b"%_%", b"*", b"?", b"[a-z]", b"{}", b"$(reboot)", b"; rm -rf ~",
    b"!", b"#", b"&", b"|", b"<b>", b"file:", b"http:", b"C:", b"~", b"NULL", b"OR 1=1 --", b"AND", b"NEAR(",
    "\u65e5\u672c\u8a9e".encode(), "I\u0307\u0131".encode(), "\u00df\u1e9e".encode(), b"a", b"Z", b"0",
]  # fmt: skip


def names(count: int, seed: int) -> list[bytes]:
    """Different names of 1 to 255 bytes, none hidden and none an archive's; every 20th is 255 bytes long."""
    dice = random.Random(seed)
    made: dict[bytes, None] = {}
    while len(made) < count:
        name = b"".join(dice.choices(TRICKS, k=dice.randint(1, 8)))
        if len(made) % 20 == 0:
            name = (name * LONGEST)[:LONGEST]
        if dice.random() < 0.3:
            name = name[: LONGEST - 4] + dice.choice([b".jpg", b".PNG", b".txt"])
        if name[:1] != b"." and name != b"~":
            made[name[:LONGEST]] = None
    return list(made)


def folders(root: bytes) -> Iterator[bytes]:
    """The root and folders below it, three deep; one ends in "!", as an archive does in a member's path."""
    yield root
    for name in [b"ends with !", b"100%", *names(9, SEED + 1)]:
        outer = os.path.join(root, name[:60])
        yield outer
        yield os.path.join(outer, name[:80] + b"!", b"-" + name[:100])


@pytest.fixture
def hostile(tmp_path: Path, photo: Callable[[Path, int], bytes]) -> dict[bytes, bytes]:
    """2,000 files, each another picture: what it holds by its path."""
    root = os.fsencode(tmp_path / "photos")
    places = list(folders(root))
    made = {}
    for number, name in enumerate(names(COUNT, SEED)):
        path = os.path.join(places[number % len(places)], name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        content = photo(tmp_path / "one.png", number)
        with open(path, "wb") as file:
            file.write(content)
        made[path] = content
    return made


def found(library: Library, **how: object) -> dict[bytes, str]:
    """Image id of every file that a search finds, by its path as the file system has it."""
    hits = library.search("anything", k=2 * COUNT, **how)  # type: ignore[arg-type]
    return {os.fsencode(path): hit.image_id for hit in hits for path in hit.paths}


@pytest.mark.slow
def test_hostile_names_round_trip(hostile: dict[bytes, bytes], tmp_path: Path) -> None:
    """Indexed, found, shown, filtered by folder, renamed, deleted: always the very same bytes."""
    dice = random.Random(SEED)
    root = tmp_path / "photos"
    with open_library(root) as library:
        report = library.index(root)
        assert (report.files, report.embedded, report.failed) == (COUNT, COUNT, ())
        ids = found(library)
        assert ids.keys() == hostile.keys()
        for path in hostile:
            record = library.show(os.fsdecode(path))
            assert [os.fsencode(name) for name in record.paths] == [path]
            assert record.image_id == ids[path]
        for path in dice.sample(sorted(hostile), 40):
            (hit,) = library.search(image=os.fsdecode(path), k=1)
            assert os.fsencode(hit.path) == path
            (hit,) = library.search(image=Path(os.fsdecode(path)), k=1)
            assert os.fsencode(hit.path) == path
        for folder in {os.path.dirname(path) for path in hostile}:
            inside = {path for path in hostile if path.startswith(folder + b"/")}
            assert found(library, folders=[os.fsdecode(folder)]).keys() == inside

        renamed = dict(zip(dice.sample(sorted(hostile), 300), names(300, SEED + 2), strict=True))
        for old, new in renamed.items():
            target = os.path.join(os.path.dirname(old), b"r" + new[: LONGEST - 1])
            os.rename(old, target)
            ids[target] = ids.pop(old)
        report = library.index(root)
        assert (report.files, report.moved, report.embedded, report.removed) == (COUNT, 300, 0, 0)
        assert found(library) == ids

        for path in dice.sample(sorted(ids), 300):
            os.unlink(path)
            gone = ids.pop(path)
            assert library.show(gone).paths == (os.fsdecode(path),)
        report = library.index(root)
        assert (report.removed, report.unchanged) == (300, COUNT - 300)
        assert found(library) == ids
        assert library.doctor().problems == ()
