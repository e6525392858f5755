"""Feedback, recommendation and style through `Library`, on real pictures and the built-in encoder."""

from pathlib import Path

import pytest
from PIL import Image

import saccade
from saccade.core.errors import (
    ImageNotFoundError,
    InputError,
    InvalidQueryError,
    NotFoundError,
    PathNotFoundError,
)


def test_feedback_is_kept_exported_and_imported_again(
    library: saccade.Library, shelf: Path, tmp_path: Path
) -> None:
    """The export names user, image, kind, time and value; reading it back adds nothing."""
    two = [shelf / "0.png", shelf / "1.png"]
    assert library.recommendations.feedback("anna", "like", two, at="2024-05-01T12:00:00") == 2
    assert library.recommendations.feedback("anna", "like", [shelf / "0.png"], at="2024-05-01T12:00:00Z") == 0
    events = library.recommendations.export("anna")
    assert [(event.kind, event.at, event.value) for event in events] == [
        ("like", "2024-05-01T12:00:00Z", 1.0)
    ] * 2
    assert events[0].path == str(shelf / "0.png") or events[1].path == str(shelf / "0.png")
    lines = ["user,image,kind,at,value", *(f"anna,{e.image_id},{e.kind},{e.at},{e.value}" for e in events)]
    (tmp_path / "back.csv").write_text("\n".join(lines))
    done = library.recommendations.import_feedback(tmp_path / "back.csv")
    assert (done.rows, done.added, done.failed) == (2, 0, ())
    assert library.recommendations.users() == {"anna": 2}


@pytest.mark.parametrize("at", [1e30, 1.7e12, "1700000000000", -1.0, float("inf"), float("nan")])
def test_a_time_that_is_none_is_refused(library: saccade.Library, shelf: Path, at: float | str) -> None:
    """As a number by the same rule as text; once stored, it could not be exported."""
    with pytest.raises(InputError, match="not a time") as caught:
        library.recommendations.feedback("anna", "like", [shelf / "0.png"], at=at)
    assert caught.value.hint == "are these milliseconds?"
    assert library.recommendations.users() == {}


def test_erasing_leaves_no_byte_of_a_user(library: saccade.Library, shelf: Path) -> None:
    """Not the name in any file of the library; others stay."""
    library.recommendations.feedback("Zebulon-Unmistakable", "like", [shelf / "0.png"])
    library.recommendations.feedback("bob", "like", [shelf / "0.png"])
    assert library.recommendations.erase("Zebulon-Unmistakable") == 1
    held = [file for file in Path(library.folder).rglob("*") if file.is_file()]
    assert not any(b"Zebulon" in file.read_bytes() for file in held)
    assert library.recommendations.users() == {"bob": 1}
    for call in (library.recommendations.erase, library.recommendations.export):
        with pytest.raises(NotFoundError, match="Zebulon"):
            call("Zebulon-Unmistakable")


def test_a_bad_line_costs_a_line(library: saccade.Library, shelf: Path, tmp_path: Path) -> None:
    """Each told with its line and reason; the good ones are kept."""
    rows = [
        "user,image,kind,at,value",
        f"anna,{shelf}/0.png,like,2024-05-01,1",
        f"anna,{shelf}/none.png,like,,",
        f"anna,{shelf}/1.png,adore,,",
        f",{shelf}/1.png,like,,",
        f"anna,{shelf}/1.png,like,yesterday,",
        f"anna,{shelf}/1.png,like,1714000000000,",
        f"anna,{shelf}/1.png,like,,nan",
        f"anna,{shelf}/1.png,buy,1714000000,2",
        "short",
    ]
    (tmp_path / "in.csv").write_text("\n".join(rows))
    done = library.recommendations.import_feedback(tmp_path / "in.csv")
    assert (done.rows, done.added) == (9, 2)
    lines = [one.path.rpartition(":")[2] for one in done.failed]
    assert lines == ["3", "4", "5", "6", "7", "8", "10"]
    with pytest.raises(PathNotFoundError):
        library.recommendations.import_feedback(tmp_path / "none.csv")
    (tmp_path / "in.csv").write_text(f"user;image;kind\nbob;{shelf}/2.png;like\n")
    assert library.recommendations.import_feedback(tmp_path / "in.csv").added == 1
    (tmp_path / "in.csv").write_text("who,what\n")
    with pytest.raises(InputError, match="no column image, kind, user"):
        library.recommendations.import_feedback(tmp_path / "in.csv")


