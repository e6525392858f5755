"""What every catalog must do, whatever it stores its rows in."""

import hashlib
import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saccade.catalog import open_catalog
from saccade.core.decoding import FileEntry, FileStamp
from saccade.core.errors import ImageNotFoundError, InputError, InvalidVectorError, LibraryBusyError
from saccade.core.filters import FIELDS, Condition, Filter, Kind, condition, parse_where
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.files import SeenFile
from saccade.core.ports.images import NewImage as New
from saccade.core.types import EncoderInfo, Failure, ImageInfo, PixelRecipe, Role

DIMS = {Role.SEMANTIC: 6, Role.COPY: 4}
Opener = Callable[[str], Catalog]


def _open_sqlite(home: str) -> Catalog:
    return open_catalog(f"{home}/.saccade", create=True, home=home, wait_s=0.2)


IMPLEMENTATIONS: Mapping[str, Opener] = {"sqlite": _open_sqlite}


def encoder(fingerprint: str = "a" * 64) -> EncoderInfo:
    """An encoder with a semantic and a copy space."""
    return EncoderInfo(
        name="fake",
        fingerprint=fingerprint,
        dims=DIMS,
        recipe=PixelRecipe(size=8),
        license="none",
        reads_text=True,
    )


class Shelf:
    """A catalog under test, with what makes rows for it short."""

    def __init__(self, opener: Opener, home: str) -> None:
        self.opener, self.home = opener, home
        self.catalog = opener(home)
        self.spaces = {role: self.catalog.spaces.ensure(encoder(), role).id for role in DIMS}
        self.space = self.spaces[Role.SEMANTIC]
        self.folder, _ = self.catalog.files.ensure_folder(home)
        self.run = self.catalog.runs.start("index")

    def reopen(self) -> None:
        """As a new process finds it."""
        self.catalog.close()
        self.catalog = self.opener(self.home)

    def vector(self, data: bytes, role: Role = Role.SEMANTIC) -> np.ndarray:
        """The unit vector that these bytes always have."""
        seed = int.from_bytes(hashlib.sha256(data + role.encode()).digest()[:8], "big")
        row = np.random.default_rng(seed).standard_normal(DIMS[role]).astype(np.float32)
        return row / np.linalg.norm(row)

    def entry(self, path: str, size: int = 1, mtime_ns: int = 1, member: str = "") -> FileEntry:
        return FileEntry(
            path=f"{self.home}/{path}", stamp=FileStamp(size=size, mtime_ns=mtime_ns), member=member
        )

    def image(self, data: bytes, **facts: object) -> New:
        info = replace(ImageInfo(width=40, height=30, format="JPEG", size_bytes=len(data)), **facts)
        rows = {space: self.vector(data, role) for role, space in self.spaces.items()}
        return New(sha256=hashlib.sha256(data).digest(), info=info, embeddings=rows)

    def picture(self, path: str, data: bytes, member: str = "", **facts: object) -> SeenFile:
        return SeenFile(entry=self.entry(path, len(data), member=member), image=self.image(data, **facts))

    def record(self, *seen: SeenFile) -> list[int | None]:
        return list(self.catalog.files.record(self.run, self.folder, seen))

    def gone(self, *paths: str) -> int:
        return self.catalog.files.mark_missing(self.run, self.folder, [(path, "") for path in paths])

    def words(self, *words: str, limit: int = 100) -> list[int]:
        return sorted(self.catalog.images.match_words(words, limit).tolist())

    def where(self, *expressions: str) -> list[int]:
        return self.catalog.images.match(Filter(conditions=parse_where(list(expressions)))).tolist()


@pytest.fixture(params=sorted(IMPLEMENTATIONS))
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shelf]:
    made = Shelf(IMPLEMENTATIONS[request.param], str(tmp_path))
    yield made
    made.catalog.close()


# --- recording


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


# --- files that go and come back


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


# --- folders


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


# --- finding one image


def test_image_by_path_finds_files_members_and_odd_names(shelf: Shelf) -> None:
    """Also when it is gone, and when the name itself holds the separator of members."""
    ids = shelf.record(
        shelf.picture("a.jpg", b"1"),
        shelf.picture("z!/b.jpg", b"2"),
        shelf.picture("q!/z.zip", b"3", "m!/c.jpg"),
    )
    shelf.gone("a.jpg")
    for name, image in zip(("a.jpg", "z!/b.jpg", "q!/z.zip!/m!/c.jpg"), ids, strict=True):
        found = shelf.catalog.images.by_path(f"{shelf.home}/{name}")
        assert found is not None
        assert found.id == image
    assert shelf.catalog.images.by_path(f"{shelf.home}/none.jpg") is None
    assert shelf.catalog.images.by_path("/elsewhere/a.jpg") is None


