"""`saccade tag`: tag images by words or by hand; list and export tags."""

import os
from typing import TYPE_CHECKING

import click

from saccade.core.errors import InputError
from saccade.doors.terminal.opening import existing_library
from saccade.doors.terminal.output import note, print_json, say
from saccade.doors.terminal.progress import progress_shown
from saccade.doors.terminal.reporting import errors_reported
from saccade.doors.terminal.settings import Session, json_option, library_option, scope_options
from saccade.doors.words import counted, shown_path
from saccade.engine.names import named_image
from saccade.usecases.tags.cli.tag_text import list_tags, say_export, say_tagging

if TYPE_CHECKING:
    from collections.abc import Mapping

    from saccade.engine.context import LibraryContext
    from saccade.usecases.tags.api import Tags
    from saccade.usecases.tags.rules.reports import TaggingReport

_FORMATS = ("csv", "xmp", "hf", "coco")


@click.command(short_help="Tag images by words or by hand; list and export tags.")
@click.argument("images", nargs=-1, metavar="[IMAGE]...")
@click.option("--label", "given", multiple=True, metavar="LABEL", help="A label to look for; repeatable.")
@click.option(
    "--labels", "file", metavar="FILE", help="A file of labels: a list, indented list, CSV or TOML."
)
@click.option(
    "--min-confidence",
    type=float,
    metavar="P",
    help="Confidence needed for a label; default: each label's threshold.",
)
@click.option(
    "--max-labels", type=int, default=10, show_default=True, metavar="N", help="Maximum labels per image."
)
@click.option("--keep", is_flag=True, help="Keep earlier tags with other labels.")
@click.option("--truth", metavar="FIELD", help="A text field with the correct labels, to fit on.")
@click.option("--set", "put_on", multiple=True, metavar="LABEL", help="Add LABEL to the IMAGEs; repeatable.")
@click.option(
    "--remove", "take_off", multiple=True, metavar="LABEL", help="Remove LABEL from the IMAGEs, or from all."
)
@click.option("--list", "listed", is_flag=True, help="List all labels, or the tags of the IMAGEs.")
@click.option("--export", type=click.Choice(_FORMATS), help="Write the tags for other programs.")
@click.option("--to", metavar="PATH", help="Where --export writes.")
@click.option("--write-files", is_flag=True, help="Write tags into the JPEG files; originals are kept.")
@click.option("--restore", is_flag=True, help="Put back the files that --write-files changed.")
@click.option("--dry-run", is_flag=True, help="Report what would be done, and change nothing.")
@click.option("--html", metavar="FILE", help="Also write examples of each label to an HTML file.")
@scope_options
@json_option
@library_option
@click.pass_obj
def tag(
    session: Session,
    *,
    images: tuple[str, ...],
    given: tuple[str, ...],
    file: str | None,
    min_confidence: float | None,
    max_labels: int,
    keep: bool,
    truth: str | None,
    put_on: tuple[str, ...],
    take_off: tuple[str, ...],
    listed: bool,
    export: str | None,
    to: str | None,
    write_files: bool,
    restore: bool,
    dry_run: bool,
    html: str | None,
    where: tuple[str, ...],
    folders: tuple[str, ...],
    as_json: bool,
) -> None:
    """Tag images, by the labels' words or by hand.

    `saccade tag --label dog --label cat` tags every image that shows one. `--set beach A.jpg B.jpg` tags
    these two. Searches then take `--where tag=dog`.
    """
    with errors_reported(as_json=as_json, debug=session.debug):
        _one_thing(
            {
                "--label or --labels": bool(given or file),
                "--set or --remove": bool(put_on or take_off),
                "--list": listed,
                "--export": export is not None,
                "--write-files": write_files,
                "--restore": restore,
            }
        )
        if (given or file) and images:
            raise InputError(
                f"{images[0]} was given, but labels by words apply to all images",
                hint="restrict them with --in FOLDER or --where; or use --set LABEL",
            )
    with existing_library(session, as_json=as_json) as library:
        from saccade.usecases.tags.api import Tags

        tags = Tags(library)
        if put_on or take_off:
            _by_hand(tags, put_on, take_off, images, dry_run=dry_run, as_json=as_json)
        elif listed:
            list_tags(tags, images, as_json=as_json)
        elif export or write_files or restore:
            with progress_shown(quiet=as_json) as progress:
                if restore:
                    wrote = tags.restore_files(dry_run=dry_run)
                elif write_files:
                    wrote = tags.write_files(where=where, folders=folders, dry_run=dry_run, progress=progress)
                else:
                    wrote = tags.export(
                        export or "", to, where=where, folders=folders, dry_run=dry_run, progress=progress
                    )
            say_export(wrote, as_json=as_json)
        else:
            with progress_shown(quiet=as_json) as progress:
                report = tags.zero_shot(
                    file if file and not given else _together(given, file),
                    min_confidence=min_confidence,
                    max_labels=max_labels,
                    keep_others=keep,
                    truth=truth,
                    where=where,
                    folders=folders,
                    dry_run=dry_run,
                    progress=progress,
                )
            _write_html(library, report, html)
            say_tagging(report, as_json=as_json)


def _one_thing(wanted: "Mapping[str, bool]") -> None:
    """Exactly one of these was asked for."""
    asked = [name for name, is_asked in wanted.items() if is_asked]
    if not asked:
        raise InputError(
            "nothing to do", hint='e.g. saccade tag --label dog --label "a red car", or saccade tag --list'
        )
    if len(asked) > 1:
        raise InputError(f"{asked[0]} and {asked[1]} are mutually exclusive", hint="run one command for each")


def _together(given: tuple[str, ...], file: str | None) -> list[str]:
    """Labels given one by one."""
    if file is not None:
        raise InputError("--label and --labels are mutually exclusive", hint=f"write the labels into {file}")
    return list(given)


def _by_hand(
    tags: "Tags",
    put_on: tuple[str, ...],
    take_off: tuple[str, ...],
    images: tuple[str, ...],
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    if dry_run:
        raise InputError("--dry-run cannot be combined with --set or --remove", hint="leave it out")
    named = [named_image(image) for image in images]
    written = tags.set(put_on, named) if put_on else 0
    removed = tags.remove(take_off, named) if take_off else 0
    if as_json:
        from saccade.usecases.tags.wire import label_list

        print_json(label_list(tags.labels(), written=written, removed=removed))
        return
    if put_on:
        say(f"{counted(written, 'tag')} set")
    if take_off:
        say(f"{counted(removed, 'tag')} removed")


def _write_html(library: "LibraryContext", report: "TaggingReport", path: str | None) -> None:
    if path is None:
        return
    from saccade.doors.page.report import write_report
    from saccade.usecases.tags.html import tagging_page

    write_report(path, tagging_page(library, report))
    note(f"report: {shown_path(os.path.abspath(path))}")
