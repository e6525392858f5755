"""`saccade check`, `leaks`, `distinct` and `duplicates --across`: what they say, and how they end."""

from pathlib import Path
from unittest.mock import MagicMock

import pytest

from saccade.core.types import Failure, ImageInfo, ImageRecord
from saccade.usecases.duplicates.rules.reports import (
    CheckMatch,
    CheckResult,
    DuplicatePair,
    Evidence,
    OverlapReport,
    Tier,
)
from tests.helpers.json_schemas import check_json
from tests.helpers.terminal import JPEG, FakeOpener, Run

INFO = ImageInfo(width=40, height=30, format="JPEG", size_bytes=1000)
EVIDENCE = Evidence(
    copy_score=0.9, hash_distance=-1, transform=(1.0, 0.0, 0.0, 0.0, 1.0, 0.0), facts={"overlap": 0.75},
    method="m",
)  # fmt: skip


def record(number: int, *paths: str) -> ImageRecord:
    return ImageRecord(id=number, sha256=bytes([number]) * 32, info=INFO, paths=paths)


def result(picture: str, *matches: CheckMatch, failure: Failure | None = None) -> CheckResult:
    return CheckResult(picture=picture, matches=matches, failure=failure, took_ms=1.5)


def match(tier: Tier, *paths: str) -> CheckMatch:
    evidence = None if tier is Tier.BYTES else EVIDENCE
    return CheckMatch(tier=tier, probability=0.99, record=record(1, *paths), paths=paths, evidence=evidence)


NEW = result("/new.jpg")
KNOWN = result("/old.jpg", match(Tier.BYTES, "/a", "/b", "/c", "/d"), match(Tier.PICTURE, "/e\x1b"))
BROKEN = result("/bad.jpg", failure=Failure(path="/bad.jpg", code="truncated", reason="it ends early"))


def overlap(*pairs: DuplicatePair) -> OverlapReport:
    return OverlapReport(
        pairs=pairs, images=(40, 10), leaked=(len(pairs), len(pairs)), verified=3, failed=(), seconds=0.5
    )


def pair(tier: Tier, place: str, name: str) -> DuplicatePair:
    a = record(1, f"{place}/test/{name}", f"{place}/train/{name}")
    return DuplicatePair(
        a=a, b=a if tier is Tier.BYTES else record(2, f"{place}/test/x.jpg"), tier=tier,
        probability=0.98, evidence=EVIDENCE,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("results", "status"), [((NEW, NEW), 0), ((NEW, KNOWN), 7), ((NEW, BROKEN), 7), ((KNOWN,), 7)]
)
def test_status_0_means_that_every_file_is_new(
    run: Run, shelf: MagicMock, results: tuple[CheckResult, ...], status: int
) -> None:
    """In words and as JSON."""
    shelf.check.return_value = list(results)
    assert run("check", "x.jpg").status == status
    ran = run("check", "x.jpg", "--json")
    assert ran.status == status
    check_json(ran.json(), "check")


def test_a_check_tells_where_the_picture_is_and_how_sure_that_is(run: Run, shelf: MagicMock) -> None:
    """A line for each image it is the same as; text that could act is written out."""
    shelf.check.return_value = [NEW, KNOWN, BROKEN]
    assert run("check", "a", "b", "c", "--tier", "pixels", "--verify", "base").out.splitlines() == [
        "/new.jpg: new",
        "/old.jpg: same file as /a, /b, /c and 1 more",
        "/old.jpg: same picture as /e\\x1b (99 % sure): copy score 0.900, 75 % in common",
        "/bad.jpg: cannot be read: it ends early (truncated)",
        "3 pictures: 1 new, 1 already there, 1 cannot be read",
    ]
    shelf.check.assert_called_once_with("a", "b", "c", tiers=("pixels",), verify="base")


