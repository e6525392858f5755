"""`saccade demo`: what saccade does, on real photographs, in half a minute of reading."""

import os
from typing import TYPE_CHECKING

import click

from saccade.interfaces.cli.hits import hit_line, no_match_line
from saccade.interfaces.cli.opening import summary
from saccade.interfaces.cli.output import has_color, say
from saccade.interfaces.cli.progress import progress_shown
from saccade.interfaces.cli.reporting import errors_told
from saccade.interfaces.cli.settings import Settings
from saccade.interfaces.words import counted, duration, shown_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saccade.core.types import SearchResult
    from saccade.interfaces.sheet import Section
    from saccade.library import Library

_WORDS = ("a cat", "a hot drink on a table", "a spacecraft taking off")
_NOTHING = "vorpal snark qxzzt"
_PICTURE = "coffee.png"
_HITS = 3


@click.command()
@click.argument("folder", default="saccade-demo")
@click.pass_obj
def demo(settings: Settings, *, folder: str) -> None:
    """Show what saccade does, on real photographs put into FOLDER (default: saccade-demo).

    Needs the photographs of scikit-image: pip install 'saccade[demo]'
    """
    with errors_told(as_json=False, debug=settings.debug):
        from saccade.interfaces.sheet import write_sheet
        from saccade.library import make_demo_photos, open_library

        photos = make_demo_photos(os.path.join(folder, "photos"))
        edits = sum(map(len, photos.values()))
        edited = sum(1 for copies in photos.values() if copies)
        made = counted(edits, "edited copy", "edited copies")
        say(f"{counted(len(photos), 'real photograph')} that come with scikit-image, and {made}")
        say(f"of {edited} of them, now lie in {shown_path(folder)}/photos.")
        with open_library(folder) as library:
            _index(library, folder)
            sections = _queries(library, folder)
            sections.append(_picture(library, folder))
            _copies(library, photos, folder)
            _nothing(library, folder)
        sheet = os.path.join(folder, "demo.html")
        write_sheet(sheet, sections)
        _closing(sheet)


def _heading(title: str, command: str) -> None:
    """What is shown now, and the command that does it."""
    bold, dim, reset = ("\x1b[1m", "\x1b[2m", "\x1b[0m") if has_color() else ("", "", "")
    say()
    say(f"{bold}{title}{reset}")
    say(f"  {dim}$ saccade {command}{reset}")


def _index(library: "Library", folder: str) -> None:
    """Index the folder."""
    _heading("Index a folder", f"index {shown_path(folder)}")
    with progress_shown(quiet=False) as progress:
        report = library.index(os.path.join(folder, "photos"), progress=progress)
    say(f"  {summary(report)}")


def _queries(library: "Library", folder: str) -> "list[Section]":
    """Three queries in words."""
    from saccade.interfaces.sheet import Section

    sections = []
    for words in _WORDS:
        _heading("Ask in words", f'search "{words}" --library {shown_path(folder)}')
        result = library.search(words, k=_HITS)
        _say_hits(library, result)
        sections.append(Section.of(library, result))
    return sections


def _picture(library: "Library", folder: str) -> "Section":
    """One query by a picture."""
    from saccade.interfaces.sheet import Section

    photo = os.path.join(folder, "photos", _PICTURE)
    _heading("Ask with a picture", f"similar {shown_path(photo)} --library {shown_path(folder)}")
    result = library.similar(photo, k=_HITS)
    _say_hits(library, result)
    return Section.of(library, result, query_pictures=[photo], title=f"like {_PICTURE}")


def _copies(library: "Library", photos: "Mapping[str, Sequence[str]]", folder: str) -> None:
    """How many of the edited copies are recognized, photograph by photograph."""
    first = next(photo for photo, copies in photos.items() if copies)
    _heading(
        "Find the copies of a picture", f"similar {shown_path(first)} --copies --library {shown_path(folder)}"
    )
    for photo, made in photos.items():
        if not made:
            continue
        result = library.similar(photo, k=len(made), copies=True)
        found = {os.path.realpath(path) for hit in result.hits for path in hit.paths}
        right = sum(os.path.realpath(copy) in found for copy in made)
        say(
            f"  {os.path.basename(photo):<14} {right} of {len(made)} edited copies found"
            f" in {duration(result.took_ms / 1000)}"
        )


def _nothing(library: "Library", folder: str) -> None:
    """A query that nothing answers."""
    _heading("Ask for what is not there", f'search "{_NOTHING}" --library {shown_path(folder)}')
    _say_hits(library, library.search(_NOTHING, k=1))


def _say_hits(library: "Library", result: "SearchResult") -> None:
    """The hits, told shortly."""
    if not result.confident:
        say(f"  {no_match_line(library, result)}")
    for hit in result.hits:
        say(f"  {hit_line(hit, widest=1, color=has_color())}")
    say(f"  in {duration(result.took_ms / 1000)}")


def _closing(sheet: str) -> None:
    """Where to look, and what to do next."""
    say()
    say(f"The same with pictures: {shown_path(sheet)}")
    say()
    say("Now your own photos:")
    say("  saccade index ~/Pictures")
    say('  saccade search "a dog on the beach" --library ~/Pictures')