def test_image_by_sha256_takes_any_unique_beginning(shelf: Shelf) -> None:
    """And refuses one that fits none, several, or is no hexadecimal."""
    ids = shelf.record(*(shelf.picture(f"{n}.jpg", b"%d" % n) for n in range(40)))
    digests = {hashlib.sha256(b"%d" % n).hexdigest(): image for n, image in enumerate(ids)}
    for digest, image in digests.items():
        assert shelf.catalog.images.by_sha256(digest).id == image
        assert shelf.catalog.images.by_sha256(digest[:17].upper()).id == image
    first = [digest[0] for digest in digests]
    several = next(letter for letter in first if first.count(letter) > 1)
    for prefix in (several, "", "zz", "0" * 64, "0" * 65, "é", "1 2"):
        with pytest.raises(ImageNotFoundError):
            shelf.catalog.images.by_sha256(prefix)


def test_images_refuses_an_id_that_is_not_there(shelf: Shelf) -> None:
    """Rather than leave a hole in the answer."""
    with pytest.raises(ImageNotFoundError, match="77"):
        shelf.catalog.images.get([77])
    assert list(shelf.catalog.images.get([])) == []


# --- embeddings


def test_embeddings_come_back_bit_for_bit_in_the_order_asked(shelf: Shelf) -> None:
    """Repeated ids included, as float32 in C order."""
    ids = [image or 0 for image in shelf.record(*(shelf.picture(f"{n}.jpg", b"%d" % n) for n in range(20)))]
    wanted = np.array([ids[7], ids[3], ids[7]], dtype=np.int64)
    rows = shelf.catalog.embeddings.get(shelf.space, wanted)
    assert np.array_equal(rows, np.stack([shelf.vector(b"%d" % n) for n in (7, 3, 7)]))
    assert rows.dtype == np.float32
    assert rows.flags.c_contiguous
    assert shelf.catalog.embeddings.get(shelf.space, np.empty(0, np.int64)).shape == (0, DIMS[Role.SEMANTIC])
    with pytest.raises(ImageNotFoundError):
        shelf.catalog.embeddings.get(shelf.space, np.array([ids[0], 999]))


@pytest.mark.parametrize("batch", [1, 3, 100])
def test_embeddings_after_gives_every_row_once_oldest_first(shelf: Shelf, batch: int) -> None:
    """From any sequence number on."""
    ids = shelf.record(*(shelf.picture(f"{n}.jpg", b"%d" % n) for n in range(10)))
    parts = list(shelf.catalog.embeddings.after(shelf.space, 0, batch))
    assert [image for _, some, _ in parts for image in some.tolist()] == ids
    assert all(len(some) == len(rows) <= batch for _, some, rows in parts)
    assert np.array_equal(
        np.concatenate([rows for *_, rows in parts]), [shelf.vector(b"%d" % n) for n in range(10)]
    )
    assert parts[-1][0] == shelf.catalog.embeddings.last_sequence(shelf.space)
    assert list(shelf.catalog.embeddings.after(shelf.space, parts[-1][0])) == []
    (newer,) = shelf.record(shelf.picture("new.jpg", b"new"))
    ((_, some, _),) = shelf.catalog.embeddings.after(shelf.space, parts[-1][0])
    assert some.tolist() == [newer]


def test_removed_embeddings_are_holes_until_recorded_again(shelf: Shelf) -> None:
    """With a new sequence number, so that indexes notice."""
    picture = shelf.picture("a.jpg", b"x")
    image, other = shelf.record(picture, shelf.picture("b.jpg", b"y"))
    before = shelf.catalog.embeddings.last_sequence(shelf.space)
    assert shelf.catalog.embeddings.remove(shelf.space, [image, 999]) == 1
    assert shelf.catalog.embeddings.unembedded(shelf.space).tolist() == [image]
    assert shelf.record(picture) == [image]
    assert shelf.catalog.embeddings.unembedded(shelf.space).tolist() == []
    assert shelf.catalog.embeddings.last_sequence(shelf.space) > before
    assert shelf.catalog.health.counts().embeddings == dict.fromkeys(shelf.spaces.values(), 2)
    assert other is not None


