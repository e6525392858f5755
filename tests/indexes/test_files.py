"""Files of indexes: built aside, switched in one step, damage found, nothing left behind."""

import dataclasses
import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import faiss
import numpy as np
import pytest

from saccade.core.errors import (
    DiskFullError,
    InputError,
    InvalidVectorError,
    ReadOnlyError,
    StorageError,
)
from saccade.core.ports.indexes import Index, NoIndex
from saccade.core.types import Embeddings, Ids, Progress, Role, SpaceInfo
from saccade.indexes import IndexFiles, build, filling

KINDS = ["flat", "ivf", "hnsw"]
COUNT = 2000

Batches = Iterable[tuple[int, Ids, Embeddings]]
MakeBatches = Callable[[int], Batches]


def opened(store: IndexFiles, space: SpaceInfo) -> Index:
    index = store.open(space)
    assert not isinstance(index, NoIndex), index
    return index


def problem(store: IndexFiles, space: SpaceInfo) -> NoIndex:
    index = store.open(space)
    assert isinstance(index, NoIndex)
    return index


def query(batches: MakeBatches) -> Embeddings:
    return next(iter(batches(COUNT)))[2][:1]


@pytest.fixture
def store(tmp_path: Path) -> IndexFiles:
    """A store in an empty folder."""
    return IndexFiles(str(tmp_path))


@pytest.fixture(params=KINDS)
def built(
    request: pytest.FixtureRequest, store: IndexFiles, space: SpaceInfo, batches: MakeBatches
) -> IndexFiles:
    """The store with an index of each kind."""
    store.build(space, batches(COUNT), kind=request.param)
    return store


def generation(folder: Path) -> Path:
    (found,) = folder.glob("space-3/gen-*")
    return found


def test_nothing_built_is_no_damage(store: IndexFiles, space: SpaceInfo) -> None:
    """A space without an index opens as such, verifies clean, and can be removed."""
    assert problem(store, space) == NoIndex(reason="no index was built", damaged=False)
    assert store.verify(space) == []
    store.remove(space)


def test_summary_says_what_was_built(store: IndexFiles, space: SpaceInfo, batches: MakeBatches) -> None:
    """Kind, size, sequence, recall and bytes; "auto" is flat for few rows."""
    summary = store.build(space, batches(COUNT))
    assert (summary.kind, summary.size, summary.sequence) == ("flat", COUNT, COUNT)
    assert (summary.recall, summary.note) == (1.0, "")
    assert summary.size_bytes == COUNT * (16 * 4 + 8)
    summary = store.build(space, batches(COUNT), kind="ivf")
    assert summary.kind == "ivf"
    assert 0.98 <= summary.recall <= 1


