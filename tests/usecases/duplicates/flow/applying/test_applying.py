"""Putting duplicates away: only what is certain, and nothing is lost."""

import errno
import os
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from saccade.catalog import open_catalog
from saccade.core.errors import DiskFullError, InputError, LibraryBusyError, PathNotFoundError
from saccade.sources import quarantine
from saccade.usecases.duplicates.flow.undoing import quarantine_runs
from saccade.usecases.duplicates.rules.applying import USUAL_TIERS
from saccade.usecases.duplicates.rules.reports import Tier

# --- plan and act


def test_a_plan_changes_nothing_and_says_what_would_happen(album: Any) -> None:
    """No file is touched, no folder made; the moves are those that acting would make."""
    keeper, other = album.file("a.jpg", b"keeper"), album.file("b.jpg", b"other one")
    before = album.tree()
    report = album.found([keeper, other])
    plan = album.cleaner().plan(report, USUAL_TIERS, None)
    assert (plan.applied, plan.run) == (False, "")
    assert [move.path for move in plan.moves] == [other]
    assert (plan.savings.files, plan.savings.size_bytes) == (1, len(b"other one"))
    assert album.tree() == before
    assert not os.path.exists(album.journal.folder)
    done = album.clean(report)
    assert done.quarantine == plan.quarantine
    assert [move.path for move in done.moves] == [other]


def test_the_others_leave_and_the_keeper_stays(album: Any) -> None:
    """Moved below the run's folder under their full path, and the library knows that they are gone."""
    keeper, other = album.file("a.jpg", b"keeper"), album.file("in/b.jpg", b"other")
    done = album.clean(album.found([keeper, other]))
    place = os.path.join(album.journal.folder, "0001", "files") + other
    assert (done.applied, done.run, done.moves[0].place) == (True, "0001", place)
    assert Path(place).read_bytes() == b"other"
    assert set(album.tree()) == {"a.jpg"}
    assert album.present() == {"a.jpg"}


def test_undo_puts_back_bytes_time_and_permissions(album: Any) -> None:
    """And the library knows the file again, as the image it was, without indexing."""
    keeper, other = album.file("a.jpg", b"keeper"), album.file("in/b.jpg", b"other", mode=0o600)
    before, image = album.tree(), album.catalog.images.by_path(other)
    album.clean(album.found([keeper, other]))
    report = album.undo()
    assert [(one.path, one.at) for one in report.restored] == [(other, other)]
    assert album.tree() == before
    assert album.present() == {"a.jpg", "in/b.jpg"}
    assert album.catalog.images.by_path(other) == image
    assert os.listdir(os.path.join(album.journal.folder, "0001")) == ["manifest.jsonl"]


@pytest.mark.parametrize("tier", list(Tier))
def test_bursts_and_scenes_leave_only_when_asked_for(album: Any, tier: Tier) -> None:
    """They are other pictures."""
    report = album.found([album.file("a.jpg", b"1"), album.file("b.jpg", b"2")], tier=tier)
    usual = album.cleaner().plan(report, USUAL_TIERS, None)
    assert len(usual.moves) == (tier not in {Tier.BURST, Tier.SCENE})
    assert len(album.cleaner().plan(report, [tier], None).moves) == 1


def test_nothing_to_move_makes_no_run(album: Any) -> None:
    """A report without groups."""
    done = album.clean(album.found())
    assert (done.applied, done.run, done.moves) == (True, "", ())
    assert album.journal.runs() == []


# --- doubts


def _gone(album: Any, path: str) -> None:
    os.unlink(path)


def _touched(album: Any, path: str) -> None:
    os.utime(path, ns=(1, 1))


def _grown(album: Any, path: str) -> None:
    with Path(path).open("ab") as file:
        file.write(b"!")


def _other_bytes(album: Any, path: str) -> None:
    """Same length, same time."""
    found = os.stat(path)
    Path(path).write_bytes(b"x" * found.st_size)
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))


def _made_a_link(album: Any, path: str) -> None:
    os.rename(path, path + ".moved")
    os.symlink(path + ".moved", path)


def _made_a_folder(album: Any, path: str) -> None:
    os.unlink(path)
    os.mkdir(path)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_gone, "file_gone"),
        (_touched, "file_changed"),
        (_grown, "file_changed"),
        (_other_bytes, "file_changed"),
        (_made_a_link, "is_link"),
        (_made_a_folder, "is_link"),
    ],
)
@pytest.mark.parametrize("which", ["other", "keeper"])
def test_a_file_that_is_not_what_was_indexed_stays(
    album: Any, change: Callable[[Any, str], None], code: str, which: str
) -> None:
    """Nor is anything put away whose keeper is not; one line each, and the rest goes on."""
    keeper, other = album.file("a.jpg", b"keeper"), album.file("b.jpg", b"other")
    fine = [album.file("c.jpg", b"keeper 2"), album.file("d.jpg", b"other 2")]
    report = album.found([keeper, other], fine)
    change(album, keeper if which == "keeper" else other)
    before = album.tree()
    done = album.clean(report)
    assert album.codes(done) == [code if which == "other" else f"keeper_{code}"]
    assert done.skipped[0].path == other
    assert [move.path for move in done.moves] == [fine[1]]
    assert {name: facts for name, facts in before.items() if name != "d.jpg"} == album.tree()


