"""`saccade check`, `leaks`, `distinct` and `duplicates --across`: what they say, and how they end."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import jsonschema
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

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"
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


@dataclass
class FakeLibrary:
    """Answers what it is told to; remembers what it was asked."""

    folder: str = "/photos/.saccade"
    results: tuple[CheckResult, ...] = (NEW,)
    shared: OverlapReport = field(default_factory=overlap)
    changed: int = 1
    asked: list[tuple[str, tuple[object, ...], dict[str, Any]]] = field(default_factory=list)

    def check(self, *pictures: str, **asked: Any) -> list[CheckResult]:
        self.asked.append(("check", pictures, asked))
        return list(self.results)

    def leaks(self, train: str, test: str, **asked: Any) -> OverlapReport:
        self.asked.append(("leaks", (train, test), asked))
        return self.shared

    def shared_with(self, other: object, **asked: Any) -> OverlapReport:
        self.asked.append(("shared_with", (other,), asked))
        return self.shared

    def not_duplicates(self, *images: str, distinct: bool) -> int:
        self.asked.append(("not_duplicates", images, {"distinct": distinct}))
        return self.changed

    def thumbnail_files(self, paths: Sequence[str], size: int) -> list[object]:
        return [Failure(path=path, code="x", reason="no picture here") for path in paths]

    def differences(self, pairs: Sequence[object], size: int = 320) -> list[bytes]:
        self.asked.append(("differences", tuple(pairs), {}))
        return [b"\xff\xd8\xff\xd9" for _ in pairs]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> FakeLibrary:
    """The library that every command opens, unless it names another one."""
    made, other = FakeLibrary(), FakeLibrary(folder="/other/.saccade")
    monkeypatch.setattr("saccade.library.open_library", lambda path, **_: other if path == "/other" else made)
    return made


def check_schema(value: object, name: str) -> None:
    schema = json.loads((SCHEMAS / f"{name}.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(value, schema)


@pytest.mark.parametrize(
    ("results", "status"), [((NEW, NEW), 0), ((NEW, KNOWN), 7), ((NEW, BROKEN), 7), ((KNOWN,), 7)]
)
def test_status_0_means_that_every_file_is_new(
    run: Callable[..., Any], shelf: FakeLibrary, results: tuple[CheckResult, ...], status: int
) -> None:
    """In words and as JSON."""
    shelf.results = results
    assert run("check", "x.jpg").status == status
    ran = run("check", "x.jpg", "--json")
    assert ran.status == status
    check_schema(ran.json(), "check")


def test_a_check_tells_where_the_picture_is_and_how_sure_that_is(
    run: Callable[..., Any], shelf: FakeLibrary
) -> None:
    """A line for each image it is the same as; text that could act is written out."""
    shelf.results = (NEW, KNOWN, BROKEN)
    assert run("check", "a", "b", "c", "--tier", "pixels", "--verify", "base").out.splitlines() == [
        "/new.jpg: new",
        "/old.jpg: same file as /a, /b, /c and 1 more",
        "/old.jpg: same picture as /e\\x1b (99 % sure): copy score 0.900, 75 % in common",
        "/bad.jpg: cannot be read: it ends early (truncated)",
        "3 pictures: 1 new, 1 there already, 1 cannot be read",
    ]
    assert shelf.asked == [("check", ("a", "b", "c"), {"tiers": ("pixels",), "verify": "base"})]


def test_leaks_tell_the_share_of_each_folder(
    run: Callable[..., Any], shelf: FakeLibrary, tmp_path: Path
) -> None:
    """Of an image that lies in both, each side names the file in its own folder."""
    shelf.shared = overlap(
        pair(Tier.BYTES, str(tmp_path), "a.jpg"), pair(Tier.PICTURE, str(tmp_path), "b.jpg")
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
    assert "what differs once it lies on the first" in page
    assert "and 1 more pair: -k 2 shows all" in run("leaks", "train", "test", "-q", "-k", "1").out
    check_schema(run("leaks", "train", "test", "-q", "--json").json(), "leaks")


def test_folders_that_share_nothing_are_fine(run: Callable[..., Any], shelf: FakeLibrary) -> None:
    """Status 0; a column can take the place of folders."""
    ran = run("leaks", "train", "test", "--column", "split", "-q")
    assert (ran.status, "share no picture" in ran.out) == (0, True)
    assert shelf.asked[0][1:] == (
        ("train", "test"),
        {"column": "split", "tiers": ("bytes", "pixels", "picture"), "verify": "base", "progress": None},
    )


def test_two_libraries_are_compared_as_a_whole(run: Callable[..., Any], shelf: FakeLibrary) -> None:
    """And nothing is put away."""
    shelf.shared = overlap(pair(Tier.PICTURE, "/x", "b.jpg"))
    ran = run("duplicates", "--across", "/other", "-q")
    assert (ran.status, shelf.asked[0][0]) == (7, "shared_with")
    assert "/photos (40 images) and /other (10 images) share pictures" in ran.out
    assert run("duplicates", "--across", "/other", "--apply").status == 2
    assert run("duplicates", "--across", "/photos").status == 2
    assert len(shelf.asked) == 1


@pytest.mark.parametrize(
    ("args", "changed", "said"),
    [
        (["a", "b"], 1, "1 pair will not be called duplicates again"),
        (["a", "b", "c"], 3, "3 pairs will not be called duplicates again"),
        (["a", "b", "--forget"], 1, "1 pair may be duplicates again"),
        (["a", "b"], 0, "known already"),
        (["a", "b", "--forget"], 0, "forgotten already"),
    ],
)
def test_what_is_no_duplicate_is_remembered(
    run: Callable[..., Any], shelf: FakeLibrary, args: list[str], changed: int, said: str
) -> None:
    """And can be forgotten."""
    shelf.changed = changed
    assert run("distinct", *args).out == f"{said}\n"
    names = tuple(arg for arg in args if arg != "--forget")
    assert shelf.asked == [("not_duplicates", names, {"distinct": "--forget" not in args})]
    check_schema(run("distinct", *args, "--json").json(), "distinct")


def test_questions_without_sense_cost_nothing(run: Callable[..., Any], shelf: FakeLibrary) -> None:
    """One picture alone, none to show, no file."""
    assert run("distinct", "a").status == 2
    assert run("leaks", "a", "b", "-k", "0").status == 2
    assert run("leaks", "a", "a").status == 2
    assert run("check").status == 2
    assert shelf.asked == []