@pytest.mark.parametrize("count", [1, 5, 30, 31, 100])
def test_sample_ids_spreads_over_the_space(shelf: Shelf, count: int) -> None:
    """Sorted, without repeats, at most as many as asked, all of them when few enough."""
    ids = shelf.record(*(shelf.picture(f"{n}.jpg", b"%d" % n) for n in range(30)))
    sample = shelf.catalog.embeddings.sample(shelf.space, count).tolist()
    assert sample == sorted(set(sample))
    assert set(sample) <= set(ids)
    assert len(sample) == min(count, 30)
    if count > 1:
        assert {sample[0], sample[-1]} == {min(ids), max(ids)}
    assert shelf.catalog.embeddings.sample(999, count).tolist() == []


# --- spaces, runs, notes, lock


def test_ensure_space_activates_the_first_of_a_role_only(shelf: Shelf) -> None:
    """And makes one space for one fingerprint and role."""
    again = shelf.catalog.spaces.ensure(encoder(), Role.SEMANTIC)
    newer = shelf.catalog.spaces.ensure(encoder("b" * 64), Role.SEMANTIC)
    assert (again.id, again.active, newer.active) == (shelf.space, True, False)
    assert [(s.role, s.fingerprint[0], s.active, s.dim) for s in shelf.catalog.spaces.all()] == [
        (Role.SEMANTIC, "a", True, 6),
        (Role.COPY, "a", True, 4),
        (Role.SEMANTIC, "b", False, 6),
    ]
    with pytest.raises(InputError):
        shelf.catalog.spaces.ensure(replace(encoder("c" * 64), dims={}), Role.COPY)


def test_activating_a_space_replaces_the_one_of_its_role(shelf: Shelf) -> None:
    """In the other roles nothing changes, nor in the spaces; going back is the same call."""
    before = shelf.catalog.spaces.all()
    newer = shelf.catalog.spaces.ensure(encoder("b" * 64), Role.SEMANTIC)
    for chosen, other in ((newer.id, shelf.space), (newer.id, shelf.space), (shelf.space, newer.id)):
        assert shelf.catalog.spaces.activate(chosen) == replace(
            next(one for one in shelf.catalog.spaces.all() if one.id == chosen), active=True
        )
        shelf.reopen()
        active = {space.id: space.active for space in shelf.catalog.spaces.all()}
        assert active == {chosen: True, other: False, shelf.spaces[Role.COPY]: True}
    assert shelf.catalog.spaces.all() == [*before, newer]
    with pytest.raises(InputError, match="99"):
        shelf.catalog.spaces.activate(99)


def test_a_failed_activation_leaves_the_active_space(shelf: Shelf) -> None:
    """All of a unit of work is undone; a role is never without a space."""
    newer = shelf.catalog.spaces.ensure(encoder("b" * 64), Role.SEMANTIC)
    with suppress(ZeroDivisionError), shelf.catalog.unit():
        shelf.catalog.spaces.activate(newer.id)
        assert [space.id for space in shelf.catalog.spaces.all() if space.active][-1] == newer.id
        raise ZeroDivisionError
    active = [space.id for space in shelf.catalog.spaces.all() if space.active]
    assert active == list(shelf.spaces.values())


def test_roles_are_open_by_name(shelf: Shelf) -> None:
    """A role that saccade knows nothing of gets a space like any other."""
    role = Role("faces")
    made = shelf.catalog.spaces.ensure(replace(encoder("d" * 64), dims={role: 5}), role)
    shelf.reopen()
    assert shelf.catalog.spaces.all()[-1] == made
    assert (made.role, made.dim, made.active) == (role, 5, True)


def test_unfinished_runs_are_those_after_the_last_finished_one(shelf: Shelf) -> None:
    """A good run settles the interrupted ones before it."""
    assert shelf.catalog.runs.unfinished() == [shelf.run]
    later = shelf.catalog.runs.start("index")
    assert shelf.catalog.runs.unfinished() == [shelf.run, later]
    shelf.catalog.runs.finish(later, {"added": 3, "why": "é"})
    assert shelf.catalog.runs.unfinished() == []


def test_notes_hold_the_last_text_of_each_key(shelf: Shelf) -> None:
    """After reopening, too."""
    for text in ("one", "two ☃", ""):
        shelf.catalog.notes.save("key", text)
        shelf.reopen()
        assert shelf.catalog.notes.get("key") == text
    assert shelf.catalog.notes.get("other") is None


