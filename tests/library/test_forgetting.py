"""Forgetting in a library where everything was used: no answer and no byte tells of the image any more."""

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from saccade import ImageId, Library, open_library
from saccade.catalog import schema
from saccade.core.errors import ImageNotFoundError, InputError
from saccade.core.types import Role
from saccade.engine.refresh import load_calibration
from saccade.engine.space import open_index
from saccade.indexes import IndexFiles
from tests.helpers.release_0_2 import unpack

LIKED, TOLD = "p5.png", "told.jpg"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder of the stored library of release 0.2, in which everything was used once."""
    return unpack(tmp_path)


def held(library: Library) -> dict[str, dict[str, bytes]]:
    """The vector of each image in each role."""
    found = {}
    for role in (Role.SEMANTIC, Role.COPY):
        ids, rows = library.embeddings(role)
        found[str(role)] = {image: row.astype("<f4").tobytes() for image, row in zip(ids, rows, strict=True)}
    return found


def traces(home: Path, *pieces: bytes) -> list[str]:
    """Files of the library that hold one of the pieces; what was put away belongs to its owner."""
    return [
        f"{file.relative_to(home)}: {piece[:16]!r}"
        for file in sorted((home / ".saccade").rglob("*"))
        if file.is_file() and "quarantine" not in file.parts
        for piece in pieces
        if piece in file.read_bytes()
    ]


def test_nothing_on_the_disk_tells_of_a_forgotten_image(home: Path) -> None:
    """Its digest, its name, its vectors, what it says of itself, and the copy from before the upgrade."""
    with open_library(home) as library:
        library.clusters.find(method="kmeans", k=3)
        images = [library.show(home / name) for name in (LIKED, TOLD)]
        vectors = [rows[image.image_id] for rows in held(library).values() for image in images]
        library.tags.set(["zebracorn"], [home / TOLD])
        pieces = [
            *vectors,
            *(image.sha256 for image in images),
            *(image.image_id.encode() for image in images),
            *(name.encode() for name in (LIKED, TOLD)),
            b"Acme One",
        ]
        assert len(traces(home, *pieces)) > len(pieces)
        report = library.forget(home / LIKED, ImageId(images[1].image_id[:12]))
        assert (report.images, report.files, report.done) == (2, 2, True)
        assert [Path(copy).name for copy in report.copies] == [f"catalog.db.before-{schema.CURRENT}"]
        assert traces(home, *pieces) == []
    assert traces(home, *pieces) == []
    assert (home / LIKED).is_file()


def newest(library: Library) -> tuple[str, int, bytes]:
    """File, id and semantic vector of the image embedded last."""
    catalog = library.context.catalog
    space = library.context.spaces.reader(Role.SEMANTIC).space.id
    *_, (_, ids, rows) = catalog.embeddings.after(space, 0, 1)
    return catalog.images.get(ids.tolist())[0].paths[0], int(ids[0]), rows.astype("<f4").tobytes()


@pytest.mark.parametrize("kind", ["flat", "ivf", "hnsw"])
def test_an_index_stays_in_use_without_the_forgotten(
    home: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when it was the newest of all, by which index and catalog know each other; nothing is built."""
    with open_library(home) as library:
        library.build_indexes(kind)
        path, _, vector = newest(library)
        monkeypatch.setattr(IndexFiles, "build", None)
        library.forget(path)
        assert traces(home, vector) == []
        catalog, store = library.context.catalog, library.context.indexes
        for reader in library.context.spaces.readers():
            index = open_index(catalog, store, reader.space)
            assert index is not None
            assert (index.kind, index.size) == (kind, 17)
            assert load_calibration(catalog, reader.space).images == 17  # type: ignore[union-attr]
        assert library.index().unchanged == 17


@pytest.mark.parametrize("wrong", ["damaged", "foreign"])
def test_an_index_that_cannot_be_trusted_is_built_again(home: Path, wrong: str) -> None:
    """It may hold the forgotten image under another id: damaged, or of a catalog that was restored."""
    with open_library(home) as library:
        library.build_indexes("flat")
        path, image, vector = newest(library)
        context = library.context
        space = context.spaces.reader(Role.SEMANTIC).space
        if wrong == "foreign":
            every = context.catalog.embeddings.after(space.id, 0)
            context.indexes.build(space, [(one, ids[::-1], rows) for one, ids, rows in every])
        else:
            (file,) = home.glob(f".saccade/indexes/space-{space.id}/gen-*/ids.i64")
            file.write_bytes(file.read_bytes().replace(image.to_bytes(8, "little"), b"\xff" * 7 + b"\x7f"))
        library.forget(path)
        assert traces(home, vector) == []
        index = open_index(context.catalog, context.indexes, space)
        assert index is not None
        assert index.size == 17


def test_a_library_that_stays_open_elsewhere_finds_a_forgotten_image_no_more(home: Path) -> None:
    """Also one that its index did not hold yet."""
    Image.new("RGB", (32, 24), "teal").save(home / "new.png")
    with open_library(home) as library, open_library(home) as other:
        library.index(home)
        assert len(other.search("circle", k=100)) == 19
        library.forget(home / "new.png")
        assert len(other.search("circle", k=100)) == 18