def test_members_of_archives_stay(album: Any) -> None:
    """Nothing is taken out of an archive, and no file leaves because an archive holds its picture."""
    photo, archive = album.file("a.jpg", b"photo"), album.file("x.zip", b"zip")
    member = album.member(archive, "in/b.jpg", b"member")
    assert album.codes(album.clean(album.found([photo, member]))) == ["in_archive"]
    assert album.codes(album.clean(album.found([member, photo]))) == ["keeper_in_archive"]
    assert len(album.tree()) == 2


def test_the_same_file_through_a_linked_folder_stays(album: Any) -> None:
    """It has one name in one folder, however it is spelled: putting it away would take the keeper along."""
    keeper = album.file("real/a.jpg", b"photo")
    os.symlink(album.home / "real", album.home / "linked")
    twin = str(album.home / "linked" / "a.jpg")
    album.learn(twin, b"photo")
    assert album.codes(album.clean(album.found([keeper, twin], tier=Tier.BYTES))) == ["same_file"]
    assert Path(keeper).read_bytes() == b"photo"


def test_a_hard_link_leaves_but_saves_nothing(album: Any) -> None:
    """Its bytes stay in use by the other name; only when all names leave are they counted, once."""
    keeper, twin = album.file("a.jpg", b"photo"), str(album.home / "b.jpg")
    os.link(keeper, twin)
    album.learn(twin, b"photo")
    done = album.clean(album.found([keeper, twin], tier=Tier.BYTES))
    assert (len(done.moves), done.savings.size_bytes) == (1, 0)
    assert set(album.tree()) == {"a.jpg"}
    album.undo()
    assert os.path.samefile(keeper, twin)


def test_a_keeper_of_one_group_never_leaves_with_another(album: Any) -> None:
    """Whatever a report says, one file of each group stays."""
    a, b, c = (album.file(f"{name}.jpg", name.encode()) for name in "abc")
    done = album.clean(album.found([a, b], [b, c]))
    assert album.codes(done) == ["is_keeper"]
    assert set(album.tree()) == {"a.jpg", "b.jpg"}


def test_a_file_with_more_pages_than_its_keeper_stays(album: Any) -> None:
    """Only the first page was compared: the others exist nowhere else."""
    keeper, scan = album.file("cover.png", b"page 1"), album.file("contract.tif", b"pages", frames=5)
    report = album.clean(album.found([keeper, scan]))
    assert album.codes(report) == ["more_frames"]
    assert "5 pages or frames" in report.skipped[0].reason
    assert set(album.tree()) == {"cover.png", "contract.tif"}


def test_a_file_that_nothing_could_tell_from_its_keeper_comes_back(album: Any, files_with: Any) -> None:
    """As with a bind mount: once the keeper is seen to be gone, the move is taken back at once."""
    keeper, other = album.file("a.jpg", b"keeper"), album.file("b.jpg", b"other")
    report = album.found([keeper, other])

    def set_aside(move: Any) -> None:
        quarantine.set_aside(move)
        os.rename(keeper, keeper + ".hidden")

    done = album.clean(report, files=files_with(set_aside=set_aside))
    assert album.codes(done) == ["same_file"]
    assert Path(other).read_bytes() == b"other"
    assert done.moves == ()


# --- the system says no


def test_a_folder_that_cannot_be_written_costs_a_line(album: Any, files_with: Any) -> None:
    """The file stays, the others leave."""
    a, b, c = (album.file(f"{name}.jpg", name.encode()) for name in "abc")

    def set_aside(move: Any) -> None:
        if move.path == b:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), move.path)
        quarantine.set_aside(move)

    done = album.clean(album.found([a, b, c]), files=files_with(set_aside=set_aside))
    assert [(one.path, one.code) for one in done.skipped] == [(b, "cannot_move")]
    assert "Permission denied" in done.skipped[0].reason
    assert set(album.tree()) == {"a.jpg", "b.jpg"}
    assert album.present() == {"a.jpg", "b.jpg"}


def test_a_really_read_only_folder(album: Any, files_with: Any) -> None:
    """As the system says it; root, who may write anywhere, is another user for that moment."""
    a, b = album.file("a.jpg", b"a"), album.file("locked/b.jpg", b"b")

    def set_aside(move: Any) -> None:
        me = os.geteuid()
        os.seteuid(65534 if me == 0 else me)
        try:
            quarantine.set_aside(move)
        finally:
            os.seteuid(me)

    (album.home / "locked").chmod(0o500)
    try:
        assert album.codes(album.clean(album.found([a, b]), files=files_with(set_aside=set_aside))) == [
            "cannot_move"
        ]
    finally:
        (album.home / "locked").chmod(0o700)
    assert Path(b).read_bytes() == b"b"


