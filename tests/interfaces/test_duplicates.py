"""The duplicate commands: what they ask the library, what they print, and that nothing in it can harm."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import jsonschema
import pytest

from saccade.core.errors import NotFoundError
from saccade.core.quarantine import Merge, Move, QuarantineRun, Restored, UndoReport
from saccade.core.types import Failure, FileStamp, ImageInfo, ImageRecord
from saccade.usecases.duplicates.rules.applying import ApplyReport
from saccade.usecases.duplicates.rules.reports import (
    DuplicateFile,
    DuplicateGroup,
    DuplicateReport,
    Evidence,
    Tier,
)
from saccade.usecases.duplicates.rules.savings import EXAMPLE_PRICES, Leaving, add_up, parse_prices

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"
JPEG = bytes.fromhex("ffd8ffd9")
BAD = b"/photos/\xff\n\x1b[31m.jpg".decode("utf-8", "surrogateescape")
GB = 1_000_000_000


def file(path: str, tier: Tier | None = None, *, size: int = 5_000_000, width: int = 4000) -> DuplicateFile:
    """One file of a group."""
    info = ImageInfo(width=width, height=3000, format="JPEG", size_bytes=size)
    record = ImageRecord(id=len(path), sha256=bytes([len(path)]) * 32, info=info, paths=(path,))
    evidence = Evidence(
        copy_score=0.97654321,
        hash_distance=4,
        seconds=2.0 if tier is Tier.BURST else None,
        transform=(1.0, 0.0, 0.0, 0.0, 1.0, 0.0),
        facts={"overlap": 0.8, "votes": 12.0},
        method="alignment-1",
    )
    looked = tier not in {None, Tier.BYTES}
    return DuplicateFile(
        path=path,
        record=record,
        tier=tier,
        probability=1.0 if not looked else 0.9876,
        evidence=evidence if looked else None,
        reason="larger: 4000 x 3000" if tier is None else "smaller: 800 x 600",
    )


GROUPS = (
    DuplicateGroup(
        tier=Tier.PICTURE,
        keeper=file("/photos/a.jpg"),
        others=(
            file("/photos/b.jpg", Tier.BYTES),
            file("/photos/phone/c.jpg", Tier.PICTURE, size=2 * GB, width=800),
        ),
    ),
    DuplicateGroup(tier=Tier.BYTES, keeper=file("/photos/d.jpg"), others=(file(BAD, Tier.BYTES),)),
)


def plan(*, applied: bool = False, to: str | None = None) -> ApplyReport:
    """What cleaning the groups gives: one file stays."""
    moves = tuple(
        Move(
            number=number,
            path=path,
            place=f"{to or '/q'}{path}" if applied else "",
            stamp=FileStamp(size=size, mtime_ns=1),
            mode=0o644,
            sha256=f"{number:064x}",
            tier="bytes" if number == 1 else "picture",
            probability=1.0,
            reason="smaller",
            keeper="/photos/a.jpg",
            keeper_sha256="a" * 64,
        )
        for number, path, size in ((1, "/photos/b.jpg", 5_000_000), (2, "/photos/phone/c.jpg", 2 * GB))
    )
    leaving = [
        Leaving(tier=m.tier, folder="/photos", size_bytes=m.stamp.size, identity=(1, m.number), links=1)
        for m in moves
    ]
    return ApplyReport(
        run="0003" if applied else "",
        applied=applied,
        quarantine=to or "/q",
        moves=moves,
        skipped=(Failure(path=BAD, code="file_changed", reason="it changed since it was indexed"),),
        merges=(
            Merge(
                keeper="/photos/a.jpg",
                sha256="a" * 64,
                labels={"beach": 1.0},
                facts={"merged_caption": "a\x1bwalk", "merged_latitude": 52.5},
                moves=(2,),
            ),
        ),
        savings=add_up(leaving, parse_prices(EXAMPLE_PRICES, "the example")),
        seconds=0.25,
    )


UNDONE = UndoReport(
    run="0003",
    restored=(
        Restored(path="/photos/b.jpg", at="/photos/b.jpg"),
        Restored(path=BAD, at="/photos/x.restored-0003.jpg"),
    ),
    unmoved=1,
    failed=(),
    unmerged=1,
    seconds=0.5,
)


@dataclass
class FakeLibrary:
    """Answers what it is told to; remembers what it was asked."""

    groups: tuple[DuplicateGroup, ...] = GROUPS
    undone: UndoReport = UNDONE
    runs: tuple[QuarantineRun, ...] = ()
    error: Exception | None = None
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def duplicates(self, **asked: Any) -> DuplicateReport:
        self.asked.append(("duplicates", asked))
        failed = (Failure(path="/photos/z.jpg", code="truncated", reason="it ends early"),)
        return DuplicateReport(
            groups=self.groups, images=1234, candidates=50, verified=40, failed=failed, seconds=1.5
        )

    def clean(self, report: DuplicateReport, **asked: Any) -> ApplyReport:
        self.asked.append(("clean", asked))
        found = plan(applied=asked.get("apply", False), to=asked["to"])
        return found if report.groups else replace(found, moves=(), skipped=(), merges=())

    def undo(self, run: str | None = None, **asked: Any) -> UndoReport:
        self.asked.append(("undo", {"run": run}))
        if self.error is not None:
            raise self.error
        return self.undone

    def cleanings(self) -> list[QuarantineRun]:
        return list(self.runs)

    def thumbnail_files(self, paths: Sequence[str], size: int) -> list[bytes]:
        return [JPEG for _ in paths]

    def differences(self, pairs: Sequence[Any], size: int = 320) -> list[bytes]:
        self.asked.append(("differences", {"pairs": list(pairs)}))
        return [JPEG for _ in pairs]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> FakeLibrary:
    """The library that every command opens."""
    made = FakeLibrary()
    monkeypatch.setattr("saccade.library.open_library", lambda *_, **__: made)
    return made


def check(value: object, name: str) -> None:
    """The value fits docs/schemas/NAME.json, and holds no key that the schema does not know."""
    schema = json.loads((SCHEMAS / f"{name}.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(value, closed(schema))


def closed(schema: object) -> object:
    """The schema, with unknown keys refused wherever it does not say what they are."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    inside = {key: closed(value) for key, value in schema.items()}
    return {"additionalProperties": False, **inside} if schema.get("type") == "object" else inside