def test_bad_feedback_is_refused_whole(library: saccade.Library, shelf: Path) -> None:
    """An unknown image or kind keeps nothing of the call."""
    with pytest.raises(ImageNotFoundError):
        library.recommendations.feedback("anna", "like", [shelf / "0.png", shelf / "none.png"])
    with pytest.raises(InputError, match="adore"):
        library.recommendations.feedback("anna", "adore", [shelf / "0.png"])
    with pytest.raises(InputError, match="no name"):
        library.recommendations.feedback(" ", "like", [shelf / "0.png"])
    assert library.recommendations.users() == {}


def test_recommend_to_a_user_by_images_and_by_sets(
    library: saccade.Library, shelf: Path, tmp_path: Path
) -> None:
    """Each its own basis; what was given or seen is left out."""
    library.recommendations.feedback("anna", "like", [shelf / "0.png"])
    found = library.recommendations.for_user("anna", k=10)
    assert (found.basis, len(found)) == ("history", 5)
    assert str(shelf / "0.png") not in [hit.path for hit in found]
    given = library.recommendations.for_user(
        images=[shelf / "0.png", (shelf / "1.png", 2.0)], k=10, boost=["recency"]
    )
    assert (given.basis, len(given)) == ("images", 4)
    (tmp_path / "sets.csv").write_text(
        f"set,image\na,{shelf}/0.png\na,{shelf}/1.png\nb,{shelf}/2.png\n,{shelf}/3.png\n"
    )
    done = library.recommendations.import_sets(tmp_path / "sets.csv")
    assert (done.rows, done.added, len(done.failed)) == (4, 3, 1)
    assert library.recommendations.together(shelf / "0.png", k=1)[0].path == str(shelf / "1.png")
    assert library.recommendations.together(shelf / "4.png", k=1).basis == "look-alikes"
    for wrong in ({}, {"user": "anna", "images": shelf / "0.png"}):
        with pytest.raises(InvalidQueryError):
            library.recommendations.for_user(**wrong)  # type: ignore[arg-type]


def test_similar_to_several_leaves_all_of_them_out(library: saccade.Library, shelf: Path) -> None:
    """And ranks from 1; diversity changes no count."""
    for diverse in (0.0, 0.5):
        found = library.similar([shelf / "0.png", shelf / "1.png"], k=10, diverse=diverse)
        assert [hit.rank for hit in found] == [1, 2, 3, 4]
        assert not {str(shelf / "0.png"), str(shelf / "1.png")} & {hit.path for hit in found}
    assert len(library.similar([shelf / "0.png", shelf / "1.png"], k=2)) == 2
    with pytest.raises(InputError, match="diverse is 2"):
        library.similar(shelf / "0.png", diverse=2.0)
    with pytest.raises(InvalidQueryError, match="one picture"):
        library.similar([shelf / "0.png", shelf / "1.png"], copies=True)


def test_style_is_looked_at_once(library: saccade.Library, shelf: Path) -> None:
    """The second call reads no picture again; a file that is gone since is left out."""
    steps: list[object] = []
    first = library.style(shelf / "0.png", k=10, progress=steps.append)
    assert len(first) == 5
    assert steps
    steps.clear()
    (shelf / "1.png").unlink()
    again = library.style(shelf / "0.png", k=10, progress=steps.append)
    assert [hit.path for hit in again] == [hit.path for hit in first]
    assert not steps
    assert library.style(mood="dark", k=2, where=["format=PNG"]).query == "dark"
    with pytest.raises(InvalidQueryError, match="nothing to compare"):
        library.style()
    with pytest.raises(InvalidQueryError, match="k is 0"):
        library.style(shelf / "0.png", k=0)


def test_style_leaves_out_what_cannot_be_read(library: saccade.Library, shelf: Path) -> None:
    """A file that vanished before it was ever looked at."""
    (shelf / "2.png").unlink()
    found = library.style(shelf / "0.png", k=10)
    assert str(shelf / "2.png") not in [hit.path for hit in found]
    assert len(found) == 4


def test_a_copy_of_what_was_seen_is_not_recommended(library: saccade.Library, shelf: Path) -> None:
    """Who liked a picture need not see it in another format; with `seen` it may come."""
    copy = shelf / "copy of 0.bmp"
    Image.open(shelf / "0.png").save(copy)
    library.index(shelf)
    library.recommendations.feedback("anna", "like", [shelf / "0.png"])
    names = [Path(one.path).name for one in library.recommendations.for_user("anna")]
    assert names
    assert copy.name not in names
    assert copy.name in [Path(one.path).name for one in library.recommendations.for_user("anna", seen=True)]
    like = [Path(one.path).name for one in library.recommendations.for_user(images=shelf / "0.png")]
    assert copy.name not in like
