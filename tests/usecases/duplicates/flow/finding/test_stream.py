"""Groups as a stream: those of the report in its order, without holding them all."""

import gc
from typing import Any

import pytest

from saccade.usecases.duplicates.flow.finding import iter_groups
from saccade.usecases.duplicates.flow.request import Request
from saccade.usecases.duplicates.rules.keeper import Chooser
from saccade.usecases.duplicates.rules.reports import DuplicateGroup, Tier

ALL = frozenset(Tier)


def request(tiers: frozenset[Tier] = ALL) -> Request:
    """Of everything."""
    return Request(tiers=tiers, among=None, folders=(), chooser=Chooser(), burst_seconds=10.0)


def test_the_stream_is_the_report(studio: Any) -> None:
    """The same groups, in the same order, of every tier."""
    for number in range(12):
        quarters = (20 * number, 240 - 20 * number, 90, (70 * number) % 256)
        studio.picture(f"a/{number}.png", quarters, size=8 + 8 * (number % 3))
        studio.picture(f"b/{number}.png", quarters, mark="x" * number, size=8 + 8 * (number % 2))
    studio.desk.index()
    for tiers in (ALL, frozenset({Tier.BYTES, Tier.PIXELS})):
        report = studio.find([str(tier) for tier in tiers])
        assert len(report) > 1
        assert tuple(iter_groups(studio.tools(), request(tiers))) == report.groups


def test_the_stream_holds_few_groups_at_a_time(studio: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are."""
    monkeypatch.setattr("saccade.usecases.duplicates.flow.grouping._AT_ONCE", 4)
    for number in range(60):
        picture = studio.picture(f"a/{number}.png", (number * 4, 0, 255, 128), mark=f"{number:03}")
        studio.desk.path(f"b/{number}.png").write_bytes(picture.read_bytes())
    studio.desk.index()
    count = most = 0
    for _ in iter_groups(studio.tools(), request(frozenset({Tier.BYTES}))):
        count += 1
        most = max(most, sum(isinstance(one, DuplicateGroup) for one in gc.get_objects()))
    assert count == 60
    assert most <= 4
