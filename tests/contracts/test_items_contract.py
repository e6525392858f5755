"""What the items of every catalog must do, whatever they keep their rows in."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

from saccade.catalog import open_catalog
from saccade.core.decoding import FileEntry, FileStamp
from saccade.core.errors import ImageNotFoundError, InputError, InvalidVectorError
from saccade.core.items import FIRST_PART, WHOLE, Box, Item, ItemKind, Span, StoredItem
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.files import SeenFile
from saccade.core.ports.images import NewImage
from saccade.core.types import Embeddings, EncoderInfo, Ids, ImageInfo, PixelRecipe, Role

Opener = Callable[[str], Catalog]
DIM = 6
THIRD = Item(kind=ItemKind.REGION, box=Box(left=1 / 3, top=0.1, width=1 / 3, height=0.7))
PAGE = Item(kind=ItemKind.PAGE, page=3)
SHOT = Item(kind=ItemKind.SHOT, span=Span(start_s=0.1, end_s=2.5))
ON_PAGE = Item(kind=ItemKind.REGION, box=Box(left=0, top=0, width=1, height=0.5), page=3)


def _open_sqlite(home: str) -> Catalog:
    return open_catalog(f"{home}/.saccade", create=True, home=home, wait_s=0.2)


IMPLEMENTATIONS: Mapping[str, Opener] = {"sqlite": _open_sqlite}


class Shelf:
    """A catalog with one space; `add` gives it pictures."""

    def __init__(self, opener: Opener, home: str) -> None:
        self.opener, self.home = opener, home
        self.catalog = opener(home)
        encoder = EncoderInfo(
            name="fake",
            fingerprint="f" * 64,
            dims={Role.SEMANTIC: DIM},
            recipe=PixelRecipe(size=8),
            license="none",
            reads_text=True,
        )
        self.space = self.catalog.spaces.ensure(encoder, Role.SEMANTIC).id
        self.folder, _ = self.catalog.files.ensure_folder(home)
        self.run = self.catalog.runs.start("index")

    def reopen(self) -> None:
        """As a new process finds it."""
        self.catalog.close()
        self.catalog = self.opener(self.home)

    def add(self, *names: str) -> list[int]:
        """Index pictures; their images."""
        seen = [
            SeenFile(
                entry=FileEntry(path=f"{self.home}/{name}", stamp=FileStamp(size=1, mtime_ns=1)),
                image=NewImage(
                    sha256=hashlib.sha256(name.encode()).digest(),
                    info=ImageInfo(width=4, height=3, format="JPEG", size_bytes=1),
                    embeddings={self.space: unit(sum(name.encode()))[0]},
                ),
            )
            for name in names
        ]
        return [image or 0 for image in self.catalog.files.record(self.run, self.folder, seen)]

    def save(self, *items: int) -> int:
        """Give items an embedding, made from their ids."""
        return self.catalog.embeddings.save(self.space, ids(*items), unit(*items))

    def stored(self) -> list[int]:
        """Every item with an embedding, by sequence."""
        return [one for _, some, _ in self.catalog.embeddings.after(self.space, 0) for one in some.tolist()]


def ids(*numbers: int) -> Ids:
    return np.array(numbers, np.int64)


def unit(*seeds: int) -> Embeddings:
    rows = np.array([np.random.default_rng(seed).normal(size=DIM) for seed in seeds]).reshape(-1, DIM)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(params=sorted(IMPLEMENTATIONS))
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shelf]:
    made = Shelf(IMPLEMENTATIONS[request.param], str(tmp_path))
    yield made
    made.catalog.close()


def test_every_image_is_an_item_with_its_own_id(shelf: Shelf) -> None:
    """Also those indexed after parts were added: their ids never meet."""
    a, b = shelf.add("a.jpg", "b.jpg")
    (part,) = shelf.catalog.items.add({a: [PAGE]})[a]
    (c,) = shelf.add("c.jpg")
    assert part >= FIRST_PART > c > b > a
    assert shelf.catalog.items.get([c, a]) == [
        StoredItem(id=c, image=c, item=WHOLE),
        StoredItem(id=a, image=a, item=WHOLE),
    ]
    assert shelf.stored() == [a, b, c]


def test_parts_come_back_as_given(shelf: Shelf) -> None:
    """With every fact exactly, after reopening, by image and by id."""
    a, b, c = shelf.add("a.jpg", "b.jpg", "c.jpg")
    made = shelf.catalog.items.add({b: [THIRD, PAGE], a: [SHOT, ON_PAGE]})
    shelf.reopen()
    items = shelf.catalog.items
    found = items.of([a, b, c])
    assert set(found) == {a, b}
    assert {one.item: one.id for one in found[b]} == dict(zip([THIRD, PAGE], made[b], strict=True))
    assert {one.item: one.image for one in found[a]} == {SHOT: a, ON_PAGE: a}
    assert [one.id for one in found[a]] == sorted(made[a])
    assert [one.item for one in items.get([made[a][0], b, made[b][1]])] == [SHOT, WHOLE, PAGE]


def test_a_part_added_again_keeps_its_id(shelf: Shelf) -> None:
    """A killed run that starts over doubles nothing."""
    a, b = shelf.add("a.jpg", "b.jpg")
    first = shelf.catalog.items.add({a: [PAGE, THIRD]})[a]
    again = shelf.catalog.items.add({a: [THIRD, SHOT, THIRD], b: [PAGE]})
    assert again[a][0] == again[a][2] == first[1]
    assert len({*first, *again[a], *again[b]}) == 4


def test_parts_are_listed_from_an_id_on(shelf: Shelf) -> None:
    """So that a reader fetches only what is new; whole images are not listed."""
    a, b = shelf.add("a.jpg", "b.jpg")
    assert [part.tolist() for part in shelf.catalog.items.parts()] == [[], []]
    first = shelf.catalog.items.add({b: [PAGE]})[b][0]
    second = shelf.catalog.items.add({a: [THIRD]})[a][0]
    assert first < second
    assert [part.tolist() for part in shelf.catalog.items.parts()] == [[first, second], [b, a]]
    assert [part.tolist() for part in shelf.catalog.items.parts(first)] == [[second], [a]]


def test_unknown_images_and_items_are_refused(shelf: Shelf) -> None:
    """Nothing of the call is stored."""
    (a,) = shelf.add("a.jpg")
    with pytest.raises(ImageNotFoundError, match="99"):
        shelf.catalog.items.add({a: [PAGE], 99: [PAGE]})
    with pytest.raises(InputError, match="whole image"):
        shelf.catalog.items.add({a: [THIRD, WHOLE]})
    with pytest.raises(ImageNotFoundError, match=str(FIRST_PART)):
        shelf.catalog.items.get([a, FIRST_PART])
    assert shelf.catalog.items.of([a]) == {}


def test_embeddings_are_kept_by_item(shelf: Shelf) -> None:
    """Those of parts next to those of whole images; one that is there stays as it is."""
    (a,) = shelf.add("a.jpg")
    part, other = shelf.catalog.items.add({a: [PAGE, THIRD]})[a]
    assert shelf.save(part, other, a) == 2
    assert shelf.save(part) == 0
    shelf.reopen()
    rows = shelf.catalog.embeddings.get(shelf.space, ids(other, a, part))
    assert rows.tolist() == np.concatenate([unit(other), unit(sum(b"a.jpg")), unit(part)]).tolist()
    assert shelf.stored() == [a, part, other]
    assert shelf.catalog.health.counts().embeddings == {shelf.space: 3}
    assert shelf.catalog.embeddings.sample(shelf.space, 9).tolist() == [a]
    assert shelf.catalog.embeddings.count(shelf.space) == 1


def test_embeddings_of_unknown_items_or_wrong_length_are_refused(shelf: Shelf) -> None:
    """Nothing of the call is stored."""
    (a,) = shelf.add("a.jpg")
    (part,) = shelf.catalog.items.add({a: [PAGE]})[a]
    with pytest.raises(ImageNotFoundError):
        shelf.save(part, FIRST_PART + 99)
    with pytest.raises(InvalidVectorError):
        shelf.catalog.embeddings.save(shelf.space, ids(part), unit(1)[:, :3].copy())
    with pytest.raises(InputError, match="space"):
        shelf.catalog.embeddings.save(99, ids(part), unit(1))
    with pytest.raises(InputError, match="2 items and 1 rows"):
        shelf.catalog.embeddings.save(shelf.space, ids(part, a), unit(1))
    assert shelf.stored() == [a]


def test_parts_of_images_without_a_file_are_absent(shelf: Shelf) -> None:
    """As their images are, and back with them; a part without an embedding is not of the space."""
    a, b = shelf.add("a.jpg", "b.jpg")
    part, _ = shelf.catalog.items.add({a: [PAGE, THIRD]})[a]
    shelf.save(part, *shelf.catalog.items.add({b: [PAGE]})[b])
    shelf.catalog.files.mark_missing(shelf.run, shelf.folder, [("a.jpg", "")])
    assert shelf.catalog.embeddings.absent(shelf.space).tolist() == [a, part]
    shelf.add("a.jpg")
    assert shelf.catalog.embeddings.absent(shelf.space).tolist() == []


def test_only_whole_images_count_as_unembedded(shelf: Shelf) -> None:
    """Whoever made a part knows how to embed it again; indexing does not."""
    (a,) = shelf.add("a.jpg")
    (part,) = shelf.catalog.items.add({a: [PAGE]})[a]
    shelf.save(part)
    assert shelf.catalog.embeddings.unembedded(shelf.space).tolist() == []
    shelf.catalog.embeddings.remove(shelf.space, [a])
    assert shelf.catalog.embeddings.unembedded(shelf.space).tolist() == [a]


def test_removed_parts_take_their_embeddings_along(shelf: Shelf) -> None:
    """Whole images stay; ids are not used again."""
    (a,) = shelf.add("a.jpg")
    part, other = shelf.catalog.items.add({a: [PAGE, THIRD]})[a]
    shelf.save(part, other)
    assert shelf.catalog.items.remove([a, other, FIRST_PART + 99]) == 1
    assert shelf.stored() == [a, part]
    assert shelf.catalog.items.add({a: [SHOT]})[a][0] > other
    assert shelf.catalog.health.problems() == []
