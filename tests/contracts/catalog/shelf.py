"""A catalog with a folder, for the contracts of files, images and embeddings."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from saccade.catalog import open_catalog
from saccade.core.decoding import FileEntry, FileStamp
from saccade.core.filters import Filter, parse_where
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.files import SeenFile
from saccade.core.ports.images import NewImage as New
from saccade.core.types import EncoderInfo, ImageInfo, PixelRecipe, Role

DIMS = {Role.SEMANTIC: 6, Role.COPY: 4}
Opener = Callable[[str], Catalog]


def _open_sqlite(home: str) -> Catalog:
    return open_catalog(f"{home}/.saccade", create=True, home=home, wait_s=0.2)


IMPLEMENTATIONS: Mapping[str, Opener] = {"sqlite": _open_sqlite}


def encoder(fingerprint: str = "a" * 64) -> EncoderInfo:
    """An encoder with a semantic and a copy space."""
    return EncoderInfo(
        name="fake",
        fingerprint=fingerprint,
        dims=DIMS,
        recipe=PixelRecipe(size=8),
        license="none",
        reads_text=True,
    )


class Shelf:
    """A catalog under test, with what makes rows for it short."""

    def __init__(self, opener: Opener, home: str) -> None:
        self.opener, self.home = opener, home
        self.catalog = opener(home)
        self.spaces = {role: self.catalog.spaces.ensure(encoder(), role).id for role in DIMS}
        self.space = self.spaces[Role.SEMANTIC]
        self.folder, _ = self.catalog.files.ensure_folder(home)
        self.run = self.catalog.runs.start("index")

    def reopen(self) -> None:
        """As a new process finds it."""
        self.catalog.close()
        self.catalog = self.opener(self.home)

    def vector(self, data: bytes, role: Role = Role.SEMANTIC) -> np.ndarray:
        """The unit vector that these bytes always have."""
        seed = int.from_bytes(hashlib.sha256(data + role.encode()).digest()[:8], "big")
        row = np.random.default_rng(seed).standard_normal(DIMS[role]).astype(np.float32)
        return row / np.linalg.norm(row)

    def entry(self, path: str, size: int = 1, mtime_ns: int = 1, member: str = "") -> FileEntry:
        return FileEntry(
            path=f"{self.home}/{path}", stamp=FileStamp(size=size, mtime_ns=mtime_ns), member=member
        )

    def image(self, data: bytes, **facts: object) -> New:
        info = replace(ImageInfo(width=40, height=30, format="JPEG", size_bytes=len(data)), **facts)
        rows = {space: self.vector(data, role) for role, space in self.spaces.items()}
        return New(sha256=hashlib.sha256(data).digest(), info=info, embeddings=rows)

    def picture(self, path: str, data: bytes, member: str = "", **facts: object) -> SeenFile:
        return SeenFile(entry=self.entry(path, len(data), member=member), image=self.image(data, **facts))

    def record(self, *seen: SeenFile) -> list[int | None]:
        return list(self.catalog.files.record(self.run, self.folder, seen))

    def gone(self, *paths: str) -> int:
        return self.catalog.files.mark_missing(self.run, self.folder, [(path, "") for path in paths])

    def words(self, *words: str, limit: int = 100) -> list[int]:
        return sorted(self.catalog.images.match_words(words, limit).ids.tolist())

    def where(self, *expressions: str) -> list[int]:
        return self.catalog.images.match(Filter(conditions=parse_where(list(expressions)))).tolist()
