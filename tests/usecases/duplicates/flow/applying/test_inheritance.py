"""What keepers take over from the files that leave, and what stands for what."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from saccade.usecases.duplicates.rules.reports import Tier


def test_the_keeper_learns_what_only_the_others_knew_and_forgets_it_on_undo(album: Any) -> None:
    """Keywords and tags as tags, the rest as columns of their own; nothing that was said is overwritten."""
    keeper = album.file("a.jpg", b"keeper", title="mine", keywords=("Dog",))
    other = album.file(
        "b.jpg", b"other", title="theirs", caption="a walk", keywords=("dog", "beach"),
        taken_at="2024-05-01T10:00:00", latitude=52.5, longitude=13.4,
    )  # fmt: skip
    ids = {path: album.catalog.images.by_path(path).id for path in (keeper, other)}  # type: ignore[union-attr]
    one = np.array([ids[other]], np.int64)
    album.catalog.tags.write("person", {"holiday": (one, np.ones(1))}, replace=False)
    album.catalog.tags.write("zero-shot", {"guess": (one, np.ones(1))}, replace=False)
    album.catalog.columns.write("price", {ids[other]: 4.5}, origin="import", replace=False)
    album.catalog.columns.write("theme", {ids[other]: 3.0}, origin="themes", replace=False)
    done = album.clean(album.found([keeper, other]))
    facts = {
        "merged_caption": "a walk", "merged_taken": "2024-05-01T10:00:00", "merged_latitude": 52.5,
        "merged_longitude": 13.4, "merged_data_price": 4.5,
    }  # fmt: skip
    assert [(m.keeper, m.labels, m.facts) for m in done.merges] == [
        (keeper, {"beach": 1.0, "holiday": 1.0}, facts)
    ]
    tags = album.catalog.tags.of([ids[keeper]])[ids[keeper]]
    assert {(tag.label, tag.origin) for tag in tags} == {("beach", "merged"), ("holiday", "merged")}
    assert album.catalog.columns.texts("merged_caption")[1] == ["a walk"]
    assert album.catalog.columns.numbers("merged_data_price")[1].tolist() == [4.5]
    assert album.undo().unmerged == 1
    assert album.catalog.tags.of([ids[keeper]]) == {}
    assert [column.name for column in album.catalog.columns.all()] == ["price", "theme"]


def test_undoing_one_run_leaves_what_another_taught(album: Any) -> None:
    """A column that two runs filled keeps the values of the one that stands."""
    a, b = album.file("a.jpg", b"a"), album.file("b.jpg", b"b", caption="first")
    c, d = album.file("c.jpg", b"c"), album.file("d.jpg", b"d", caption="second")
    album.clean(album.found([a, b]))
    album.clean(album.found([c, d]))
    album.undo("1")
    assert album.catalog.columns.texts("merged_caption")[1] == ["second"]
    album.undo("2")
    assert album.catalog.columns.all() == []


def test_files_with_the_same_bytes_have_nothing_to_teach(album: Any) -> None:
    """They are one image."""
    keeper = album.file("a.jpg", b"same", caption="a walk")
    twin = album.file("b.jpg", b"same", caption="a walk")
    done = album.clean(album.found([keeper, twin], tier=Tier.BYTES))
    assert (len(done.moves), done.merges) == (1, ())


def test_what_a_link_leads_to_stays_and_stands_for_it(album: Any) -> None:
    """A link chosen as the keeper is no file to rely on: its target stays, a true copy leaves."""
    target, copy = album.file("in/target.jpg", b"photo"), album.file("in/very-long-name.jpg", b"photo")
    link = str(album.home / "a.jpg")
    os.symlink(target, link)
    album.learn(link, b"photo")
    done = album.clean(album.found([link, copy, target], tier=Tier.BYTES))
    assert [move.path for move in done.moves] == [copy]
    assert [(one.path, one.code) for one in done.skipped] == [(target, "stands_for_keeper")]
    assert Path(link).read_bytes() == b"photo"


def test_a_file_that_a_link_outside_the_report_leads_to_stays(album: Any) -> None:
    """Putting it away would break the link."""
    keeper, target = album.file("keeper.jpg", b"photo"), album.file("target.jpg", b"photo")
    link = str(album.home / "link.jpg")
    os.symlink(target, link)
    album.learn(link, b"photo")
    assert album.codes(album.clean(album.found([keeper, target], tier=Tier.BYTES))) == ["link_target"]


def test_a_file_stands_for_the_same_bytes_in_an_archive(album: Any) -> None:
    """Its twin in the zip is no keeper to rely on; another edit of it may leave."""
    archive, twin, edit = album.file("x.zip", b"z"), album.file("t.jpg", b"photo"), album.file("e.jpg", b"e")
    member = album.member(archive, "in/b.jpg", b"photo")
    done = album.clean(album.found([member, twin, edit]))
    assert [(move.path, move.keeper) for move in done.moves] == [(edit, twin)]
    assert album.codes(done) == ["stands_for_keeper"]
