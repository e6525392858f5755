"""The rules of `saccade.core.ports.indexes.IndexStore`: what upsert and delete do to every kind of index."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saccade.core.errors import InputError, InvalidVectorError, StorageError
from saccade.core.ports.indexes import Index, IndexSummary, NoIndex
from saccade.core.types import Embeddings, Ids, Role, SpaceInfo
from saccade.core.vectors import normalize, top_k
from saccade.indexes import IndexFiles
from tests.helpers.properties import examples

KINDS = ["flat", "ivf", "hnsw"]
DIM = 16
SIZE = 1200
SPACE = SpaceInfo(id=1, role=Role.SEMANTIC, encoder="fake", fingerprint="ab" * 32, dim=DIM, active=True)
NOTHING = np.empty(0, np.int64)


def drawn(size: int, seed: int) -> Embeddings:
    """Unit rows in clusters that overlap."""
    rng = np.random.default_rng(seed)
    centers = np.random.default_rng(0).standard_normal((12, DIM))
    return normalize(centers[rng.integers(0, 12, size)] + 0.7 * rng.standard_normal((size, DIM)))


QUERIES = np.concatenate([drawn(20, 1), normalize(np.random.default_rng(2).standard_normal((20, DIM)))])


class Shelf:
    """A store with one index, and what it must hold: rows by id, and the sequence number of each."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.store = IndexFiles(str(folder))
        self.kind = kind
        self.rows: dict[int, Embeddings] = {}
        self.sequences: dict[int, int] = {}
        self.last = 0
        ids, rows = np.arange(1, SIZE + 1) * 3, drawn(SIZE, 3)
        self.store.build(SPACE, self.recorded(ids, rows), kind=kind)

    def recorded(self, ids: Ids, rows: Embeddings) -> list[tuple[int, Ids, Embeddings]]:
        """Batches as a catalog gives them."""
        self.rows |= dict(zip(ids.tolist(), rows, strict=True))
        self.sequences |= {one: self.last + at + 1 for at, one in enumerate(ids.tolist())}
        first, self.last = self.last, self.last + len(ids)
        return [
            (first + min(at + 100, len(ids)), ids[at : at + 100], rows[at : at + 100])
            for at in range(0, len(ids), 100)
        ]

    def upsert(self, ids: Ids, seed: int) -> IndexSummary | NoIndex:
        """New rows for these ids."""
        return self.store.upsert(SPACE, self.recorded(ids, drawn(len(ids), seed)), kind=self.kind)

    def delete(self, ids: Ids) -> IndexSummary | NoIndex:
        """Without these ids."""
        for one in ids.tolist():
            self.rows.pop(one, None)
            self.sequences.pop(one, None)
        last = max(self.sequences.values(), default=0)
        return self.store.delete(SPACE, ids, sequence=last, kind=self.kind)

    def opened(self) -> Index:
        index = self.store.open(SPACE)
        assert not isinstance(index, NoIndex), index
        return index

    def check(self) -> None:
        """The index answers as one built from the rows."""
        index = self.opened()
        ids = np.array(sorted(self.rows), np.int64)
        rows = np.array([self.rows[one] for one in ids.tolist()], np.float32).reshape(-1, DIM)
        assert (index.size, index.sequence) == (len(ids), max(self.sequences.values(), default=0))
        assert index.kind == (self.kind if len(ids) else "flat")
        every, scores = index.search(QUERIES[:3], len(ids) + 1)
        expected, cosines = top_k(QUERIES[:3], rows, len(ids) + 1, ids)
        np.testing.assert_array_equal(every, expected)
        np.testing.assert_allclose(scores, cosines, atol=1e-6)
        found, _ = index.search(QUERIES, 10)
        expected, _ = top_k(QUERIES, rows, 10, ids)
        hits = [len(np.intersect1d(*pair)) for pair in zip(found, expected, strict=True)]
        assert sum(hits) >= (1.0 if index.kind == "flat" else 0.97) * expected.size
        index.close()
        assert self.store.verify(SPACE) == []


