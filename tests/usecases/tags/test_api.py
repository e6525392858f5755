"""`lib.tags`: by hand, by examples, by words, and out into other programs."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

import saccade
from saccade.core.errors import DiskFullError, ImageNotFoundError, InputError, NotFoundError
from saccade.sources.xmp import read_xmp
from saccade.usecases.tags.flow import by_hand, formats


def test_tags_by_hand(library: saccade.Library, photos: Path) -> None:
    """Set, listed, found, taken off."""
    assert library.tags.labels("person") == {"animal/dog": 2, "mine": 2}
    assert [tag.label for tag in library.tags.of([photos / "0.jpg"])[str(photos / "0.jpg")]] == [
        "animal/dog",
        "mine",
    ]
    assert len(library.search("anything", where=["tag==mine"], k=9)) == 2
    assert library.tags.remove(["mine"], [photos / "0.jpg"]) == 1
    assert library.tags.remove(["animal/dog"]) == 2
    assert library.tags.labels() == {"mine": 1}
    with pytest.raises(ImageNotFoundError):
        library.tags.set(["mine"], [photos / "0.jpg", photos / "none.jpg"])
    with pytest.raises(InputError, match="no image was given"):
        library.tags.set(["mine"], [])
    with pytest.raises(InputError, match="empty label"):
        library.tags.set([" "], [photos / "0.jpg"])


def test_a_table_has_a_row_for_each_tag(library: saccade.Library, photos: Path, tmp_path: Path) -> None:
    """Path, label, origin, score; a file that is there is not overwritten; a dry run writes nothing."""
    place = tmp_path / "out.csv"
    assert library.tags.export("csv", place, dry_run=True).written == (str(place),)
    assert not place.exists()
    library.tags.export("csv", place)
    with place.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {(Path(row["path"]).name, row["label"], row["origin"], row["score"]) for row in rows} == {
        (name, label, "person", "1.0000") for name in ("0.jpg", "3.png") for label in ("animal/dog", "mine")
    }
    with pytest.raises(InputError, match="already exists"):
        library.tags.export("csv", place)
    with pytest.raises(InputError, match="unknown format"):
        library.tags.export("xlsx", place)


def test_an_image_folder_for_hugging_face(library: saccade.Library, photos: Path, tmp_path: Path) -> None:
    """One line an image, named from the folder of the file; images elsewhere are skipped and reported."""
    report = library.tags.export("hf")
    lines = [json.loads(line) for line in (photos / "metadata.jsonl").read_text().splitlines()]
    assert lines == [{"file_name": name, "tags": ["animal/dog", "mine"]} for name in ("0.jpg", "3.png")]
    assert report.skipped == ()
    (tmp_path / "elsewhere").mkdir()
    assert len(library.tags.export("hf", tmp_path / "elsewhere" / "metadata.jsonl").skipped) == 2


def test_coco_annotations_of_whole_images(library: saccade.Library, tmp_path: Path) -> None:
    """Ids refer to each other, boxes are the pictures, the hierarchy is kept."""
    place = tmp_path / "coco.json"
    library.tags.export("coco", place)
    found = json.loads(place.read_text())
    assert [(one["name"], one["supercategory"]) for one in found["categories"]] == [
        ("animal/dog", "animal"),
        ("mine", ""),
    ]
    assert {one["image_id"] for one in found["annotations"]} == {one["id"] for one in found["images"]}
    assert {one["category_id"] for one in found["annotations"]} == {1, 2}
    assert all(one["bbox"] == [0, 0, 64, 48] for one in found["annotations"])


def test_sidecars_are_merged(library: saccade.Library, photos: Path) -> None:
    """New beside one image, merged beside another; written once; damaged ones are left alone."""
    (photos / "3.png.xmp").write_bytes(b"<not xmp")
    report = library.tags.export("xmp")
    assert report.written == (str(photos / "0.jpg.xmp"),)
    assert [Path(one.path).name for one in report.skipped] == ["3.png.xmp"]
    assert (photos / "3.png.xmp").read_bytes() == b"<not xmp"
    assert read_xmp((photos / "0.jpg.xmp").read_bytes())["keywords"] == ["animal", "dog", "mine"]
    assert library.tags.export("xmp").unchanged == 1
    with pytest.raises(InputError, match="next to their images"):
        library.tags.export("xmp", "somewhere")


def test_a_lesson_through_the_library(library: saccade.Library, photos: Path) -> None:
    """Files and folders as examples; the version before comes back."""
    report = library.tags.teach("noise", yes=[photos / "0.jpg"], no=[photos / "3.png"], words="")
    assert report.examples == {"no": 1, "yes": 1}
    library.tags.teach("noise", yes=[photos / "1.jpg"])
    assert [one.version for one in library.tags.classifiers("noise")] == [2, 1]
    library.tags.use("noise", 1)
    assert [one.active for one in library.tags.classifiers()] == [False, True]
    with pytest.raises(InputError, match="was given as"):
        library.tags.teach("noise", yes=[photos], no=[photos / "0.jpg"])
    with pytest.raises(InputError, match="exclude"):
        library.tags.teach("noise", yes=[photos / "0.jpg"], classes={"a": [photos / "1.jpg"]})


def test_labels_by_words(library: saccade.Library, photos: Path, tmp_path: Path) -> None:
    """A list and a file say the same; what is left out is reported."""
    file = tmp_path / "labels.txt"
    file.write_text("noise: de:Rauschen\ndog\n", encoding="utf-8")
    report = library.tags.zero_shot(file, dry_run=True)
    assert {one.label for one in report.labels} == {"noise", "dog"}
    assert "'de'" in report.notes[0]
    assert report.images == 4
    listed = library.tags.zero_shot(["noise", "dog"], dry_run=True)
    assert (listed.tags, listed.tagged) == (report.tags, report.tagged)
    assert library.tags.zero_shot(["dog"], folders=[photos], where=["format=PNG"], dry_run=True).images == 1


def test_suggestions_come_from_the_stored_classifier(library: saccade.Library, photos: Path) -> None:
    """The same as the lesson's, without a new version; none is an example; filters hold."""
    report = library.tags.teach("noise", yes=[photos / "0.jpg"], no=[photos / "3.png"], words="", suggest=4)
    found = library.tags.suggest("noise", 4)
    assert found.suggestions == report.suggestions
    assert (found.name, found.version, len(library.tags.classifiers())) == ("noise", 1, 1)
    assert {Path(one.path).name for one in found} == {"1.jpg", "2.jpg"}
    assert len(library.tags.suggest("noise", 1)) == 1
    assert library.tags.suggest("noise", where=["format=PNG"]).suggestions == ()
    with pytest.raises(NotFoundError, match="no classifier"):
        library.tags.suggest("other")


