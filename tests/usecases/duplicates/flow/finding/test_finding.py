"""Finding duplicates: tiers kept apart, groups that do not chain, nothing compared twice."""

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pytest

if TYPE_CHECKING:
    from saccade.core.types import Progress
    from saccade.usecases.duplicates.rules.reports import DuplicateReport

A = (200, 60, 90, 150)
"""A picture; the others are further and further from it."""
A_EDITED = (210, 70, 100, 160)
A_MORE = (225, 85, 115, 175)
OTHER = (20, 220, 40, 230)


class Studio(Protocol):
    """See conftest."""

    def __getattr__(self, name: str) -> "Studio": ...
    def __call__(self, *args: object, **named: object) -> "Studio": ...


@pytest.fixture
def s(studio: Studio) -> Studio:
    """For short."""
    return studio


def test_an_empty_library_has_none(s: Studio) -> None:
    """No image, no group."""
    report: DuplicateReport = s.find()
    assert (report.groups, report.images, report.candidates) == ((), 0, 0)


def test_one_image_is_no_duplicate(s: Studio) -> None:
    """Nor are two that differ."""
    s.picture("a.png", A)
    s.desk.index()
    assert s.names(s.find()) == []
    s.picture("b.png", OTHER)
    s.desk.index()
    assert s.names(s.find()) == []


def test_the_same_bytes_are_one_group_of_files(s: Studio) -> None:
    """The shortest path is kept; bytes need no evidence."""
    s.picture("a.png", A)
    s.picture("deep/a.png", A)
    s.picture("deep/deeper/a.png", A)
    s.desk.index()
    report = s.find(["bytes"])
    assert s.names(report) == [("a.png", {"deep/a.png": "bytes", "deep/deeper/a.png": "bytes"})]
    assert {one.evidence for one in report.groups[0].others} == {None}
    assert report.groups[0].spare_bytes == 2 * report.groups[0].keeper.record.info.size_bytes


def test_the_same_pixels_in_other_bytes(s: Studio) -> None:
    """Other metadata: the tier is pixels, found without the verifier."""
    s.picture("a.png", A)
    s.picture("bb.png", A, mark="saved again")
    s.desk.index()
    report = s.find()
    assert s.names(report) == [("bb.png", {"a.png": "pixels"})] or s.names(report) == [
        ("a.png", {"bb.png": "pixels"})
    ]
    (other,) = report.groups[0].others
    assert other.evidence.copy_score == pytest.approx(1.0)
    assert s.verifier.asked == 0


def test_the_same_picture_edited(s: Studio) -> None:
    """Verified, with the evidence of the verifier; the map goes from the file to the keeper."""
    s.picture("a.png", A)
    s.picture("deep/edited.png", A_EDITED)
    s.desk.index()
    report = s.find()
    assert s.names(report) == [("a.png", {"deep/edited.png": "picture"})]
    evidence = report.groups[0].others[0].evidence
    assert evidence.method == "pixel test"
    assert evidence.facts == {"difference": pytest.approx(10.0)}
    keeper, other = s.desk.image("a.png"), s.desk.image("deep/edited.png")
    assert evidence.transform == pytest.approx((1, 0, 0.25 if keeper < other else -0.25, 0, 1, 0))


def test_a_chain_is_cut(s: Studio) -> None:
    """A = B and B = C, but A and C differ: C is not put away as a copy of A."""
    s.picture("a.png", A)
    s.picture("bbb.png", A_EDITED)
    s.picture("ccccc.png", A_MORE)
    s.desk.index()
    assert s.names(s.find()) == [("a.png", {"bbb.png": "picture"})]


def test_alike_is_not_the_same(s: Studio) -> None:
    """A high copy score alone says nothing: the verifier decides."""
    s.picture("a.png", A)
    s.picture("b.png", A_MORE)
    s.desk.index()
    report = s.find()
    assert (report.candidates, report.verified, report.groups) == (1, 1, ())