@pytest.fixture(params=KINDS)
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Shelf:
    """An index of each kind, with ids 3, 6, 9 and so on."""
    return Shelf(tmp_path, request.param)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each kind."""
    return request.param  # type: ignore[no-any-return]


@examples(8)
@given(
    steps=st.lists(
        st.tuples(st.booleans(), st.sampled_from([1, 20, 300]), st.integers(0, 9)), min_size=1, max_size=4
    )
)
def test_any_changes_give_what_a_build_from_the_final_rows_gives(
    kind: str, steps: list[tuple[bool, int, int]]
) -> None:
    """New ids between, below and above the old ones, replaced rows, and ids that are not there."""
    with TemporaryDirectory() as folder:
        shelf = Shelf(Path(folder), kind)
        for adds, count, seed in steps:
            ids = np.sort(np.random.default_rng(seed).choice(4 * SIZE, count, replace=False) + 1)
            done = shelf.upsert(ids, seed + 10) if adds else shelf.delete(ids)
            assert isinstance(done, IndexSummary)
            assert (done.kind, done.size, done.sequence) == (
                shelf.kind,
                len(shelf.rows),
                max(shelf.sequences.values()),
            )
        shelf.check()


def test_everything_can_be_deleted_and_put_back(shelf: Shelf) -> None:
    """What is left is an empty index; rows may be added to it."""
    done = shelf.delete(np.array(sorted(shelf.rows)))
    assert isinstance(done, IndexSummary)
    assert (done.kind, done.size, done.sequence) == ("flat", 0, 0)
    shelf.check()
    shelf.upsert(np.arange(5, 40), 7)
    shelf.check()


def test_the_newest_deleted_the_sequence_is_that_of_the_newest_left(shelf: Shelf) -> None:
    """Or the catalog would not know the index for its own."""
    shelf.delete(np.array([3 * SIZE]))
    assert shelf.opened().sequence == SIZE - 1
    shelf.check()


def test_unknown_ids_and_no_rows_change_nothing(shelf: Shelf, tmp_path: Path) -> None:
    """Not even the files; but what a killed change left is removed."""
    left = tmp_path / "space-1" / "gen-0123"
    left.mkdir()
    before = (tmp_path / "space-1" / "current.json").read_bytes()
    for ids in (NOTHING, np.array([-4, 1, 2, 3 * SIZE + 1])):
        done = shelf.delete(ids)
        assert isinstance(done, IndexSummary)
        assert (done.kind, done.size, done.sequence) == (shelf.kind, SIZE, SIZE)
        assert not left.exists()
    shelf.store.upsert(SPACE, [], kind=shelf.kind)
    assert (tmp_path / "space-1" / "current.json").read_bytes() == before
    shelf.check()


def test_a_row_of_a_known_id_replaces_its_row(shelf: Shelf) -> None:
    """The old row is found no more, and the size stays."""
    old = shelf.rows[30][None]
    shelf.upsert(np.array([30]), 8)
    index = shelf.opened()
    assert index.search(shelf.rows[30][None], 1)[0].tolist() == [[30]]
    assert index.search(old, 1)[0].tolist() != [[30]]
    assert index.size == SIZE
    shelf.check()


def test_open_readers_are_unaffected(shelf: Shelf) -> None:
    """They answer as before, as often as the index is changed."""
    reader = shelf.opened()
    before = reader.search(QUERIES, 10)
    shelf.delete(np.arange(0, 600, 3))
    shelf.upsert(np.arange(1, 600, 3), 9)
    after = reader.search(QUERIES, 10)
    np.testing.assert_array_equal(before[0], after[0])
    np.testing.assert_array_equal(before[1], after[1])


def test_bad_input_leaves_the_index_as_it_was(shelf: Shelf) -> None:
    """Rows that are no embeddings, an id twice, another dimension, an unknown kind."""
    one = np.array([1])
    with pytest.raises(InvalidVectorError):
        shelf.store.upsert(SPACE, [(9999, one, np.full((1, DIM), np.nan, np.float32))], kind=shelf.kind)
    with pytest.raises(InvalidVectorError):
        shelf.store.upsert(SPACE, [(9999, one, np.eye(1, DIM + 1, dtype=np.float32))], kind=shelf.kind)
    with pytest.raises(StorageError, match="image 1 has two"):
        shelf.store.upsert(SPACE, [(number, one, drawn(1, 1)) for number in (9998, 9999)], kind=shelf.kind)
    with pytest.raises(InputError, match="tree"):
        shelf.store.delete(SPACE, one, sequence=1, kind="tree")
    shelf.check()


def test_without_an_index_there_is_nothing_to_change(tmp_path: Path) -> None:
    """Both say so, and write nothing."""
    store = IndexFiles(str(tmp_path))
    expected = NoIndex(reason="no index was built", damaged=False)
    assert store.upsert(SPACE, [(1, np.array([1]), drawn(1, 1))]) == expected
    assert store.delete(SPACE, np.array([1]), sequence=0) == expected
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["ids.i64", "vectors.f32", "manifest.json", "../current.json"])
def test_a_damaged_index_is_not_changed_and_delete_removes_it(
    shelf: Shelf, tmp_path: Path, name: str
) -> None:
    """Anywhere in its files: a new seal would vouch for it, and a damaged id would hide its row."""
    (generation,) = tmp_path.glob("space-1/gen-*")
    file = generation / name
    content = bytearray(file.read_bytes())
    content[-1] ^= 0x10
    file.write_bytes(content)
    done = shelf.store.upsert(SPACE, [(9999, np.array([1]), drawn(1, 1))], kind=shelf.kind)
    assert isinstance(done, NoIndex)
    assert done.damaged
    assert file.read_bytes() == content
    done = shelf.store.delete(SPACE, np.array([1]), sequence=SIZE, kind=shelf.kind)
    assert isinstance(done, NoIndex)
    assert list(tmp_path.iterdir()) == []
