"""Progress on stderr: of an upgrade, nothing unless there is one."""

import pytest

from saccade.core.types import Progress
from saccade.doors.terminal.progress import upgrade_shown


def test_upgrade_shown_says_nothing_when_a_library_just_opens(capsys: pytest.CaptureFixture[str]) -> None:
    """As almost always."""
    with upgrade_shown():
        pass
    assert capsys.readouterr() == ("", "")


def test_upgrade_shown_tells_of_an_upgrade_once(capsys: pytest.CaptureFixture[str]) -> None:
    """On stderr, so that output stays parsable."""
    with upgrade_shown() as progress:
        progress(Progress(stage="back up the catalog (MB)", done=1, total=2))
        progress(Progress(stage="upgrade the library", done=0, total=None))
    out, err = capsys.readouterr()
    assert (out, err.count("upgrading the library")) == ("", 1)
