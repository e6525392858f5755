"""The library as Python users meet it, with the built-in encoder."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import saccade
from saccade.core.errors import (
    EncoderMismatchError,
    ImageNotFoundError,
    InputError,
    InvalidFilterError,
    InvalidQueryError,
    PathNotFoundError,
    UnreadableImageError,
)
from saccade.core.types import Failure, Role
from saccade.engine.previews import thumbnail_files
from saccade.library import context as parts


@pytest.fixture(scope="module")
def lib(indexed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[saccade.Library]:
    """A library that these tests only read."""
    folder = shutil.copytree(indexed, tmp_path_factory.mktemp("read") / "photos")
    with saccade.open_library(folder) as opened:
        yield opened


def home(library: saccade.Library) -> Path:
    return Path(library.folder).parent


# --- asking


def test_a_picture_finds_itself_first(lib: saccade.Library) -> None:
    """By path, text of a path, bytes, pixels, PIL image, and image id."""
    file = home(lib) / "2.png"
    picture = Image.open(file)
    identity = lib.show(file).image_id
    for asked in (
        file,
        str(file),
        file.read_bytes(),
        np.asarray(picture),
        picture,
        identity,
        saccade.ImageId(identity[:12]),
    ):
        result = lib.search(image=asked, k=3)
        assert result[0].path == str(file)
        assert result[0].score == pytest.approx(1.0, abs=1e-3)
        assert len(result) == 3


def test_similar_leaves_the_picture_itself_out(lib: saccade.Library) -> None:
    """Whether it is named by path or by id; a picture of nobody's leaves nothing out."""
    file = home(lib) / "2.png"
    for asked in (file, lib.show(file).image_id):
        assert str(file) not in [hit.path for hit in lib.similar(asked, k=10)]
    assert len(lib.similar(np.asarray(Image.open(file)), k=10)) == 6


def test_k_and_filters_reach_the_search(lib: saccade.Library) -> None:
    """Mapping, expressions and folders."""
    assert len(lib.search("anything", k=2)) == 2
    assert len(lib.search("anything", where={"width": (">", 96)})) == 0
    assert len(lib.search("anything", where=["width=96", "name=3"])) == 1
    (hit,) = lib.search("anything", folders=[home(lib) / "trip"])
    assert hit.path == str(home(lib) / "trip" / "5.png")


def test_mixed_queries_name_their_parts(lib: saccade.Library) -> None:
    """Lists, pairs with weights, and what to stay away from."""
    result = lib.search([("stripes", 2.0), "a ball"], image=home(lib) / "1.png", less="night", k=1)
    assert [part.part for part in result[0].parts] == ["stripes", "a ball", str(home(lib) / "1.png"), "night"]


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({}, InvalidQueryError),
        ({"text": ""}, InvalidQueryError),
        ({"text": "  \n"}, InvalidQueryError),
        ({"text": 7}, InvalidQueryError),
        ({"text": "x", "k": 0}, InvalidQueryError),
        ({"text": ("x", 0.0)}, InvalidQueryError),
        ({"text": ("x", float("nan"))}, InvalidQueryError),
        ({"text": ("x", -1)}, InvalidQueryError),
        ({"less": "x"}, InvalidQueryError),
        ({"text": "x", "where": {"colour": "red"}}, InvalidFilterError),
        ({"text": "x", "where": ["width>wide"]}, InvalidFilterError),
        ({"image": "missing.jpg"}, PathNotFoundError),
        ({"image": "a\0b.jpg"}, PathNotFoundError),
        ({"image": b""}, UnreadableImageError),
        ({"image": b"this is no picture"}, UnreadableImageError),
        ({"image": 3.5}, InvalidQueryError),
        ({"image": np.zeros((4, 4, 3))}, InvalidQueryError),
        ({"image": np.zeros((0, 4, 3), np.uint8)}, InvalidQueryError),
        ({"image": np.zeros((4, 4, 2), np.uint8)}, InvalidQueryError),
        ({"image": saccade.ImageId("0123456789abcdef")}, ImageNotFoundError),
    ],
)
def test_a_bad_question_is_one_error_with_a_hint(
    lib: saccade.Library, asked: dict[str, object], error: type[saccade.SaccadeError]
) -> None:
    """Of the right kind, one line, and nothing is written."""
    before = lib.status()
    with pytest.raises(error) as caught:
        lib.search(**asked)  # type: ignore[arg-type]
    assert "\n" not in caught.value.message
    assert caught.value.hint or error in {UnreadableImageError, PathNotFoundError, InvalidQueryError}
    assert lib.status() == before