def test_writing_admits_one_and_says_who(shelf: Shelf) -> None:
    """Readers go on; the lock is free again after an error."""
    other = shelf.opener(shelf.home)
    with suppress(ZeroDivisionError), shelf.catalog.writing("indexing photos"):
        assert other.health.counts().images == 0
        with pytest.raises(LibraryBusyError, match=f"process {os.getpid()} is indexing photos"):
            other.writing().__enter__()
        raise ZeroDivisionError
    with other.writing():
        pass
    other.close()


def test_a_writer_waits_for_its_turn(shelf: Shelf) -> None:
    """Whoever comes while another one writes goes on when that one has ended."""
    other = shelf.opener(shelf.home)
    ended = threading.Event()

    def write() -> None:
        with shelf.catalog.writing("indexing photos"):
            started.set()
            ended.wait(10)

    started = threading.Event()
    holder = threading.Thread(target=write)
    holder.start()
    started.wait(10)
    threading.Timer(0.1, ended.set).start()
    with other.writing("tagging", wait_s=10):
        assert ended.is_set()
    holder.join()
    other.close()


def test_the_same_thread_may_take_the_write_lock_again(shelf: Shelf) -> None:
    """And only the outermost block gives it back."""
    other = shelf.opener(shelf.home)
    with shelf.catalog.writing("a"):
        with shelf.catalog.writing("b"):
            pass
        with pytest.raises(LibraryBusyError, match="is a"):
            other.writing(wait_s=0).__enter__()
    with other.writing(wait_s=0):
        pass
    other.close()


def test_a_unit_of_work_happens_whole(shelf: Shelf) -> None:
    """Others see nothing of it until it ends; the unit itself sees what it wrote."""
    other = shelf.opener(shelf.home)
    (image,) = shelf.record(shelf.picture("a.jpg", b"x"))
    assert image is not None
    with shelf.catalog.unit("tagging"):
        shelf.catalog.notes.save("k", "v")
        shelf.catalog.columns.write("price", {image: 1.0}, origin="import", replace=False)
        assert shelf.catalog.notes.get("k") == "v"
        assert other.notes.get("k") is None
        with pytest.raises(LibraryBusyError):
            other.unit(wait_s=0).__enter__()
    assert other.notes.get("k") == "v"
    assert [column.name for column in other.columns.all()] == ["price"]
    other.close()


def test_a_unit_of_work_that_fails_leaves_nothing(shelf: Shelf) -> None:
    """Of any store; a call that failed inside, and was dealt with there, is undone alone."""
    with suppress(ZeroDivisionError), shelf.catalog.unit("tagging"):
        shelf.catalog.notes.save("k", "v")
        shelf.catalog.runs.start("tagging")
        raise ZeroDivisionError
    assert shelf.catalog.notes.get("k") is None
    with shelf.catalog.unit("tagging"):
        shelf.catalog.notes.save("k", "v")
        with suppress(ImageNotFoundError):
            shelf.catalog.hashes.save({999: 1})
        shelf.catalog.notes.save("l", "w")
    assert shelf.catalog.notes.get("k") == "v"
    assert shelf.catalog.notes.get("l") == "w"


def test_version_changes_with_every_change_of_anyone(shelf: Shelf) -> None:
    """And stands still otherwise, reading included."""
    other = shelf.opener(shelf.home)
    versions = [shelf.catalog.version()]
    for change in (
        lambda: shelf.record(shelf.picture("a.jpg", b"x")),
        lambda: other.files.record(shelf.run, shelf.folder, [shelf.picture("b.jpg", b"y")]),
        lambda: shelf.gone("a.jpg"),
        lambda: other.notes.save("k", "v"),
    ):
        change()
        shelf.where("width>0")
        assert shelf.catalog.version() == shelf.catalog.version()
        versions.append(shelf.catalog.version())
    other.close()
    assert len(set(versions)) == len(versions)


# --- words


def test_match_words_finds_parts_of_names_captions_and_keywords(shelf: Shelf) -> None:
    """Split at punctuation, case and digits; stemmed; accents aside; all words must be there."""
    beach, dogs, tower = shelf.record(
        shelf.picture("IMG_beach-2020.jpg", b"1", keywords=("Été",)),
        shelf.picture("x/MyDogs12.png", b"2", caption="Running dogs, l'hiver"),
        shelf.picture("東京タワー.jpg", b"3", title="BEACH house"),
    )
    for query, found in {
        "beach": [beach, tower],
        "2020": [beach],
        "IMG_beach-2020.jpg": [beach],
        "ete": [beach],
        "ÉTÉ": [beach],
        "e\u0301te\u0301": [beach],
        "dog": [dogs],
        "mydogs12": [dogs],
        "MyDogs": [dogs],
        "hiver": [dogs],
        "run": [dogs],
        "東京": [tower],
        "beach house": [tower],
        "beach dog": [],
        "bea": [],
        "": [],
        "!!!": [],
    }.items():
        assert shelf.words(*query.split()) == found, query