def test_no_answer_names_a_forgotten_image(home: Path) -> None:
    """And everything else answers as before."""
    with open_library(home) as library:
        gone = library.show(home / LIKED).image_id
        before = held(library)
        tags, feedback = library.tags.of(), library.recommendations.export("anna")
        library.forget(home / LIKED)
        after = held(library)
        for role, rows in before.items():
            assert after[role] == {image: row for image, row in rows.items() if image != gone}
        assert gone not in {hit.image_id for hit in library.search("circle", k=100)}
        assert gone not in {hit.image_id for hit in library.similar(home / "p1.png", k=100)}
        assert library.tags.of() == {path: one for path, one in tags.items() if Path(path).name != LIKED}
        left = [event for event in feedback if event.image_id != gone]
        assert list(library.recommendations.export("anna")) == left
        assert len(left) < len(feedback)
        assert gone not in library.clusters.map().image_ids
        assert sum(cluster.size for cluster in library.clusters.find(update=True)) == 17
        (classifier,) = library.tags.classifiers()
        assert dict(classifier.examples) == {"yes": 1, "no": 2}
        with pytest.raises(ImageNotFoundError):
            library.show(ImageId(gone))
        assert [problem.code for problem in library.doctor().problems] == ["unindexed_files"]
    with closing(sqlite3.connect(home / ".saccade" / "catalog.db")) as database:
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_forgotten_image_comes_back_as_a_new_one(home: Path) -> None:
    """With no tag, like or field of before."""
    with open_library(home) as library:
        library.forget(home / LIKED)
        assert library.index(home).added == 1
        assert len(library.search("circle", k=100)) == library.status().counts.images
        assert str(home / LIKED) not in library.tags.of()


def test_a_folder_takes_only_the_images_that_lie_nowhere_else(home: Path) -> None:
    """Also one that is gone for good."""
    twin = (home / "trip" / "p0.png").read_bytes()
    (home / "twin.png").write_bytes(twin)
    with open_library(home) as library:
        library.index(home)
        images = library.status().counts.images
        for path in (home / "trip").iterdir():
            path.unlink()
        (home / "trip").rmdir()
        plan = library.forget(home / "trip", dry_run=True)
        assert (plan.images, plan.files, plan.done) == (3, 4, False)
        assert library.status().counts.images == images
        report = library.forget(home / "trip")
        assert (report.images, report.files, report.folders) == (3, 4, 0)
        assert library.status().counts.images == images - 3
        assert library.show(home / "twin.png").paths == (str(home / "twin.png"),)
        assert library.index(home).removed == 0


def test_an_archive_in_a_folder_with_an_awkward_name_can_be_forgotten(home: Path) -> None:
    """`best!/a.zip`: the exclamation mark is the folder's."""
    with open_library(home) as library:
        report = library.forget(home / "best!" / "a.zip")
        assert (report.images, report.files) == (1, 2)