def test_a_second_run_compares_nothing(s: Studio) -> None:
    """What was found out is remembered, also that a pair is different."""
    for name, quarters in {"a": A, "b": A_EDITED, "c": A_MORE, "d": OTHER}.items():
        s.picture(f"{name}.png", quarters)
    s.desk.index()
    first = s.find()
    asked = s.verifier.asked
    again = s.find()
    assert (again.verified, s.verifier.asked) == (0, asked)
    assert s.names(again) == s.names(first)
    assert again.candidates == first.candidates


def test_new_images_are_joined_with_the_old_ones(s: Studio) -> None:
    """After indexing more, only pairs with a new image are compared; the answer is that of one run."""
    s.picture("a.png", A)
    s.picture("b.png", OTHER)
    s.desk.index()
    assert s.names(s.find()) == []
    s.picture("a/edited.png", A_EDITED)
    s.desk.index()
    report = s.find()
    assert report.verified == 1
    assert s.names(report) == [("a.png", {"a/edited.png": "picture"})]


def test_a_person_has_the_last_word(s: Studio) -> None:
    """Called no duplicates, they never are in one group again, until that is taken back."""
    s.picture("a.png", A)
    s.picture("deep/edited.png", A_EDITED)
    s.picture("pixels.png", A, mark="x")
    s.desk.index()
    whole = s.names(s.find())
    ids = sorted(s.desk.image(name) for name in ("a.png", "deep/edited.png", "pixels.png"))
    pairs = [(ids[0], ids[1]), (ids[0], ids[2]), (ids[1], ids[2])]
    s.desk.catalog.pairs.set_distinct(pairs)
    assert s.names(s.find()) == []
    s.desk.catalog.pairs.set_distinct(pairs, distinct=False)
    assert s.names(s.find()) == whole != []


def test_the_keeper_of_a_preferred_folder(s: Studio) -> None:
    """Preferred, with the reason in words."""
    s.picture("a.png", A)
    s.picture("best/of/all.png", A_EDITED)
    s.desk.index()
    report = s.find(prefer=["best"])
    assert s.names(report) == [("best/of/all.png", {"a.png": "picture"})]
    assert report.groups[0].keeper.reason == "in a preferred folder"
    assert report.groups[0].others[0].reason == "elsewhere"


def test_only_files_in_the_folders_asked_about(s: Studio) -> None:
    """An image in and out of a folder: the file outside is neither kept nor put away."""
    s.picture("in/a.png", A)
    s.picture("out/a.png", A)
    s.picture("in/b.png", A_EDITED)
    s.desk.index()
    ids = np.array(sorted({s.desk.image("in/a.png"), s.desk.image("in/b.png")}))
    (group,) = s.names(s.find(among=ids, folders=["in"]))
    assert {group[0], *group[1]} == {"in/a.png", "in/b.png"}


def test_a_folder_that_is_called_like_an_archive_is_outside(s: Studio) -> None:
    """A file of the folder "in!" does not lie in the folder "in"."""
    for name in ("in/a.png", "in!/a.png", "in!/c.png"):
        s.picture(name, A)
    s.picture("in/b.png", A_EDITED)
    s.desk.index()
    ids = np.array(sorted({s.desk.image("in/a.png"), s.desk.image("in/b.png")}))
    (group,) = s.names(s.find(among=ids, folders=["in"]))
    assert {group[0], *group[1]} == {"in/a.png", "in/b.png"}


def test_some_images_do_not_spoil_all(s: Studio) -> None:
    """Looking among a few first leaves nothing out later."""
    for name, quarters in {"a": A, "b": A_EDITED, "c": OTHER}.items():
        s.picture(f"{name}.png", quarters)
    s.desk.index()
    assert s.names(s.find(among=np.array(sorted([s.desk.image("a.png"), s.desk.image("c.png")])))) == []
    assert len(s.find().groups) == 1


def test_copies_with_equal_pixels_stand_together(s: Studio) -> None:
    """Of two edits with equal pixels one is compared; both are in the group."""
    s.picture("a.png", A)
    s.picture("deep/one.png", A_EDITED, mark="1")
    s.picture("deep/two.png", A_EDITED, mark="2")
    s.desk.index()
    report = s.find()
    ((_, others),) = s.names(report)
    assert set(others.values()) <= {"picture", "pixels"}
    assert len(others) == 2
    assert s.verifier.asked == 1