@pytest.mark.parametrize(
    "hostile",
    ['"', '" OR "', "beach* OR 1", "names:beach", "NEAR(a b)", "a AND", "-beach", "^beach", "(", "\0",
     "'; DROP", "\ud800", "*", "{names}: x", "x" * 100_000, " ".join(["beach"] * 3000)],
    ids=lambda text: ascii(text)[:16],
)  # fmt: skip
def test_match_words_takes_a_users_words_literally(shelf: Shelf, hostile: str) -> None:
    """No word is ever syntax: at worst it finds nothing."""
    (image,) = shelf.record(shelf.picture("beach.jpg", b"1"))
    for words in ([hostile], hostile.split(), ["beach", hostile]):
        assert set(shelf.words(*words)) <= {image}
    assert shelf.words("beach") == [image]


def test_match_words_ranks_and_limits(shelf: Shelf) -> None:
    """A short name with the word beats a long caption with it; among restricts before the limit."""
    named, told, _ = shelf.record(
        shelf.picture("boat.jpg", b"1"),
        shelf.picture("b.jpg", b"2", caption="a long story about many things, one of them a boat at last"),
        shelf.picture("c.jpg", b"3"),
    )
    assert shelf.catalog.images.match_words(["boat"], 10).tolist() == [named, told]
    assert shelf.catalog.images.match_words(["boat"], 1).tolist() == [named]
    assert shelf.catalog.images.match_words(["boat"], 1, np.array([told])).tolist() == [told]
    assert shelf.catalog.images.match_words(["boat"], 0).tolist() == []
    assert shelf.catalog.images.match_words(["boat"], 5, np.empty(0, np.int64)).tolist() == []


def test_match_words_of_a_very_common_word_is_newest_first(shelf: Shelf) -> None:
    """Too many to rank; the limit and `among` still hold exactly."""
    count = 2500
    ids = shelf.record(*(shelf.picture(f"dog_{n}.jpg", b"%d" % n) for n in range(count)))
    assert shelf.catalog.images.match_words(["dog"], 5).tolist() == ids[:-6:-1]
    assert sorted(shelf.catalog.images.match_words(["dog"], 10**6).tolist()) == ids
    some = np.array(ids[10:20])
    assert sorted(shelf.catalog.images.match_words(["dog"], 100, some).tolist()) == some.tolist()


# --- filters

_TEXTS = st.sampled_from(
    ["Canon", "canon EOS", "Été", "100%", "a_b", "axb", "%", "\\", "Ss", "ß", "'x'", None]
)
_FACTS = st.fixed_dictionaries(
    {
        "taken_at": st.sampled_from(
            [None, "2023-12-31T23:59:59", "2024-01-01T00:00:00", "2024-05-01T10:30:00", "2024-05-31T23:59:59",
             "2025-01-01T00:00:00"]
        ),
        "camera": _TEXTS,
        "title": _TEXTS,
        "keywords": st.lists(_TEXTS.filter(bool), max_size=2).map(tuple),
        "width": st.integers(1, 4),
        "latitude": st.sampled_from([None, -1.5, 0.0, 2.0]),
    }
)  # fmt: skip
_CONDITIONS = st.one_of(
    st.tuples(
        st.just("taken"),
        st.sampled_from(["=", "!=", "<", "<=", ">", ">="]),
        st.sampled_from(["2024", "2024-05", "2024-05-01", "2024-05-01T10", "2023-12-31 23:59:59", "1999"]),
    ),
    st.tuples(
        st.sampled_from(["camera", "title", "keyword", "name", "format"]),
        st.sampled_from(["=", "==", "!="]),
        st.sampled_from(
            ["canon", "CANON", "été", "e\u0301te\u0301", "%", "_", "\\", "100%", "SS", "jp", "0.jpg"]
        ),
    ),
    st.tuples(
        st.sampled_from(["width", "latitude"]),
        st.sampled_from(["=", "!=", "<", "<=", ">", ">="]),
        st.sampled_from([0, 1, 2, 2.5, -1.5]),
    ),
)


