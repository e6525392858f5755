"""A catalog with pictures, for the contracts of the stores."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from saccade.catalog import open_catalog
from saccade.core.decoding import FileEntry, FileStamp
from saccade.core.filters import Filter, Where, parse_where
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.files import SeenFile
from saccade.core.ports.images import NewImage
from saccade.core.ports.stores import StoredPair
from saccade.core.types import Ids, ImageInfo

Opener = Callable[[str], Catalog]


def _open_sqlite(home: str) -> Catalog:
    return open_catalog(f"{home}/.saccade", create=True, home=home, wait_s=0.2)


IMPLEMENTATIONS: Mapping[str, Opener] = {"sqlite": _open_sqlite}


class Shelf:
    """A catalog under test with ten pictures 0.jpg to 9.jpg, whose ids are `ids`."""

    def __init__(self, opener: Opener, home: str) -> None:
        self.opener, self.home = opener, home
        self.catalog = opener(home)
        self.folder, _ = self.catalog.files.ensure_folder(home)
        self.run = self.catalog.runs.start("index")
        self.ids = [image or 0 for image in self.record(*map(self._picture, range(10)))]

    def _picture(self, number: int) -> SeenFile:
        data = b"%d" % number
        info = ImageInfo(width=4, height=3, format="JPEG", size_bytes=len(data))
        entry = FileEntry(path=f"{self.home}/{number}.jpg", stamp=FileStamp(size=1, mtime_ns=1))
        image = NewImage(sha256=hashlib.sha256(data).digest(), info=info, embeddings={})
        return SeenFile(entry=entry, image=image)

    def record(self, *seen: SeenFile) -> list[int | None]:
        return list(self.catalog.files.record(self.run, self.folder, seen))

    def copy(self, number: int, name: str) -> None:
        """The picture lies in another file too."""
        entry = FileEntry(path=f"{self.home}/{name}", stamp=FileStamp(size=1, mtime_ns=1))
        self.record(SeenFile(entry=entry, image_id=self.ids[number]))

    def reopen(self) -> None:
        """As a new process finds it."""
        self.catalog.close()
        self.catalog = self.opener(self.home)

    def lose(self, *numbers: int) -> None:
        """The files of these pictures are gone."""
        self.catalog.files.mark_missing(self.run, self.folder, [(f"{number}.jpg", "") for number in numbers])

    def find(self, *numbers: int) -> None:
        """They are back."""
        self.record(*map(self._picture, numbers))

    def some(self, *numbers: int) -> Ids:
        return np.array([self.ids[number] for number in numbers], np.int64)

    def tag(self, origin: str, replace: bool = False, among: Ids | None = None, **labels: list[int]) -> int:
        rows = {label: (self.some(*numbers), np.ones(len(numbers))) for label, numbers in labels.items()}
        return self.catalog.tags.write(origin, rows, replace=replace, among=among)

    def where(self, where: Where | list[str]) -> list[int]:
        """Which pictures match."""
        found = self.catalog.images.match(Filter(conditions=parse_where(where)))
        return [self.ids.index(image) for image in found.tolist()]

    def words(self, *words: str, limit: int = 100) -> list[int]:
        """Which pictures hold the words, in the order found."""
        return [self.ids.index(image) for image in self.catalog.images.match_words(words, limit).ids.tolist()]

    def numbers(self, name: str, ids: Ids | None = None) -> dict[int, float]:
        found, values = self.catalog.columns.numbers(name, ids)
        assert found.tolist() == sorted(found.tolist())
        assert (found.dtype, values.dtype) == (np.int64, np.float64)
        return {self.ids.index(image): value for image, value in zip(found, values.tolist(), strict=True)}

    def pair(self, first: int, second: int, **facts: object) -> StoredPair:
        pair = StoredPair(
            a=self.ids[first],
            b=self.ids[second],
            tier="picture",
            score=0.5,
            verdict=0.75,
            evidence='{"seconds": 1}',
        )
        return replace(pair, **facts)