def test_an_indexed_folder_is_no_longer_indexed(home: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The next run does not look into it."""
    other = tmp_path_factory.mktemp("other")
    (other / "x.png").write_bytes((home / LIKED).read_bytes())
    with open_library(home) as library:
        library.index(other)
        assert len(library.status().folders) == 2
        report = library.forget(other)
        assert (report.images, report.files, report.folders) == (0, 1, 1)
        assert library.status().folders == (str(home),)
        assert library.index().unchanged == library.status().counts.files == 18


def test_everything_can_be_forgotten(home: Path) -> None:
    """An empty library is left, which can be filled again."""
    with open_library(home) as library:
        report = library.forget(home)
        assert library.status().counts.images == 0
        assert report.images == 18
        assert not len(library.search("circle"))
        assert library.index(home).added == 18


def replaced(home: Path, library: Library, name: str) -> str:
    """Another picture takes the place of a file; the image id of the one before."""
    before = library.show(home / name).image_id
    Image.new("RGB", (50, 40), "teal").save(home / name)
    library.index(home)
    assert library.show(home / name).image_id != before
    return before


@pytest.mark.parametrize("target", [LIKED, ".", ".."])
def test_what_a_file_contained_before_is_forgotten_with_it(home: Path, target: str) -> None:
    """By its name, by its folder, and by a folder above."""
    with open_library(home) as library:
        vector = held(library)["semantic"][library.show(home / LIKED).image_id]
        before = replaced(home, library, LIKED)
        library.forget(home / target)
        with pytest.raises(ImageNotFoundError):
            library.show(ImageId(before))
        assert traces(home, vector, bytes.fromhex(before), before.encode()) == []


def test_a_wider_folder_takes_over_what_files_contained_before(
    home: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A folder inside the one that is indexed later."""
    wide = tmp_path_factory.mktemp("wide")
    (wide / "inner").mkdir()
    photo = wide / "inner" / "photo.png"
    Image.linear_gradient("L").save(photo)
    with open_library(home) as library:
        library.index(wide / "inner")
        before = library.show(photo).image_id
        Image.radial_gradient("L").save(photo)
        library.index(wide / "inner")
        library.index(wide)
        library.forget(photo)
        with pytest.raises(ImageNotFoundError):
            library.show(ImageId(before))


def test_what_a_file_contained_before_stays_if_it_is_elsewhere(home: Path) -> None:
    """A copy in another folder keeps it."""
    (home / "kept").mkdir()
    (home / "kept" / LIKED).write_bytes((home / LIKED).read_bytes())
    with open_library(home) as library:
        library.index(home)
        before = replaced(home, library, LIKED)
        library.forget(home / LIKED)
        assert library.show(ImageId(before)).paths == (str(home / "kept" / LIKED),)


def test_with_all_folders_go_images_whose_file_was_never_known(home: Path) -> None:
    """Releases before this one did not note where a replaced image was."""
    with open_library(home) as library:
        before = replaced(home, library, LIKED)
        catalog = home / ".saccade" / "catalog.db"
        with closing(sqlite3.connect(catalog)) as connection, connection:
            connection.execute("DELETE FROM former_files")
        library.forget(home)
        with pytest.raises(ImageNotFoundError):
            library.show(ImageId(before))
        assert library.context.catalog.health.counts().embeddings == {}


def owned(home: Path) -> dict[int | None, int]:
    """{image: patches it has in the newest inspection model}."""
    query = (
        "SELECT image_id, count(*) FROM result_rows WHERE result_id ="
        " (SELECT max(id) FROM results WHERE kind = 'outliers') GROUP BY image_id"
    )
    with closing(sqlite3.connect(home / ".saccade" / "catalog.db")) as connection:
        return dict(connection.execute(query).fetchall())


@pytest.mark.parametrize("given", ["files", "folder", "filter"])
def test_patches_in_inspection_models_go_however_the_picture_was_given(home: Path, given: str) -> None:
    """A forgotten picture is no longer one that the model has seen."""
    with open_library(home) as library:
        places = {"files": sorted(home.glob("p*.png")), "folder": [home], "filter": []}[given]
        library.outliers.train("model", places, where=["width>0"] if given == "filter" else None)
        image = library.context.record(home / LIKED).id
        assert owned(home)[image] > 0
        library.forget(home / LIKED)
        assert not owned(home).keys() & {image, None}


def test_a_label_goes_with_its_last_image(home: Path) -> None:
    """It may be the name of a person; a label that other images have stays."""
    with open_library(home) as library:
        library.tags.set(["zebracorn", "quokkaberry"], [home / LIKED])
        library.tags.set(["quokkaberry"], [home / TOLD])
        assert traces(home, b"zebracorn")
        library.forget(home / LIKED)
        assert traces(home, b"zebracorn") == []
        assert library.search("quokkaberry", k=1).hits[0].path == str(home / TOLD)


def test_what_is_not_known_is_refused_before_anything_is_forgotten(home: Path) -> None:
    """Nothing of the call is done."""
    with open_library(home) as library:
        with pytest.raises(ImageNotFoundError, match="does not know"):
            library.forget(home / LIKED, home / "nowhere")
        assert library.show(home / LIKED)


def test_an_empty_path_is_not_the_current_folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell variable that is not set must not erase everything."""
    monkeypatch.chdir(home)
    with open_library(home) as library:
        with pytest.raises(InputError, match="empty"):
            library.forget("")
        assert library.status().counts.images == 18


@pytest.mark.parametrize("again", ["index", "forget"])
@pytest.mark.parametrize("step", ["wipe", "purged"])
def test_what_was_interrupted_is_finished_by_indexing_or_the_same_command(
    home: Path, monkeypatch: pytest.MonkeyPatch, step: str, again: str
) -> None:
    """Until then the image is in no answer, and the doctor says what is left."""

    def die(_: object) -> None:
        raise KeyboardInterrupt

    with open_library(home) as library:
        gone = library.show(home / LIKED)
        vector = held(library)["semantic"][gone.image_id]
        with monkeypatch.context() as patch:
            patch.setattr(type(library.context.catalog.erasing), step, die)
            with pytest.raises(KeyboardInterrupt):
                library.forget(home / LIKED)
    (home / LIKED).unlink()
    with open_library(home) as library:
        assert gone.image_id not in {hit.image_id for hit in library.search("circle", k=100)}
        assert "unfinished_forgetting" in {one.code for one in library.doctor().problems}
        if again == "forget":
            report = library.forget(home / LIKED, ImageId(gone.image_id))
            assert (report.images, report.resumed, report.done) == (0, True, True)
        library.index(home)
        assert library.doctor().problems == ()
        assert traces(home, vector, gone.sha256, gone.image_id.encode()) == []
        ids, _ = library.embeddings("semantic")
        assert len(ids) == len(np.unique(ids)) == 17
