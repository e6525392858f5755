"""`saccade demo`: shows what saccade does on real photographs."""

import os
import textwrap
from typing import TYPE_CHECKING

import click

from saccade.doors.terminal.opening import summary
from saccade.doors.terminal.output import has_color, say
from saccade.doors.terminal.progress import progress_shown
from saccade.doors.terminal.reporting import errors_reported
from saccade.doors.terminal.settings import Session
from saccade.doors.words import counted, duration, shown_path, size
from saccade.usecases.searching.cli.hits import hit_line, no_match_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saccade.core.hits import SearchResult
    from saccade.library import Library
    from saccade.usecases.searching.html import Section

_PHOTOS = "photos"
_SHEET = "demo.html"
_GROUPS = "duplicates.html"
_WORDS = ("a cat", "a hot drink", "a spacecraft taking off")
_NOTHING = "vorpal snark qxzzt"
_PICTURE = "coffee.png"
_HITS = 3
_WIDTH = 80


@click.command(short_help="Show what saccade does on real photographs.")
@click.argument("folder", default="saccade-demo")
@click.pass_obj
def demo(session: Session, *, folder: str) -> None:
    """Show what saccade does on real photographs, written to FOLDER (default: saccade-demo).

    Needs the photographs of scikit-image: pip install 'saccade[demo]'
    """
    with errors_reported(as_json=False, debug=session.debug):
        from saccade.library import open_library
        from saccade.library.demo import make_demo_photos
        from saccade.usecases.searching.html import write_sheet

        photos = make_demo_photos(os.path.join(folder, _PHOTOS))
        _introduce(photos, folder)
        with open_library(folder) as library:
            _index(library, folder)
            sections = _queries(library)
            sections.append(_picture(library, os.path.join(folder, _PHOTOS, _PICTURE)))
            _copies(library, photos)
            _nothing(library)
            groups = _duplicates(library, folder)
            _clusters(library)
        sheet = os.path.join(folder, _SHEET)
        write_sheet(sheet, sections)
        _close(sheet, groups)


def _introduce(photos: "Mapping[str, Sequence[str]]", folder: str) -> None:
    """Introduce the photographs."""
    edits = counted(sum(map(len, photos.values())), "edited copy", "edited copies")
    edited = sum(1 for copies in photos.values() if copies)
    photographs = counted(len(photos), "real photograph")
    place = shown_path(os.path.join(folder, _PHOTOS))
    sentence = (
        f"{photographs} that come with scikit-image, and {edits} of {edited} of them, are now in {place}."
    )
    for line in textwrap.wrap(f"{sentence} Here is what you see after:", _WIDTH):
        say(line)
    _say_command(f"cd {shown_path(folder)}")


def _heading(title: str, command: str) -> None:
    """Print the next step and its command."""
    bold, reset = ("\x1b[1m", "\x1b[0m") if has_color() else ("", "")
    say()
    say(f"{bold}{title}{reset}")
    _say_command(command)


def _say_command(command: str) -> None:
    """Print a command as typed."""
    green, reset = ("\x1b[32m", "\x1b[0m") if has_color() else ("", "")
    say(f"  $ {green}{command}{reset}")


def _index(library: "Library", folder: str) -> None:
    """Index the folder."""
    _heading("Index a folder", "saccade index")
    with progress_shown(quiet=False) as progress:
        report = library.index(folder, progress=progress)
    say(f"  {summary(report)}")


def _queries(library: "Library") -> "list[Section]":
    """Run three text queries."""
    from saccade.usecases.searching.html import Section

    sections = []
    for words in _WORDS:
        _heading("Search by text", f'saccade search "{words}"')
        result = library.search(words, k=_HITS)
        _say_hits(library, result)
        sections.append(Section.of(library.context, result))
    return sections


def _picture(library: "Library", photo: str) -> "Section":
    """Run a picture query."""
    from saccade.usecases.searching.html import Section

    _heading("Search by picture", f"saccade search ./{_PHOTOS}/{_PICTURE}")
    result = library.search(image=photo, k=_HITS)
    _say_hits(library, result)
    return Section.of(library.context, result, query_pictures=[photo], title=f"like {_PICTURE}")


def _copies(library: "Library", photos: "Mapping[str, Sequence[str]]") -> None:
    """Count the recognized edited copies of each photograph."""
    edited = {photo: copies for photo, copies in photos.items() if copies}
    first = os.path.basename(next(iter(edited)))
    _heading("Find the edited copies of a picture", f"saccade similar {_PHOTOS}/{first} --copies")
    for photo, made in edited.items():
        result = library.similar(photo, k=len(made), copies=True)
        found = {os.path.realpath(path) for hit in result.hits for path in hit.paths}
        right = sum(os.path.realpath(copy) in found for copy in made)
        took = duration(result.took_ms / 1000)
        say(f"  {os.path.basename(photo):<14} {right} of {len(made)} edited copies found in {took}")


def _nothing(library: "Library") -> None:
    """Run a query without matches."""
    _heading("Search for something that is not there", f'saccade search "{_NOTHING}"')
    _say_hits(library, library.search(_NOTHING, k=1))


def _duplicates(library: "Library", folder: str) -> str:
    """List spare files; returns the path of the report."""
    from saccade.doors.page.report import write_report
    from saccade.usecases.duplicates.html.finding import duplicates_report

    _heading("Find duplicate files", f"saccade duplicates --html {_GROUPS}")
    with progress_shown(quiet=False) as progress:
        found = library.duplicates.find(progress=progress)
    plan = library.duplicates.apply(found, dry_run=True)
    spare = sum(len(group.others) for group in found.groups)
    freed = sum(group.spare_bytes for group in found.groups)
    say(f"  {counted(len(found.groups), 'group')}, {counted(spare, 'spare file')}, {size(freed)}")
    for group in found.groups[:_HITS]:
        keeper = os.path.basename(group.keeper.path)
        say(f"  keep {keeper}, {counted(len(group.others), 'other')} to spare")
    say("  nothing was changed; --apply puts them away, `saccade undo` puts them back")
    path = os.path.join(folder, _GROUPS)
    write_report(path, duplicates_report(library.context, found, plan))
    return path


def _clusters(library: "Library") -> None:
    """Show the clusters."""
    _heading("See what there is", "saccade clusters")
    for cluster in library.clusters.find().clusters:
        say(f"  {cluster.size:>3}  {cluster.name}")


def _say_hits(library: "Library", result: "SearchResult") -> None:
    """Print the hits briefly; paths are relative to the demonstration's folder."""
    if not result.confident:
        for line in textwrap.wrap(no_match_line(library.context, result), _WIDTH - 2):
            say(f"  {line}")
    home = os.path.dirname(library.folder)
    for hit in result.hits:
        say(f"  {hit_line(hit, widest=1, color=has_color(), below=home)}")
    say(f"  in {duration(result.took_ms / 1000)}")


def _close(sheet: str, groups: str) -> None:
    """Print where to look, and what to do next."""
    say()
    say("The same with pictures, for your browser:")
    for page in (sheet, groups):
        say(f"  {shown_path(page)}")
    say()
    say("Now your own photos:")
    _say_command("saccade index ~/Pictures")
    _say_command("cd ~/Pictures")
    _say_command('saccade search "a dog on the beach"')
