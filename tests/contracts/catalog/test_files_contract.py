"""What recording files must do in every catalog, and files that go and come back."""

import hashlib
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from saccade.core.decoding import FileEntry, FileStamp
from saccade.core.errors import ImageNotFoundError, InputError, InvalidVectorError
from saccade.core.ports.files import SeenFile
from saccade.core.types import Failure, Role
from tests.contracts.catalog.shelf import Shelf


def test_record_gives_each_picture_one_id_whatever_its_paths(shelf: Shelf) -> None:
    """Same bytes, same image: in one batch, in the next, and inside an archive."""
    first = shelf.record(
        shelf.picture("a.jpg", b"x"), shelf.picture("b.jpg", b"y"), shelf.picture("c.jpg", b"x")
    )
    again = shelf.record(shelf.picture("z.zip", b"x", member="in/d.jpg"))
    assert first == [first[0], first[1], first[0]]
    assert first[0] != first[1]
    assert again == [first[0]]
    (record,) = shelf.catalog.images.get([first[0] or 0])
    names = ("a.jpg", "c.jpg", "z.zip!/in/d.jpg")
    assert record.paths == tuple(f"{shelf.home}/{name}" for name in names)


def test_record_keeps_every_fact_of_a_picture(shelf: Shelf) -> None:
    """What was stored comes back equal, in the order asked, after reopening."""
    facts = {
        "frames": 3,
        "orientation": 6,
        "taken_at": "2024-05-01T10:00:00",
        "camera": "Canon EOS R5",
        "lens": "RF 50mm",
        "latitude": -12.5,
        "longitude": 179.25,
        "title": "Straße",
        "caption": "line one\nline two",
        "keywords": ("été", 'say "hi"', ""),
        "creator": "Zoë",
        "rights": "© nobody",
    }
    full, bare = shelf.picture("a.jpg", b"x", **facts), shelf.picture("b.jpg", b"yy")
    ids = shelf.record(full, bare)
    shelf.reopen()
    records = shelf.catalog.images.get([ids[1], ids[0]])
    assert [record.info for record in records] == [bare.image.info, full.image.info]
    assert [record.sha256 for record in records] == [bare.image.sha256, full.image.sha256]


def test_record_of_the_same_batch_twice_changes_nothing(shelf: Shelf) -> None:
    """Neither rows, nor sequence numbers, nor the version."""
    batch = [shelf.picture("a.jpg", b"x"), shelf.picture("b.jpg", b"y"), SeenFile(entry=shelf.entry("n.txt"))]
    ids = shelf.record(*batch)
    before = (
        shelf.catalog.version(),
        shelf.catalog.health.counts(),
        shelf.catalog.embeddings.last_sequence(shelf.space),
    )
    assert shelf.record(*batch) == ids
    assert (
        shelf.catalog.version(),
        shelf.catalog.health.counts(),
        shelf.catalog.embeddings.last_sequence(shelf.space),
    ) == before


def test_digests_are_those_of_the_images_that_exist(shelf: Shelf) -> None:
    """Unknown ids are left out."""
    a, b = shelf.record(shelf.picture("a.jpg", b"1"), shelf.picture("b.jpg", b"2"))
    digests = shelf.catalog.images.digests(np.array([b, 99, a], np.int64))
    assert digests == {a: hashlib.sha256(b"1").digest(), b: hashlib.sha256(b"2").digest()}
    assert shelf.catalog.images.digests(np.array([], np.int64)) == {}


def test_record_adds_the_spaces_that_a_known_picture_lacks(shelf: Shelf) -> None:
    """And keeps the embedding it has: the first one stays."""
    full = shelf.image(b"x")
    only = replace(full, embeddings={shelf.space: full.embeddings[shelf.space]})
    (first,) = shelf.record(SeenFile(entry=shelf.entry("a.jpg"), image=only))
    kept = shelf.catalog.embeddings.last_sequence(shelf.space)
    both = list(shelf.spaces.values())
    assert shelf.catalog.images.find([full.sha256], both) == {}
    assert shelf.catalog.embeddings.unembedded(shelf.spaces[Role.COPY]).tolist() == [first]
    assert shelf.record(SeenFile(entry=shelf.entry("a.jpg"), image=full)) == [first]
    assert shelf.catalog.images.find([full.sha256, b"?" * 32], both) == {full.sha256: first}
    assert shelf.catalog.embeddings.last_sequence(shelf.space) == kept
    assert shelf.catalog.embeddings.unembedded(shelf.spaces[Role.COPY]).tolist() == []