def test_a_full_disk_ends_the_run_and_loses_nothing(album: Any, files_with: Any) -> None:
    """What was moved is known as moved; the same call goes on in the same run, and one undo is enough."""
    names = [album.file(f"{number}.jpg", bytes([number])) for number in range(6)]
    before = album.tree()
    report = album.found(names)

    def set_aside(move: Any) -> None:
        if move.path == names[3]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        quarantine.set_aside(move)

    with pytest.raises(DiskFullError, match="no space left"):
        album.clean(report, files=files_with(set_aside=set_aside))
    assert album.present() == {"0.jpg", "3.jpg", "4.jpg", "5.jpg"}
    assert [one.finished for one in quarantine_runs(quarantine, album.journal)] == [False]
    done = album.clean(report)
    assert (done.run, len(done.moves), album.codes(done)) == ("0001", 3, ["file_gone"] * 2)
    assert [one.finished for one in quarantine_runs(quarantine, album.journal)] == [True]
    assert len(album.undo().restored) == 5
    assert album.tree() == before
    assert len(album.present()) == 6


def test_ctrl_c_leaves_a_library_that_knows_what_was_moved(album: Any, files_with: Any) -> None:
    """And one undo takes it back."""
    names = [album.file(f"{number}.jpg", bytes([number])) for number in range(4)]
    before = album.tree()

    def set_aside(move: Any) -> None:
        if move.path == names[2]:
            raise KeyboardInterrupt
        quarantine.set_aside(move)

    with pytest.raises(KeyboardInterrupt):
        album.clean(album.found(names), files=files_with(set_aside=set_aside))
    assert album.present() == {"0.jpg", "2.jpg", "3.jpg"}
    report = album.undo()
    assert (len(report.restored), report.unmoved) == (1, 2)
    assert album.tree() == before
    assert len(album.present()) == 4


def test_two_processes_take_turns(album: Any) -> None:
    """While another one writes, nothing is moved."""
    report = album.found([album.file("a.jpg", b"a"), album.file("b.jpg", b"b")])
    with closing(open_catalog(str(album.home / ".saccade"), create=False)) as other, other.writing("testing"):
        with pytest.raises(LibraryBusyError, match="testing"):
            album.clean(report)
        with pytest.raises(LibraryBusyError, match="testing"):
            album.undo("1")
    assert len(album.tree()) == 2


# --- where files go


def test_files_go_to_another_disk_and_back(album: Any, other_disk: Path) -> None:
    """Copied, compared, and only then removed; back with bytes, time and permissions."""
    keeper = album.file("a.jpg", b"keeper")
    others = [album.file(f"in/{number}.jpg", bytes([number]) * 5000, mode=0o640) for number in range(3)]
    before = album.tree()
    done = album.clean(album.found([keeper, *others]), to=str(other_disk))
    assert done.quarantine == str(other_disk / "saccade-quarantine-0001")
    assert set(album.tree()) == {"a.jpg"}
    assert all(os.stat(move.place).st_dev != os.stat(keeper).st_dev for move in done.moves)
    assert len(album.undo().restored) == 3
    assert album.tree() == before


def test_a_copy_that_differs_is_not_trusted(
    album: Any, other_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that writes other bytes than it was given: the file stays where it is."""
    keeper, other = album.file("a.jpg", b"keeper"), album.file("b.jpg", b"other")
    report = album.found([keeper, other])

    def copy(source: Any, target: Any, length: int = 0) -> None:
        target.write(b"wrong")

    monkeypatch.setattr(shutil, "copyfileobj", copy)
    assert album.codes(album.clean(report, to=str(other_disk))) == ["cannot_move"]
    assert Path(other).read_bytes() == b"other"
    assert [name for _, _, names in os.walk(other_disk) for name in names] == []


def test_files_do_not_go_where_indexing_finds_them(album: Any, tmp_path: Path) -> None:
    """Into an indexed folder, or where there is no folder; a hidden one is never indexed."""
    report = album.found([album.file("a.jpg", b"a"), album.file("in/b.jpg", b"b")])
    with pytest.raises(InputError, match="is in the indexed folder"):
        album.clean(report, to=str(album.home / "in"))
    with pytest.raises(PathNotFoundError, match="no such folder"):
        album.cleaner().plan(report, USUAL_TIERS, str(tmp_path / "nowhere"))
    assert len(album.tree()) == 2
    (album.home / ".hidden").mkdir()
    assert len(album.clean(report, to=str(album.home / ".hidden")).moves) == 1


def test_a_taken_place_in_the_quarantine_is_passed_by(album: Any) -> None:
    """Two runs of one hidden folder never write over each other."""
    keeper, other = album.file("a.jpg", b"keeper"), album.file("b.jpg", b"other")
    place = Path(album.journal.next_place(None) + other)
    place.parent.mkdir(parents=True)
    place.write_bytes(b"somebody's")
    shutil.move(str(place), str(place) + ".kept")
    done = album.clean(album.found([keeper, other]))
    assert Path(done.moves[0].place).read_bytes() == b"other"
    assert Path(str(place) + ".kept").read_bytes() == b"somebody's"
