"""A whole search through a retriever that evaluates the filter itself: nobody resolves ids for it."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from saccade import Library, open_library
from saccade.catalog.images import SqlImages
from saccade.core.filters import Filter
from saccade.core.hits import SearchResult
from saccade.core.types import SpaceInfo
from saccade.indexes import IndexFiles
from tests.contracts.remote import RemoteRetriever


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """Twelve pictures, 20 to 31 pixels wide."""
    rng = np.random.default_rng(4)
    for number in range(12):
        blocks = rng.integers(0, 256, (4, 5, 3), np.uint8)
        Image.fromarray(blocks).resize((20 + number, 16), Image.Resampling.NEAREST).save(
            tmp_path / f"{number:02}.png"
        )
    made = open_library(tmp_path)
    made.index(tmp_path)
    return made


def away(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every space is searched by a remote retriever that holds all rows but the last two."""
    catalog = library.context.catalog

    def opened(_: IndexFiles, space: SpaceInfo) -> RemoteRetriever:
        batches = list(catalog.embeddings.after(space.id, 0, 1))[:10]
        ids = np.concatenate([ids for _, ids, _ in batches])
        widths = {record.id: float(record.info.width) for record in catalog.images.get(ids.tolist())}
        rows = np.concatenate([rows for *_, rows in batches])
        return RemoteRetriever(ids, rows, {"width": widths}, sequence=batches[-1][0])

    monkeypatch.setattr(IndexFiles, "open", opened)


def told(result: SearchResult) -> list[tuple[str, int]]:
    """What a search answers."""
    return [(hit.image_id, round(hit.score * 1e5)) for hit in result.hits]


def test_a_filter_reaches_a_remote_retriever_as_conditions(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It answers what a local index answers, and the catalog is asked for no ids of the filter."""
    where = {"width": [(">", 21), ("<", 29)]}
    picture = tmp_path / "03.png"
    expected = library.search(image=picture, where=where, k=20)
    assert len(expected.hits) == 7
    # The two rows newer than the retriever are local; without them nothing needs ids.
    newest = [one.name for one in sorted(tmp_path.glob("*.png"))[-2:]]
    library.forget(*(tmp_path / name for name in newest))
    library.close()
    library = open_library(tmp_path)
    asked: list[Filter] = []
    real = SqlImages.match

    def match(self: SqlImages, filter: Filter) -> np.ndarray:
        asked.append(filter)
        return real(self, filter)

    monkeypatch.setattr(SqlImages, "match", match)
    away(library, monkeypatch)
    assert told(library.search(image=picture, where=where, k=20)) == told(expected)
    assert len(library.search(image=picture, k=20).hits) == 10
    assert asked == []
    library.close()


def test_rows_newer_than_a_remote_retriever_are_filtered_here(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And merged with its answer."""
    expected = told(library.search(image=tmp_path / "03.png", where={"width": (">", 24)}, k=20))
    library.close()
    library = open_library(tmp_path)
    away(library, monkeypatch)
    assert told(library.search(image=tmp_path / "03.png", where={"width": (">", 24)}, k=20)) == expected
    assert len(expected) == 7
    library.close()