def test_record_takes_every_kind_of_outcome(shelf: Shelf) -> None:
    """Picture, failure, archive and no image at all, each with its state and an id or None."""
    failure = Failure(path="?", code="broken", reason="cut short at \udcff \0")
    batch = [
        shelf.picture("a.jpg", b"x"),
        SeenFile(entry=shelf.entry("bad.jpg"), failure=failure),
        SeenFile(entry=shelf.entry("z.zip"), archive=True),
        SeenFile(entry=shelf.entry("n.txt")),
    ]
    ids = shelf.record(*batch)
    assert [one is None for one in ids] == [False, True, True, True]
    states = {path: known.state for (path, _), known in shelf.catalog.files.known(shelf.folder).items()}
    assert states == {"a.jpg": "indexed", "bad.jpg": "failed", "z.zip": "archive", "n.txt": "excluded"}
    (found,) = shelf.catalog.files.failures()
    assert (found.path, found.code) == (f"{shelf.home}/bad.jpg", "broken")
    assert found.reason.startswith("cut short")
    counts = shelf.catalog.health.counts()
    assert (counts.images, counts.files, counts.failed, counts.excluded, counts.missing) == (1, 1, 1, 1, 0)


def test_record_of_garbage_over_a_picture_takes_the_file_from_it(shelf: Shelf) -> None:
    """The image loses that file, and comes back when another file holds it."""
    (image,) = shelf.record(shelf.picture("a.jpg", b"x"))
    shelf.record(SeenFile(entry=shelf.entry("a.jpg", 9), failure=Failure(path="", code="c", reason="r")))
    assert shelf.catalog.embeddings.absent(shelf.space).tolist() == [image]
    assert shelf.catalog.images.get([image])[0].paths == ()
    assert shelf.words("a") == []
    assert shelf.record(shelf.picture("b.jpg", b"x")) == [image]
    assert shelf.catalog.embeddings.absent(shelf.space).tolist() == []
    assert shelf.words("b") == [image]


def test_record_follows_a_file_that_became_another_picture(shelf: Shelf) -> None:
    """Both pictures stay; only the new one lies in the file."""
    (old,) = shelf.record(shelf.picture("a.jpg", b"x"))
    (new,) = shelf.record(shelf.picture("a.jpg", b"yy"))
    assert [record.paths for record in shelf.catalog.images.get([old, new])] == [(), (f"{shelf.home}/a.jpg",)]
    assert shelf.catalog.files.known(shelf.folder)["a.jpg", ""].stamp == FileStamp(size=2, mtime_ns=1)


def test_record_lets_the_last_word_on_a_file_hold(shelf: Shelf) -> None:
    """When one batch names a file twice."""
    first, second = shelf.record(shelf.picture("a.jpg", b"x"), shelf.picture("a.jpg", b"yy"))
    assert shelf.catalog.files.known(shelf.folder)["a.jpg", ""].image_id == second
    assert shelf.catalog.embeddings.absent(shelf.space).tolist() == [first]


def test_record_stores_times_that_no_disk_should_have(shelf: Shelf) -> None:
    """Before 1970, and far beyond what 64 bits hold, without an error."""
    for mtime in (-(10**18), 2**70, -(2**70), 0):
        entry = shelf.entry("a.jpg", mtime_ns=mtime)
        shelf.record(SeenFile(entry=entry, image=shelf.image(b"x")))
        if abs(mtime) < 2**63:
            assert shelf.catalog.files.known(shelf.folder)["a.jpg", ""].stamp == entry.stamp


@pytest.mark.parametrize("wrong", ["dimension", "length", "space", "identity", "image", "outside"])
def test_record_refuses_a_bad_batch_whole(shelf: Shelf, wrong: str) -> None:
    """Nothing of the batch is stored, and the catalog works on."""
    good, bad = shelf.image(b"good"), shelf.image(b"bad")
    entry = shelf.entry("bad.jpg")
    seen: SeenFile
    expected: type[Exception] = InputError
    if wrong == "dimension":
        seen = SeenFile(
            entry=entry, image=replace(bad, embeddings={shelf.space: bad.embeddings[shelf.space][:3]})
        )
    elif wrong == "length":
        seen = SeenFile(entry=entry, image=replace(bad, embeddings={shelf.space: shelf.vector(b"bad") * 2}))
        expected = InvalidVectorError
    elif wrong == "space":
        seen = SeenFile(entry=entry, image=replace(bad, embeddings={99: shelf.vector(b"bad")}))
    elif wrong == "identity":
        seen = SeenFile(entry=entry, image=replace(bad, sha256=b"short"))
    elif wrong == "image":
        seen, expected = SeenFile(entry=entry, image_id=12345), ImageNotFoundError
    else:
        seen = SeenFile(entry=replace(entry, path="/elsewhere/bad.jpg"), image=bad)
    with pytest.raises(expected):
        shelf.record(SeenFile(entry=shelf.entry("good.jpg"), image=good), seen)
    assert shelf.catalog.health.counts().images == 0
    assert shelf.catalog.files.known(shelf.folder) == {}
    assert len(shelf.record(SeenFile(entry=shelf.entry("good.jpg"), image=good))) == 1