def test_tags_are_listed_page_by_page(
    library: saccade.Library, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every tagged image once, like `of`; filters hold; nothing is read before it is asked for."""
    monkeypatch.setattr(by_hand, "_PAGE", 1)
    listed = library.tags.iter_tags()
    assert {one.path: list(one.tags) for one in listed} == {
        path: list(tags) for path, tags in library.tags.of().items()
    }
    (only,) = library.tags.iter_tags(where=["format=PNG"])
    assert only.path == str(photos / "3.png")


def test_an_image_erased_meanwhile_is_skipped(
    library: saccade.Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the list of tags and by an export, wherever they are at that moment."""
    monkeypatch.setattr(by_hand, "_PAGE", 1)
    monkeypatch.setattr(formats, "_AT_ONCE", 1)
    paths = [one.path for one in library.tags.iter_tags()]
    listed = library.tags.iter_tags()
    exported = formats.tagged_images(
        library.context.catalog, formats.tagged_ids(library.context.catalog, None)
    )
    assert [next(listed).path, next(exported).record.paths[0]] == [paths[0], paths[0]]
    library.forget(paths[1])
    assert [one.path for one in listed] == paths[2:]
    assert [one.record.paths[0] for one in exported] == paths[2:]


def test_labels_of_every_origin_are_removed(library: saccade.Library, photos: Path) -> None:
    """Those a keeper took over from its duplicates too."""
    one = np.array([library.show(photos / "1.jpg").id])
    for origin in ("merged", "zero-shot"):
        library.context.catalog.tags.write(origin, {"mine": (one, np.ones(1))}, replace=False)
    assert library.tags.remove(["mine"]) == 4
    assert library.tags.labels() == {"animal/dog": 2}


def test_a_removal_that_fails_removes_nothing(
    library: saccade.Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is one unit of work."""
    tags = library.context.catalog.tags
    real, calls = tags.remove, []

    def remove(origin: str, label: str, ids: object) -> int:
        calls.append(label)
        if len(calls) == 3:
            raise DiskFullError("no space left")
        return real(origin, label, ids)

    monkeypatch.setattr(tags, "remove", remove)
    with pytest.raises(DiskFullError):
        library.tags.remove(["mine", "animal/dog"])
    assert library.tags.labels() == {"animal/dog": 2, "mine": 2}


def test_a_switch_of_versions_computes_before_it_locks(
    library: saccade.Library, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others can write while it looks at the whole library."""
    library.tags.teach("noise", yes=[photos / "0.jpg"], no=[photos / "3.png"], words="")
    with saccade.open_library(photos) as other:

        def look(_: saccade.Progress) -> None:
            other.tags.set(["meanwhile"], [photos / "1.jpg"])

        library.tags.use("noise", 1, progress=look)
    assert library.tags.labels()["meanwhile"] == 1
