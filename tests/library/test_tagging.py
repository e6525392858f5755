"""Tags through the library: by hand, out into other programs, into files and back."""

import csv
import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import saccade
from saccade.core.errors import ImageNotFoundError, InputError
from saccade.sources.xmp import read_xmp


@pytest.fixture(scope="module")
def _photographed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three JPEG files and a PNG with a library; copy it before changing anything."""
    folder = tmp_path_factory.mktemp("photographed") / "photos"
    folder.mkdir()
    for number in range(4):
        pixels = np.random.default_rng(number).integers(0, 256, (48, 64, 3), np.uint8)
        Image.fromarray(pixels).save(folder / (f"{number}.png" if number == 3 else f"{number}.jpg"))
    with saccade.open_library(folder) as library:
        library.index(folder)
    return folder


@pytest.fixture
def photos(_photographed: Path, tmp_path: Path) -> Path:
    """A copy of them, the library of which knows only the copy."""
    folder = Path(shutil.copytree(_photographed, tmp_path / "photos"))
    with saccade.open_library(folder) as library:
        library.tags.set(["animal/dog", "mine"], [folder / "0.jpg", folder / "3.png"])
    return folder


@pytest.fixture
def library(photos: Path) -> Iterator[saccade.Library]:
    with saccade.open_library(photos) as opened:
        yield opened


def _digests(folder: Path) -> dict[str, str]:
    return {one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in folder.glob("?.*")}


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
    """One line an image, named from the folder of the file; images elsewhere are skipped and told."""
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


def test_into_files_and_back(library: saccade.Library, photos: Path) -> None:
    """Keywords go into JPEG files, tags stay with them in the library, and every byte comes back."""
    before = _digests(photos)
    assert library.tags.write_files(dry_run=True).written == (str(photos / "0.jpg"),)
    assert _digests(photos) == before
    report = library.tags.write_files()
    assert report.written == (str(photos / "0.jpg"),)
    assert [Path(one.path).name for one in report.skipped] == ["3.png"]
    assert library.show(photos / "0.jpg").info.keywords == ("animal", "dog", "mine")
    assert library.tags.labels() == {"animal/dog": 2, "mine": 2}
    assert library.tags.write_files().unchanged == 1
    assert library.tags.restore_files().written == (str(photos / "0.jpg"),)
    assert _digests(photos) == before
    assert library.tags.labels() == {"animal/dog": 2, "mine": 2}


def test_a_file_that_others_changed_is_left_alone(library: saccade.Library, photos: Path) -> None:
    """Neither written when it is not what was indexed, nor restored over."""
    place = photos / "0.jpg"
    original = place.read_bytes()
    place.write_bytes(original + b"\0")
    assert "changed since" in library.tags.write_files().skipped[0].reason
    place.write_bytes(original)
    library.tags.write_files()
    place.write_bytes(place.read_bytes() + b"\0")
    assert library.tags.restore_files().skipped[0].code == "changed"
    assert place.read_bytes().endswith(b"\0")


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
    """A list and a file say the same; what is left out is told."""
    file = tmp_path / "labels.txt"
    file.write_text("noise: de:Rauschen\ndog\n", encoding="utf-8")
    report = library.tags.zero_shot(file, dry_run=True)
    assert {one.label for one in report.labels} == {"noise", "dog"}
    assert "'de'" in report.notes[0]
    assert report.images == 4
    listed = library.tags.zero_shot(["noise", "dog"], dry_run=True)
    assert (listed.tags, listed.tagged) == (report.tags, report.tagged)
    assert library.tags.zero_shot(["dog"], folders=[photos], where=["format=PNG"], dry_run=True).images == 1