def test_a_folder_or_broken_file_is_no_picture(lib: saccade.Library, tmp_path: Path) -> None:
    """Each says which and why."""
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 nothing")
    for place in (tmp_path, broken):
        with pytest.raises(UnreadableImageError, match=place.name) as caught:
            lib.search(image=place)
        assert caught.value.hint


def test_show_names_an_image_by_path_or_id(lib: saccade.Library) -> None:
    """The start of an id is enough when it is only one's."""
    file = home(lib) / "0.png"
    record = lib.show(file)
    assert record.paths == (str(file),)
    assert (record.info.width, record.info.height, record.info.format) == (96, 96, "PNG")
    assert lib.show(saccade.ImageId(record.image_id[:10])) == record
    for unknown in ("nowhere.png", "f" * 20, str(home(lib))):
        with pytest.raises(ImageNotFoundError):
            lib.show(unknown)


def test_embeddings_are_rows_of_the_images_present(library: saccade.Library) -> None:
    """Row i belongs to id i: the picture's own id finds that row with score 1."""
    (home(library) / "0.png").unlink()
    library.index()
    for role, dim in (("semantic", 384), ("copy", 256)):
        ids, rows = library.embeddings(role)
        assert (len(ids), rows.shape, rows.dtype) == (5, (5, dim), np.float32)
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-3)
        assert sorted(ids) == sorted(library.show(file).image_id for file in home(library).rglob("*.png"))
    encoder = saccade.load_encoder()
    ids, rows = library.embeddings()
    own = encoder.encode_images([library.show(identity).paths[0] for identity in ids])
    encoder.close()
    assert ((own * rows).sum(axis=1) >= 0.9999).all()


def test_embeddings_of_an_unknown_role_are_refused(lib: saccade.Library) -> None:
    """The hint names the two there are."""
    with pytest.raises(InvalidQueryError, match="smell") as caught:
        lib.embeddings("smell")
    assert "semantic" in caught.value.hint


def test_thumbnails_keep_proportions_and_order(lib: saccade.Library, tmp_path: Path) -> None:
    """Longest side as asked; what is no picture, or gone, is a Failure in its place."""
    wide = tmp_path / "wide.png"
    Image.new("RGB", (200, 50), (255, 0, 0)).save(wide)
    text = tmp_path / "text.txt"
    text.write_text("hello")
    asked = [str(wide), str(text), str(tmp_path / "gone.png"), str(home(lib) / "1.png")]
    first, second, third, fourth = lib.thumbnails(asked, 40)
    assert not isinstance(first, Failure)
    assert (first.shape, first.dtype) == ((10, 40, 3), np.uint8)
    np.testing.assert_allclose(first[5, 20], [255, 0, 0], atol=2)
    assert isinstance(second, Failure)
    assert isinstance(third, Failure)
    assert (third.code, third.path) == ("file_vanished", str(tmp_path / "gone.png"))
    assert not isinstance(fourth, Failure)
    assert fourth.shape == (40, 40, 3)


def test_thumbnail_files_are_jpegs_without_metadata(lib: saccade.Library) -> None:
    """Bytes that Pillow opens."""
    (data,) = thumbnail_files(lib.context, [str(home(lib) / "1.png")], 32)
    assert isinstance(data, bytes)
    assert data[:3] == b"\xff\xd8\xff"
    assert b"Exif" not in data


