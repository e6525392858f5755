"""Tags in the image files: every byte comes back, nothing is lost, and no manifest is trusted."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import saccade
from saccade.core.ports.stores import Event
from saccade.usecases.tags.flow import recording
from saccade.usecases.tags.flow.manifest import Change, Manifest

ORIGINALS = Path(".saccade") / "originals"
MANIFEST = ORIGINALS / "written.jsonl"


def _digests(folder: Path) -> dict[str, str]:
    return {one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in folder.glob("?.*")}


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


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _labels(library: saccade.Library, path: Path) -> list[str]:
    return sorted(tag.label for tag in library.tags.of([path]).get(str(path), ()))


def test_the_manifest_is_written_before_the_file(
    library: saccade.Library, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Original, manifest, file, catalog: when the file is replaced, the way back is there already."""
    place, steps = photos / "0.jpg", []
    tools, before = library.context.tools, (photos / "0.jpg").read_bytes()
    write, append = tools.write_whole, tools.append_line

    def whole(path: str, parts: list[bytes], *, like: str | None = None) -> None:
        assert place.read_bytes() == before
        steps.append("file" if path == str(place) else "original")
        write(path, parts, like=like)

    def line(path: str, text: str) -> None:
        steps.append("recorded" if "recorded" in text else "manifest")
        append(path, text)

    monkeypatch.setattr(tools, "write_whole", whole)
    monkeypatch.setattr(type(tools), "append_line", lambda _, path, text: line(path, text))
    library.tags.write_files()
    assert steps == ["original", "manifest", "file", "recorded"]


@pytest.mark.parametrize("index_first", [False, True])
def test_killed_before_the_catalog_knew_the_next_call_records_it(
    library: saccade.Library, photos: Path, monkeypatch: pytest.MonkeyPatch, index_first: bool
) -> None:
    """Tags, fields and feedback reach the new image, even if it was indexed in between."""
    place = photos / "0.jpg"
    catalog = library.context.catalog
    before = library.show(place).id
    catalog.columns.write("price", {before: 3.5}, origin="import", replace=False)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as stopping:
        stopping.setattr(recording, "record_changed", killed)
        with pytest.raises(KeyboardInterrupt):
            library.tags.write_files()
    if index_first:
        library.index(photos)
        assert _labels(library, place) == []
    library.tags.write_files()
    assert _labels(library, place) == ["animal/dog", "mine"]
    assert library.fields.of(place) == {"price": 3.5}
    library.tags.remove(["mine"], [place])
    library.tags.write_files()
    assert _labels(library, place) == ["animal/dog"]  # recorded once, and not again


def test_the_edit_comes_back_and_not_what_was_there_before_it(library: saccade.Library, photos: Path) -> None:
    """Of a file that was edited between two writes, the original is the edit."""
    place = photos / "0.jpg"
    library.tags.write_files()
    library.tags.restore_files()
    Image.fromarray(np.full((48, 64, 3), 77, np.uint8)).save(place)
    library.index(photos)
    edited = place.read_bytes()
    library.tags.set(["new"], [place])
    library.tags.write_files()
    assert place.read_bytes() != edited
    library.tags.restore_files()
    assert place.read_bytes() == edited


def test_tags_written_twice_come_off_together(library: saccade.Library, photos: Path) -> None:
    """What comes back was there before the first of them; a second call has nothing to do."""
    before = _digests(photos)
    library.tags.write_files()
    library.tags.set(["more"], [photos / "0.jpg"])
    library.tags.write_files()
    assert len(library.tags.restore_files(dry_run=True).written) == 1
    assert len(library.tags.restore_files().written) == 1
    assert _digests(photos) == before
    report = library.tags.restore_files()
    assert (report.written, report.unchanged, report.skipped) == ((), 1, ())


def test_all_that_is_known_moves_to_the_new_bytes_and_back(library: saccade.Library, photos: Path) -> None:
    """Tags of any origin, fields, events, sets and verdicts; a tag removed in between stays removed."""
    place, other = photos / "0.jpg", photos / "1.jpg"
    catalog = library.context.catalog
    one, two = library.show(place).id, library.show(other).id
    catalog.columns.write("price", {one: 3.5}, origin="import", replace=False)
    catalog.columns.write("look", {one: "dark"}, origin="cluster", replace=False)
    catalog.feedback.add([Event(user="ann", image=one, kind="like", at=1.0)])
    catalog.feedback.add_sets({"order 1": [one, two]})
    catalog.pairs.set_distinct([(min(one, two), max(one, two))])
    library.tags.write_files()
    new = library.show(place).id
    assert new != one
    assert library.fields.of(place) == {"price": 3.5, "look": "dark"}
    assert {event.image for event in catalog.feedback.events("ann")} == {one, new}
    assert new in catalog.feedback.sets()["order 1"]
    assert [min(new, two), max(new, two)] in catalog.pairs.distinct().tolist()
    library.tags.remove(["mine"], [place])
    library.tags.set(["later"], [place])
    library.tags.restore_files()
    assert library.show(place).id == one
    assert _labels(library, place) == ["animal/dog", "later"]


def test_a_library_that_was_moved_restores_its_files(photos: Path, tmp_path: Path) -> None:
    """The manifest names files by their old place."""
    before = _digests(photos)
    with saccade.open_library(photos) as library:
        library.tags.write_files()
    moved = Path(shutil.move(photos, tmp_path / "elsewhere"))
    with saccade.open_library(moved) as library:
        assert library.tags.restore_files().written == (str(moved / "0.jpg"),)
    assert _digests(moved) == before