def test_auto_is_ivf_from_the_limit_on(
    store: IndexFiles, space: SpaceInfo, batches: MakeBatches, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FLAT_BELOW itself is the first size that gets lists."""
    monkeypatch.setattr(filling, "FLAT_BELOW", COUNT)
    assert store.build(space, batches(COUNT - 1)).kind == "flat"
    assert store.build(space, batches(COUNT)).kind == "ivf"


def test_an_unknown_kind_is_refused(store: IndexFiles, space: SpaceInfo, batches: MakeBatches) -> None:
    """Before anything is written."""
    with pytest.raises(InputError, match="tree"):
        store.build(space, batches(10), kind="tree")
    assert isinstance(store.open(space), NoIndex)


def test_progress_counts_rows_of_both_passes(
    store: IndexFiles, space: SpaceInfo, batches: MakeBatches
) -> None:
    """Both stages end at the number of rows."""
    seen: list[Progress] = []
    store.build(space, batches(COUNT), kind="ivf", count=COUNT, report=seen.append)
    last = {step.stage: (step.done, step.total) for step in seen}
    assert list(last.values()) == [(COUNT, COUNT)] * 2


def test_spaces_do_not_mix(built: IndexFiles, space: SpaceInfo) -> None:
    """An index of another fingerprint, role or dimension is not used."""
    for change in ({"fingerprint": "ef" * 32}, {"role": Role.COPY}, {"dim": 17}):
        found = problem(built, dataclasses.replace(space, **change))
        assert found.damaged
        assert "another space" in found.reason
    assert problem(built, dataclasses.replace(space, id=4)).damaged is False


def test_a_rebuild_replaces_and_leaves_nothing_behind(
    built: IndexFiles, space: SpaceInfo, batches: MakeBatches, tmp_path: Path
) -> None:
    """One generation remains, and what was opened before goes on with the old rows."""
    old = opened(built, space)
    before = old.search(query(batches), 10)
    (tmp_path / "space-3" / "tmp-gen-dead").mkdir()
    (tmp_path / "space-3" / "tmp-gen-dead" / "vectors.f32").write_bytes(b"left by a kill")
    (tmp_path / "space-3" / "gen-0123").mkdir()
    built.build(space, batches(COUNT + 500), kind="ivf")
    assert len(list((tmp_path / "space-3").iterdir())) == 2
    after = old.search(query(batches), 10)
    np.testing.assert_array_equal(before[0], after[0])
    assert (old.size, opened(built, space).size) == (COUNT, COUNT + 500)


def test_the_same_input_gives_the_same_files(
    store: IndexFiles, space: SpaceInfo, batches: MakeBatches, tmp_path: Path
) -> None:
    """Byte for byte, for every kind, and nobody's number of threads is changed."""
    for kind in KINDS:
        contents = []
        for _ in range(2):
            threads = faiss.omp_get_max_threads()
            faiss.omp_set_num_threads(2)
            store.build(space, batches(COUNT), kind=kind)
            assert faiss.omp_get_max_threads() == 2
            faiss.omp_set_num_threads(threads)
            contents.append({file.name: file.read_bytes() for file in generation(tmp_path).iterdir()})
        assert contents[0] == contents[1]


def test_removed_means_gone(built: IndexFiles, space: SpaceInfo, tmp_path: Path) -> None:
    """No file is left."""
    built.remove(space)
    assert list(tmp_path.iterdir()) == []
    assert problem(built, space).damaged is False


def test_a_recall_below_the_gate_is_published_flat(
    store: IndexFiles, space: SpaceInfo, batches: MakeBatches, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With parameters that miss neighbors: the summary says why it is flat, and search is exact."""
    monkeypatch.setattr(build, "_CANDIDATES", (10,))
    monkeypatch.setattr(build, "_EFFORTS", (1,))
    monkeypatch.setattr(build, "_LINKS", 2)
    summary = store.build(space, batches(6000), kind="hnsw")
    assert summary.kind == "flat"
    assert summary.recall == 1.0
    assert "hnsw found only 0." in summary.note
    assert store.verify(space) == []
    assert opened(store, space).search(query(batches), 5)[0][0, 0] == 1


@pytest.mark.parametrize("bad", ["nan", "short", "long"])
def test_a_bad_row_stops_the_build_and_keeps_the_old_index(
    built: IndexFiles, space: SpaceInfo, batches: MakeBatches, tmp_path: Path, bad: str
) -> None:
    """NaN, another dimension, not of length one: nothing changes, nothing stays."""
    rows = {"nan": np.full((1, 16), np.nan), "short": np.eye(1, 15), "long": 2 * np.eye(1, 16)}[bad]

    def poisoned() -> Iterator[tuple[int, Ids, Embeddings]]:
        yield from batches(1000)
        yield 1001, np.array([1001]), rows.astype(np.float32)

    with pytest.raises(InvalidVectorError):
        built.build(space, poisoned())
    assert opened(built, space).size == COUNT
    assert len(list((tmp_path / "space-3").iterdir())) == 2


def test_an_id_that_comes_twice_is_refused(store: IndexFiles, space: SpaceInfo, batches: MakeBatches) -> None:
    """One picture has one embedding in a space."""
    with pytest.raises(StorageError, match="image 1 has two"):
        store.build(space, [*batches(500), *batches(500)])


def test_every_truncated_flipped_or_missing_file_is_noticed(
    built: IndexFiles, space: SpaceInfo, tmp_path: Path
) -> None:
    """A file cut, emptied, lengthened or gone is found at opening; a flipped bit anywhere by `verify`."""
    assert built.verify(space) == []
    everything = [*generation(tmp_path).iterdir(), tmp_path / "space-3" / "current.json"]
    assert len(everything) >= 4
    for path in everything:
        good = path.read_bytes()
        for bad in (good[:-1], b"", good + b"\0"):
            path.write_bytes(bad)
            assert problem(built, space).damaged
            assert built.verify(space) != []
        path.unlink()
        assert problem(built, space).damaged == (path.name != "current.json")
        for at in {0, len(good) // 2, len(good) - 1}:
            flipped = bytearray(good)
            flipped[at] ^= 0x10
            path.write_bytes(flipped)
            assert built.verify(space) != [], (path.name, at)
        path.write_bytes(good)
    assert built.verify(space) == []
    opened(built, space).close()


@pytest.mark.parametrize("kind", ["ivf", "hnsw"])
def test_damage_in_candidates_costs_recall_at_most(
    store: IndexFiles, space: SpaceInfo, batches: MakeBatches, tmp_path: Path, kind: str
) -> None:
    """Codes and row numbers overwritten behind the checked head: still k unique hits with true scores."""
    store.build(space, batches(6000), kind=kind)
    path = generation(tmp_path) / "candidates.faiss"
    content = bytearray(path.read_bytes())
    manifest = json.loads((path.parent / "manifest.json").read_bytes())
    start = manifest["files"][path.name]["head_size"]
    tail = len(content) - start
    assert tail >= 6000 * 16
    rng = np.random.default_rng(1)
    content[start : start + tail] = rng.integers(0, 256, tail, dtype=np.uint8).tobytes()
    path.write_bytes(content)
    index = opened(store, space)
    rows = np.concatenate([part[2] for part in batches(6000)])
    for number in range(20):
        ids, scores = index.search(rows[number : number + 1], 10)
        assert len(np.unique(ids)) == 10
        np.testing.assert_allclose(scores[0], rows[ids[0] - 1] @ rows[number], atol=1e-6)
    assert store.verify(space) != []


def test_a_newer_format_is_said_to_be_newer(built: IndexFiles, space: SpaceInfo, tmp_path: Path) -> None:
    """Not called damage of a file, and not read."""
    current = tmp_path / "space-3" / "current.json"
    current.write_text(json.dumps(json.loads(current.read_text()) | {"format": 2}))
    assert "format 2" in problem(built, space).reason


@pytest.mark.parametrize("content", ["[]", "null", "{}", '{"format": 1}', '{"format": "1"}', "\udce9"])
def test_a_pointer_that_is_none_is_damage(
    built: IndexFiles, space: SpaceInfo, tmp_path: Path, content: str
) -> None:
    """Whatever JSON it holds; and the next build mends it."""
    (tmp_path / "space-3" / "current.json").write_bytes(content.encode(errors="surrogateescape"))
    assert problem(built, space).damaged


def test_a_pointer_cannot_lead_elsewhere(built: IndexFiles, space: SpaceInfo, tmp_path: Path) -> None:
    """A generation is a name in the folder, not a path."""
    current = tmp_path / "space-3" / "current.json"
    fields = json.loads(current.read_text())
    for name in ("../space-3/" + fields["generation"], "/", ".."):
        current.write_text(json.dumps(fields | {"generation": name}))
        assert problem(built, space).damaged


def test_a_build_mends_any_damage(
    built: IndexFiles, space: SpaceInfo, batches: MakeBatches, tmp_path: Path
) -> None:
    """Damaged files and pointers are replaced and removed."""
    (tmp_path / "space-3" / "current.json").write_bytes(b"{")
    built.build(space, batches(100))
    assert built.verify(space) == []
    assert len(list((tmp_path / "space-3").iterdir())) == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_read_only(
    store: IndexFiles, space: SpaceInfo, batches: MakeBatches, tmp_path: Path
) -> None:
    """The error names the folder."""
    tmp_path.chmod(0o500)
    with pytest.raises(ReadOnlyError, match="space-3"):
        store.build(space, batches(10))


def test_errors_of_the_disk_are_told_apart(
    built: IndexFiles, space: SpaceInfo, batches: MakeBatches, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Full, read-only and broken; the old index stays."""
    errors = {errno.ENOSPC: DiskFullError, errno.EROFS: ReadOnlyError, errno.EIO: StorageError}
    for number, error in errors.items():

        def fails(path: Path, target: Path, number: int = number) -> None:
            raise OSError(number, os.strerror(number))

        with monkeypatch.context() as patch:
            patch.setattr(Path, "rename", fails)
            with pytest.raises(error) as caught:
                built.build(space, batches(10))
        assert type(caught.value) is error
        assert opened(built, space).size == COUNT


def test_a_folder_with_any_name_will_do(tmp_path: Path, space: SpaceInfo, batches: MakeBatches) -> None:
    """Bytes that are no UTF-8, newlines and quotes."""
    folder = os.fsdecode(os.fsencode(tmp_path) + b"/\xff\n'\"%s -x")
    for kind in KINDS:
        IndexFiles(folder).build(space, batches(COUNT), kind=kind)
        assert opened(IndexFiles(folder), space).search(query(batches), 1)[0].tolist() == [[1]]


def test_flat_never_imports_faiss(tmp_path: Path) -> None:
    """Building, opening and searching a flat index in a new process."""
    code = f"""
import sys
import numpy as np
from saccade.core.types import Role, SpaceInfo
from saccade.indexes import IndexFiles
space = SpaceInfo(id=1, role=Role.COPY, encoder="x", fingerprint="00", dim=4, active=True)
store = IndexFiles({str(tmp_path)!r})
store.build(space, [(1, np.arange(4), np.eye(4, dtype=np.float32))])
assert store.open(space).search(np.eye(1, 4, dtype=np.float32), 1)[0][0, 0] == 0
assert store.verify(space) == []
assert "faiss" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)
