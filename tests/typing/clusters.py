"""Every public call of `lib.clusters`, as a program that must type-check under mypy strict; it is never run.

Each line that ends in an ignore is a misuse that mypy must find: an ignore that is not needed is an error.
"""
# mypy: warn-unused-ignores

from pathlib import Path

import saccade


def group(lib: saccade.Library) -> None:
    """Find, rename, compare, map."""
    report: saccade.ClusterReport = lib.clusters.find()
    report = lib.clusters.find(
        method="kmeans",
        k=8,
        min_size=5,
        seed=1,
        update=False,
        name="holiday",
        store=True,
        where={"tag": "beach"},
        folders=[Path("trip")],
        progress=lambda step: None,
    )
    sizes = {cluster.name: cluster.size for cluster in report}
    assert report[0].representatives[0].record.paths
    assert len(report.clusters) + len(report.unassigned) + sizes["beach"]
    for member in lib.clusters.iter_members(report[0].id, name="holiday"):
        assert member.record.paths[0] + str(member.score)
    lib.clusters.rename(report[0].id, "our beach", name="holiday")
    means: saccade.ClusterMeans = lib.clusters.compare(
        "clicks", confidence=0.9, name="holiday", where=["width>9"], folders=["trip"]
    )
    assert means.clusters[0].verdict == "above"
    lib.clusters.check_map(rebuild=True)
    drawn: saccade.LibraryMap = lib.clusters.map(rebuild=True, seed=1, store=False, name="holiday")
    assert drawn.places.shape


def misuse(lib: saccade.Library) -> None:
    """What mypy must refuse."""
    lib.clusters.find(method="magic")  # type: ignore[arg-type]
    lib.clusters.map(rebuilt=True)  # type: ignore[call-arg]
    len(lib.clusters.iter_members(1))  # type: ignore[arg-type]
    lib.clusters.compare()  # type: ignore[call-arg]
    lib.clusters.find().clusters = ()  # type: ignore[misc]