def test_thumbnails_of_nothing_are_nothing(lib: saccade.Library) -> None:
    """No paths, no pictures."""
    assert lib.thumbnails([], 32) == []


# --- filling


def test_status_tells_what_is_there(lib: saccade.Library) -> None:
    """Folders, counts, spaces, indexes, size."""
    status = lib.status()
    assert status.library == lib.folder
    assert [os.path.basename(folder) for folder in status.folders] == ["photos"]
    assert (status.counts.images, status.counts.files, status.interrupted) == (6, 6, False)
    assert {space.role for space in status.spaces} == {Role.SEMANTIC, Role.COPY}
    assert set(status.indexes.values()) == {"flat"}
    assert status.size_bytes > 10_000


def test_index_without_a_path_brings_all_up_to_date(library: saccade.Library) -> None:
    """Everything that was ever indexed; doctor agrees afterwards."""
    (home(library) / "0.png").rename(home(library) / "trip" / "moved.png")
    assert not library.doctor().healthy
    report = library.index()
    assert (report.moved, report.unchanged, report.removed) == (1, 5, 0)
    assert library.doctor().problems == ()


def test_index_takes_files_and_iterables(photos: Path) -> None:
    """Single files beside folders."""
    with saccade.open_library(photos) as library:
        report = library.index(files=iter([str(photos / "0.png"), str(photos / "1.png")]))
        assert (report.files, report.added) == (2, 2)
        with pytest.raises(InputError, match="nothing to index"):
            library.index()


def test_a_library_of_another_encoder_is_refused_before_any_work(
    shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Searching, indexing and doctor; nothing is written."""
    real = parts.load

    class Other:
        def __init__(self, name: str, threads: int, cores: object) -> None:
            self.info = replace(real(name, threads=threads).info, fingerprint="e" * 64, same_as=frozenset())

        def encode_texts(self, texts: list[str]) -> None:
            pytest.fail("it was asked to work")

    monkeypatch.setattr(parts, "load", Other)
    with saccade.open_library(shelf) as library:
        before = library.status()
        (shelf / "new.png").write_bytes((shelf / "0.png").read_bytes())
        for call in (lambda: library.search("x"), library.index, library.doctor, library.embeddings):
            with pytest.raises(EncoderMismatchError, match="eeeeeeeeeeee") as caught:
                call()
            assert caught.value.hint
        assert library.status() == before


def test_a_closed_library_can_be_closed_again(shelf: Path) -> None:
    """Leaving a context that closed by itself is no error."""
    with saccade.open_library(shelf) as library:
        library.search("x")
        library.close()
    library.close()


# --- folders that are away


def test_a_folder_that_is_away_is_told_and_the_others_are_indexed(indexed: Path, tmp_path: Path) -> None:
    """A disk not mounted costs one line; nothing of it is removed, and the rest is brought up to date."""
    disks = [
        shutil.copytree(indexed, tmp_path / name, ignore=shutil.ignore_patterns(".saccade")) for name in "ab"
    ]
    (tmp_path / "lib").mkdir()
    with saccade.open_library(tmp_path / "lib") as library:
        images = library.index(*disks).files
        disks[0].rename(tmp_path / "unplugged")
        report = library.index()
        assert [(str(disks[0]), "folder_away")] == [(f.path, f.code) for f in report.failed]
        assert report.removed == 0
        assert images == library.status().counts.files


def test_an_empty_folder_leaves_a_library_as_it_was(indexed: Path, tmp_path: Path) -> None:
    """Indexing a folder with nothing in it is an error and no trace of it stays."""
    folder = shutil.copytree(indexed, tmp_path / "photos")
    (tmp_path / "empty").mkdir()
    with saccade.open_library(folder) as library:
        before = library.status().folders
        with pytest.raises(InputError):
            library.index(tmp_path / "empty")
        assert before == library.status().folders
