"""The catalog against a plain dict, through any sequence of what can happen to files."""

import hashlib
import shutil
import tempfile
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from saccade.catalog import open_catalog
from saccade.core.decoding import FileEntry, FileStamp
from saccade.core.filters import Filter
from saccade.core.ports.files import SeenFile
from saccade.core.ports.images import NewImage
from saccade.core.types import EncoderInfo, Failure, ImageInfo, PixelRecipe, Role
from tests.helpers.properties import examples

pytestmark = pytest.mark.slow

PATHS = st.sampled_from(["a.jpg", "b.jpg", "d/a.jpg", "d/e/c.jpg", "é\udcff.jpg", "%_.jpg"])
DATA = st.sampled_from([b"1", b"2", b"3", b"4", b"5"])


def _vector(data: bytes) -> np.ndarray:
    row = np.array([data[0], 1, 2, 3], dtype=np.float32)
    return row / np.linalg.norm(row)


class CatalogMachine(RuleBasedStateMachine):
    """`files`: path -> the bytes it holds, or a state; `gone`: path -> bytes of missing ones."""

    @initialize()
    def start(self) -> None:
        self.home = tempfile.mkdtemp()
        self.files: dict[str, bytes | str] = {}
        self.gone: dict[str, bytes] = {}
        self.ids: dict[bytes, int] = {}
        self.catalog: Any = None
        self.reopen()
        encoder = EncoderInfo(
            name="m",
            fingerprint="m",
            dims={Role.COPY: 4},
            recipe=PixelRecipe(size=1),
            license="",
            reads_text=False,
        )
        self.space = self.catalog.spaces.ensure(encoder, Role.COPY).id
        self.run_id = self.catalog.runs.start("index")
        self.folder, _ = self.catalog.files.ensure_folder(self.home)

    def _entry(self, path: str, size: int) -> FileEntry:
        return FileEntry(path=f"{self.home}/{path}", stamp=FileStamp(size=size, mtime_ns=size))

    def _seen(self, path: str, data: bytes) -> SeenFile:
        info = ImageInfo(width=1, height=1, format="PNG", size_bytes=len(data))
        digest = hashlib.sha256(data).digest()
        image = NewImage(sha256=digest, info=info, embeddings={self.space: _vector(data)})
        return SeenFile(entry=self._entry(path, len(data)), image=image)

    def _record(self, *seen: SeenFile) -> list[int | None]:
        return list(self.catalog.files.record(self.run_id, self.folder, seen))

    @rule(batch=st.dictionaries(PATHS, DATA, min_size=1, max_size=4))
    def see_pictures(self, batch: dict[str, bytes]) -> None:
        ids = self._record(*(self._seen(path, data) for path, data in batch.items()))
        for (path, data), image in zip(batch.items(), ids, strict=True):
            assert image is not None
            assert self.ids.setdefault(data, image) == image
            self.files[path] = data
            self.gone.pop(path, None)

    @rule(path=PATHS, excluded=st.booleans())
    def see_garbage(self, path: str, excluded: bool) -> None:
        failure = None if excluded else Failure(path=path, code="broken", reason="garbage")
        self._record(SeenFile(entry=self._entry(path, 99), failure=failure))
        self.files[path] = "excluded" if excluded else "failed"
        self.gone.pop(path, None)

    @rule(paths=st.sets(PATHS, min_size=1))
    def delete(self, paths: set[str]) -> None:
        there = paths & self.files.keys()
        keys = [(path, "") for path in paths]
        assert self.catalog.files.mark_missing(self.run_id, self.folder, keys) == len(there)
        for path in there:
            held = self.files.pop(path)
            if isinstance(held, bytes):
                self.gone[path] = held

    @rule(path=PATHS)
    def restore(self, path: str) -> None:
        data = self.gone.pop(path, None)
        if data is not None:
            self._record(SeenFile(entry=self._entry(path, len(data)), image_id=self.ids[data]))
            self.files[path] = data

    @rule(old=PATHS, new=PATHS)
    def rename(self, old: str, new: str) -> None:
        data = self.files.get(old)
        if isinstance(data, bytes) and old != new:
            self._record(SeenFile(entry=self._entry(new, len(data)), image_id=self.ids[data]))
            self.catalog.files.mark_missing(self.run_id, self.folder, [(old, "")])
            self.gone[old] = self.files.pop(old)  # type: ignore[assignment]
            self.files[new] = data
            self.gone.pop(new, None)

    @rule()
    def reopen(self) -> None:
        if self.catalog is not None:
            self.catalog.close()
        self.catalog = open_catalog(f"{self.home}/.saccade", create=True, home=self.home)

    @invariant()
    def agrees(self) -> None:
        if not hasattr(self, "space"):
            return
        held = {path: data for path, data in self.files.items() if isinstance(data, bytes)}
        present = {self.ids[data] for data in held.values()}
        known = {
            path: (one.state, one.image_id)
            for (path, _), one in self.catalog.files.known(self.folder).items()
        }
        assert known == (
            {path: ("indexed", self.ids[data]) for path, data in held.items()}
            | {path: (data, None) for path, data in self.files.items() if isinstance(data, str)}
            | {path: ("missing", self.ids[data]) for path, data in self.gone.items()}
        )
        assert self.catalog.images.match(Filter()).tolist() == sorted(present)
        absent = sorted(set(self.ids.values()) - present)
        assert self.catalog.embeddings.absent(self.space).tolist() == absent
        rows = list(self.catalog.embeddings.after(self.space, 0))
        stored = {i: row for _, ids, vectors in rows for i, row in zip(ids.tolist(), vectors, strict=True)}
        assert sorted(stored) == sorted(self.ids.values())
        for data, image in self.ids.items():
            assert np.array_equal(stored[image], _vector(data))
        for image, record in zip(
            self.ids.values(), self.catalog.images.get(list(self.ids.values())), strict=True
        ):
            paths = sorted(f"{self.home}/{p}" for p, data in held.items() if self.ids[data] == image)
            assert list(record.paths) == paths
        counts = self.catalog.health.counts()
        assert (counts.images, counts.files, counts.missing) == (len(present), len(held), len(self.gone))
        assert sorted(self.catalog.images.match_words(["jpg"], 99).ids.tolist()) == sorted(present)
        assert self.catalog.health.stale_images().tolist() == []

    def teardown(self) -> None:
        if hasattr(self, "home"):
            assert self.catalog.health.problems() == []
            self.catalog.close()
            shutil.rmtree(self.home)


TestCatalogModel = CatalogMachine.TestCase
TestCatalogModel.settings = examples(25, stateful_step_count=20)
