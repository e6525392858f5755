"""A desk with a real catalog, index files and decoder, and an encoder one can compute in the head.

The encoder sees colors. Semantic: the mean color (r, g, b, 0) as a unit row, black (0, 0, 0, 1). A text is
the mean of its color words; a text without any is near (0, 0, 0, 1), which no colored picture resembles.
Copy: the colors of the four quarters, each minus middle gray.
"""

import hashlib
import io
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from saccade.catalog import SqlCatalog, open_catalog
from saccade.catalog.sqlite import driver
from saccade.core.calibration import Calibration
from saccade.core.filters import Filter, parse_where
from saccade.core.hits import SearchResult
from saccade.core.ports.decoders import ReportProgress
from saccade.core.ports.tools import Walk
from saccade.core.status import IndexReport
from saccade.core.types import Embeddings, EncoderInfo, PixelRecipe, Pixels, Role
from saccade.core.vectors import normalize
from saccade.engine.query import Part
from saccade.engine.refresh import load_calibration, measure, refresh
from saccade.engine.space import SpaceReader
from saccade.indexes import IndexFiles
from saccade.sources.pool import GuardedDecoder
from saccade.sources.walk import walk as real_walk
from saccade.usecases.indexing.flow.doctor import Doctor
from saccade.usecases.indexing.flow.run import index_paths
from saccade.usecases.searching.flow.search import Collapsing, search

Color = tuple[int, int, int]
COLORS: Mapping[str, Color] = {
    "red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255), "yellow": (255, 255, 0),
    "cyan": (0, 255, 255), "magenta": (255, 0, 255), "orange": (255, 128, 0), "white": (255, 255, 255),
    "black": (0, 0, 0),
}  # fmt: skip
SIDE = 8
ALIKE = 0.999