def test_a_burst_is_alike_within_seconds_by_one_camera(s: Studio) -> None:
    """Ten seconds count, eleven do not; another camera does not; and it is said only if asked for."""
    s.picture("a.png", A, taken="2024:05:01 10:00:00", camera="X")
    s.picture("b10.png", A_MORE, taken="2024:05:01 10:00:10", camera="X")
    s.picture("c-other.png", A_MORE, taken="2024:05:01 10:00:05", camera="Y", mark="y")
    s.picture("d11.png", (230, 95, 120, 180), taken="2024:05:01 09:59:49", camera="X")
    s.desk.index()
    groups = s.names(s.find(["burst"]))
    assert [sorted([keeper, *others]) for keeper, others in groups] == [["a.png", "b10.png"]]
    assert {tier for _, others in groups for tier in others.values()} == {"burst"}


def test_a_scene_is_the_loosest(s: Studio) -> None:
    """Alike and not the same picture: told as a scene, and only when asked for."""
    s.picture("a.png", A)
    s.picture("b.png", A_MORE)
    s.desk.index()
    assert s.names(s.find()) == []
    ((_, others),) = s.names(s.find(["picture", "scene"]))
    assert list(others.values()) == ["scene"]


def test_a_file_changed_since_it_was_indexed(s: Studio) -> None:
    """It is told, it is in no group, and the others go on."""
    s.picture("a.png", A)
    s.picture("b.png", A_EDITED)
    s.desk.index()
    changed = s.picture("b.png", OTHER)
    report = s.find()
    assert report.groups == ()
    assert [(failure.path, failure.code) for failure in report.failed] == [(str(changed), "file_changed")]
    changed.unlink()
    assert [failure.code for failure in s.find().failed] == ["file_vanished"]


def test_another_file_of_the_image_serves(s: Studio) -> None:
    """When the first file is gone, the pixels come from the second."""
    s.picture("a.png", A)
    s.picture("b.png", A_EDITED)
    s.picture("c.png", A_EDITED)
    s.desk.index()
    record = s.desk.catalog.images.get([s.desk.image("b.png")])[0]
    Path(record.paths[0]).unlink()
    report = s.find()
    assert report.failed == ()
    assert len(report.groups) == 1


def test_all_images_the_same(s: Studio) -> None:
    """Forty files of the same pixels: one group, each file once."""
    for number in range(40):
        s.picture(f"{number}.png", A, mark=str(number))
    s.desk.index()
    ((keeper, others),) = s.names(s.find())
    assert {keeper, *others} == {f"{number}.png" for number in range(40)}


def test_images_without_a_hash_get_one(s: Studio) -> None:
    """A library from before there were hashes, or a killed run: what is compared is hashed."""
    s.picture("a.png", A)
    s.picture("b.png", A_EDITED)
    save = s.desk.catalog.hashes.save
    s.desk.catalog.hashes.save = lambda hashes: None
    s.desk.index()
    s.desk.catalog.hashes.save = save
    assert len(s.desk.catalog.hashes.missing()) == 2
    report = s.find()
    assert len(s.desk.catalog.hashes.missing()) == 0
    assert report.groups[0].others[0].evidence.hash_distance >= 0


def test_progress_is_told(s: Studio) -> None:
    """Every stage by its name."""
    s.picture("a.png", A)
    s.picture("b.png", A_EDITED)
    s.desk.index()
    told: list[Progress] = []
    s.find(progress=told.append)
    assert {"reading embeddings", "comparing pictures"} <= {one.stage for one in told}


def test_pictures_with_nearly_the_same_hash_are_compared_whatever_the_encoder_says(s: Studio) -> None:
    """Here it says that nothing is alike; the verifier still decides."""
    s.threshold = 1.01
    s.picture("a.png", A)
    s.picture("b.png", A_EDITED)
    s.picture("c.png", OTHER)
    s.desk.index()
    hashes = {"a.png": 0b111, "b.png": 0b110, "c.png": 1 << 63}
    s.desk.catalog.hashes.save({s.desk.image(name): bits for name, bits in hashes.items()})
    assert s.names(s.find(["picture"])) == [("a.png", {"b.png": "picture"})]
    assert s.verifier.asked == 1
