"""Putting a collection in order, with the command as a person or a script uses it."""

import hashlib
import json
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


def tree(folder: Path) -> dict[str, tuple[str, int]]:
    """{path: (digest, time)} of every picture outside the library."""
    return {
        str(path.relative_to(folder)): (
            hashlib.sha256(path.read_bytes()).hexdigest(),
            path.stat().st_mtime_ns,
        )
        for path in folder.rglob("*")
        if path.is_file() and ".saccade" not in path.parts
    }


@pytest.fixture
def messy(indexed: Path, saccade: Run) -> Path:
    """The six pictures, one of them once more byte by byte and once more in another format, indexed."""
    shutil.copy(indexed / "sun.jpg", indexed / "below" / "sun again.jpg")
    Image.open(indexed / "sun.jpg").save(indexed / "below" / "sun.png")
    ran = saccade("index", "--json", cwd=indexed)
    assert ran.status == 0, ran.err
    return indexed


def test_duplicates_go_and_come_back_byte_for_byte(saccade: Run, messy: Path) -> None:
    """A dry run changes nothing; --apply leaves one of each; undo restores every byte and time."""
    before = tree(messy)
    tiers = ("--tier", "bytes", "--tier", "pixels")
    dry = saccade("duplicates", *tiers, "--json", cwd=messy)
    assert dry.status == 0, dry.err
    check(dry.json(), "duplicates")
    assert tree(messy) == before
    applied = saccade("duplicates", *tiers, "--apply", "--json", cwd=messy)
    assert applied.status == 0, applied.err
    check(applied.json(), "duplicates")
    left = tree(messy)
    assert len(before) - len(left) == 2
    assert set(left.items()) < set(before.items())
    undone = saccade("undo", "--json", cwd=messy)
    assert undone.status == 0, undone.err
    check(undone.json(), "undo")
    assert tree(messy) == before
    again = saccade("index", "--json", cwd=messy).json()
    assert (again["added"], again["unchanged"], again["removed"]) == (0, 8, 0)


def test_check_tells_new_from_known_by_exit_status(saccade: Run, messy: Path, tmp_path: Path) -> None:
    """0 for a picture nobody has, 7 for one that is there."""
    new = tmp_path / "new.png"
    Image.effect_mandelbrot((200, 160), (-2, -1.2, 1, 1.2), 100).convert("RGB").save(new)
    ran = saccade("check", str(new), "--json", cwd=messy)
    assert ran.status == 0, ran.err
    check(ran.json(), "check")
    known = saccade("check", str(messy / "ball.png"), str(new), "--json", cwd=messy)
    check(known.json(), "check")
    copy = tmp_path / "copy.png"
    shutil.copy(messy / "ball.png", copy)
    assert saccade("check", str(copy), cwd=messy).status == 7


def test_clusters_are_the_same_again_and_filter_searches(saccade: Run, messy: Path) -> None:
    """Stored by `clusters`, used by `search --where`."""
    first = saccade("clusters", "--method", "kmeans", "--k", "2", "--json", cwd=messy)
    assert first.status == 0, first.err
    check(first.json(), "clusters")
    second = saccade("clusters", "--method", "kmeans", "--k", "2", "--json", cwd=messy).json()
    names = [cluster["name"] for cluster in first.json()["clusters"]]
    assert [cluster["name"] for cluster in second["clusters"]] == names
    found = saccade("search", "sun", "--where", f"data.{second['name']}=={names[0]}", "--json", cwd=messy)
    assert found.status == 0, found.err
    assert 0 < len(found.json()["hits"]) < 7


def test_tags_said_by_a_person_filter_searches(saccade: Run, messy: Path) -> None:
    """`tag --set`, then `search --where tag=`."""
    ran = saccade("tag", "--set", "favourite", "ball.png", "--json", cwd=messy)
    assert ran.status == 0, ran.err
    check(ran.json(), "tag")
    hits = saccade("search", "anything", "--where", "tag=favourite", "--json", cwd=messy).json()["hits"]
    assert [Path(hit["path"]).name for hit in hits] == ["ball.png"]


def test_teaching_learns_and_keeps_versions(saccade: Run, messy: Path) -> None:
    """Two rounds of examples are two versions."""
    for number, (yes, no) in enumerate((("sun.jpg", "noise.png"), ("ball.png", "moon.webp")), start=1):
        ran = saccade("teach", "round", "--yes", yes, "--no", no, "--json", cwd=messy)
        assert ran.status == 0, ran.err
        check(ran.json(), "teach")
        assert ran.json()["version"] == number


def test_facts_come_from_a_table_and_filter(saccade: Run, messy: Path, tmp_path: Path) -> None:
    """`data import`, then `--where data.price<`; an unknown column is named."""
    table = tmp_path / "prices.csv"
    table.write_text(f"path,price\n{messy / 'ball.png'},3\n{messy / 'moon.webp'},30\n")
    ran = saccade("fields", "import", str(table), cwd=messy)
    assert ran.status == 0, ran.err
    hits = saccade("search", "ball", "--where", "data.price<20", "--json", cwd=messy).json()["hits"]
    assert [Path(hit["path"]).name for hit in hits] == ["ball.png"]
    wrong = saccade("search", "ball", "--where", "data.prize<20", cwd=messy)
    assert wrong.status == 2
    assert "prize" in wrong.err


def test_recommendations_follow_what_was_liked_and_forget_on_demand(saccade: Run, messy: Path) -> None:
    """A user's likes decide; after `erase --apply` the user is unknown."""
    assert saccade("feedback", "add", "ann", "like", "ball.png", cwd=messy).status == 0
    ran = saccade("recommend", "--user", "ann", "-k", "3", "--json", cwd=messy)
    assert ran.status == 0, ran.err
    check(ran.json(), "recommend")
    assert saccade("feedback", "erase", "ann", "--apply", cwd=messy).status == 0
    exported = saccade("feedback", "export", "ann", cwd=messy)
    assert b"ball" not in exported.out


def test_outliers_name_every_image_and_why(saccade: Run, messy: Path) -> None:
    """The most unusual first."""
    ran = saccade("outliers", "-k", "2", "--json", cwd=messy)
    assert ran.status == 0, ran.err
    check(ran.json(), "outliers")


@pytest.mark.parametrize(
    "command",
    [
        ["duplicates"], ["clusters"], ["outliers"], ["tag", "--label", "dog"], ["recommend", "--user", "ann"],
        ["teach", "x", "--yes", "a.jpg"], ["undo"], ["leaks", "a", "b"], ["check", "a.jpg"],
        ["fields", "list"], ["feedback", "list"],
    ],
    ids=lambda words: words[0],
)  # fmt: skip
def test_without_a_library_every_command_says_so(saccade: Run, tmp_path: Path, command: list[str]) -> None:
    """Exit status 3 and what to do, no traceback, and no library made on the way."""
    ran = saccade(*command, cwd=tmp_path)
    assert ran.status == 3, ran.err
    assert "no library" in ran.err
    assert "Traceback" not in ran.err
    assert not list(tmp_path.iterdir())