# --- duplicates


def test_groups_are_told_with_keeper_reasons_and_evidence(
    run: Callable[..., Any], shelf: FakeLibrary
) -> None:
    """Keeper first; then totals for each tier, what stays and why, what it saves, and what to do next."""
    ran = run("duplicates", "-q")
    assert ran.status == 0
    lines = [
        "1,234 images, 50 pairs considered, 40 compared by pixels, in 1.5 s",
        "",
        "1. same picture: 3 files, 2 GB to spare",
        "   keep  /photos/a.jpg  4000 x 3000 JPEG, 5 MB  larger: 4000 x 3000",
        "   spare /photos/b.jpg  4000 x 3000 JPEG, 5 MB  smaller: 800 x 600",
        "         same file",
        "   spare /photos/phone/c.jpg  800 x 3000 JPEG, 2 GB  smaller: 800 x 600",
        "         same picture (98 % sure): copy score 0.977, 4 of 64 hash bits differ, 80 % in common",
        "",
        "2. same file: 2 files, 5 MB to spare",
        "   keep  /photos/d.jpg  4000 x 3000 JPEG, 5 MB  larger: 4000 x 3000",
        "   stays /photos/\\xff\\x0a\\x1b[31m.jpg  4000 x 3000 JPEG, 5 MB  smaller: 800 x 600",
        "         same file",
        "",
        "                groups  spare files     bytes",
        "same file            1            2     10 MB",
        "same picture         1            1      2 GB",
        "",
        "stays /photos/\\xff\\x0a\\x1b[31m.jpg: it changed since it was indexed (file_changed)",
        "/photos/a.jpg would take over tags beach; merged_caption a\\x1bwalk; merged_latitude 52.5",
    ]
    assert ran.out.splitlines()[: len(lines)] == lines
    rest = "\n".join(ran.out.splitlines()[len(lines) :])
    assert "would be free once the quarantine is emptied" in rest
    assert "0.55 USD a year (object storage)" in rest
    assert "nothing was changed; --apply puts 2 files away in /q" in rest
    assert "skipped /photos/z.jpg: it ends early (truncated)" in ran.err


