"""Duplicates through the facade, with the built-in encoder and the real verifier."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import saccade
from saccade.core.errors import ImageNotFoundError, InputError, InvalidFilterError, PathNotFoundError


def edited(source: Path, place: Path) -> Path:
    """The picture smaller and recompressed."""
    place.parent.mkdir(exist_ok=True)
    with Image.open(source) as image:
        image.convert("RGB").resize((64, 64)).save(place, "JPEG", quality=60)
    return place


def view(number: int) -> Image.Image:
    """A picture of its own without any pattern: soft patches of color."""
    patches = np.random.default_rng(number).integers(0, 256, (14, 14, 3), dtype=np.uint8)
    return Image.fromarray(patches).resize((128, 128), Image.Resampling.BICUBIC)


@pytest.fixture(scope="session")
def doubled_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six pictures, one of them again as bytes, one in another format, one edited; indexed."""
    home = tmp_path_factory.mktemp("doubled") / "photos"
    (home / "more").mkdir(parents=True)
    (home / "trip").mkdir()
    for number in range(6):
        view(number).save(home / ("trip" if number == 5 else ".") / f"{number}.png")
    shutil.copy(home / "0.png", home / "more" / "same.png")
    view(1).save(home / "more" / "other.bmp")
    edited(home / "2.png", home / "more" / "small.jpg")
    with saccade.open_library(home) as library:
        library.index(home)
    return home


@pytest.fixture
def doubled(doubled_once: Path, tmp_path: Path) -> Path:
    """A copy of it, yours to change."""
    return Path(shutil.copytree(doubled_once, tmp_path / "doubled"))


@pytest.mark.parametrize("verify", ["base", "sift"])
def test_every_tier_is_found(doubled: Path, verify: str) -> None:
    """Three groups of the right tiers; a second run compares nothing."""
    with saccade.open_library(doubled) as library:
        report = library.duplicates.find(verify=verify)
        again = library.duplicates.find(verify=verify)
    found = {
        str(group.tier): {Path(one.path).name for one in (group.keeper, *group.others)}
        for group in report.groups
    }
    assert found == {
        "bytes": {"0.png", "same.png"},
        "pixels": {"1.png", "other.bmp"},
        "picture": {"2.png", "small.jpg"},
    }
    assert again.verified == 0
    assert again.groups == report.groups
    distances = [other.evidence.hash_distance for g in report.groups for other in g.others if other.evidence]
    assert len(distances) == 2
    assert all(0 <= distance <= 8 for distance in distances)


def test_filters_and_preferences_are_heard(doubled: Path) -> None:
    """Only the folder asked about; the preferred one is kept."""
    with saccade.open_library(doubled) as library:
        assert library.duplicates.find(folders=[doubled / "more"]).groups == ()
        assert library.duplicates.find(where=["width>5000"]).images == 0
        report = library.duplicates.find(prefer=[doubled / "more"])
    assert {Path(group.keeper.path).parent.name for group in report.groups} == {"more"}


def test_have_i_got_this_already(doubled: Path, tmp_path: Path) -> None:
    """A file, its bytes, its pixels, and a picture that is new."""
    small = edited(doubled / "3.png", tmp_path / "new" / "x.jpg")
    pixels = np.asarray(Image.open(doubled / "4.png"))
    new = np.random.default_rng(8).integers(0, 256, (90, 90, 3), dtype=np.uint8)
    with saccade.open_library(doubled) as library:
        results = library.duplicates.check(small, (doubled / "0.png").read_bytes(), pixels, new)
        with pytest.raises(PathNotFoundError):
            library.duplicates.check(tmp_path / "nowhere.jpg")
        with pytest.raises(InputError, match="whole libraries"):
            library.duplicates.check(small, tiers=["burst"])
    assert [[str(match.tier) for match in result.matches] for result in results] == [
        ["picture"],
        ["bytes"],
        ["pixels"],
        [],
    ]
    assert next(Path(match.paths[0]).name for result in results for match in result.matches) == "3.png"


def test_a_person_says_what_is_no_duplicate(doubled: Path) -> None:
    """By files; remembered, and taken back; one image cannot differ from itself."""
    with saccade.open_library(doubled) as library:
        pair = doubled / "2.png", doubled / "more" / "small.jpg"
        assert library.duplicates.mark_distinct(*pair) == 1
        assert {str(group.tier) for group in library.duplicates.find().groups} == {"bytes", "pixels"}
        assert library.duplicates.mark_distinct(*pair, distinct=False) == 1
        assert len(library.duplicates.find().groups) == 3
        with pytest.raises(InputError, match="one image"):
            library.duplicates.mark_distinct(doubled / "0.png", doubled / "more" / "same.png")
        with pytest.raises(ImageNotFoundError):
            library.duplicates.mark_distinct(doubled / "0.png", doubled / "gone.png")


def test_leaks_by_folder_and_by_column(doubled: Path) -> None:
    """The same pictures, whichever way the sets are named."""
    with saccade.open_library(doubled) as library:
        report = library.duplicates.leaks(doubled / "trip", doubled / "more")
        assert report.pairs == ()
        catalog = library.context.catalog
        of = {name: library.show(doubled / name).id for name in ("1.png", "more/other.bmp", "3.png")}
        catalog.columns.write(
            "split",
            {of["1.png"]: "train", of["more/other.bmp"]: "test", of["3.png"]: "train"},
            origin="import",
            replace=True,
        )
        report = library.duplicates.leaks("train", "test", field="split")
        assert [(str(pair.tier), pair.a.id) for pair in report.pairs] == [("pixels", of["1.png"])]
        assert report.images == (2, 1)
        with pytest.raises(InputError, match="no image has the split 'dev'"):
            library.duplicates.leaks("train", "dev", field="split")
        with pytest.raises(InvalidFilterError):
            library.duplicates.leaks("train", "test", field="nothing")
        with pytest.raises(InputError, match="the library has no images in"):
            library.duplicates.leaks(doubled / "trip", doubled / "nowhere")


def test_two_libraries(doubled: Path, tmp_path: Path) -> None:
    """What was copied to the other one is found there."""
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(doubled / "3.png", other)
    edited(doubled / "4.png", other / "small.jpg")
    with saccade.open_library(doubled) as library, saccade.open_library(other) as smaller:
        smaller.index(other)
        report = library.duplicates.overlap(smaller)
    assert [(str(p.tier), Path(p.a.paths[0]).name) for p in report.pairs] == [
        ("bytes", "3.png"),
        ("picture", "4.png"),
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"tiers": ["twins"]}, "'twins'"),
        ({"tiers": []}, "no tier"),
        ({"verify": "magic"}, "'magic'"),
        ({"keep": ["beauty"]}, "beauty"),
    ],
)
def test_what_cannot_be_asked(shelf: Path, arguments: dict[str, object], words: str) -> None:
    """A clear answer, with what there is."""
    with saccade.open_library(shelf) as library, pytest.raises(InputError, match=words):
        library.duplicates.find(**arguments)  # type: ignore[arg-type]


def test_an_empty_library(tmp_path: Path) -> None:
    """No duplicates, and nothing is known."""
    with saccade.open_library(tmp_path) as library:
        assert library.duplicates.find().groups == ()
        (result,) = library.duplicates.check(np.zeros((20, 20, 3), np.uint8))
        assert result.matches == ()
