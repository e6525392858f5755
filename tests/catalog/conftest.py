"""Rows for the catalog's own tests, short to write."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from saccade.catalog import SqlCatalog, open_catalog
from saccade.core.decoding import FileEntry, FileStamp
from saccade.core.ports.files import SeenFile
from saccade.core.ports.images import NewImage
from saccade.core.types import EncoderInfo, ImageInfo, PixelRecipe, Role

DIM = 8


class Library:
    """A catalog in `home`/.saccade with one space, a folder and a run."""

    def __init__(self, home: str) -> None:
        self.home = home
        self.folder_path = f"{home}/.saccade"
        self.database = Path(self.folder_path, "catalog.db")
        self.catalog = self.open(create=True)
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

    def open(self, *, create: bool = False, read_only: bool = False) -> SqlCatalog:
        return open_catalog(self.folder_path, create=create, home=self.home, read_only=read_only)

    def vector(self, data: bytes) -> np.ndarray:
        seed = int.from_bytes(hashlib.sha256(data).digest()[:8], "big")
        row = np.random.default_rng(seed).standard_normal(DIM).astype(np.float32)
        return row / np.linalg.norm(row)

    def picture(self, path: str, data: bytes, member: str = "") -> SeenFile:
        stamp = FileStamp(size=len(data), mtime_ns=1)
        return SeenFile(
            entry=FileEntry(path=f"{self.home}/{path}", stamp=stamp, member=member),
            image=NewImage(
                sha256=hashlib.sha256(data).digest(),
                info=ImageInfo(width=4, height=3, format="JPEG", size_bytes=len(data)),
                embeddings={self.space: self.vector(data)},
            ),
        )

    def record(self, *seen: SeenFile) -> list[int | None]:
        return self.catalog.files.record(self.run, self.folder, seen)


@pytest.fixture
def library_type() -> type[Library]:
    """For tests that make libraries themselves."""
    return Library


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """A fresh one, closed at the end."""
    made = Library(str(tmp_path))
    yield made
    made.catalog.close()
