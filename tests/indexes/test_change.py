"""Changing lists: no k-means, no trace of a lost row, and a build where a change would not do."""

from collections.abc import Callable, Iterable
from pathlib import Path

import faiss
import numpy as np
import pytest

from saccade.core.ports.indexes import IndexSummary
from saccade.core.types import Embeddings, Ids, SpaceInfo
from saccade.core.vectors import normalize
from saccade.indexes import IndexFiles, ann, build, change

COUNT = 2000

Batches = Iterable[tuple[int, Ids, Embeddings]]
MakeBatches = Callable[[int], Batches]


@pytest.fixture
def store(tmp_path: Path, space: SpaceInfo, batches: MakeBatches) -> IndexFiles:
    """With an index of lists of ids 1 to 2000."""
    made = IndexFiles(str(tmp_path))
    made.build(space, batches(COUNT), kind="ivf")
    return made


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of structures built from here on."""
    sizes: list[int] = []
    real = build.build

    def counted(folder: Path, rows: build.Rows, *others: object) -> build.Built:
        sizes.append(len(rows))
        return real(folder, rows, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(build, "build", counted)
    return sizes


def newer(batches: MakeBatches, first: int, last: int) -> Batches:
    return [(number, ids, rows) for number, ids, rows in batches(last) if number > first]


def structure(folder: Path) -> faiss.Index:
    (file,) = folder.glob("space-3/gen-*/candidates.faiss")
    return ann.read(file, mapped=False)


def test_few_new_and_lost_rows_need_no_build(
    store: IndexFiles, space: SpaceInfo, batches: MakeBatches, builds: list[int], tmp_path: Path
) -> None:
    """The lists are the same, and hold each row once."""
    before = structure(tmp_path)
    store.upsert(space, newer(batches, COUNT, COUNT + 500), kind="ivf")
    done = store.delete(space, np.arange(100, 110), sequence=COUNT + 500, kind="ivf")
    assert isinstance(done, IndexSummary)
    assert (done.kind, done.size, done.note) == ("ivf", COUNT + 490, "")
    assert done.recall >= build.RECALL_GATE
    assert builds == []
    after = structure(tmp_path)
    assert after.nlist == before.nlist  # type: ignore[attr-defined]
    lists = after.invlists  # type: ignore[attr-defined]
    held = [
        faiss.rev_swig_ptr(lists.get_ids(one), lists.list_size(one))
        for one in range(after.nlist)  # type: ignore[attr-defined]
        if lists.list_size(one)
    ]
    np.testing.assert_array_equal(np.sort(np.concatenate(held)), np.arange(COUNT + 490))


def test_a_structure_that_is_outgrown_is_built_anew(
    store: IndexFiles, space: SpaceInfo, batches: MakeBatches, builds: list[int]
) -> None:
    """From more than twice the rows on that its lists were made for."""
    store.upsert(space, newer(batches, COUNT, 2 * COUNT - 500), kind="ivf")
    assert builds == []
    store.upsert(space, newer(batches, 2 * COUNT - 500, 2 * COUNT + 500), kind="ivf")
    assert builds == [2 * COUNT + 500]


def test_a_changed_structure_below_the_gate_is_built_anew(
    store: IndexFiles,
    space: SpaceInfo,
    batches: MakeBatches,
    builds: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The gate judges what is published, whatever it was made from."""
    monkeypatch.setattr(build, "judged", lambda *given: build.RECALL_GATE - 0.001)
    done = store.upsert(space, newer(batches, COUNT, COUNT + 500), kind="ivf")
    assert builds == [COUNT + 500]
    assert isinstance(done, IndexSummary)
    assert done.kind == "ivf"


def test_another_kind_is_built_from_the_stored_rows(
    store: IndexFiles, space: SpaceInfo, batches: MakeBatches, builds: list[int]
) -> None:
    """A graph gives no row back, and "auto" may want lists or not, by the new size."""
    kinds = [
        store.upsert(space, newer(batches, COUNT, COUNT + 500), kind=kind).kind  # type: ignore[union-attr]
        for kind in ("hnsw", "hnsw", "auto", "ivf")
    ]
    assert kinds == ["hnsw", "hnsw", "flat", "ivf"]
    assert builds == [COUNT + 500] * 3


def test_no_center_is_a_row_that_was_deleted(
    store: IndexFiles, space: SpaceInfo, batches: MakeBatches, builds: list[int], tmp_path: Path
) -> None:
    """A row alone in its list is its center: after it is deleted, its bytes and its numbers are nowhere."""
    rng = np.random.default_rng(7)
    axes = np.linalg.qr(rng.standard_normal((16, 16)))[0]
    cloud = normalize(axes[0] + 0.1 * rng.standard_normal((COUNT, 16)))
    far = normalize(np.concatenate([axes[1:], -axes[1:]]))
    far_ids = np.arange(COUNT + 1, COUNT + 31)
    store.build(space, [(1, np.arange(1, COUNT + 1), cloud), (2, far_ids, far)], kind="ivf")
    builds.clear()

    def centers() -> Embeddings:
        made = structure(tmp_path)
        flat = faiss.downcast_index(made.quantizer)  # type: ignore[attr-defined]
        return np.array(flat.reconstruct_n(0, flat.ntotal))

    alone = np.flatnonzero((far @ centers().T).max(axis=1) > 1 - 1e-6)
    assert len(alone) > 0
    store.delete(space, far_ids[alone], sequence=2, kind="ivf")
    assert builds == []
    assert (far[alone] @ centers().T).max() < 1 - 1e-4
    files = [file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()]
    assert not any(far[one].tobytes() in content for one in alone for content in files)


def test_few_rows_and_graphs_are_not_changed() -> None:
    """They are built anew."""
    assert change.changeable("ivf", {"lists": 63}, 1000)
    assert not change.changeable("ivf", {"lists": 63}, 999)
    assert not change.changeable("hnsw", {"effort": 64}, 1000)