def test_what_was_asked_reaches_the_library(run: Callable[..., Any], shelf: FakeLibrary) -> None:
    """Tiers named are those that may leave; without any, the usual three."""
    args = ["--tier", "burst", "--prefer", "best", "--keep", "date", "--where", "width>10", "--in", "x"]
    run("duplicates", "-q", *args, "--verify", "base", "--burst-seconds", "3", "--to", "/disk")
    assert shelf.asked[0] == (
        "duplicates",
        {
            "tiers": ("burst",), "where": ("width>10",), "folders": ("x",), "prefer": ("best",),
            "keep": ("date",), "burst_seconds": 3.0, "verify": "base", "progress": None,
        },
    )  # fmt: skip
    asked = shelf.asked[1][1]
    assert (asked["apply"], asked["to"], asked["tiers"]) == (False, "/disk", ("burst",))
    run("duplicates", "-q", "--apply")
    assert shelf.asked[2][1]["tiers"] == ("bytes", "pixels", "picture")
    assert shelf.asked[3][1]["apply"] is True


def test_after_acting_it_says_how_to_take_it_back(run: Callable[..., Any], shelf: FakeLibrary) -> None:
    """With the name of the run, and where the files lie."""
    ran = run("duplicates", "-q", "--apply")
    assert "2 files put away in /q" in ran.out
    assert "take it back: saccade undo 0003" in ran.out
    assert "took over tags beach" in ran.out


def test_no_duplicates(run: Callable[..., Any], shelf: FakeLibrary) -> None:
    """Said, and nothing else."""
    shelf.groups = ()
    assert run("duplicates", "-q").out.splitlines()[1:] == ["no duplicates"]


def test_more_groups_than_asked_for_are_counted(run: Callable[..., Any], shelf: FakeLibrary) -> None:
    """And how to see them."""
    out = run("duplicates", "-q", "-k", "1").out
    assert "and 1 more group: -k 2 shows all, --html FILE shows them with pictures" in out
    assert "2. same file" not in out


@pytest.mark.parametrize("applied", [False, True])
def test_json_fits_its_schema_in_any_locale(
    run: Callable[..., Any], shelf: FakeLibrary, *, applied: bool
) -> None:
    """One line of ASCII at full precision."""
    ran = run("duplicates", "-q", "--json", *(["--apply"] if applied else []), encoding="ascii")
    assert ran.out_bytes.isascii()
    assert len(ran.out.splitlines()) == 1
    value = ran.json()
    check(value, "duplicates")
    assert value["groups"][0]["others"][1]["evidence"]["copy_score"] == 0.97654321
    assert value["groups"][1]["others"][0]["path"] == BAD
    assert [move["place"] is not None for move in value["cleaning"]["moves"]] == [applied] * 2


def test_a_schema_refuses_what_it_does_not_know() -> None:
    """The check itself can fail."""
    with pytest.raises(jsonschema.ValidationError):
        check({"runs": [], "more": 1}, "undo-list")


def test_prices_are_read_before_any_work(run: Callable[..., Any], shelf: FakeLibrary, tmp_path: Path) -> None:
    """A mistake costs nothing; a good table reaches the library."""
    (tmp_path / "mine.toml").write_text('currency = "EUR"\n[[price]]\nname = "disk"\nper_gb = -1\n')
    ran = run("duplicates", "--prices", "mine.toml")
    assert (ran.status, shelf.asked) == (2, [])
    assert "per_gb of price 1 of mine.toml is -1; it must be a number, 0 or more" in ran.err
    assert run("duplicates", "--prices", "none.toml").status == 2
    (tmp_path / "mine.toml").write_text('currency = "EUR"\n[[price]]\nname = "disk"\nper_gb = 1\n')
    run("duplicates", "-q", "--prices", "mine.toml")
    assert shelf.asked[1][1]["prices"].currency == "EUR"