def _fold(text: str) -> str:
    import unicodedata  # noqa: PLC0415 - only this oracle needs it

    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def _holds(one: Condition, facts: Mapping[str, object], name: str) -> bool:
    """The rules of core.filters, straightforwardly."""
    if one.op == "!=":
        return not _holds(replace(one, op="="), facts, name)
    values = {"keyword": facts["keywords"], "name": [name], "format": ["JPEG"], "taken": [facts["taken_at"]]}
    given = [value for value in values.get(one.field, [facts.get(one.field)]) if value is not None]  # type: ignore[attr-defined]
    if FIELDS[one.field] is Kind.TEXT:
        wanted = _fold(str(one.value))
        return any(wanted == _fold(v) if one.op == "==" else wanted in _fold(v) for v in given)
    if FIELDS[one.field] is Kind.TIME:
        given = [value[: len(str(one.value))] for value in given]
    tests = {
        "=": lambda a, b: a == b,
        "<": lambda a, b: a < b,
        "<=": lambda a, b: a <= b,
        ">": lambda a, b: a > b,
        ">=": lambda a, b: a >= b,
    }
    return any(tests[one.op](value, one.value) for value in given)


@pytest.mark.parametrize("name", sorted(IMPLEMENTATIONS))
@settings(max_examples=25, deadline=None)
@given(
    facts=st.lists(_FACTS, min_size=1, max_size=8),
    wanted=st.lists(st.lists(_CONDITIONS, min_size=1, max_size=2), min_size=1, max_size=12),
)
def test_match_agrees_with_a_plain_evaluation(
    name: str, facts: list[dict[str, object]], wanted: list[list[tuple[str, str, str | float]]]
) -> None:
    """Every kind, operator and absent fact, wildcards of SQL included."""
    with tempfile.TemporaryDirectory() as home:
        shelf = Shelf(IMPLEMENTATIONS[name], home)
        ids = shelf.record(*(shelf.picture(f"{n}.jpg", b"%d" % n, **one) for n, one in enumerate(facts)))
        for parts in wanted:
            conditions = tuple(condition(*part) for part in parts)
            expected = [
                image
                for n, (image, one) in enumerate(zip(ids, facts, strict=True))
                if all(_holds(c, one, f"{n}.jpg") for c in conditions)
            ]
            assert shelf.catalog.images.match(Filter(conditions=conditions)).tolist() == expected
        shelf.catalog.close()


def test_match_by_folder_takes_everything_below_and_nothing_beside(shelf: Shelf) -> None:
    """Several folders are alternatives; conditions still hold; the home itself holds all."""
    names = ["a/1.jpg", "a/b/2.jpg", "ab/3.jpg", "a_/4.jpg", "5.jpg"]
    ids = shelf.record(*(shelf.picture(name, name.encode(), width=n) for n, name in enumerate(names, 1)))

    def inside(*folders: str, where: tuple[str, ...] = ()) -> list[int]:
        paths = tuple(f"{shelf.home}{folder}" for folder in folders)
        return shelf.catalog.images.match(Filter(conditions=parse_where(list(where)), folders=paths)).tolist()

    assert inside("/a") == ids[:2]
    assert inside("/a", "/ab") == ids[:3]
    assert inside("") == ids
    assert inside("/a", where=("width>1",)) == [ids[1]]
    assert inside("/none") == []
    assert shelf.catalog.images.match(Filter(folders=("/",))).tolist() == ids
    assert shelf.catalog.images.match(Filter(folders=(str(Path(shelf.home).parent),))).tolist() == ids
    assert shelf.catalog.images.match(Filter()).tolist() == ids


def test_known_sizes_are_those_of_all_images_held(shelf: Shelf) -> None:
    """Missing ones too: a file that comes back may be one of them."""
    shelf.record(shelf.picture("a.jpg", b"123"), shelf.picture("b.jpg", b"12345"))
    shelf.gone("a.jpg")
    assert shelf.catalog.images.sizes() == {3, 5}


def test_a_sound_catalog_has_no_problems(shelf: Shelf) -> None:
    """After ordinary use every check is silent."""
    shelf.record(shelf.picture("a.jpg", b"x"), shelf.picture("b.jpg", b"y", caption="dogs"))
    shelf.gone("a.jpg")
    assert shelf.catalog.health.problems() == []
    assert shelf.catalog.health.stale_images().tolist() == []
    assert [shelf.catalog.embeddings.corrupt(space).tolist() for space in shelf.spaces.values()] == [[], []]
    shelf.catalog.health.rebuild_derived()
    assert shelf.catalog.health.stale_images().tolist() == []
    assert shelf.words("dog") != []
