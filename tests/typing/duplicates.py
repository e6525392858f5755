"""Public calls of `lib.duplicates`, as a program that must type-check under mypy strict; it is never run.

Each line that ends in an ignore is a misuse that mypy must find: an ignore that is not needed is an error.
"""
# mypy: warn-unused-ignores

from pathlib import Path

import saccade


def find(lib: saccade.Library) -> None:
    """The report is a sequence of groups; the stream gives the same groups."""
    report: saccade.DuplicateReport = lib.duplicates.find(tiers=["bytes"], folders=[Path("trip")])
    spare = [group.spare_bytes for group in report]
    for group in lib.duplicates.iter_groups(
        tiers=["picture"], where={"tag": "beach"}, prefer=["originals"], keep=["date"], verify="base"
    ):
        spare.append(group.spare_bytes)
        assert group.keeper.path != group.others[0].path
    assert report[0].keeper.record.image_id


def check(lib: saccade.Library, other: saccade.Library) -> None:
    """One result for each picture; pairs across two sets."""
    assert [match.tier for match in lib.duplicates.check("a.jpg", b"bytes")[0].matches]
    leaks = lib.duplicates.leaks("train", "test")
    assert [pair.a.image_id for pair in leaks] != [pair.b.image_id for pair in lib.duplicates.overlap(other)]


def misuse(lib: saccade.Library) -> None:
    """What mypy must refuse."""
    lib.duplicates.iter_groups(tier="bytes")  # type: ignore[call-arg]
    len(lib.duplicates.iter_groups())  # type: ignore[arg-type]
    lib.duplicates.find().append(1)  # type: ignore[attr-defined]
