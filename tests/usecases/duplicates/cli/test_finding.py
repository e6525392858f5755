"""`saccade duplicates`: what it asks the library, what it prints, and that nothing in it can harm."""

from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest

from saccade.core.decoding import FileStamp
from saccade.core.quarantine import Merge, Move
from saccade.core.types import Failure, ImageInfo, ImageRecord
from saccade.usecases.duplicates.rules.applying import ApplyReport
from saccade.usecases.duplicates.rules.reports import (
    DuplicateFile,
    DuplicateGroup,
    DuplicateReport,
    Evidence,
    Tier,
)
from saccade.usecases.duplicates.rules.savings import EXAMPLE_PRICES, Leaving, add_up, parse_prices
from tests.helpers.json_schemas import check_json
from tests.helpers.terminal import JPEG, Run

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
    """What putting the spare files away gives: one stays."""
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


REPORT = DuplicateReport(
    groups=GROUPS,
    images=1234,
    candidates=50,
    verified=40,
    failed=(Failure(path="/photos/z.jpg", code="truncated", reason="it ends early"),),
    seconds=1.5,
)


@pytest.fixture
def found(shelf: MagicMock) -> MagicMock:
    """The api, which finds the groups and says what putting the spare files away gives."""

    def apply(report: DuplicateReport, *, dry_run: bool = False, **asked: Any) -> ApplyReport:
        answer = plan(applied=not dry_run, to=asked["to"])
        return answer if report.groups else replace(answer, moves=(), skipped=(), merges=())

    shelf.find.return_value = REPORT
    shelf.apply.side_effect = apply
    return shelf


def test_groups_are_told_with_keeper_reasons_and_evidence(run: Run, found: MagicMock) -> None:
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
        "kept /photos/\\xff\\x0a\\x1b[31m.jpg: it changed since it was indexed (file_changed)",
        "/photos/a.jpg would take over tags beach; merged_caption a\\x1bwalk; merged_latitude 52.5",
    ]
    assert ran.out.splitlines()[: len(lines)] == lines
    rest = "\n".join(ran.out.splitlines()[len(lines) :])
    assert "would be free once the quarantine is emptied" in rest
    assert "0.55 USD a year (object storage)" in rest
    assert "nothing was changed; --apply puts 2 files away in /q" in rest
    assert "skipped /photos/z.jpg: it ends early (truncated)" in ran.err


def test_what_was_asked_reaches_the_library(run: Run, found: MagicMock) -> None:
    """Tiers named are those that may leave; without any, the usual three."""
    args = ["--tier", "burst", "--prefer", "best", "--keep", "date", "--where", "width>10", "--in", "x"]
    run("duplicates", "-q", *args, "--verify", "base", "--burst-seconds", "3", "--to", "/disk")
    found.find.assert_called_once_with(
        tiers=("burst",), where=("width>10",), folders=("x",), prefer=("best",), keep=("date",),
        burst_seconds=3.0, verify="base", progress=None,
    )  # fmt: skip
    found.apply.assert_called_once_with(
        REPORT, dry_run=True, to="/disk", tiers=("burst",), prices=None, progress=None
    )
    run("duplicates", "-q", "--apply")
    assert found.find.call_args.kwargs["tiers"] == ("bytes", "pixels", "picture")
    assert found.apply.call_args.kwargs["tiers"] == ("bytes", "pixels", "picture")
    assert found.apply.call_args.kwargs["dry_run"] is False


def test_after_acting_it_says_how_to_take_it_back(run: Run, found: MagicMock) -> None:
    """With the name of the run, and where the files lie."""
    ran = run("duplicates", "-q", "--apply")
    assert "2 files put away in /q" in ran.out
    assert "to undo: saccade undo 0003" in ran.out
    assert "took over tags beach" in ran.out


def test_no_duplicates(run: Run, found: MagicMock) -> None:
    """Said, and nothing else."""
    found.find.return_value = replace(REPORT, groups=())
    assert run("duplicates", "-q").out.splitlines()[1:] == ["no duplicates"]


def test_more_groups_than_asked_for_are_counted(run: Run, found: MagicMock) -> None:
    """And how to see them."""
    out = run("duplicates", "-q", "-k", "1").out
    assert "and 1 more group: -k 2 shows all, --html FILE shows them with pictures" in out
    assert "2. same file" not in out


@pytest.mark.parametrize("applied", [False, True])
def test_json_fits_its_schema_in_any_locale(run: Run, found: MagicMock, *, applied: bool) -> None:
    """One line of ASCII at full precision."""
    ran = run("duplicates", "-q", "--json", *(["--apply"] if applied else []), encoding="ascii")
    assert ran.out_bytes.isascii()
    assert len(ran.out.splitlines()) == 1
    value: dict[str, Any] = ran.json()
    check_json(value, "duplicates")
    assert value["groups"][0]["others"][1]["evidence"]["copy_score"] == 0.97654321
    assert value["groups"][1]["others"][0]["path"] == BAD
    assert value["apply"]["applied"] is applied
    assert [move["place"] is not None for move in value["apply"]["moves"]] == [applied] * 2


def test_prices_are_read_before_any_work(run: Run, found: MagicMock, tmp_path: Path) -> None:
    """A mistake costs nothing; a good table reaches the library."""
    (tmp_path / "mine.toml").write_text('currency = "EUR"\n[[price]]\nname = "disk"\nper_gb = -1\n')
    ran = run("duplicates", "--prices", "mine.toml")
    assert (ran.status, found.mock_calls) == (2, [])
    assert "per_gb of price 1 of mine.toml is -1; it must be a number, 0 or more" in ran.err
    assert run("duplicates", "--prices", "none.toml").status == 2
    (tmp_path / "mine.toml").write_text('currency = "EUR"\n[[price]]\nname = "disk"\nper_gb = 1\n')
    run("duplicates", "-q", "--prices", "mine.toml")
    assert found.apply.call_args.kwargs["prices"].currency == "EUR"


def test_a_report_is_written_before_anything_moves(
    run: Run, found: MagicMock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With keeper, copies, the difference of what was aligned, and no text that could act."""
    steps: list[str] = []
    pairs: list[object] = []

    def differences(_context: object, asked: list[object]) -> list[bytes]:
        steps.append("differences")
        pairs.extend(asked)
        return [JPEG for _ in asked]

    apply = found.apply.side_effect

    def noted(*args: Any, **asked: Any) -> ApplyReport:
        steps.append("plan" if asked.get("dry_run") else "apply")
        done: ApplyReport = apply(*args, **asked)
        return done

    found.apply.side_effect = noted
    monkeypatch.setattr("saccade.usecases.duplicates.flow.differences.differences", differences)
    ran = run("duplicates", "-q", "--apply", "--html", "out.html")
    assert ran.status == 0
    assert steps == ["plan", "differences", "apply"]
    assert pairs == [("/photos/a.jpg", "/photos/phone/c.jpg", (1.0, 0.0, 0.0, 0.0, 1.0, 0.0))]
    page = (tmp_path / "out.html").read_text()
    for words in ("1. same picture: a.jpg", "keep", "same picture 98 %", "What it saves", "by folder"):
        assert words in page
    assert "\x1b" not in page


def test_bad_options_cost_nothing(run: Run, found: MagicMock) -> None:
    """Refused before the library is asked."""
    assert run("duplicates", "-k", "0").status == 2
    assert run("duplicates", "--tier", "similar").status == 2
    assert found.mock_calls == []
