"""What the README shows, as a program that must type-check under mypy strict; it is never run.

Each line that ends in an ignore is a misuse that mypy must find: an ignore that is not needed is an error.
"""
# mypy: warn-unused-ignores

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import saccade


def search(folder: str) -> list[tuple[float, str]]:
    """Index and ask in words, by picture, with filters."""
    with saccade.open_library(folder) as lib:
        report: saccade.IndexReport = lib.index(folder, exclude=["*.gif"])
        forgotten: saccade.ForgetReport = lib.forget("a.jpg", saccade.ImageId("ab12cd34"), dry_run=True)
        assert forgotten.images <= forgotten.files
        for failure in report.failed:
            path, code, reason = failure.path, failure.code, failure.reason
            assert path + code + reason
        hits: saccade.SearchResult = lib.search("a dog on the beach", k=20)
        hits = lib.search(image="cat.jpg", less="indoors", where={"taken": (">=", "2024-01-01")})
        hits = lib.search([("beach", 2.0), "dog"], where=["width>1000"], folders=[Path("x")])
        hits = lib.similar(Path("cat.jpg"), copies=True, k=5)
        first: saccade.Hit = hits[0]
        assert first.rank + len(hits)
        assert first.item.page is None or first.item.page > 0
        return [(hit.score, hit.path) for hit in hits]


def order(folder: str) -> None:
    """Duplicates, clusters, tags, outliers, recommendations."""
    with saccade.open_library(folder) as lib:
        found: saccade.DuplicateReport = lib.duplicates.find(
            tiers=["bytes", "picture"], prefer=[Path("originals")]
        )
        plan: saccade.ApplyReport = lib.duplicates.apply(found, dry_run=True)
        assert plan.applied is False
        undone: saccade.UndoReport = lib.duplicates.undo()
        assert undone.failed is not None
        found_clusters: saccade.ClusterReport = lib.clusters.find(
            method="kmeans", k=8, where={"tag": "beach"}
        )
        tagged: saccade.TaggingReport = lib.tags.zero_shot(["dog", "cat"], dry_run=True)
        taught: saccade.TeachingReport = lib.tags.teach("our product", yes=["a.jpg"], no=["b.jpg"])
        strange: saccade.OutlierReport = lib.outliers.find(top=20)
        hits: saccade.Recommendations = lib.recommendations.for_user("ann", k=5, boost={"price": -0.2})
        for one in hits:
            assert one.path
        assert len(found_clusters.clusters) + tagged.tags + taught.version + len(strange.outliers)
        lib.duplicates.find(tier="bytes")  # type: ignore[call-arg]


def show(progress: saccade.Progress) -> None:
    """A progress callback."""
    assert progress.done <= (progress.total or 0)


def encode() -> NDArray[np.float32]:
    """Embeddings without a library."""
    enc: saccade.ImageEncoder = saccade.load_encoder("builtin")
    texts = enc.encode_texts(["a cat"])
    images = enc.encode_images(["cat.jpg", np.zeros((8, 8, 3), np.uint8)], role="copy")
    return texts @ images.T


def more(lib: saccade.Library) -> None:
    """The rest of the library."""
    lib.index(progress=show)
    ids, rows = lib.embeddings("semantic")
    assert len(ids) == len(rows)
    lib.backup("copy.db", overwrite=True)
    assert lib.doctor(repair=True).healthy
    assert lib.status().counts.images
    assert lib.show("cat.jpg").paths


def misuse(lib: saccade.Library) -> None:
    """What mypy must refuse."""
    lib.search("x", k="20")  # type: ignore[arg-type]
    lib.search("x", wher={})  # type: ignore[call-arg]
    lib.index(5)  # type: ignore[arg-type]
    lib.search("x").hits.append(1)  # type: ignore[attr-defined]
    lib.search("x")[0].score = 2.0  # type: ignore[misc]
    saccade.load_encoder(1)  # type: ignore[arg-type]