class ColorEncoder:
    """See the module; `seen` counts the pictures it was given."""

    def __init__(self, fingerprint: str = "c" * 64) -> None:
        self.seen = 0
        self.info = EncoderInfo(
            name="color",
            fingerprint=fingerprint,
            dims={Role.SEMANTIC: 4, Role.COPY: 12},
            recipe=PixelRecipe(size=SIDE),
            license="none",
            reads_text=True,
            copy_threshold=ALIKE,
        )

    def encode_pixels(self, pixels: Pixels) -> dict[Role, Embeddings]:
        self.seen += len(pixels)
        quarters = pixels.reshape(len(pixels), 2, SIDE // 2, 2, SIDE // 2, 3).mean(axis=(2, 4))
        return {
            Role.SEMANTIC: self._semantic(quarters.mean(axis=(1, 2))),
            Role.COPY: normalize(quarters.reshape(len(pixels), 12) - 127.0),
        }

    def encode_texts(self, texts: Sequence[str]) -> Embeddings:
        return normalize(np.array([self._text(text) for text in texts]).reshape(-1, 4))

    def _text(self, text: str) -> np.ndarray:
        found = [COLORS[word] for word in text.lower().split() if word in COLORS]
        if found:
            return self._semantic(np.mean(found, axis=0, keepdims=True))[0]
        digest = hashlib.sha256(text.encode()).digest()  # a little of each color, else all would score alike
        return np.array([*(byte / 1020 - 0.125 for byte in digest[:3]), 1.0])

    def _semantic(self, means: np.ndarray) -> Embeddings:
        dark = means.max(axis=1, keepdims=True) < 1
        return normalize(np.hstack([np.where(dark, 0, means), dark]))


class Desk:
    """A library's parts in one folder, and short words for what tests do with them."""

    def __init__(self, home: Path, decoder: GuardedDecoder) -> None:
        self.home = home
        self.decoder = decoder
        self.encoder = ColorEncoder()
        self.open()

    def open(self) -> None:
        """As a new process finds it."""
        self.catalog: SqlCatalog = open_catalog(
            str(self.home / ".saccade"), create=True, home=str(self.home), wait_s=0.2
        )
        self.store = IndexFiles(str(self.home / ".saccade" / "indexes"))
        self.readers: dict[Role, SpaceReader] = {}

    def close(self) -> None:
        for reader in self.readers.values():
            reader.close()
        self.catalog.close()

    def reopen(self) -> None:
        self.close()
        self.open()

    # --- files

    def path(self, name: str) -> Path:
        place = self.home / name
        place.parent.mkdir(parents=True, exist_ok=True)
        return place

    def picture(self, name: str, color: str | Color = "red", *, mark: str = "") -> Path:
        """A picture of one color; `mark` changes its bytes and not its pixels."""
        place = self.path(name)
        place.write_bytes(png(color, mark))
        return place

    def write(self, name: str, content: bytes) -> Path:
        place = self.path(name)
        place.write_bytes(content)
        return place

    def zip(self, name: str, members: Mapping[str, bytes]) -> Path:
        place = self.path(name)
        with zipfile.ZipFile(place, "w") as archive:
            for member, content in members.items():
                archive.writestr(zipfile.ZipInfo(member, (2024, 1, 1, 0, 0, 0)), content)
        return place

    # --- use-cases

    def index(
        self,
        *names: str,
        exclude: Sequence[str] = (),
        allow_empty: bool = False,
        walk: Walk = real_walk,
        decoder: object = None,
        progress: ReportProgress | None = None,
    ) -> IndexReport:
        return index_paths(
            self.catalog,
            decoder or self.decoder,  # type: ignore[arg-type]
            self.encoder,
            walk,
            [str(self.home / name) if name else str(self.home) for name in names or ("",)],
            exclude=exclude,
            allow_empty=allow_empty,
            progress=progress,
        )

    def reader(self, role: Role = Role.SEMANTIC) -> SpaceReader:
        if role not in self.readers:
            space = self.catalog.spaces.ensure(self.encoder.info, role)
            self.readers[role] = SpaceReader(self.catalog, self.store, space)
        return self.readers[role]

    def all_readers(self) -> list[SpaceReader]:
        return [self.reader(role) for role in self.encoder.info.dims]

    def refresh(self, *, force: bool = False) -> None:
        with self.catalog.writing():
            refresh(
                self.catalog, self.store, self.encoder, self.all_readers(), report=lambda _: None, force=force
            )

    def part(self, thing: str, weight: float = 1.0) -> Part:
        """A part in words, or (where a file is named) in its picture."""
        if "." not in thing:
            return Part(label=thing, vector=self.encoder.encode_texts([thing])[0], weight=weight, text=thing)
        record = self.catalog.images.by_path(str(self.home / thing))
        assert record is not None
        row = self.catalog.embeddings.get(self.reader().space.id, np.array([record.id]))[0]
        return Part(label=thing, vector=row, weight=weight)

    def calibration(self) -> Calibration:
        reader = self.reader()
        return load_calibration(self.catalog, reader.space) or measure(self.catalog, self.encoder, reader)

    def ask(
        self,
        *parts: str | Part,
        k: int = 100,
        where: Sequence[str] = (),
        folders: Sequence[str] = (),
        collapsed: bool = False,
        leave_out: int | None = None,
    ) -> SearchResult:
        found = [self.part(part) if isinstance(part, str) else part for part in parts]
        wanted = Filter(
            conditions=parse_where(list(where)), folders=tuple(str(self.home / name) for name in folders)
        )
        return search(
            self.catalog,
            self.reader(),
            found,
            self.calibration(),
            k=k,
            started=0.0,
            stop_words=frozenset({"the"}),
            filter=wanted,
            collapsing=Collapsing(space=self.reader(Role.COPY).space, threshold=ALIKE) if collapsed else None,
            leave_out=leave_out,
        )

    def names(self, result: SearchResult) -> list[str]:
        return [os.path.relpath(hit.path, self.home) for hit in result]

    def found(self, *parts: str | Part, k: int = 100) -> set[str]:
        """Every path that any search can find."""
        paths = [path for hit in self.ask(*(parts or ("red",)), k=k) for path in hit.paths]
        return {os.path.relpath(path, self.home) for path in paths}

    def image(self, name: str) -> int:
        record = self.catalog.images.by_path(str(self.home / name))
        assert record is not None
        return record.id

    def doctor(self, walk: Walk = real_walk) -> Doctor:
        return Doctor(
            catalog=self.catalog,
            store=self.store,
            decoder=self.decoder,
            encoder=self.encoder,
            walk=walk,
            report=lambda _: None,
        )


def png(color: str | Color = "red", mark: str = "") -> bytes:
    """A picture file of one color."""
    extra = PngImagePlugin.PngInfo()
    extra.add_text("mark", mark)
    buffer = io.BytesIO()
    value = COLORS[color] if isinstance(color, str) else color
    Image.new("RGB", (SIDE, SIDE), value).save(buffer, "PNG", pnginfo=extra)
    return buffer.getvalue()


@pytest.fixture
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests pull no plug; the tests of durability are with the catalog and the indexes."""
    fast = [setting.replace("synchronous=FULL", "synchronous=OFF") for setting in driver._SETTINGS]
    monkeypatch.setattr(driver, "_SETTINGS", tuple(fast))
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture(scope="session")
def decoder() -> Iterator[GuardedDecoder]:
    """Guarded workers, started once."""
    with GuardedDecoder(PixelRecipe(size=SIDE), workers=2) as made:
        yield made


@pytest.fixture
def desk(tmp_path: Path, decoder: GuardedDecoder, _no_waiting_for_the_disk: None) -> Iterator[Desk]:
    """An empty library beside an empty folder of photos."""
    home = tmp_path / "home"
    home.mkdir()
    made = Desk(home, decoder)
    yield made
    made.close()


@pytest.fixture
def make_png() -> Callable[..., bytes]:
    """Bytes of a picture of one color."""
    return png


@pytest.fixture
def make_desk(decoder: GuardedDecoder, _no_waiting_for_the_disk: None) -> Callable[[Path], Desk]:
    """Desks in folders of your own; close them."""
    return lambda home: Desk(home, decoder)