def test_leaks_tell_the_share_of_each_folder(
    run: Run, shelf: MagicMock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Of an image that lies in both, each side names the file in its own folder."""
    shelf.leaks.return_value = overlap(
        pair(Tier.BYTES, str(tmp_path), "a.jpg"), pair(Tier.PICTURE, str(tmp_path), "b.jpg")
    )
    monkeypatch.setattr(
        "saccade.usecases.duplicates.flow.differences.differences", lambda _, pairs: [JPEG for _ in pairs]
    )
    ran = run("leaks", "train", "test", "-q", "--html", "out.html")
    assert ran.status == 7
    assert ran.out.splitlines() == [
        "train (40 images) and test (10 images) share pictures; 3 compared by pixels, in 500 ms",
        "  2 of 40 in train (5 %)",
        "  2 of 10 in test (20 %)",
        "1. same file: train/a.jpg and test/a.jpg",
        "2. same picture: train/b.jpg and test/x.jpg (98 % sure): copy score 0.900, 75 % in common",
    ]
    page = (tmp_path / "out.html").read_text()
    assert "2. same picture: x.jpg" in page
    assert "the difference once aligned with the first" in page
    assert "and 1 more pair: -k 2 shows all" in run("leaks", "train", "test", "-q", "-k", "1").out
    check_json(run("leaks", "train", "test", "-q", "--json").json(), "leaks")


def test_folders_that_share_nothing_are_fine(run: Run, shelf: MagicMock) -> None:
    """Status 0; a field can take the place of folders."""
    shelf.leaks.return_value = overlap()
    ran = run("leaks", "train", "test", "--field", "split", "-q")
    assert (ran.status, "share no picture" in ran.out) == (0, True)
    shelf.leaks.assert_called_once_with(
        "train", "test", field="split", tiers=("bytes", "pixels", "picture"), verify="base", progress=None
    )


def test_two_libraries_are_compared_as_a_whole(run: Run, opener: FakeOpener, shelf: MagicMock) -> None:
    """And nothing is put away; both are closed again."""
    shelf.overlap.return_value = overlap(pair(Tier.PICTURE, "/x", "b.jpg"))
    ran = run("duplicates", "--across", "/other", "-q")
    assert (ran.status, [name for name, *_ in shelf.method_calls]) == (7, ["overlap"])
    assert shelf.overlap.call_args.args[0].context is opener.others["/other"]
    assert (opener.asked, opener.closed) == ([(None, False), ("/other", False)], 2)
    assert "/photos (40 images) and /other (10 images) share pictures" in ran.out
    check_json(run("duplicates", "--across", "/other", "-q", "--json").json(), "duplicates")
    shelf.reset_mock()
    assert run("duplicates", "--across", "/other", "--apply").status == 2
    assert run("duplicates", "--across", "/photos").status == 2
    assert shelf.mock_calls == []


@pytest.mark.parametrize(
    ("args", "changed", "said"),
    [
        (["a", "b"], 1, "1 pair will not be called duplicates again"),
        (["a", "b", "c"], 3, "3 pairs will not be called duplicates again"),
        (["a", "b", "--forget"], 1, "1 pair may be duplicates again"),
        (["a", "b"], 0, "already marked as distinct"),
        (["a", "b", "--forget"], 0, "not marked as distinct"),
    ],
)
def test_what_is_no_duplicate_is_remembered(
    run: Run, shelf: MagicMock, args: list[str], changed: int, said: str
) -> None:
    """And can be forgotten."""
    shelf.mark_distinct.return_value = changed
    assert run("distinct", *args).out == f"{said}\n"
    names = tuple(arg for arg in args if arg != "--forget")
    shelf.mark_distinct.assert_called_once_with(*names, distinct="--forget" not in args)
    check_json(run("distinct", *args, "--json").json(), "distinct")


def test_questions_without_sense_cost_nothing(run: Run, shelf: MagicMock) -> None:
    """One picture alone, none to show, no file."""
    assert run("distinct", "a").status == 2
    assert run("leaks", "a", "b", "-k", "0").status == 2
    assert run("leaks", "a", "a").status == 2
    assert run("check").status == 2
    assert shelf.mock_calls == []
