"""Sentences about taught labels shared by the terminal and the report."""

from typing import TYPE_CHECKING

from saccade.doors.words import counted, harmless, percent

if TYPE_CHECKING:
    from saccade.usecases.tags.rules.classifying import Interval, Measurement
    from saccade.usecases.tags.rules.reports import Suggestion


def measured_lines(measured: "Measurement") -> list[str]:
    """How good a classifier is, line by line."""
    lines = [
        f"right on {_between(measured.accuracy)} of {counted(measured.examples, 'example')} held out in turn"
    ]
    for group, precision in measured.precision.items():
        lines.append(
            f"{harmless(group)}: precision {_between(precision)}, recall {_between(measured.recall[group])}"
        )
    lines.append(f"confidence is off by {percent(measured.calibration_error)} on average")
    return lines


def said_why(one: "Suggestion") -> str:
    """Why an image is worth labeling, in a word or two."""
    return "unsure" if one.why == "unsure" else "check it"


def _between(interval: "Interval") -> str:
    return f"{percent(interval.value)} ({percent(interval.low)} to {percent(interval.high)})"
