"""`saccade outliers`: images that do not belong, have technical flaws, or differ from good pictures."""

import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import click

from saccade.core.errors import InputError
from saccade.core.filters import parse_condition
from saccade.doors.terminal.opening import existing_library
from saccade.doors.terminal.output import note, print_json
from saccade.doors.terminal.progress import progress_shown
from saccade.doors.terminal.reporting import errors_reported, report_failures
from saccade.doors.terminal.settings import Session, json_option, library_option, scope_options
from saccade.doors.words import shown_path
from saccade.usecases.outliers.cli.text import say_inspections, say_model, say_outliers, say_quality

if TYPE_CHECKING:
    from saccade.engine.context import LibraryContext
    from saccade.usecases.outliers.rules.quality import QualityReport
    from saccade.usecases.outliers.rules.reports import InspectionReport, OutlierReport


class _Result(NamedTuple):
    """A report from the library, its form for scripts, and the function that prints it."""

    report: "OutlierReport | QualityReport | InspectionReport"
    answer: object
    say: Callable[[], None]


@click.command(short_help="Find images that do not belong, are flawed, or differ from good ones.")
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option(
    "--mode",
    type=click.Choice(["knn", "lof"]),
    default="knn",
    show_default=True,
    help="By distance to neighbors, or by density compared with theirs.",
)
@click.option("--by", type=click.Choice(["look", "content"]), help="Compare by look, or by content.  [look]")
@click.option(
    "-k",
    "--neighbors",
    type=int,
    default=30,
    show_default=True,
    metavar="N",
    help="Also find unrelated images in groups of up to N.",
)
@click.option("--top", type=int, default=50, show_default=True, metavar="N", help="Maximum images listed.")
@click.option(
    "--quality",
    is_flag=True,
    help="Find blurred, dark, overexposed, empty, tiny and odd images, and screenshots.",
)
@click.option("--train", metavar="NAME", help="Learn what good pictures look like.")
@click.option("--good", multiple=True, metavar="PATH-OR-FILTER", help="Good pictures; repeatable.")
@click.option(
    "--false-alarms",
    type=float,
    default=0.05,
    show_default=True,
    metavar="RATE",
    help="Accepted share of good pictures called bad; with --train.",
)
@click.option("--seed", type=int, default=0, show_default=True, metavar="N", help="Random seed.")
@click.option("--model", metavar="NAME", help="Judge FILEs, or the library's images, by a trained model.")
@scope_options
@click.option("--dry-run", is_flag=True, help="Store nothing in the library.")
@click.option("--html", metavar="FILE", help="Also write a report with pictures to an HTML file.")
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
    """Find images unlike the rest; with --quality, images that are blurred, dark, empty and so on.

    To inspect things that should always look the same, train on good pictures with --train NAME --good
    FOLDER, then judge others with --model NAME. Each result says why. Values are stored: filter with
    data.outlier>=1.5, data.blur>=0.5, data.anomaly_NAME>1.
    """
    with errors_reported(as_json=as_json, debug=session.debug):
        _check(files=files, quality=quality, train=train, good=good, model=model, top=top, dry_run=dry_run)
        paths, filters = _good(good)
    with existing_library(session, as_json=as_json) as context:
        from saccade.usecases.outliers import wire
        from saccade.usecases.outliers.api import Outliers

        api, store = Outliers(context), not dry_run
        if train is not None:
            with progress_shown(quiet=quiet) as progress:
                learned = api.train(
                    train,
                    paths,
                    where=[*where, *filters],
                    folders=folders,
                    false_alarms=false_alarms,
                    seed=seed,
                    progress=progress,
                )
            if as_json:
                print_json(wire.model_answer(learned))
            else:
                say_model(learned)
            return
        with progress_shown(quiet=quiet) as progress:
            result: _Result
            if model is not None:
                inspected = api.inspect(
                    model, files, top=top, store=store, where=where, folders=folders, progress=progress
                )
                result = _Result(
                    inspected, wire.inspections_answer(inspected), partial(say_inspections, inspected)
                )
            elif quality:
                checked = api.quality(top=top, store=store, where=where, folders=folders, progress=progress)
                result = _Result(checked, wire.quality_answer(checked), partial(say_quality, checked))
            else:
                found = api.find(
                    mode=mode,
                    by=by,
                    k=neighbors,
                    top=top,
                    store=store,
                    where=where,
                    folders=folders,
                    progress=progress,
                )
                result = _Result(found, wire.outliers_answer(found), partial(say_outliers, found))
        report_failures(result.report.failed)
        if as_json:
            print_json(result.answer)
        else:
            result.say()
        _write_html(context, html, result.report)


def _check(
    *,
    files: Sequence[str],
    quality: bool,
    train: str | None,
    good: Sequence[str],
    model: str | None,
    top: int,
    dry_run: bool,
) -> None:
    """Refuse options that contradict each other, before any work."""
    if sum((quality, train is not None, model is not None)) > 1:
        raise InputError("--quality, --train and --model are mutually exclusive", hint="choose one")
    if files and model is None:
        raise InputError(f"{files[0]}: only a model judges files", hint="add --model NAME")
    if good and train is None:
        raise InputError("--good needs --train", hint='e.g. --train "inspection" --good FOLDER')
    if train is not None and not train.strip():
        raise InputError("the model has no name", hint='e.g. --train "inspection"')
    if train is not None and dry_run:
        raise InputError("--train stores a model, so it has no dry run", hint="leave out --dry-run")
    if top < 0:
        raise InputError(f"--top is {top}; it must not be negative", hint="e.g. --top 50")


def _good(given: Sequence[str]) -> tuple[list[str], list[str]]:
    """Split the values of --good into existing paths and filters."""
    paths = [one for one in given if os.path.lexists(one)]
    filters = [one for one in given if one not in paths]
    for one in filters:
        if not any(sign in one for sign in "=<>"):
            raise InputError(f"--good {one}: no such file or folder", hint="or write a filter: data.ok=1")
        parse_condition(one)
    return paths, filters


def _write_html(
    context: "LibraryContext", path: str | None, report: "OutlierReport | QualityReport | InspectionReport"
) -> None:
    """Write the page, if requested."""
    if path is None:
        return
    from saccade.doors.page.report import write_report
    from saccade.usecases.outliers.html import report_of

    write_report(path, report_of(context, report))
    note(f"report: {shown_path(os.path.abspath(path))}")


COMMANDS: tuple[click.Command, ...] = (outliers,)
