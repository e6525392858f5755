"""Building faiss structures: tuned by real queries, gated by recall, the same every time."""

import errno
import resource
from collections.abc import Callable, Iterable
from pathlib import Path

import faiss
import numpy as np
import pytest

from saccade.core.types import Embeddings, Ids
from saccade.core.vectors import normalize
from saccade.indexes import ann, build
from saccade.indexes.rows import IDS, VECTORS, Rows
from saccade.indexes.staging import write_rows

Batches = Iterable[tuple[int, Ids, Embeddings]]
MakeBatches = Callable[[int], Batches]


@pytest.fixture
def rows(tmp_path: Path, batches: MakeBatches) -> Rows:
    """Six thousand rows on the disk."""
    assert write_rows(tmp_path, batches(6000), 16, lambda done: None) == (6000, 6000)
    return Rows.open(tmp_path, 6000, 16)


def test_recall_is_that_of_exact_search(rows: Rows, tmp_path: Path) -> None:
    """The recall reported is what a count by hand over all rows confirms."""
    built = build.build(tmp_path, rows, "ivf", None, lambda done: None)
    assert built.recall >= 0.99
    queries = np.asarray(rows.vectors[::40])
    truth, _ = rows.nearest(queries, 10)
    settings = build.list_settings(built.parameters["probes"])
    found = built.structure.search(queries, built.parameters["candidates"], params=settings)[1]
    hits = [len(np.intersect1d(rows.ids[one], ten)) for one, ten in zip(found, truth, strict=True)]
    assert np.mean(hits) / 10 >= 0.97


def test_far_queries_are_given_more_probes(rows: Rows, tmp_path: Path, rng: np.random.Generator) -> None:
    """Tuned by queries that lie between all clusters, more lists are probed than for rows themselves."""
    near = build.build(tmp_path, rows, "ivf", np.asarray(rows.vectors[:100]), lambda done: None)
    far = build.build(tmp_path, rows, "ivf", normalize(rng.standard_normal((100, 16))), lambda done: None)
    assert far.parameters["probes"] > near.parameters["probes"]


def test_no_queries_at_all_still_tune(rows: Rows, tmp_path: Path) -> None:
    """A sample of none is a sample: rows alone decide."""
    built = build.build(tmp_path, rows, "ivf", np.empty((0, 16), np.float32), lambda done: None)
    assert built.recall >= 0.99


def test_the_cheapest_setting_that_reaches_the_aim_wins(rows: Rows) -> None:
    """By cost; where none reaches it, the best recall."""
    by_probes = {4: 0.5, 6: 0.97, 9: 0.991, 13: 0.995}

    class Gate:
        def __init__(self) -> None:
            self.rows = rows

        def recalls(self, structure: faiss.Index, settings: faiss.SearchParametersIVF) -> dict[int, float]:
            recall = by_probes.get(settings.nprobe, max(by_probes.values()))
            return {30: recall - 0.01, 100: recall}

    structure = faiss.IndexFlatIP(16)
    tuned = build.tune_lists(structure, Gate(), 100, 0.99)  # type: ignore[arg-type]
    assert tuned == {"lists": 100, "probes": 9, "candidates": 100}
    by_probes |= {9: 0.96, 13: 0.97, 19: 0.985}
    tuned = build.tune_lists(structure, Gate(), 100, 0.99)  # type: ignore[arg-type]
    assert tuned == {"lists": 100, "probes": 19, "candidates": 100}


def test_a_gate_that_fails_is_tried_with_a_higher_aim(
    rows: Rows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Aims so low that the other half of the sample is not satisfied are raised until it is."""
    monkeypatch.setattr(build, "_AIMS", (0.1, 0.2, 0.995))
    built = build.build(tmp_path, rows, "ivf", None, lambda done: None)
    assert built.recall >= 0.98
    monkeypatch.setattr(build, "_AIMS", (0.1,))
    assert build.build(tmp_path, rows, "ivf", None, lambda done: None).recall < 0.98


@pytest.mark.parametrize("room", [0, 100, 10_000, 19_990])
def test_a_structure_that_does_not_fit_is_the_error_of_the_disk(
    tmp_path: Path, rng: np.random.Generator, room: int
) -> None:
    """Wherever the room ends: faiss hides the reason, and even that the last bytes are missing."""
    structure = faiss.IndexFlatIP(50)
    structure.add(rng.standard_normal((100, 50)).astype(np.float32))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        with pytest.raises(OSError, match="too large") as caught:
            ann.write(structure, tmp_path / "candidates.faiss")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.errno == errno.EFBIG


def test_rows_are_stored_in_the_order_of_their_ids(tmp_path: Path, rng: np.random.Generator) -> None:
    """Whatever the order they come in; the sequence is the highest."""
    rows = normalize(rng.standard_normal((1000, 4)))
    order = rng.permutation(1000)
    batches = [(10 + at, order[at : at + 300], rows[order[at : at + 300]]) for at in range(0, 1000, 300)]
    batches.append((2000, np.empty(0, np.int64), np.empty((0, 4), np.float32)))
    assert write_rows(tmp_path, batches, 4, lambda done: None) == (1000, 910)
    np.testing.assert_array_equal(np.fromfile(tmp_path / IDS, "<i8"), np.arange(1000))
    np.testing.assert_array_equal(np.fromfile(tmp_path / VECTORS, "<f4").reshape(-1, 4), rows)
    assert {path.name for path in tmp_path.iterdir()} == {IDS, VECTORS}