def test_a_file_known_by_a_symbolic_link_is_restored(tmp_path: Path) -> None:
    """The manifest has the real path, the library the other."""
    real = tmp_path / "real"
    real.mkdir()
    Image.fromarray(np.random.default_rng(9).integers(0, 256, (48, 64, 3), np.uint8)).save(real / "a.jpg")
    before = (real / "a.jpg").read_bytes()
    (tmp_path / "link").symlink_to(real)
    with saccade.open_library(tmp_path / "link") as library:
        library.index(tmp_path / "link")
        name = tmp_path / "link" / "a.jpg"
        library.tags.set(["mine"], [name])
        library.tags.write_files()
        assert (real / "a.jpg").read_bytes() != before
        assert len(library.tags.restore_files().written) == 1
    assert (real / "a.jpg").read_bytes() == before


HOSTILE = [
    {"path": "/etc/hostname", "old": "../../secret", "new": "0" * 64},
    {"path": 0, "old": "0" * 64, "new": "1" * 64},
    {"path": "relative.jpg", "old": "0" * 64, "new": "1" * 64},
    {"path": "/a\0b", "old": "0" * 64, "new": "1" * 64},
    {"path": "/a", "old": "0" * 64},
    ["path", "old", "new"],
    "path",
]


@pytest.mark.parametrize("line", HOSTILE)
def test_lines_of_another_form_count_for_nothing(
    library: saccade.Library, photos: Path, line: object
) -> None:
    """The manifest is in a folder that anyone may have written."""
    (photos / ORIGINALS).mkdir()
    (photos / MANIFEST).write_text(json.dumps(line) + "\n")
    assert Manifest(library.context).paths == []
    assert library.tags.restore_files().images == 0


def test_no_file_is_replaced_by_another_picture(library: saccade.Library, photos: Path) -> None:
    """Nor a file that is no picture, nor one that is not indexed, whatever the manifest asks for."""
    good, text, foreign = photos / "0.jpg", photos.parent / "notes.txt", photos.parent / "foreign.jpg"
    text.write_text("mine")
    shutil.copy(photos / "2.jpg", foreign)
    evil = (photos / "1.jpg").read_bytes()
    (photos / ORIGINALS).mkdir()
    (photos / ORIGINALS / _sha256(evil)).write_bytes(evil)
    with (photos / MANIFEST).open("w") as file:
        for target in (good, text, foreign):
            change = {"path": str(target), "old": _sha256(evil), "new": _sha256(target.read_bytes())}
            file.write(json.dumps(change) + "\n")
    before = {one: one.read_bytes() for one in (good, text, foreign)}
    report = library.tags.restore_files()
    assert report.written == ()
    assert {Path(one.path).name: one.code for one in report.skipped} == {
        "0.jpg": "no_original", "notes.txt": "not_indexed", "foreign.jpg": "not_indexed",
    }  # fmt: skip
    assert {one: one.read_bytes() for one in before} == before


def test_a_cycle_in_the_manifest_ends(library: saccade.Library, photos: Path) -> None:
    """Bytes that are each other's originals."""
    a, b = "a" * 64, "b" * 64
    (photos / ORIGINALS).mkdir()
    lines = [{"path": "/x", "old": a, "new": b}, {"path": "/x", "old": b, "new": a}]
    (photos / MANIFEST).write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert Manifest(library.context).original("/x", a) in {a, b}


def test_a_line_cut_off_by_a_crash_spoils_no_other(library: saccade.Library, photos: Path) -> None:
    """The next one begins on a line of its own."""
    library.tags.write_files()
    with (photos / MANIFEST).open("a") as file:
        file.write('{"path": "/cut o')
    change = Change(path=str(photos / "1.jpg"), old="0" * 64, new="1" * 64)
    Manifest(library.context).announce(change)
    assert Manifest(library.context).original(change.path, change.new) == change.old
    assert str(photos / "0.jpg") in Manifest(library.context).paths


def test_a_manifest_of_release_0_2_is_understood(library: saccade.Library, photos: Path) -> None:
    """It restores; what it wrote counts as recorded, so that no tag removed since comes back."""
    before = _digests(photos)
    library.tags.write_files()
    old = next(line for line in (photos / MANIFEST).read_text().splitlines() if "old" in line)
    (photos / MANIFEST).write_text(old + "\n")
    library.tags.remove(["mine"], [photos / "0.jpg"])
    library.tags.write_files()
    assert _labels(library, photos / "0.jpg") == ["animal/dog"]
    assert len(library.tags.restore_files().written) == 1
    assert _digests(photos) == before


def test_a_damaged_original_is_kept_again(library: saccade.Library, photos: Path) -> None:
    """Before the file is touched; and is never put back as it is."""
    before = (photos / "0.jpg").read_bytes()
    kept = photos / ORIGINALS / _sha256(before)
    kept.parent.mkdir()
    kept.write_bytes(b"damaged")
    library.tags.write_files()
    assert kept.read_bytes() == before
    kept.write_bytes(b"damaged")
    assert library.tags.restore_files().skipped[0].code == "no_original"
    assert (photos / "0.jpg").read_bytes() != before


def test_many_files_are_recorded_in_batches(
    library: saccade.Library, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that the pictures in memory are few; every file is recorded."""
    monkeypatch.setattr(recording, "_AT_ONCE", 2)
    sizes: list[int] = []
    real = recording.record_changed

    def counted(context: object, files: dict[str, int], doing: str) -> set[str]:
        sizes.append(len(files))
        return real(context, files, doing)  # type: ignore[arg-type]

    monkeypatch.setattr(recording, "record_changed", counted)
    library.tags.set(["all"], [photos / f"{number}.jpg" for number in range(3)])
    assert len(library.tags.write_files().written) == 3
    assert sizes == [2, 1]
    assert library.tags.labels()["all"] == 3