def test_a_report_is_written_before_anything_moves(
    run: Callable[..., Any], shelf: FakeLibrary, tmp_path: Path
) -> None:
    """With keeper, copies, the difference of what was aligned, and no text that could act."""
    ran = run("duplicates", "-q", "--apply", "--html", "out.html")
    assert ran.status == 0
    assert [name for name, _ in shelf.asked] == ["duplicates", "clean", "differences", "clean"]
    assert "apply" not in shelf.asked[1][1]
    pairs = [("/photos/a.jpg", "/photos/phone/c.jpg", (1.0, 0.0, 0.0, 0.0, 1.0, 0.0))]
    assert shelf.asked[2][1]["pairs"] == pairs
    page = (tmp_path / "out.html").read_text()
    for words in ("1. same picture: a.jpg", "keep", "same picture 98 %", "What it saves", "by folder"):
        assert words in page
    assert "\x1b" not in page


def test_bad_options_cost_nothing(run: Callable[..., Any], shelf: FakeLibrary) -> None:
    """Refused before the library is asked."""
    assert run("duplicates", "-k", "0").status == 2
    assert run("duplicates", "--tier", "similar").status == 2
    assert shelf.asked == []


# --- undo


def test_undo_tells_what_came_back_and_where(run: Callable[..., Any], shelf: FakeLibrary) -> None:
    """A file that lies elsewhere now has a line of its own."""
    ran = run("undo", "-q", "3")
    assert shelf.asked == [("undo", {"run": "3"})]
    assert ran.out.splitlines() == [
        "/photos/\\xff\\x0a\\x1b[31m.jpg is taken by another file: put back as /photos/x.restored-0003.jpg",
        "run 0003: 2 files put back, 1 there already, 1 keeper gave back what was taken over, in 500 ms",
    ]
    check(run("undo", "--json").json(), "undo")


def test_undo_that_could_not_do_all_exits_with_7(run: Callable[..., Any], shelf: FakeLibrary) -> None:
    """So that a script notices."""
    failed = (Failure(path="/photos/b.jpg", code="folder_away", reason="the folder is not there"),)
    shelf.undone = replace(UNDONE, failed=failed)
    ran = run("undo", "-q")
    assert ran.status == 7
    assert "not put back /photos/b.jpg: the folder is not there (folder_away)" in ran.out
    assert run("undo", "--json").status == 7


def test_nothing_to_undo_is_said(run: Callable[..., Any], shelf: FakeLibrary) -> None:
    """With the exit status of what is not found."""
    shelf.error = NotFoundError("nothing to undo", hint="saccade undo --list tells all runs")
    ran = run("undo", "-q")
    assert (ran.status, ran.err) == (3, "saccade: nothing to undo\n  saccade undo --list tells all runs\n")


def test_runs_are_listed(run: Callable[..., Any], shelf: FakeLibrary) -> None:
    """What lies in each quarantine, and whether it ended."""
    assert run("undo", "--list").out == "nothing was ever put away here\n"
    shelf.runs = tuple(
        QuarantineRun(
            run=f"000{number}",
            created="2026-11-20T12:00:00Z",
            quarantine="/q",
            files=files,
            size_bytes=files * 1000,
            moved=2,
            finished=number != 2,
        )
        for number, files in ((1, 0), (2, 2))
    )
    assert run("undo", "--list").out.splitlines() == [
        "0001  2026-11-20 12:00:00 UTC  empty now, 2 files passed through",
        "0002  2026-11-20 12:00:00 UTC  2 files, 2 kB in /q, was interrupted",
    ]
    check(run("undo", "--list", "--json").json(), "undo-list")
