"""`saccade tag`: what is asked of `lib.tags`, and what is said of its answers."""

from pathlib import Path
from unittest.mock import MagicMock

import pytest

from tests.helpers.json_schemas import check_json
from tests.helpers.terminal import Run


@pytest.mark.parametrize(
    "args",
    [
        ["--label", "dog"],
        ["--list"],
        ["--list", "a.jpg"],
        ["--set", "dog", "a.jpg"],
        ["--remove", "dog"],
        ["--export", "csv"],
        ["--write-files"],
        ["--restore"],
    ],
)
def test_json_fits_its_schema(run: Run, tags: MagicMock, args: list[str]) -> None:
    """One JSON object on one line, with no key the schema does not know."""
    ran = run("tag", *args, "--json")
    assert ran.status == 0, ran.err
    check_json(ran.json(), "tag")
    assert len(ran.out.splitlines()) == 1


def test_labels_by_words_are_asked_for(run: Run, tags: MagicMock) -> None:
    """Every option reaches the library; what is said is harmless."""
    ran = run("tag", "--label", "dog", "--label", "cat", "--min-confidence", "0.4", "--max-labels", "3",
              "--keep", "--in", "x", "--where", "width>9", "--truth", "seen", "--dry-run")  # fmt: skip
    assert ran.status == 0
    assert tags.zero_shot.call_args.args == (["dog", "cat"],)
    options = dict(tags.zero_shot.call_args.kwargs)
    assert callable(options.pop("progress"))
    assert options == {
        "min_confidence": 0.4, "max_labels": 3, "keep_others": True, "truth": "seen", "where": ("width>9",),
        "folders": ("x",), "dry_run": True,
    }  # fmt: skip
    assert "1,000 of 1,200 images have a label" in ran.out
    assert "1,000  animal/dog  (threshold 31 %)" in ran.out
    assert "1  animal  (by its kinds)" in ran.out
    assert "a note" in ran.err


def test_a_threshold_is_shown_in_json(run: Run, tags: MagicMock) -> None:
    """With the examples to judge it by."""
    value = run("tag", "--label", "dog", "--json").json()
    labels = value["labels"]
    assert isinstance(labels, list)
    assert labels[0]["threshold"] == 0.31
    assert labels[0]["best"][0]["path"] == "/photos/\x1bdog.jpg"


def test_a_file_of_labels(run: Run, tags: MagicMock) -> None:
    """Its path goes to the library as it is."""
    assert run("tag", "--labels", "labels.toml").status == 0
    assert tags.zero_shot.call_args.args == ("labels.toml",)


def test_labels_by_hand(run: Run, tags: MagicMock) -> None:
    """Set and removed; without an image, off all."""
    assert run("tag", "--set", "dog", "a.jpg", "b.jpg").out == "2 tags set\n"
    tags.set.assert_called_once_with(("dog",), ["a.jpg", "b.jpg"])
    assert run("tag", "--remove", "dog").out == "1 tag removed\n"
    tags.remove.assert_called_once_with(("dog",), [])


@pytest.mark.parametrize(
    ("args", "method"),
    [(["--export", "csv"], "export"), (["--write-files"], "write_files"), (["--restore"], "restore_files")],
)
def test_files_are_written_on_request(run: Run, tags: MagicMock, args: list[str], method: str) -> None:
    """By one call each; a dry run reaches the library."""
    assert run("tag", *args, "--dry-run").status == 0
    assert [name for name, *_ in tags.method_calls] == [method]
    assert getattr(tags, method).call_args.kwargs["dry_run"] is True


def test_an_export_goes_to_the_given_file(run: Run, tags: MagicMock) -> None:
    """Of what is asked for only."""
    run("tag", "--export", "coco", "--to", "out.json", "--where", "width>9", "--in", "x")
    assert tags.export.call_args.args == ("coco", "out.json")
    asked = tags.export.call_args.kwargs
    assert (asked["where"], asked["folders"]) == (("width>9",), ("x",))


def test_a_report_is_written(run: Run, tags: MagicMock, tmp_path: Path) -> None:
    """HTML with every label and nothing that a terminal or a browser obeys."""
    assert run("tag", "--label", "dog", "--html", "tags.html").status == 0
    page = (tmp_path / "tags.html").read_text()
    assert "animal/dog" in page
    assert "\x1b" not in page


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ([], "nothing to do"),
        (["--label", "a", "--list"], "are mutually exclusive"),
        (["--label", "a", "--labels", "b.txt"], "are mutually exclusive"),
        (["--label", "a", "b.jpg"], "b.jpg was given"),
        (["--set", "a", "b.jpg", "--dry-run"], "--dry-run cannot be combined with --set"),
    ],
)
def test_what_makes_no_sense_is_refused(run: Run, tags: MagicMock, args: list[str], said: str) -> None:
    """Exit status 2, and a line that says why."""
    ran = run("tag", *args)
    assert ran.status == 2
    assert said in ran.err
    assert tags.mock_calls == []


def test_lists_are_harmless(run: Run, tags: MagicMock) -> None:
    """Control characters in labels and paths are escaped."""
    out = run("tag", "--list").out
    assert "1,000  dog" in out
    assert "\x1b" not in out
    assert "dog (by hand)" in run("tag", "--list", "a.jpg").out
    assert "1 file written" in run("tag", "--write-files").out
    assert "skipped" in run("tag", "--restore").err


def test_an_empty_list_says_what_to_do(run: Run, tags: MagicMock) -> None:
    """On stderr."""
    tags.labels.return_value, tags.of.return_value = {}, {}
    assert "saccade tag --label dog" in run("tag", "--list").err
    assert run("tag", "--list", "a.jpg").err == "no tags on these images\n"
