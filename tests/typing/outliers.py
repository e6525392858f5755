"""Every public call of `lib.outliers`, as a program that must type-check under mypy strict; it is never run.

Each line that ends in an ignore is a misuse that mypy must find: an ignore that is not needed is an error.
"""
# mypy: warn-unused-ignores

from pathlib import Path

import numpy as np

import saccade


def find(lib: saccade.Library) -> None:
    """Unusual images, and what is technically wrong."""
    report: saccade.OutlierReport = lib.outliers.find()
    report = lib.outliers.find(
        mode="lof",
        by="content",
        k=10,
        top=5,
        store=False,
        where={"tag": "beach"},
        folders=[Path("trip")],
        progress=lambda step: None,
    )
    values = {outlier.record.image_id: outlier.value for outlier in report}
    assert report[0].stands_out
    assert len(report.outliers) + len(values)
    for one in lib.outliers.iter_outliers(
        mode="lof",
        by="content",
        k=10,
        top=None,
        store=False,
        where=["width>9"],
        folders=[Path("trip")],
        progress=lambda step: None,
    ):
        assert one.record.paths[0] + one.reason
    checked: saccade.QualityReport = lib.outliers.quality(top=5, store=False, where=["width>9"])
    assert checked.issues["blur"][0].score


def inspect(lib: saccade.Library) -> None:
    """Learn from good pictures, judge others, see where."""
    model: saccade.InspectionModel = lib.outliers.train(
        "parts", ["good"], false_alarms=0.01, method="patches", seed=1, where=["data.ok=1"], folders=["line"]
    )
    report: saccade.InspectionReport = lib.outliers.inspect(
        "parts", [Path("new")], version=model.version, top=5, store=False
    )
    assert report[0].bad
    heat: saccade.HeatMap = lib.outliers.heat_map(report[0].path, "parts", version=1, size=256)
    heat = lib.outliers.heat_map(np.zeros((8, 8, 3), np.uint8), "parts")
    assert heat.overlay().shape == heat.pixels.shape
    assert lib.outliers.models()[0].threshold
    assert lib.outliers.forget("parts") + 1


def misuse(lib: saccade.Library) -> None:
    """What mypy must refuse."""
    lib.outliers.find(keep=True)  # type: ignore[call-arg]
    len(lib.outliers.iter_outliers())  # type: ignore[arg-type]
    lib.outliers.train()  # type: ignore[call-arg]
    lib.outliers.inspect(5)  # type: ignore[arg-type]
    lib.outliers.find().outliers.append(1)  # type: ignore[attr-defined]
