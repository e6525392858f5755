"""`saccade teach`: what is asked of `lib.tags`, and what is said of its answers."""

from dataclasses import replace
from pathlib import Path
from unittest.mock import MagicMock

import pytest

from tests.helpers.json_schemas import check_json
from tests.helpers.terminal import Run


@pytest.mark.parametrize(
    "args", [["our product", "--yes", "a.jpg"], [], ["our product", "--use", "2"], ["our product", "--next"]]
)
def test_json_fits_its_schema(run: Run, tags: MagicMock, args: list[str]) -> None:
    """One JSON object on one line, with no key the schema does not know."""
    ran = run("teach", *args, "--json")
    assert ran.status == 0, ran.err
    check_json(ran.json(), "teach")
    assert len(ran.out.splitlines()) == 1


def test_examples_take_all_words_up_to_the_next_option(run: Run, tags: MagicMock) -> None:
    """--yes A B --no C, names with a dash after --, a name before or after."""
    assert run("teach", "our product", "--yes", "a.jpg", "b.jpg", "--no", "c.jpg", "--seed", "3").status == 0
    asked = tags.teach.call_args
    assert asked.args == ("our product",)
    assert (asked.kwargs["yes"], asked.kwargs["no"], asked.kwargs["seed"]) == (
        ["a.jpg", "b.jpg"],
        ["c.jpg"],
        3,
    )
    assert run("teach", "--yes", "a.jpg", "b.jpg", "--seed", "1", "our product").status == 0
    asked = tags.teach.call_args
    assert (asked.args, asked.kwargs["yes"]) == (("our product",), ["a.jpg", "b.jpg"])
    assert run("teach", "--yes", "a.jpg", "--", "-our product").status == 0
    asked = tags.teach.call_args
    assert (asked.args, asked.kwargs["yes"]) == (("-our product",), ["a.jpg"])


def test_every_option_reaches_the_library(run: Run, tags: MagicMock) -> None:
    """With its own name."""
    run("teach", "x", "--forget", "a.jpg", "--words", "", "--suggest", "3", "--min-confidence", "0.6",
        "--in", "f", "--where", "width>9", "--dry-run")  # fmt: skip
    options = dict(tags.teach.call_args.kwargs)
    assert callable(options.pop("progress"))
    assert options == {
        "yes": [], "no": [], "classes": None, "forget": ["a.jpg"], "words": "", "suggest": 3,
        "min_confidence": 0.6, "where": ("width>9",), "folders": ("f",), "seed": 0, "dry_run": True,
    }  # fmt: skip


def test_a_lesson_is_printed_with_its_intervals(run: Run, tags: MagicMock) -> None:
    """How good, how sure that is, how many have it, what to label next."""
    out = run("teach", "our product", "--yes", "a.jpg").out
    assert "right on 87 % (43 % to 100 %) of 8 examples held out in turn" in out
    assert "precision 80 %" in out
    assert "9 of 100 images have it (about 10 % show it)" in out
    assert "unsure" in out


def test_a_lesson_that_could_not_be_measured_says_why(run: Run, tags: MagicMock) -> None:
    """In the place of the figures."""
    tags.teach.return_value = replace(tags.teach.return_value, measured=None, why_not="too few examples")
    assert "  too few examples" in run("teach", "our product", "--yes", "a.jpg").out.splitlines()


def test_classes_come_from_a_table(run: Run, tags: MagicMock, tmp_path: Path) -> None:
    """Paths count from the table's folder; a row that lacks something is named."""
    (tmp_path / "kinds.csv").write_text("image,class\na.jpg,cat\nb.jpg,dog\n", encoding="utf-8")
    assert run("teach", "kind", "--classes", "kinds.csv").status == 0
    classes = tags.teach.call_args.kwargs["classes"]
    assert classes == {"cat": [str(tmp_path / "a.jpg")], "dog": [str(tmp_path / "b.jpg")]}
    (tmp_path / "kinds.csv").write_text("image,class\na.jpg,\n", encoding="utf-8")
    ran = run("teach", "kind", "--classes", "kinds.csv")
    assert ran.status == 2
    assert "line 2" in ran.err


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "no such file"), (b"image,class\n", "has no examples"), (b"image,class\n\xff,a\n", "not UTF-8")],
)
def test_a_table_that_cannot_be_used_is_refused(
    run: Run, tags: MagicMock, tmp_path: Path, content: bytes | None, said: str
) -> None:
    """Exit status 2, and a line that says why; nothing is taught."""
    if content is not None:
        (tmp_path / "kinds.csv").write_bytes(content)
    ran = run("teach", "x", "--classes", "kinds.csv")
    assert ran.status == 2
    assert said in ran.err
    tags.teach.assert_not_called()


def test_a_report_is_written(run: Run, tags: MagicMock, tmp_path: Path) -> None:
    """HTML with how good it is."""
    assert run("teach", "our product", "--yes", "a.jpg", "--html", "teach.html").status == 0
    assert "held out in turn" in (tmp_path / "teach.html").read_text()


def test_versions_are_listed_and_used(run: Run, tags: MagicMock) -> None:
    """The one in use is marked."""
    assert "* our product  version 2" in run("teach").out
    tags.classifiers.assert_called_once_with(None)
    assert "* our product  version 2" in run("teach", "our product", "--versions").out
    assert "9 tags" in run("teach", "our product", "--use", "2").out
    assert tags.use.call_args.args == ("our product", 2)
    tags.teach.assert_not_called()
    tags.classifiers.return_value = []
    assert "no classifiers yet" in run("teach").err


def test_suggestions_alone_teach_nothing(run: Run, tags: MagicMock) -> None:
    """By the version in use, of the images asked for."""
    ran = run("teach", "our product", "--next", "--suggest", "3", "--in", "f", "--where", "width>9")
    assert ran.out == "label these next:\n   50 %  unsure    /photos/a.jpg\n"
    assert tags.suggest.call_args.args == ("our product", 3)
    options = dict(tags.suggest.call_args.kwargs)
    assert callable(options.pop("progress"))
    assert options == {"where": ("width>9",), "folders": ("f",)}
    assert [name for name, *_ in tags.method_calls] == ["suggest"]
    tags.suggest.return_value = replace(tags.suggest.return_value, suggestions=())
    assert "every image is an example" in run("teach", "our product", "--next").err


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--next"], "needs a NAME"),
        (["x", "--next", "--yes", "a.jpg"], "learns nothing"),
        (["x", "--next", "--use", "2"], "learns nothing"),
        (["x", "--next", "--versions"], "learns nothing"),
    ],
)
def test_next_goes_with_nothing_that_learns(run: Run, tags: MagicMock, args: list[str], said: str) -> None:
    """Exit status 2, and nothing is asked."""
    ran = run("teach", *args)
    assert ran.status == 2
    assert said in ran.err
    assert tags.mock_calls == []
