"""Progress of long jobs, on stderr: a live bar in a terminal, an occasional line in a log."""

import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from saccade.doors.terminal.output import is_terminal, note
from saccade.doors.words import duration, number, rate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from saccade.core.ports.decoders import ReportProgress
    from saccade.core.types import Progress

_LOG_EVERY_S = 10.0


@contextmanager
def progress_shown(*, quiet: bool) -> "Iterator[ReportProgress | None]":
    """The `progress` callback for a long job; the display is removed when the block ends, however it ends."""
    if quiet:
        yield None
    elif is_terminal(error=True):
        from rich.console import Console  # late: only needed in a terminal
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TextColumn("{task.fields[count]}"),
            TextColumn("{task.fields[speed]}"),
            TimeRemainingColumn(compact=True),
        )
        console = Console(stderr=True, highlight=False, markup=False)
        with Progress(*columns, console=console, transient=True) as bars:
            yield LiveProgress(bars)
    else:
        yield LogProgress()


@contextmanager
def upgrade_shown() -> "Iterator[ReportProgress]":
    """The `progress` callback for opening a library: nothing is shown unless it has to be upgraded."""
    with ExitStack() as stack:
        shown: list[ReportProgress | None] = []

        def report(progress: "Progress") -> None:
            if not shown:
                note("upgrading the library, made by an older saccade; a copy of its catalog is kept")
                shown.append(stack.enter_context(progress_shown(quiet=False)))
            if shown[0] is not None:
                shown[0](progress)

        yield report


class LiveProgress:
    """A bar for the current stage."""

    def __init__(self, bars: "Bars") -> None:
        self._bars = bars
        self._task: TaskID | None = None
        self._stage = ""
        self._began = 0.0

    def __call__(self, progress: "Progress") -> None:
        """Update the bar."""
        if self._task is None or progress.stage != self._stage:
            if self._task is not None:
                self._bars.remove_task(self._task)
            self._stage, self._began = progress.stage, time.monotonic()
            self._task = self._bars.add_task(progress.stage, total=progress.total, count="", speed="")
        failed = f", {number(progress.failed)} failed" if progress.failed else ""
        self._bars.update(
            self._task,
            completed=progress.done,
            total=progress.total,
            count=counted_of(progress) + failed,
            speed=_speed(progress.done, time.monotonic() - self._began),
        )


class LogProgress:
    """A line every ten seconds: enough to show that it is alive, few enough for a log."""

    def __init__(self) -> None:
        self._stage = ""
        self._began = self._logged = time.monotonic()

    def __call__(self, progress: "Progress") -> None:
        """Print a line if the last one is long enough ago."""
        now = time.monotonic()
        if progress.stage != self._stage:
            self._stage, self._began = progress.stage, now
        if now - self._logged < _LOG_EVERY_S:
            return
        self._logged = now
        spent = now - self._began
        parts = [f"{progress.stage}: {counted_of(progress)}", _speed(progress.done, spent)]
        if progress.total and progress.done:
            parts.append(f"{duration(spent / progress.done * (progress.total - progress.done))} left")
        note(", ".join(part for part in parts if part))


def counted_of(progress: "Progress") -> str:
    """1,200 of 7,091, or 1,200 while the total is unknown."""
    total = "" if progress.total is None else f" of {number(progress.total)}"
    return number(progress.done) + total


def _speed(done: int, seconds: float) -> str:
    """Items per second; empty until it means something."""
    return rate(done / seconds) if done and seconds > 0.5 else ""
