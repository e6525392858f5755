"""`saccade teach`: train a classifier on a few examples, list its versions, suggest what to label next."""

import csv
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from saccade.core.errors import InputError, PathNotFoundError
from saccade.doors.terminal.opening import existing_library
from saccade.doors.terminal.output import note, print_json, say
from saccade.doors.terminal.progress import progress_shown
from saccade.doors.terminal.settings import Session, json_option, library_option, scope_options
from saccade.doors.words import counted, harmless, shown_path
from saccade.engine.names import named_image
from saccade.usecases.tags.cli.teach_text import list_classifiers, say_lesson, say_suggestions

if TYPE_CHECKING:
    from saccade.engine.context import LibraryContext
    from saccade.usecases.tags.rules.reports import TeachingReport

_GREEDY = frozenset({"--yes", "--no", "--forget"})


class _Greedy(click.Command):
    """A command whose example options take all words up to the next option: --yes A.jpg B.jpg --no C.jpg."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Repeat the option before each of its words."""
        repeated: list[str] = []
        greedy, fresh = "", False
        for place, word in enumerate(args):
            if word == "--":
                repeated += args[place:]
                break
            if word.startswith("-") and word != "-":
                greedy, fresh = (word, True) if word in _GREEDY else ("", False)
                repeated.append(word)
            else:
                repeated += [greedy, word] if greedy and not fresh else [word]
                fresh = False
        return super().parse_args(context, repeated)


@click.command(cls=_Greedy, short_help="Teach a label by examples, and tag matching images.")
@click.argument("name", required=False)
@click.option("--yes", multiple=True, metavar="IMAGE...", help="Images (or folders) that show NAME.")
@click.option("--no", multiple=True, metavar="IMAGE...", help="Images (or folders) that do not.")
@click.option("--forget", multiple=True, metavar="IMAGE...", help="Images to drop from the examples.")
@click.option("--classes", metavar="CSV", help="Several classes: a table with the columns image, class.")
@click.option("--words", metavar="TEXT", help='Words that describe it, if not NAME; "" for none.')
@click.option("--suggest", type=int, default=8, show_default=True, metavar="N", help="Images to label next.")
@click.option(
    "--min-confidence",
    type=float,
    metavar="P",
    help="Confidence needed for the tag; default: the classifier's.",
)
@click.option("--next", "only_suggest", is_flag=True, help="Only suggest what to label next; learn nothing.")
@click.option("--versions", "list_versions", is_flag=True, help="List stored versions.")
@click.option("--use", "version", type=int, metavar="N", help="Go back to version N, and tag with it.")
@click.option("--seed", type=int, default=0, show_default=True, metavar="N", help="Random seed.")
@click.option("--dry-run", is_flag=True, help="Report what would be done, and store nothing.")
@click.option("--html", metavar="FILE", help="Also write suggestions and result to an HTML file.")
@scope_options
@json_option
@library_option
@click.pass_obj
def teach(
    session: Session,
    *,
    name: str | None,
    yes: tuple[str, ...],
    no: tuple[str, ...],
    forget: tuple[str, ...],
    classes: str | None,
    words: str | None,
    suggest: int,
    min_confidence: float | None,
    only_suggest: bool,
    list_versions: bool,
    version: int | None,
    seed: int,
    dry_run: bool,
    html: str | None,
    where: tuple[str, ...],
    folders: tuple[str, ...],
    as_json: bool,
) -> None:
    """Teach a label by examples: `saccade teach "our product" --yes A.jpg B.jpg --no C.jpg`.

    All images that show it are tagged, so that `--where "tag=our product"` finds them. Later examples add
    to earlier ones. Without examples: retrain on the existing ones. Without a NAME: list all classifiers.
    """
    with existing_library(session, as_json=as_json) as library:
        from saccade.usecases.tags.api import Tags
        from saccade.usecases.tags.wire import VersionList

        tags = Tags(library)
        if only_suggest:
            _check_next(name, bool(yes or no or forget or classes or list_versions or version is not None))
            with progress_shown(quiet=as_json) as progress:
                found = tags.suggest(name or "", suggest, where=where, folders=folders, progress=progress)
            say_suggestions(found, as_json=as_json)
            return
        if name is None or list_versions:
            list_classifiers(tags, name, as_json=as_json)
            return
        if version is not None:
            with progress_shown(quiet=as_json) as progress:
                count = tags.use(name, version, progress=progress)
            if as_json:
                print_json(VersionList(versions=tuple(tags.classifiers(name))))
            else:
                say(f"version {version} of {harmless(name)} is in use: {counted(count, 'tag')}")
            return
        with progress_shown(quiet=as_json) as progress:
            report = tags.teach(
                name,
                yes=[named_image(one) for one in yes],
                no=[named_image(one) for one in no],
                classes=None if classes is None else _classes(classes),
                forget=[named_image(one) for one in forget],
                words=words,
                suggest=suggest,
                min_confidence=min_confidence,
                where=where,
                folders=folders,
                seed=seed,
                dry_run=dry_run,
                progress=progress,
            )
        if html is not None:
            _write_html(library, report, html)
        say_lesson(report, as_json=as_json)


def _check_next(name: str | None, others: bool) -> None:
    """Refuse --next without a NAME, or with anything that learns."""
    if not name:
        raise InputError("--next needs a NAME", hint='e.g. saccade teach "our product" --next')
    if others:
        raise InputError(
            "--next learns nothing: it cannot be combined with examples, --versions or --use",
            hint="leave it out: every lesson ends with suggestions",
        )


def _classes(path: str) -> Mapping[str, Sequence[str]]:
    """{class: images} of a CSV file; images are found from the file's own folder."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except FileNotFoundError as error:
        raise PathNotFoundError(f"no such file: {path}", hint="check the spelling") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 (byte {error.start})", hint="save it as UTF-8") from error
    except (OSError, csv.Error) as error:
        raise InputError(f"cannot read {path}: {error}") from error
    found: dict[str, list[str]] = {}
    for line, row in enumerate(rows, 2):
        image, group = (row.get("image") or "").strip(), (row.get("class") or "").strip()
        if not image or not group:
            raise InputError(
                f"line {line} of {path} has no image or no class", hint="the columns are image,class"
            )
        found.setdefault(group, []).append(os.path.join(os.path.dirname(os.path.abspath(path)), image))
    if not found:
        raise InputError(f"{path} has no examples", hint="the columns are image,class")
    return found


def _write_html(library: "LibraryContext", report: "TeachingReport", path: str) -> None:
    from saccade.doors.page.report import write_report
    from saccade.usecases.tags.html import teaching_page

    write_report(path, teaching_page(library, report))
    note(f"report: {shown_path(os.path.abspath(path))}")