def test_mark_missing_then_seen_again_revives_image_and_embedding(shelf: Shelf) -> None:
    """Nothing is embedded anew: ids and sequence numbers stay."""
    (image,) = shelf.record(shelf.picture("a.jpg", b"x"))
    sequence = shelf.catalog.embeddings.last_sequence(shelf.space)
    assert shelf.gone("a.jpg", "never.jpg") == 1
    assert shelf.gone("a.jpg") == 0
    assert shelf.catalog.embeddings.absent(shelf.space).tolist() == [image]
    assert shelf.where("width>0") == []
    assert shelf.catalog.files.known(shelf.folder)["a.jpg", ""].image_id == image
    assert shelf.record(SeenFile(entry=shelf.entry("a.jpg"), image_id=image)) == [image]
    assert shelf.catalog.embeddings.absent(shelf.space).tolist() == []
    assert shelf.where("width>0") == [image]
    assert shelf.catalog.embeddings.last_sequence(shelf.space) == sequence


def test_mark_missing_of_one_copy_leaves_the_image_present(shelf: Shelf) -> None:
    """An image is present while any file holds it."""
    image, _ = shelf.record(shelf.picture("a.jpg", b"x"), shelf.picture("b.jpg", b"x"))
    shelf.gone("a.jpg")
    assert shelf.where("width>0") == [image]
    assert (shelf.words("a"), shelf.words("b")) == ([], [image])


def test_mark_missing_forgets_files_that_held_no_image(shelf: Shelf) -> None:
    """A failed or excluded file that is gone is nobody's concern any more."""
    failure = Failure(path="", code="c", reason="r")
    shelf.record(SeenFile(entry=shelf.entry("n.txt")), SeenFile(entry=shelf.entry("b.jpg"), failure=failure))
    assert shelf.gone("n.txt", "b.jpg") == 2
    assert shelf.catalog.files.known(shelf.folder) == {}
    assert shelf.catalog.files.failures() == []


def test_mark_missing_takes_any_number_of_files(shelf: Shelf) -> None:
    """Given lazily, more than any statement's parameters."""
    shelf.record(*(shelf.picture(f"{n}.jpg", b"%d" % n) for n in range(1500)))
    gone = ((f"{n}.jpg", "") for n in range(1400))
    assert shelf.catalog.files.mark_missing(shelf.run, shelf.folder, gone) == 1400
    assert (shelf.catalog.health.counts().images, shelf.catalog.health.counts().missing) == (100, 1400)


def test_ensure_folder_gives_the_home_for_everything_inside(shelf: Shelf) -> None:
    """However the path is spelled."""
    for path, rest in (("", ""), ("/a", "a"), ("/a/../b/./c", "b/c")):
        assert shelf.catalog.files.ensure_folder(shelf.home + path) == (shelf.folder, rest)


def test_ensure_folder_takes_over_narrower_folders(shelf: Shelf, tmp_path: Path) -> None:
    """A file has one row, so a wider folder that is indexed later owns the files of the narrower one."""
    with tempfile.TemporaryDirectory() as outside:
        Path(outside, "in").mkdir()
        narrow, rest = shelf.catalog.files.ensure_folder(f"{outside}/in")
        assert (narrow.path, rest) == (f"{outside}/in", "")
        entry = FileEntry(path=f"{outside}/in/a.jpg", stamp=FileStamp(size=1, mtime_ns=1))
        (image,) = shelf.catalog.files.record(
            shelf.run, narrow, [SeenFile(entry=entry, image=shelf.image(b"x"))]
        )
        wide, rest = shelf.catalog.files.ensure_folder(outside)
        assert (wide.path, rest) == (outside, "")
        assert list(shelf.catalog.files.known(wide)) == [("in/a.jpg", "")]
        assert shelf.catalog.files.ensure_folder(f"{outside}/in") == (wide, "in")
        assert {folder.path for folder in shelf.catalog.files.folders()} == {shelf.home, outside}
        assert shelf.catalog.images.get([image])[0].paths == (f"{outside}/in/a.jpg",)


def test_ensure_folder_of_a_file_is_its_directory(shelf: Shelf) -> None:
    """Outside the home, a single file makes its directory a folder."""
    with tempfile.TemporaryDirectory() as outside:
        Path(outside, "a.jpg").touch()
        folder, rest = shelf.catalog.files.ensure_folder(f"{outside}/a.jpg")
        assert (folder.path, rest) == (outside, "a.jpg")


def test_known_files_below_a_path_are_those_at_or_under_it(shelf: Shelf) -> None:
    """Not those whose names begin alike; an archive's members are at it."""
    names = ["a/b.jpg", "a/b/c.jpg", "a.jpg", "ab/c.jpg", "a b.jpg", "a", "a!/x", "a0"]
    shelf.record(*(shelf.picture(name, name.encode()) for name in names))
    shelf.record(shelf.picture("a/z.zip", b"m", member="q.jpg"))
    under = {path for path, _ in shelf.catalog.files.known(shelf.folder, "a")}
    assert under == {"a", "a/b.jpg", "a/b/c.jpg", "a/z.zip"}
    assert set(shelf.catalog.files.known(shelf.folder, "a/z.zip")) == {("a/z.zip", "q.jpg")}
    assert len(shelf.catalog.files.known(shelf.folder)) == len(names) + 1
