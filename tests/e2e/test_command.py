"""The command as a person or a script uses it."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from PIL import Image

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"
Run = Callable[..., Any]


def check(value: object, name: str) -> None:
    """The value fits docs/schemas/NAME.json."""
    jsonschema.validate(value, json.loads((SCHEMAS / f"{name}.json").read_text()))


def _tree(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_index_counts_and_then_finds_nothing_new(saccade: Run, indexed: Path) -> None:
    """The second run adds nothing; a new, a broken and a moved file are told apart."""
    again = saccade("index", "--json", cwd=indexed)
    assert again.status == 0, again.err
    check(again.json(), "index")
    assert {key: again.json()[key] for key in ("files", "added", "unchanged", "failed")} == {
        "files": 6,
        "added": 0,
        "unchanged": 6,
        "failed": [],
    }
    Image.new("RGB", (50, 40), "orange").save(indexed / "new.png")
    (indexed / "broken.jpg").write_bytes((indexed / "sun.jpg").read_bytes()[:200])
    (indexed / "ball.png").rename(indexed / "below" / "ball.png")
    changed = saccade("index", "--json", "--strict", cwd=indexed)
    assert changed.status == 7
    value = changed.json()
    check(value, "index")
    assert {key: value[key] for key in ("files", "added", "unchanged", "moved")} == {
        "files": 8,
        "added": 1,
        "unchanged": 5,
        "moved": 1,
    }
    assert [failure["path"] for failure in value["failed"]] == [str(indexed / "broken.jpg")]
    assert "skipped broken.jpg: " in changed.err


def test_search_fits_its_schema_and_finds_a_picture_by_itself(saccade: Run, indexed: Path) -> None:
    """A picture query is answered by that picture; k hits come back when k exist."""
    ran = saccade("search", "./sun.jpg", "-k", "3", "--json", cwd=indexed)
    assert ran.status == 0, ran.err
    value = ran.json()
    check(value, "search")
    assert [hit["rank"] for hit in value["hits"]] == [1, 2, 3]
    assert value["hits"][0]["path"] == str(indexed / "sun.jpg")
    assert value["hits"][0]["score"] == pytest.approx(1.0, abs=1e-3)
    words = saccade("search", "a", "yellow", "sun", "--json", cwd=indexed).json()
    check(words, "search")
    assert len(words["hits"]) == 6


def test_search_works_from_below_and_with_the_library_named(
    saccade: Run, indexed: Path, tmp_path: Path
) -> None:
    """Found upward like git's; --library and SACCADE_LIBRARY say where from anywhere."""
    expected = saccade("search", "./sun.jpg", "--paths-only", cwd=indexed).out
    assert len(expected.splitlines()) == 6
    query = str(indexed / "sun.jpg")
    assert saccade("search", query, "--paths-only", cwd=indexed / "below").out == expected
    assert saccade("search", query, "-p", "--library", str(indexed), cwd=tmp_path).out == expected
    named = {"SACCADE_LIBRARY": str(indexed)}
    assert saccade("search", query, "-p", cwd=tmp_path, env=named).out == expected


def test_search_filters_before_k(saccade: Run, indexed: Path) -> None:
    """The one hit is the best that fits, not the best if it fits; an error names the known fields."""
    below = saccade("search", "stripes", "--in", "below", "-p", cwd=indexed)
    assert {Path(os.fsdecode(path)).name for path in below.out.splitlines()} == {"ramp.jpg", "stripes.png"}
    first = saccade("search", "stripes", "-k", "1", "-p", cwd=indexed)
    assert first.out == os.fsencode(indexed / "below" / "stripes.png") + b"\n"
    wide = saccade("search", "stripes", "-k", "1", "--where", "width>=200", "-p", cwd=indexed)
    assert wide.out == os.fsencode(indexed / "below" / "ramp.jpg") + b"\n"
    unknown = saccade("search", "stripes", "--where", "mood=happy", cwd=indexed)
    assert (unknown.status, unknown.out) == (2, b"")
    assert "unknown filter field 'mood'" in unknown.err
    assert "camera" in unknown.err


def test_search_indexes_a_folder_that_never_was(saccade: Run, indexed: Path, tmp_path: Path) -> None:
    """Once, and told on stderr: the second search finds the library."""
    shutil.rmtree(indexed / ".saccade")
    first = saccade("search", "./sun.jpg", "--json", cwd=indexed)
    assert first.status == 0, first.err
    assert "no library here yet" in first.err
    check(first.json(), "search")
    second = saccade("search", "./sun.jpg", "--json", cwd=indexed)
    assert second.err == ""
    assert second.json()["hits"] == first.json()["hits"]


