"""`saccade outliers`: what does not belong, what is technically wrong, what differs from good pictures."""

import os
from typing import TYPE_CHECKING, NamedTuple

import click

from saccade.core.errors import InputError
from saccade.core.filters import parse_condition
from saccade.doors.terminal.opening import existing_library
from saccade.doors.terminal.output import note, print_json, say
from saccade.doors.terminal.progress import progress_shown
from saccade.doors.terminal.reporting import errors_reported, report_failures
from saccade.doors.terminal.settings import Session, json_option, library_option, scope_options
from saccade.doors.words import counted, duration, number, shown_path
from saccade.usecases.duplicates.cli.checking import html_option
from saccade.usecases.outliers.wire import of_inspection, of_model, of_outliers, of_quality

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saccade.library import Library
    from saccade.usecases.outliers.rules.quality import QualityReport
    from saccade.usecases.outliers.rules.reports import InspectionModel, InspectionReport, OutlierReport
    from saccade.usecases.outliers.wire import Payload


class _Told(NamedTuple):
    """An answer: for scripts, for people, and as the library gave it."""

    payload: "Payload"
    lines: list[str]
    report: "OutlierReport | QualityReport | InspectionReport"


@click.command(short_help="Find what does not belong, is blurred or dark, or differs from good pictures.")
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option(
    "--mode",
    type=click.Choice(["knn", "lof"]),
    default="knn",
    show_default=True,
    help="Far from its neighbors, or less dense around it than around them.",
)
@click.option("--by", type=click.Choice(["look", "content"]), help="Compare looks, or what is shown.  [look]")
@click.option(
    "-k",
    "--neighbors",
    type=int,
    default=30,
    show_default=True,
    metavar="N",
    help="Strangers are found in groups of up to N.",
)
@click.option("--top", type=int, default=50, show_default=True, metavar="N", help="Most images told.")
@click.option("--quality", is_flag=True, help="Blurred, dark, overexposed, empty, tiny, odd, screenshots.")
@click.option("--train", metavar="NAME", help="Learn what good pictures look like.")
@click.option("--good", multiple=True, metavar="PATH-OR-FILTER", help="Good pictures; repeatable.")
@click.option(
    "--false-alarms",
    type=float,
    default=0.05,
    show_default=True,
    metavar="RATE",
    help="Share of good pictures that may be called bad; with --train.",
)
@click.option("--seed", type=int, default=0, show_default=True, metavar="N", help="Of random choices.")
@click.option("--model", metavar="NAME", help="Judge FILEs, or the library's images, by what was learned.")
@scope_options
@click.option("--dry-run", is_flag=True, help="Store nothing in the library.")
@html_option
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@json_option
@library_option
@click.pass_obj
def outliers(
    session: Session,
    *,
    files: tuple[str, ...],
    mode: str,
    by: str | None,
    neighbors: int,
    top: int,
    quality: bool,
    train: str | None,
    good: tuple[str, ...],
    false_alarms: float,
    seed: int,
    model: str | None,
    where: tuple[str, ...],
    folders: tuple[str, ...],
    dry_run: bool,
    html: str | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Find images unlike all others here; with --quality those that are blurred, dark, empty and so on.

    To inspect what should always look the same: show it good pictures with --train NAME --good FOLDER, then
    judge others with --model NAME. Each answer says why. Values are kept: filter with data.outlier>=1.5,
    data.blur>=0.5, data.anomaly_NAME>1.
    """
    with errors_reported(as_json=as_json, debug=session.debug):
        _check(files=files, quality=quality, train=train, good=good, model=model, top=top, dry_run=dry_run)
        with existing_library(session.library) as library:
            if train is not None:
                paths, filters = _good(good)
                with progress_shown(quiet=quiet) as progress:
                    learned = library.train_inspection(
                        train,
                        paths,
                        where=[*where, *filters],
                        folders=folders,
                        false_alarms=false_alarms,
                        seed=seed,
                        progress=progress,
                    )
                if as_json:
                    print_json(of_model(learned))
                else:
                    _say_model(learned)
                return
            keep = not dry_run
            with progress_shown(quiet=quiet) as progress:
                if model is not None:
                    judged = library.inspect(
                        model, files, where=where, folders=folders, top=top, keep=keep, progress=progress
                    )
                    told = _Told(of_inspection(judged), _inspection_lines(judged), judged)
                elif quality:
                    checked = library.quality(
                        top=top, where=where, folders=folders, keep=keep, progress=progress
                    )
                    told = _Told(of_quality(checked), _quality_lines(checked), checked)
                else:
                    found = library.outliers(
                        mode=mode,
                        by=by,
                        k=neighbors,
                        top=top,
                        where=where,
                        folders=folders,
                        keep=keep,
                        progress=progress,
                    )
                    told = _Told(of_outliers(found), _outlier_lines(found), found)
            report_failures(told.report.failed)
            if as_json:
                print_json(told.payload)
            else:
                for line in told.lines:
                    say(line)
            _write_html(library, html, told.report)


def _check(
    *,
    files: "Sequence[str]",
    quality: bool,
    train: str | None,
    good: "Sequence[str]",
    model: str | None,
    top: int,
    dry_run: bool,
) -> None:
    """Refuse options that contradict each other, before any work."""
    if sum((quality, train is not None, model is not None)) > 1:
        raise InputError("--quality, --train and --model exclude each other", hint="choose one")
    if files and model is None:
        raise InputError(f"{files[0]}: files are judged by a model only", hint="add --model NAME")
    if good and train is None:
        raise InputError("--good needs --train", hint='e.g. --train "inspection" --good FOLDER')
    if train is not None and not train.strip():
        raise InputError("the model has no name", hint='e.g. --train "inspection"')
    if train is not None and dry_run:
        raise InputError("--train keeps a model, so it has no dry run", hint="leave --dry-run out")
    if top < 0:
        raise InputError(f"--top is {top}; it must not be negative", hint="e.g. --top 50")


def _good(given: "Sequence[str]") -> tuple[list[str], list[str]]:
    """What --good names: paths that exist, and filters."""
    paths = [one for one in given if os.path.lexists(one)]
    filters = [one for one in given if one not in paths]
    for one in filters:
        if not any(sign in one for sign in "=<>"):
            raise InputError(f"--good {one}: no such file or folder", hint="or write a filter: data.ok=1")
        parse_condition(one)
    return paths, filters


def _outlier_lines(report: "OutlierReport") -> list[str]:
    lines = []
    for one in report.outliers:
        path = one.record.paths[0] if one.record.paths else one.record.image_id
        mark = "*" if one.stands_out else " "
        lines += [f"{one.rank:>4}{mark} {one.value:5.2f}  {shown_path(path)}", f"             {one.reason}"]
    lines.append(
        f"{counted(report.images, 'image')}; {number(report.standing_out)} stand out (*: "
        f"{report.fence:.2f} times the typical value, or more), in {duration(report.seconds)}"
    )
    if report.column:
        lines.append(f"kept: --where 'data.{report.column}>={report.fence:.2f}'")
    return lines


def _quality_lines(report: "QualityReport") -> list[str]:
    lines = []
    for issue, worst in report.issues.items():
        if worst:
            lines.append(f"{issue}: {counted(report.counts[issue], 'image')}")
            lines += [
                f"  {one.score:.2f}  {shown_path(one.record.paths[0])}  {one.reason}"
                for one in worst
                if one.record.paths
            ]
    lines.append(
        f"{counted(report.images, 'image')}, {number(report.measured)} measured now, in "
        f"{duration(report.seconds)}"
    )
    if report.stored:
        lines.append("kept: --where 'data.blur>=0.5' and so on; 0.5 is the threshold of each")
    return lines


def _inspection_lines(report: "InspectionReport") -> list[str]:
    lines = []
    for one in report.inspections:
        verdict = "bad " if one.bad else "good"
        lines += [
            f"{one.rank:>4}  {verdict} {one.value:5.2f}  {shown_path(one.path)}",
            f"            {one.reason}",
        ]
    lines.append(
        f"{number(report.bad)} of {counted(report.images, 'picture')} are called bad; of good ones "
        f"{report.model.false_alarms:.0%} would be ({report.model.name}, version {report.model.version})"
    )
    return lines


def _say_model(model: "InspectionModel") -> None:
    """What was learned, and what to look at."""
    say(
        f"learned {model.name!r} (version {model.version}) from {counted(model.good, 'good picture')}; "
        f"it calls {model.false_alarms:.0%} of good ones bad"
    )
    if model.good < 20:
        note("few good pictures: the limit is rough; 20 or more are better")
    for path in model.suspects:
        note(f"unlike the other good ones, is it good? {shown_path(path)}")
    report_failures(model.failed)
    say(f'next: saccade outliers --model "{model.name}" FILE...')


def _write_html(
    library: "Library", path: str | None, report: "OutlierReport | QualityReport | InspectionReport"
) -> None:
    """The report, if one was asked for."""
    if path is None:
        return
    from saccade.doors.page.report import write_report
    from saccade.usecases.outliers.html import report_of

    write_report(path, report_of(library, report))
    note(f"report: {shown_path(os.path.abspath(path))}")


COMMANDS: tuple[click.Command, ...] = (outliers,)
