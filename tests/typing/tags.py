"""Every public call of `lib.tags`, as a program that must type-check under mypy strict; it is never run.

Each line that ends in an ignore is a misuse that mypy must find: an ignore that is not needed is an error.
"""
# mypy: warn-unused-ignores

from pathlib import Path

import saccade
from saccade.core.pictures import ImageId


def by_words(lib: saccade.Library) -> None:
    """Zero-shot."""
    report: saccade.TaggingReport = lib.tags.zero_shot("labels.toml")
    report = lib.tags.zero_shot(
        ["dog", "animal/cat"],
        min_confidence=0.6,
        max_labels=3,
        keep_others=True,
        truth="look",
        where={"tag": "beach"},
        folders=[Path("trip")],
        dry_run=True,
        progress=lambda step: None,
    )
    first = report.labels[0]
    assert first.label + first.best[0].path
    assert first.threshold * first.share + report.tagged


def by_hand(lib: saccade.Library) -> None:
    """Set, removed, listed."""
    count: int = lib.tags.set(["beach"], ["a.jpg", Path("b.jpg"), ImageId("0123456789abcdef")])
    count += lib.tags.remove(["beach"]) + lib.tags.remove(["beach"], ["a.jpg"])
    for path, tags in lib.tags.of(["a.jpg"]).items():
        assert path + tags[0].label + tags[0].origin
    for one in lib.tags.iter_tags(where=["width>9"], folders=["trip"]):
        assert one.path + one.tags[0].label
    assert lib.tags.labels()["beach"] + lib.tags.labels("person")["beach"] + count


def by_examples(lib: saccade.Library) -> None:
    """Taught, suggested, versions."""
    report: saccade.TeachingReport = lib.tags.teach("our product", yes=["a.jpg"], no=[Path("folder")])
    report = lib.tags.teach("kind", classes={"cat": ["a.jpg"], "dog": ["b.jpg"]}, seed=1, dry_run=True)
    report = lib.tags.teach("x", forget=["a.jpg"], words="", suggest=3, min_confidence=0.5, folders=["f"])
    if report.measured is not None:
        assert report.measured.accuracy.low
    found = lib.tags.suggest("our product", 4, where=["width>9"], progress=lambda step: None)
    assert found[0].why in {"unsure", "check"}
    assert [one.path for one in found][: found.version]
    assert lib.tags.classifiers()[0].active
    assert lib.tags.classifiers("our product")[0].examples["yes"]
    assert lib.tags.use("our product", 2, progress=lambda step: None)


def for_others(lib: saccade.Library) -> None:
    """Exported, written into files, restored."""
    report: saccade.ExportReport = lib.tags.export("csv", Path("tags.csv"), where=["width>9"], dry_run=True)
    report = lib.tags.export("xmp", folders=["trip"], progress=lambda step: None)
    report = lib.tags.write_files(where=["width>9"], folders=["trip"], progress=lambda step: None)
    report = lib.tags.write_files(dry_run=True)
    report = lib.tags.restore_files(dry_run=True)
    failure: saccade.Failure = report.skipped[0]
    assert failure.code + report.written[0]


def misuse(lib: saccade.Library) -> None:
    """What mypy must refuse."""
    lib.tags.zero_shot(["dog"], least=0.5)  # type: ignore[call-arg]
    lib.tags.set(["dog"])  # type: ignore[call-arg]
    lib.tags.teach("x", yes=[1])  # type: ignore[list-item]
    lib.tags.use("x", "2")  # type: ignore[arg-type]
    lib.tags.suggest("x").suggestions = ()  # type: ignore[misc]
    lib.tags.export("csv").written.append("x")  # type: ignore[attr-defined]