@pytest.mark.slow
def test_show_status_doctor_and_backup_fit_their_schemas(saccade: Run, indexed: Path, tmp_path: Path) -> None:
    """All of them work on a fresh library; a backup restores it."""
    shown = saccade("show", "sun.jpg", "--json", cwd=indexed)
    check(shown.json(), "show")
    by_id = saccade("show", str(shown.json()["image_id"])[:12], "--json", cwd=indexed)
    assert by_id.json() == shown.json()
    status = saccade("status", "--json", cwd=indexed).json()
    check(status, "status")
    assert status["counts"]["images"] == 6
    assert status["library"] == str(indexed / ".saccade")
    doctor = saccade("doctor", "--json", cwd=indexed)
    check(doctor.json(), "doctor")
    assert (doctor.status, doctor.json()["healthy"]) == (0, True)
    copy = tmp_path / "copy.db"
    check(saccade("backup", str(copy), "--json", cwd=indexed).json(), "backup")
    assert saccade("backup", str(copy), cwd=indexed).status != 0
    assert saccade("backup", str(copy), "--overwrite", cwd=indexed).status == 0


def test_sheet_holds_a_picture_for_every_hit(saccade: Run, indexed: Path, tmp_path: Path) -> None:
    """One file, thumbnails inside."""
    sheet = tmp_path / "out.html"
    ran = saccade("search", "./sun.jpg", "-k", "4", "--sheet", str(sheet), cwd=indexed)
    assert ran.status == 0, ran.err
    assert sheet.read_text().count('src="data:image/jpeg;base64,') == 5  # four hits and the query
    assert f"contact sheet: {sheet}" in ran.err


@pytest.mark.parametrize(
    ("args", "status", "said"),
    [
        (["index", "missing"], 2, "missing"),
        (["index", "empty"], 2, "empty"),
        (["index", "texts"], 2, "texts"),
        (["search", "x", "--no-index"], 3, "no library"),
        (["search", "x", "--library", "missing"], 2, "missing"),
        (["status"], 3, "no library"),
        (["doctor"], 3, "no library"),
        (["show", "x.jpg"], 3, "no library"),
        (["backup", "out.db"], 3, "no library"),
        (["similar", "x.jpg"], 3, "no library"),
    ],
)
def test_bad_input_is_one_line_and_changes_nothing(
    saccade: Run, tmp_path: Path, args: list[str], status: int, said: str
) -> None:
    """With the right exit status, what to do, and no library left behind."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text("no picture")
    before = _tree(tmp_path)
    ran = saccade(*args, cwd=tmp_path)
    assert (ran.status, ran.out) == (status, b"")
    lines = ran.err.splitlines()
    assert lines[0].startswith("saccade: ")
    assert said in lines[0]
    assert len(lines) == 2
    assert lines[1].startswith("  ")
    assert _tree(tmp_path) == before


def test_an_error_is_json_too(saccade: Run, tmp_path: Path) -> None:
    """On stdout, with the same exit status."""
    ran = saccade("index", "missing", "--json", cwd=tmp_path)
    assert ran.status == 2
    check(ran.json(), "error")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["search", "sun", "-k", "0"], "k is 0"),
        (["search", "./notes.txt"], "notes.txt"),
        (["similar", "./no.jpg"], "no.jpg"),
        (["search"], "nothing to search for"),
        (["search", "--less", "sun"], "nothing to search for"),
        (["search", "0:sun"], "weight"),
        (["search", "sun", "--where", "taken>=yesterday"], "taken"),
    ],
)
def test_a_bad_query_exits_2(saccade: Run, indexed: Path, args: list[str], said: str) -> None:
    """One line that names what is wrong."""
    (indexed / "notes.txt").write_text("no picture")
    ran = saccade(*args, cwd=indexed)
    assert (ran.status, ran.out) == (2, b""), ran.err
    assert said in ran.err.splitlines()[0]


def test_an_unknown_image_exits_3(saccade: Run, indexed: Path) -> None:
    """By id and by path."""
    assert saccade("show", "0123456789ab", cwd=indexed).status == 3
    assert saccade("show", "nowhere.jpg", cwd=indexed).status == 3


@pytest.mark.slow
@pytest.mark.usefixtures("_template")  # skips where there is no encoder
def test_demo_shows_everything(saccade: Run, tmp_path: Path) -> None:
    """Indexing, three queries in words, a picture, the copies, nothing, the next step: in 80 columns."""
    pytest.importorskip(
        "skimage", reason="scikit-image, whose photographs the demonstration shows, is missing"
    )
    ran = saccade("demo", cwd=tmp_path)
    assert ran.status == 0, ran.err
    text = ran.out.decode()
    assert text.count("$ saccade search ") == 6
    assert text.count("$ saccade similar ") == 1
    assert "No confident match" in text or "No match" in text
    assert max(map(len, text.splitlines())) <= 80
    assert "saccade index ~/Pictures" in text
    assert (tmp_path / "saccade-demo" / "demo.html").is_file()
    assert saccade("demo", cwd=tmp_path).status == 0  # again, over what is there
