"""Outliers, issues, models and judged pictures as text."""

from typing import TYPE_CHECKING

from saccade.doors.terminal.output import note, say
from saccade.doors.terminal.reporting import report_failures
from saccade.doors.words import counted, duration, number, shown_path

if TYPE_CHECKING:
    from saccade.usecases.outliers.rules.quality import QualityReport
    from saccade.usecases.outliers.rules.reports import InspectionModel, InspectionReport, OutlierReport

_FEW_GOOD = 20


def say_outliers(report: "OutlierReport") -> None:
    """Print each outlier with its reason, how many stand out, and how to filter by the values."""
    for one in report.outliers:
        path = one.record.paths[0] if one.record.paths else one.record.image_id
        mark = "*" if one.stands_out else " "
        say(f"{one.rank:>4}{mark} {one.value:5.2f}  {shown_path(path)}")
        say(f"             {one.reason}")
    say(
        f"{counted(report.images, 'image')}; {number(report.standing_out)} stand out (*: more than "
        f"{report.fence:.2f} times the typical value), in {duration(report.seconds)}"
    )
    if report.column:
        say(f"stored: --where 'data.{report.column}>={report.fence:.2f}'")


def say_quality(report: "QualityReport") -> None:
    """Print the worst images of each issue, and how to filter by the scores."""
    for issue, worst in report.issues.items():
        if worst:
            say(f"{issue}: {counted(report.counts[issue], 'image')}")
        for one in worst:
            if one.record.paths:
                say(f"  {one.score:.2f}  {shown_path(one.record.paths[0])}  {one.reason}")
    say(
        f"{counted(report.images, 'image')}, {number(report.measured)} measured now, in "
        f"{duration(report.seconds)}"
    )
    if report.stored:
        say("stored: --where 'data.blur>=0.5' and so on; 0.5 is the threshold of each")


def say_inspections(report: "InspectionReport") -> None:
    """Print each picture's verdict with its reason, and how many are bad."""
    for one in report.inspections:
        verdict = "bad " if one.bad else "good"
        say(f"{one.rank:>4}  {verdict} {one.value:5.2f}  {shown_path(one.path)}")
        say(f"            {one.reason}")
    say(
        f"{number(report.bad)} of {counted(report.images, 'picture')} are called bad; of good ones "
        f"{report.model.false_alarms:.0%} would be ({report.model.name}, version {report.model.version})"
    )
    if report.column:
        say(f"stored: --where 'data.{report.column}>1'")


def say_model(model: "InspectionModel") -> None:
    """Print what was learned, and which pictures to check."""
    say(
        f"learned {model.name!r} (version {model.version}) from {counted(model.good, 'good picture')}; "
        f"it calls {model.false_alarms:.0%} of good ones bad"
    )
    if model.good < _FEW_GOOD:
        note(f"few good pictures: the threshold is rough; {_FEW_GOOD} or more are better")
    for path in model.suspects:
        note(f"unlike the other good ones; is it good? {shown_path(path)}")
    report_failures(model.failed)
    say(f'next: saccade outliers --model "{model.name}" FILE...')
