"""Files that change while they are read, several runs at once, and clocks that are set back."""

import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from saccade.core.types import Progress
from saccade.library import Library, open_library

Photo = Callable[[Path, int], bytes]
Start = Callable[..., Any]


def at_first_images(act: Callable[[], None]) -> Callable[[Progress], None]:
    """Do it once, when the first batch is recorded."""
    done: list[bool] = []

    def progress(step: Progress) -> None:
        if step.stage == "images" and not done:
            done.append(True)
            act()

    return progress


def shown(library: Library, place: Path) -> dict[str, str]:
    """Image id of each present file."""
    hits = library.search("anything", k=10_000)
    return {os.path.relpath(path, place): hit.image_id for hit in hits for path in hit.paths}


def assert_as_made_anew(library: Library, place: Path, elsewhere: Path) -> None:
    """The library holds what one made of the same files now holds, and is sound."""
    shutil.copytree(place, elsewhere, ignore=shutil.ignore_patterns(".saccade"))
    with open_library(elsewhere) as expected:
        expected.index(elsewhere)
        assert shown(library, place) == shown(expected, elsewhere)
    assert library.doctor().problems == ()


def test_files_that_change_before_they_are_read(
    album: Callable[[int], Path], photo: Photo, tmp_path: Path
) -> None:
    """Each is a Failure with its reason or the picture it holds now; the next run sets everything right."""
    place = album(300)
    files = sorted(place.glob("*.png"))[-6:]
    gone, other, short, folder, pipe, empty = files

    def change() -> None:
        gone.unlink()
        photo(other, 1001)
        short.write_bytes(short.read_bytes()[:200])
        folder.unlink()
        folder.mkdir()
        pipe.unlink()
        os.mkfifo(pipe)
        empty.write_bytes(b"")

    with open_library(place) as library:
        report = library.index(place, progress=at_first_images(change))
        assert {failure.path: failure.code for failure in report.failed} == {
            str(gone): "file_vanished",
            str(short): "truncated",
            str(folder): "unreadable_file",
            str(pipe): "unreadable_file",
            str(empty): "empty_file",
        }
        assert library.show(other).info.size_bytes == other.stat().st_size
        pipe.unlink()
        again = library.index(place)
        assert {failure.path for failure in again.failed} == {str(short), str(empty)}
        assert again.files == 300 - 3
        assert_as_made_anew(library, place, tmp_path / "anew")


@pytest.mark.slow
def test_a_folder_in_turmoil_is_right_after_a_quiet_run(
    album: Callable[[int], Path], photo: Photo, tmp_path: Path, rng: Any
) -> None:
    """While files are rewritten, moved, deleted and made without pause, runs end; a quiet one is exact."""
    place = album(200)
    quiet = threading.Event()

    def stir() -> None:
        number = 2000
        while not quiet.is_set():
            number += 1
            name = place / f"p{int(rng.integers(0, 300))}.png"
            what = int(rng.integers(0, 4))
            if what == 0:
                name.unlink(missing_ok=True)
            elif what == 1 and name.exists():
                name.rename(place / f"p{int(rng.integers(0, 300))}.png")
            else:
                content = photo(name, number)
                # A longer file each time: two versions never share size and time.
                name.write_bytes(content + b"\0" * (number - 2000))
            quiet.wait(0.002)

    with open_library(place) as library:
        thread = threading.Thread(target=stir)
        thread.start()
        try:
            for _ in range(3):
                report = library.index(place)
                assert {failure.code for failure in report.failed} <= {
                    "file_vanished", "file_changed", "truncated", "empty_file", "not_an_image", "corrupt"
                }  # fmt: skip
        finally:
            quiet.set()
            thread.join()
        assert library.index(place).failed == ()
        assert_as_made_anew(library, place, tmp_path / "anew")


def test_a_second_run_is_refused_and_says_who_is_at_work(album: Callable[[int], Path], start: Start) -> None:
    """While one process indexes, another one can search and cannot index; both of them are right."""
    place = album(100)
    first = start(do="index", library=str(place), stops=[["after", "record", 1]])
    assert first.wait_for("at")
    second = start(do="index", library=str(place))
    assert second.end() == 9
    assert second.events[-1]["error"] == "library_busy"
    assert f"process {first.pid} is" in second.events[-1]["message"]
    with open_library(place) as library:
        recorded = {os.path.basename(path) for path in shown(library, place)}
    assert recorded == {name for event in first.events for name in event.get("acked", ())}
    first.go_on()
    first.finish()
    third = start(do="index", library=str(place))
    assert {"report": [100, 0, 0]} in third.finish()


@pytest.mark.slow
def test_runs_that_start_at_once_make_one_library(
    album: Callable[[int], Path], start: Start, tmp_path: Path
) -> None:
    """Of several first runs at once at least one ends well; the others too, or they are refused."""
    place = album(40)
    for _ in range(3):
        shutil.rmtree(place / ".saccade", ignore_errors=True)
        children = [start(do="index", library=str(place)) for _ in range(3)]
        ends = [child.end() for child in children]
        assert 0 in ends
        for child, status in zip(children, ends, strict=True):
            assert (status, child.events[-1].get("error")) in {(0, None), (9, "library_busy")}, child.errors
        with open_library(place, create=False) as library:
            assert library.status().counts.files == 40
            assert library.doctor().problems == ()
    with open_library(place) as library:
        assert_as_made_anew(library, place, tmp_path / "anew")


def test_a_new_library_is_not_taken_back_while_another_process_fills_it(
    album: Callable[[int], Path], start: Start
) -> None:
    """A first run that finds nothing takes its library back; who comes meanwhile is refused, not robbed."""
    place = album(40)
    (place / "empty").mkdir()
    nothing = start(
        do="index", library=str(place), paths=[str(place / "empty")], stops=[["after", "counts", 1]]
    )
    assert nothing.wait_for("at")
    other = start(do="index", library=str(place), stops=[["before", "record", 1]])
    recording = other.wait_for("at")
    nothing.go_on()
    assert (nothing.end(), nothing.events[-1]["error"]) == (9, "no_images")
    if recording:
        other.go_on()
        assert other.end() == 0
        with open_library(place, create=False) as library:
            assert library.status().counts.files == 40
    else:
        assert (other.end(), other.events[-1]["error"]) == (9, "library_busy")
        assert not (place / ".saccade").exists()


@pytest.mark.parametrize("time_ns", [-(10**18), 0, 1, 10**9, 7 * 10**18])
def test_a_change_is_noticed_whatever_the_clock_says(
    time_ns: int, album: Callable[[int], Path], photo: Photo, tmp_path: Path
) -> None:
    """A file rewritten with another time, earlier or later, is read again; a touched one is not embedded."""
    place = album(4)
    with open_library(place) as library:
        library.index(place)
        old = place / "p1.png"
        length = old.stat().st_size
        picture = photo(place / "new", 99)
        (place / "new").unlink()
        old.write_bytes(picture + b"\0" * max(0, length - len(picture)))
        os.utime(old, ns=(time_ns, time_ns))
        os.utime(place / "p2.png", ns=(time_ns, time_ns))
        report = library.index(place)
        assert (report.files, report.unchanged, report.embedded) == (4, 2, 1)
        assert library.index(place).unchanged == 4
        assert_as_made_anew(library, place, tmp_path / "anew")
